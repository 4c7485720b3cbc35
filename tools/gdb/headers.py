"""Constants and texts of the C sources, which debug information doesn't have since they are macros."""

import re
from functools import lru_cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ["ukernel/layout.h", "ukernel/walk.h", "include/handoff/types.h", "include/handoff/boot.h",
           "include/handoff/mem.h", "include/handoff/mmu.h", "servers/memsrv/chunk.h", "servers/memsrv/buddy.h",
           "servers/memsrv/object.c", "servers/memsrv/ask.c"]
TEXT = r'"[^"]*"'


@lru_cache
def _definitions():
    """Name to the text behind it, for all macros without parameters; and for the lists: NAME(X)."""
    found = {}
    for source in SOURCES:
        text = (ROOT / source).read_text().replace("\\\n", " ")
        for name, value in re.findall(r"^#define (\w+(?:\(X\))?) +(.*)$", text, re.MULTILINE):
            found[name] = value
    return found


def number(name):
    """The value of a macro that is a number."""
    return int(re.match(r"\(?(0x[0-9a-fA-F]+|\d+)", _definitions()[name])[1], 0)


def texts(name):
    """What a list says of each of its names: `X(NAME, "text", MACRO) ...` as {NAME: [text, text of MACRO]}."""
    lines = re.findall(rf"X\((\w+), ((?:{TEXT}|\w+)(?:, (?:{TEXT}|\w+))*)\)", _definitions()[f"{name}(X)"])
    return {line[0]: [_text(word) for word in re.findall(rf"{TEXT}|\w+", line[1])] for line in lines}


def _text(word):
    return word[1:-1] if word.startswith('"') else _text(_definitions()[word])
