"""A number, as lines write it: "0x12 name <- 0x11 name  (note)"."""

import re

SYMBOL = r"[A-Za-z_.$][\w.$]*(?:\+0x[0-9a-f]+)?"
NAME = rf"(?: (?P<name>{SYMBOL}))?"
VALUE = rf"(?P<value>0x[0-9a-f]+){NAME}(?: <- (?P<old>0x[0-9a-f]+)(?: (?P<oldname>{SYMBOL}))?)?(?:  \((?P<note>.*)\))?"


def check_name(judge, address, name):
    if name and not judge.is_named(address, name):
        yield f"0x{address:x} is not {name}"


def check_value(judge, found, actual, earlier):
    """`actual`: the number that is there, None for nothing; `earlier()`: the numbers that were, one after the
    other."""
    value = int(found["value"], 16)
    if value != actual:
        yield "there is nothing" if actual is None else f"it is 0x{actual:x}"
        return
    judge.told.add(value)
    if "error code" in (found["note"] or ""):
        judge.codes.add(value)
    yield from check_name(judge, value, found["name"])
    yield from _note(judge, found["note"], value)
    if found["old"]:
        old = int(found["old"], 16)
        yield from check_name(judge, old, found["oldname"])
        if old not in earlier():
            yield f"it was 0x{old:x} at no earlier station"


def _note(judge, note, value):
    """A note is prose; one that is the name of a constant is not."""
    if not re.fullmatch(r"HF_\w+", note or ""):
        return
    if value not in [program.constants[note] for program in judge.programs.values() if note in program.constants]:
        yield f"{note} is another number"
