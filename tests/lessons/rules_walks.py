"""Page tables: walks, and entries that have changed."""

import re

from ..audit.memory import PAGE
from ..audit.paging import (ACCESSED, ADDRESS, DEVICE, DIRTY, GLOBAL, LARGE, NO_CACHE, NX, PD, PDPT, PML4, PRESENT, PT,
                            USER, WRITE, WRITE_THROUGH, Entry)
from .moment import is_canonical

NAMES = {PML4: "PML4E", PDPT: "PDPTE", PD: "PDE", PT: "PTE"}
MARK = re.compile(r"(.*frame 0x.*?)  <-- (no write|nx)$")
SLOT = re.compile(r"  PML4E \[ *(\d+)\]")
SAME = re.compile(r"  (\d+) of slots 256 to 511 are the same as in frame (0x[0-9a-f]+)$")
TABLES = ("PML4", "PDPT", "PD", "PT")
CHANGES = [(NX, "nx"), (DEVICE, "device"), (GLOBAL, "global"), (LARGE, "large"), (DIRTY, "dirty"),
           (ACCESSED, "accessed"), (NO_CACHE, "no-cache"), (WRITE_THROUGH, "write-through"), (USER, "user"),
           (WRITE, "write"), (PRESENT, "present")]


def _words(entry):
    """What is said of a present entry's bits."""
    marks = [(LARGE, "2 MiB", entry.level == PD), (USER, "user", True), (WRITE, "write", True), (NX, "nx", True),
             (ACCESSED, "accessed", True), (DIRTY, "dirty", entry.leaf), (GLOBAL, "global", entry.leaf)]
    return " ".join(word for bit, word, counts in marks if counts and entry.raw & bit)


def _step(level, place, value):
    """One line of a walk."""
    line = f"  {NAMES[level]:5} [{place % PAGE // 8:3}] at 0x{place:08x}  0x{value:016x}  "
    if not value & PRESENT:
        return line + "<-- not present"
    entry = Entry(0, level, place // PAGE, value, 0)
    return f"{line}frame 0x{entry.frame:x} {_words(entry)}".rstrip()


def check_walk(judge, found, rest):
    """ "walk of ADDRESS from root frame FRAME:" """
    moment, address, root = judge.moment, int(found["address"], 16), int(found["root"], 16)
    if root not in moment.roots or not is_canonical(address):
        yield "there is no such root or address"
        return
    judge.must_be_known(address)
    steps = moment.space(root).walk(address)
    for level, place, value in steps:
        if moment.word(place) != value:
            yield f"the {NAMES[level]} can't be read twice alike"
    if root == moment.root and moment.processor_walk(address) != [value for _, _, value in steps]:
        yield "Bochs's own walk is another"
    yield from _steps(judge, rest, steps)


def _steps(judge, shown, steps):
    """Entries as in a walk. That one is marked is judged, that one isn't is no lie."""
    marked = [MARK.match(line) for line in shown]
    bare = [mark[1] if mark else line for mark, line in zip(marked, shown)]
    yield from differences(bare, [_step(*step) for step in steps])
    judge.told.update({place // PAGE for _, place, _ in steps} | {(value & ADDRESS) // PAGE for _, _, value in steps})
    for mark, (_, _, value) in zip(marked, steps):
        if mark and not (value & NX if mark[2] == "nx" else not value & WRITE):
            yield f"this entry doesn't refuse it: {mark[0].strip()}"


def check_entries(judge, found, rest):
    """ "entries of the PML4 in frame FRAME:" """
    root = int(found["root"], 16)
    slots = [int(slot[1]) for slot in map(SLOT.match, rest) if slot]
    _root(judge, root)
    if any(slot > 511 for slot in slots):
        yield "there is no such slot"
        return
    yield from _steps(judge, rest, [(PML4, root * PAGE + 8 * slot, judge.moment.word(root * PAGE + 8 * slot)) for slot in slots])


def _root(judge, frame):
    """A PML4 tells of itself; a frame that is to be one must be told of."""
    if judge.moment.frames.type_name(frame) == "PML4":
        judge.told.add(frame)
    judge.must_be_told(frame)


def check_halves(judge, found, rest):
    """ "PML4 in frame FRAME: N present in slots 0 to 255, M in slots 256 to 511", and how many are another's."""
    root, model = int(found["root"], 16), [SAME.match(line) for line in rest]
    if None in model:
        yield "only another PML4 can follow"
        return
    for frame in [root, *(int(one[2], 16) for one in model)]:
        _root(judge, frame)
    table = judge.moment.memory.table(root)
    low, high = (sum(raw & PRESENT for raw in half) for half in (table[:256], table[256:]))
    expected = [f"PML4 in frame 0x{root:x}: {low} present in slots 0 to 255, {high} in slots 256 to 511"]
    for one in model:
        same = sum(raw == other for raw, other in zip(table[256:], judge.moment.memory.table(int(one[2], 16))[256:]))
        expected.append(f"  {same} of slots 256 to 511 are the same as in frame {one[2]}")
    yield from differences([found.string, *rest], expected)


def check_change(judge, found, rest):
    """ "entry at PLACE:", before and after, bit by bit. What was before must have been there at an earlier station;
    or nothing, if the table is newer."""
    place = int(found["place"], 16)
    after = judge.moment.word(place)
    try:
        before = int(rest[0].removeprefix("  before "), 16)
    except (IndexError, ValueError):
        yield "there is no value from before"
        return
    kind = judge.moment.frames.type_name(place // PAGE)
    then = next(judge.earlier_frames(), None)
    newer = then is not None and then.type_name(place // PAGE) != kind
    if not judge.history.held(place, before) and not (newer and before == 0):
        yield f"it was 0x{before:x} at no earlier station"
    judge.must_be_told(place // PAGE)
    if kind not in TABLES:
        yield "this is in no page table"
    bits = [f"  bit {bit.bit_length() - 1} {name} {int(bool(before & bit))} -> {int(bool(after & bit))}"
            for bit, name in CHANGES if (before ^ after) & bit]
    judge.told.update((raw & ADDRESS) // PAGE for raw in (before, after))
    frames = [f"0x{(raw & ADDRESS) // PAGE:x}" if raw & ADDRESS else "0" for raw in (before, after)]
    moved = [f"  frame {frames[0]} -> {frames[1]}"] if frames[0] != frames[1] else []
    yield from differences(rest[1:], [f"  after  0x{after:016x}", *bits, *moved])


def differences(shown, expected):
    """What lines should say instead."""
    if shown == expected:
        return
    for line, other in zip(shown, expected):
        if line != other:
            yield f"it says '{line.strip()}' instead of '{other.strip()}'"
            return
    yield f"it has {len(shown)} lines instead of {len(expected)}"
