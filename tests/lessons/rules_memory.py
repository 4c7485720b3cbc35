"""Memory: the frame table, structures by their declarations, and memsrv's free frames."""

import re

from ..audit.guest import PINNED, PMO, RUN_FRAMES
from ..audit.memory import PAGE
from .rules_values import VALUE, check_name, check_value
from .rules_walks import differences

KERNEL_HALF = 2
MEMBER = re.compile(rf"  \.(?P<path>[\w.\[\]]+) {VALUE}$")
# Structures of the core's that fill frames of a type.
OBJECTS = {"task": "TASK", "endpoint": "ENDPOINT"}
NO_FRAME = 1 << 40
SIZES = (1, 2, 4, 8)


# ---- the frame table ----

def _state_of(frames, frame):
    state, flags, busy, refs = frames.headers[frame // RUN_FRAMES]
    return next(name for name, value in frames.state.items() if value == state), busy, refs


def check_frame(judge, found, rest):
    """ "frame 0x1a3: USER, refs 1" """
    frames, frame = judge.moment.frames, int(found["frame"], 16)
    if frame // RUN_FRAMES >= len(frames.headers):
        yield "there is no such frame"
        return
    judge.must_be_told(frame)
    state, _, refs = _state_of(frames, frame)
    line = f"frame 0x{frame:x}: in a run that is {state}, refs {refs}"
    if frames.by_itself(frame):
        _, flags, _, refs = frames.entry(frame)
        line = f"frame 0x{frame:x}: {frames.type_name(frame)}, refs {refs}" + \
            (", pinned" if flags & PINNED else "") + (", kernel half there" if flags & KERNEL_HALF else "")
    yield from differences([found.string, *rest], [line])


def check_run(judge, found, rest):
    """ "run of frame 0xa00: ZEROING, busy 16, refs 0" """
    frames, frame = judge.moment.frames, int(found["frame"], 16)
    if frame // RUN_FRAMES >= len(frames.headers):
        yield "there is no such frame"
        return
    judge.must_be_told(frame)
    state, busy, refs = _state_of(frames, frame)
    yield from differences([found.string, *rest], [f"run of frame 0x{frame:x}: {state}, busy {busy}, refs {refs}"])


def check_free(judge, found, rest):
    """ "FREE in the frame table: 7512 <- 7494" """
    count, old = judge.moment.frames.sums()["FREE"], found["old"]
    if int(found["count"]) != count:
        yield f"it has {count}"
    if old and int(old) not in (frames.sums()["FREE"] for frames in judge.earlier_frames()):
        yield f"it had {old} at no earlier station"


# ---- structures and numbers ----

def _in_any_space(judge, name, rule):
    """Of a program with several address spaces (after a fork) one must fit: the sentences of that which fits best."""
    if name not in judge.programs:
        return [f"there is no program '{name}'"]
    answers = [list(rule(space)) for space in judge.spaces_of(name)]
    return min(answers, key=len, default=[f"no address space has {name}"])


def _member(judge, program, space, structure, address, line):
    found = MEMBER.match(line)
    try:
        at, layout = program.member(structure, found["path"])
    except (TypeError, KeyError, AttributeError):
        yield f"{structure} has no member as in '{line.strip()}'"
        return
    actual = space.number(address + at, layout.size)
    earlier = (past.number(address + at, layout.size) for past in judge.history.spaces(space.root))
    if found["path"].endswith("error"):
        judge.codes.add(actual)
    for sentence in check_value(judge, found, actual, lambda: earlier):
        yield f".{found['path']}: {sentence}"


def check_structure(judge, found, rest):
    """ "struct region at 0x100000a20 in memsrv:", and its members."""
    name, structure, address = found["program"], found["type"], int(found["address"], 16)
    program = judge.programs.get(name)
    if not program or structure not in program.debug.structures:
        yield f"{name} has no such structure"
        return
    judge.told.add(address)
    if name == "core" and structure in OBJECTS:
        frame, rest_of_page = divmod(address - PMO, PAGE)
        if rest_of_page or frame not in judge.moment.frames.all_of(OBJECTS[structure]):
            yield f"frame 0x{frame:x} is no {structure}"
    yield from _in_any_space(judge, name, lambda space: (
        sentence for line in rest for sentence in _member(judge, program, space, structure, address, line)))


def check_stack(judge, found, rest):
    """ "stack +8 0x4400005e first.store  (rip)": one word after the other, from RSP on."""
    if int(found["offset"]) not in (0, judge.stack):
        yield "this word isn't the next"
    judge.stack = int(found["offset"]) + 8
    space = judge.moment.space()
    yield from check_value(judge, found, space.number(judge.moment.registers["rsp"] + int(found["offset"])),
                           lambda: iter(()))


def check_bytes(judge, found, rest):
    """ "8 bytes at 0x50000123 in first: 0x2a" """
    address, size = int(found["address"], 16), int(found["size"])
    if size not in SIZES:
        yield "there is no number of such a size"
    yield from check_name(judge, address, found["label"])
    yield from _in_any_space(judge, found["program"], lambda space: check_value(
        judge, found, space.number(address, size),
        lambda: (past.number(address, size) for past in judge.history.spaces(space.root))))


def check_physical(judge, found, rest):
    """ "4 bytes at physical 0x001a3123: 0x2a" """
    place, size = int(found["place"], 16), int(found["size"])
    if size not in SIZES:
        yield "there is no number of such a size"
    judge.must_be_told(place // PAGE)
    actual = judge.moment.memory.word(place, size)
    if place % 8 + size <= 8 and judge.moment.word(place & ~7) >> 8 * (place % 8) & (1 << 8 * size) - 1 != actual:
        yield "it can't be read twice alike"
    yield from check_value(judge, found, actual,
                           lambda: (memory.word(place, size) for memory in judge.history.memories()))


def check_text(judge, found, rest):
    """ "20 characters at physical 0x00123000: "..." """
    place = int(found["place"], 16)
    judge.must_be_told(place // PAGE)
    actual = judge.moment.memory.read(place, int(found["size"]))
    if actual != found["text"].replace("\\0", "\0").encode("latin-1", "replace"):
        yield f"there is {actual!r}"


# ---- memsrv ----

def check_region(judge, found, rest):
    """ "region at ADDRESS in memsrv: START to END rwx BACKING" """
    program, address = judge.programs["memsrv"], int(found["address"], 16)
    yield from _in_any_space(judge, "memsrv", lambda space: _region(judge, program, space, address, found.string))


def _region(judge, program, space, address, line):
    layout = program.debug.structures["region"]
    data = space.read(address, layout.size)
    if data is None:
        yield "nothing could be read there"
        return
    region = layout.decode(data)
    rights = "".join(letter for bit, letter in ((1, "r"), (2, "w"), (4, "x")) if region["rights"] & bit)
    yield from differences([line.rpartition(" ")[0]], [
        f"region at 0x{address:x} in memsrv: 0x{region['start']:x} to 0x{region['end']:x} {rights} 0x{region['backing']:x}"])
    yield from check_name(judge, region["backing"], line.rpartition(" ")[2])


def _blocks(program, space):
    """The text of its buddy allocator's free frames: single ones, and blocks of each order; None if unreadable."""
    allocator = program.address_of("frames")
    at_hand, stack = program.member("buddy", "at_hand")
    at_end, pointer = program.member("buddy", "at_hand_end")
    at_blocks, counts = program.member("buddy", "blocks")
    end, data = space.number(allocator + at_end, pointer.size), space.read(allocator + at_blocks, counts.size)
    if end is None or data is None:
        return None
    blocks = " ".join(f"{order}:{count}" for order, count in enumerate(counts.decode(data)) if count)
    return f"{(end - allocator - at_hand) // stack.element.size} at hand, blocks {blocks}".rstrip()


def check_blocks(judge, found, rest):
    """ "free in memsrv: 7 at hand, blocks 0:1 5:2" """
    program = judge.programs["memsrv"]
    yield from _in_any_space(judge, "memsrv", lambda space: differences(
        [found.string, *rest], [f"free in memsrv: {_blocks(program, space)}"]))


def check_earlier_blocks(judge, found, rest):
    """The same of an earlier station."""
    program, shown = judge.programs["memsrv"], found.string.removeprefix("before:").lstrip()
    yield from _in_any_space(judge, "memsrv", lambda space: [] if shown in (
        _blocks(program, past) for past in judge.history.spaces(space.root)) else ["it was so at no earlier station"])


def check_operations(judge, found, rest):
    """ "operations at ADDRESS in memsrv:", each with its code, root, address and frame."""
    address, program = int(found["address"], 16), judge.programs.get(found["program"])
    judge.told.update(int(number, 16) for line in rest for number in re.findall(r"0x([0-9a-f]+)", line))
    yield from check_name(judge, address, found["label"])
    yield from _in_any_space(judge, found["program"], lambda space: differences(
        rest, [_operation(program, space, address, number) for number in range(len(rest))]))


def _operation(program, space, first, number):
    layout = program.debug.structures["hf_operation"]
    data = space.read(first + number * layout.size, layout.size)
    if data is None:
        return "nothing that could be read"
    read = layout.decode(data)
    codes = {value: name.removeprefix("HF_OP_") for name, value in program.debug.enums["hf_operation_code"].items()}
    frame = f"0x{read['frame']:x}" if read["frame"] < NO_FRAME else "none"
    return f"  {number} {codes.get(read['code'])} object 0x{read['object']:x} address 0x{read['address']:x} frame {frame}"
