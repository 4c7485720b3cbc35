"""What each line of a station says, and how it is looked up. A rule gets the judge, the first line's match and the
lines that belong to it, and yields sentences about what is untrue. Wherever it can, it writes down what should stand
there by itself, and compares."""

import re

from .assembly import LONGEST, disassemble, normal
from .rules_memory import (check_free, check_region, check_blocks, check_bytes, check_earlier_blocks, check_frame, check_operations,
                           check_physical, check_run, check_stack, check_structure, check_text)
from .rules_values import NAME, VALUE, check_name, check_value
from .rules_walks import check_change, check_entries, check_halves, check_walk

SOURCE = re.compile(r"([> ]) +(\d+)(?: (.*))?$")
ERROR_WORDS = {1: ("not present", "not allowed"), 8: ("", "reserved bit"), 4: ("not ring 3", "ring 3")}
CUT = re.compile(r"(.{80,}) \.\.\.$")


def check_source(judge, found, rest):
    """ "PATH:LINE", and the lines around it."""
    path, line, done = found["path"], int(found["line"]), found["done"]
    rip = judge.moment.registers["rip"]
    owner = judge.owner_of(rip)
    if not owner or (path, line) not in owner.lines_at(rip - 1 if done else rip):
        yield f"RIP is 0x{rip:x}, which doesn't belong to this line"
        return
    if done:
        yield from check_name(judge, int(found["value"], 16), found["name"])
        if int(found["value"], 16) != rip:
            yield f"RIP is 0x{rip:x}"
    text = (judge.sources / path).read_text().splitlines()
    shown = [SOURCE.match(near) for near in rest]
    if None in shown or [number for mark, number in ((near[1], int(near[2])) for near in shown) if mark == ">"] != [line]:
        yield "it isn't the line that is marked"
        return
    for near in shown:
        number = int(near[2])
        if abs(number - line) > len(shown) or text[number - 1][:90].rstrip() != (near[3] or ""):
            yield f"line {number} is another"


def check_here(judge, found, rest):
    """ "at RIP name  instruction" """
    rip, shown = judge.moment.registers["rip"], int(found["value"], 16)
    if shown != rip:
        yield f"RIP is 0x{rip:x}"
        return
    yield from check_name(judge, shown, found["name"])
    code = next((code for size in range(LONGEST, 0, -1) if (code := judge.moment.space().read(rip, size))), None)
    there = disassemble(code, rip) if code else "nothing that could be read"
    if not code or normal(found["instruction"]) != normal(there):
        yield f"the instruction is: {there}"


def check_register(judge, found, rest):
    """ "rax 0x50000000 name" """
    yield from check_value(judge, found, judge.moment.registers.get(found["register"]), lambda: iter(()))


def words_of_error(code):
    """What the bits of a page fault's error code say (Intel SDM vol. 3A, 4.7)."""
    kind = ("write" if code & 2 else "") + (", " if code & 2 and code & 16 else "") + ("fetch" if code & 16 else "")
    words = [ERROR_WORDS[1][code & 1], kind or "read", ERROR_WORDS[8][code >> 3 & 1], ERROR_WORDS[4][code >> 2 & 1]]
    return ", ".join(word for word in words if word)


def check_error(judge, found, rest):
    """ "error 0x6: not present, write, ring 3", where the number must be seen somewhere, too."""
    code = int(found["value"], 16)
    if code & ~0x1F:
        yield "a page fault has no such error code"
    if found["words"] != words_of_error(code):
        yield f"this code says: {words_of_error(code)}"
    on_stack = judge.moment.space().number(judge.moment.registers["rsp"])
    if code != on_stack and code not in judge.codes:
        yield "no such code is on the stack, nor was it called so before"


def check_console(judge, found, rest):
    """What the guest has printed; of a long line, how it begins."""
    line, cut = found["line"], CUT.match(found["line"])
    printed = [text.rstrip() for text in judge.console.replace("\r", "").split("\n")]
    if not (any(text.startswith(cut[1]) for text in printed) if cut else line in printed):
        yield "the guest has printed no such line"


def check_ended(judge, found, rest):
    """ "the machine has ended: REASON"; of the reason there is only Bochs's word."""
    if judge.moment:
        yield "it has not"


# (the first line, its rule, whether the machine must still be there)
RULES = [(re.compile(pattern), rule, needs_machine) for pattern, rule, needs_machine in [
    (r"console: (?P<line>.*)$", check_console, False),
    (r"the machine has ended: (the guest switched its machine off|the processor gave up: a triple fault)$", check_ended,
     False),
    (rf"(?P<path>[\w./-]+):(?P<line>\d+)(?P<done>  done before (?P<value>0x[0-9a-f]+){NAME})?$", check_source, True),
    (rf"at (?P<value>0x[0-9a-f]+){NAME}  (?P<instruction>.*)$", check_here, True),
    (rf"(?P<register>r[a-z0-9]{{1,2}}|rflags|cr[0-8]|[cs]s) {VALUE}$", check_register, True),
    (r"error (?P<value>0x[0-9a-f]+): (?P<words>.*)$", check_error, True),
    (r"walk of (?P<address>0x[0-9a-f]+) from root frame (?P<root>0x[0-9a-f]+):$", check_walk, True),
    (r"entry at (?P<place>0x[0-9a-f]{8}):$", check_change, True),
    (r"PML4 in frame (?P<root>0x[0-9a-f]+): ", check_halves, True),
    (r"entries of the PML4 in frame (?P<root>0x[0-9a-f]+):$", check_entries, True),
    (r"FREE in the frame table: (?P<count>\d+)(?: <- (?P<old>\d+))?$", check_free, True),
    (r"region at (?P<address>0x[0-9a-f]+) in memsrv: ", check_region, True),
    (r"frame (?P<frame>0x[0-9a-f]+): ", check_frame, True),
    (r"run of frame (?P<frame>0x[0-9a-f]+): ", check_run, True),
    (r"struct (?P<type>\w+) at (?P<address>0x[0-9a-f]+) in (?P<program>[\w-]+):$", check_structure, True),
    (rf"stack \+(?P<offset>\d+) {VALUE}$", check_stack, True),
    (rf"(?P<size>\d+) bytes? at (?P<address>0x[0-9a-f]+)(?: (?P<label>[\w.+]+))? in (?P<program>[\w-]+): {VALUE}$",
     check_bytes, True),
    (rf"(?P<size>\d+) bytes? at physical (?P<place>0x[0-9a-f]+): {VALUE}$", check_physical, True),
    (r'(?P<size>\d+) characters at physical (?P<place>0x[0-9a-f]+): "(?P<text>.*)"$', check_text, True),
    (r"free in memsrv: ", check_blocks, True),
    (r"before:  +", check_earlier_blocks, True),
    (r"operations at (?P<address>0x[0-9a-f]+)(?: (?P<label>[\w.+]+))? in (?P<program>[\w-]+):$", check_operations, True),
]]
