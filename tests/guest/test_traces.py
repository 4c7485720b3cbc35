"""Who had called whom: what a panic, memsrv's fault and a task's end tell, held against the symbols of the
ELF files and against the guest's memory."""

import random
import re
import struct
from bisect import bisect_right

import pytest
from elftools.elf.elffile import ELFFile

from machine import core_elf, elf, image, module_names

PANIC, MEMSRV_FAULTED = 64, 65
BACKTRACE = "backtrace, with words that may be left over from earlier calls:\n"
PRESENT, FRAME = 1, 0x000F_FFFF_FFFF_F000


class Functions:
    """The functions of a file that say where they end."""

    def __init__(self, path):
        with open(path, "rb") as file:
            symbols = ELFFile(file).get_section_by_name(".symtab").iter_symbols()
            self.all = sorted((symbol["st_value"], symbol["st_size"], symbol.name) for symbol in symbols
                              if symbol["st_info"]["type"] == "STT_FUNC" and symbol["st_size"])

    def start(self, name):
        """Where a function begins."""
        return next(start for start, _, known in self.all if known == name)

    def at(self, address):
        """The name and the distance from its beginning, or None."""
        index = bisect_right(self.all, (address, 1 << 64, "")) - 1
        start, size, name = self.all[index] if index >= 0 else (0, 0, "")
        return (name, address - start) if address - start < size else None


def told(line):
    """Address, program (or None) and function of a line with a place; the distance is the ELF's."""
    match = re.fullmatch(r"  0x([0-9a-f]+) +(?:(\w+)\.)?([\w.]+?)(?:\+0x([0-9a-f]+))?", line)
    assert match, line
    address, program, function, offset = int(match[1], 16), match[2], match[3], int(match[4] or "0", 16)
    known = Functions(elf(program) if program else core_elf("selftest=")).at(address)
    # Assembly's functions don't say where they end.
    assert known in (None, (function, offset)), line
    return address, program, function


def in_order(wanted, lines):
    """Whether the functions stand in that order, with others between them."""
    left = iter(lines)
    return all(any(function == name for name in left) for function in wanted)


def backtrace(console):
    """The lines of the only one."""
    (_, rest) = console.split(BACKTRACE)
    return re.match(r"((  0x.*\n)*)", rest)[0].splitlines()


# ---- panics ----


@pytest.mark.parametrize("name, function", [
    ("write-text", "write_text"), ("read-null", "read_null"), ("write-guard", "write_guard"),
])
def test_panic(boot, name, function):
    machine = boot(f"selftest={name}", names=True)
    assert machine.wait() == PANIC
    for text in (machine.console, machine.core_log):
        place = rf"rip 0x[0-9a-f]+ {function}(\+0x[0-9a-f]+)?"
        assert re.search(rf"^panic: page fault: .* {place}$", text, re.MULTILINE)
        functions = [told(line)[2] for line in backtrace(text)]
        assert in_order(["selftest", "finish"], functions) and len(functions) <= 16


def test_panic_by_a_sentence(boot):
    machine = boot("selftest=write-data", names=True)
    assert machine.wait() == PANIC
    assert "panic: selftest: nothing stopped" in machine.console
    assert in_order(["selftest", "finish"], [told(line)[2] for line in backtrace(machine.console)])


def test_stack_overflow(boot):
    """The stack is full of zeroes."""
    machine = boot("selftest=overflow-stack", names=True)
    assert machine.wait() == PANIC
    assert "panic: double fault" in machine.console and backtrace(machine.console) == []


def test_panic_without_names(boot):
    machine = boot("selftest=write-text")
    assert machine.wait() == PANIC
    lines = backtrace(machine.console)
    assert all(re.fullmatch("  0x[0-9a-f]+", line) for line in lines)
    functions = Functions(core_elf("selftest="))
    assert in_order(["selftest", "finish"], [(functions.at(int(line, 16)) or ("", 0))[0] for line in lines])


def spoilt():
    """Modules that are no table of names, or a hostile one."""
    count = 400
    magic = struct.pack("<II", 0x4D4E4648, count)
    last = 8 + 12 * count
    random.seed(1)
    wild = b"".join(struct.pack("<III", *(random.getrandbits(32) for _ in range(3))) for _ in range(count))
    whole = struct.pack("<IIIII", 0x4D4E4648, 2, 0, 0, 32) + struct.pack("<III", 0xFFFFFFFF, 0, 0)
    return {
        "nothing of it": b"no names at all",
        "short": b"HFN",
        "cut": magic + wild[:100],
        "unsorted": magic + wild,
        "texts beyond": magic + struct.pack("<III", 0, last + 99, 0xFFFFFFFF) * (count - 1) + b"\xff" * 12,
        "no end": whole + b"x" * (4096 - len(whole)),
        "control characters": whole + b"\033[2Jx\0",
    }


@pytest.mark.parametrize("what", spoilt())
def test_spoilt_names(boot, what):
    """The core tells all the same, and so does the shell."""
    module = ("names", spoilt()[what])
    machine = boot("selftest=write-text", modules=[*module_names(), module])
    assert machine.wait() == PANIC
    assert len(backtrace(machine.console)) >= 2 and "\033" not in machine.console
    machine = boot(modules=[*module_names(), module])
    machine.prompt()
    said = machine.command("spawn badptr")
    assert said[1].startswith("badptr: write to 0x10") and said[4].startswith("  0x")
    assert "\033" not in "".join(said)
    assert machine.command("spawn names") == ['There is no program called "names".']


# ---- memsrv's faults ----


def memsrv_with(function, code):
    """memsrv, with other code where a function begins; the rest of the modules are as they are."""
    with open(elf("memsrv"), "rb") as file:
        at = ELFFile(file).get_section_by_name(".symtab").get_symbol_by_name(function)[0]["st_value"]
    with open(image("memsrv"), "rb") as file:
        text = next(segment for segment in ELFFile(file).iter_segments("PT_LOAD")
                    if segment["p_vaddr"] <= at < segment["p_vaddr"] + segment["p_filesz"])
        file.seek(0)
        content = bytearray(file.read())
    offset = text["p_offset"] + at - text["p_vaddr"]
    content[offset:offset + len(code)] = code
    return bytes(content)


@pytest.mark.parametrize("function, code, wanted, callers", [
    ("image_parse", b"\x0f\x0b", "invalid opcode", ["program_init", "memsrv_main"]),
    ("buddy_allocate", b"\x8a\x04\x25\x10\0\0\0", "page fault: read of 0x10", ["memsrv_main"]),
])
def test_memsrv_faults(boot, function, code, wanted, callers):
    others = [name for name in module_names() if name != "memsrv"]
    machine = boot(modules=[("memsrv", memsrv_with(function, code)), *others], names=True)
    assert machine.wait() == MEMSRV_FAULTED
    place = rf"rip 0x[0-9a-f]+ memsrv\.{function}"
    assert re.search(rf"^memsrv faulted, .*{wanted}.* {place}$", machine.console, re.MULTILINE)
    lines = [told(line) for line in backtrace(machine.console)]
    assert all(program == "memsrv" for _, program, _ in lines)
    assert in_order(callers, [function for _, _, function in lines])


# ---- tasks ----


@pytest.fixture(scope="module")
def named(boot_for_all):
    """A shell in a guest that has names."""
    machine = boot_for_all(names=True)
    machine.prompt()
    return machine


NESTED = ["innermost", "middle", "outermost", "main", "start", "_start"]


def places(said):
    """The functions of the lines with places."""
    lines = [told(line) for line in said if line.startswith("  0x")]
    assert all(program == "traces" for _, program, _ in lines)
    return [function for _, _, function in lines]


@pytest.mark.parametrize("options", ["", "fastpath=off"])
def test_refused_fault(boot, options):
    machine = boot(options, names=True)
    machine.prompt()
    said = machine.command("spawn traces")
    assert said[0].startswith("traces: write to 0x10 in the null page, which is never mapped, at rip 0x")
    assert re.fullmatch(r"  PML4 entry   0  0x[0-9a-f]{16}  PDPT at 0x[0-9a-f]+", said[1])
    assert re.fullmatch(r"  PDPT entry   0  0x0{16}  nothing", said[2])
    assert said[3].split()[0] == said[0].split()[-1]
    assert places(said) == NESTED and len(said) == 3 + len(NESTED)


def test_walk_to_a_page(named):
    said = named.command("spawn traces text")
    assert "in .text of traces, which is read-only" in said[0]
    assert [line.split()[0] for line in said[1:5]] == ["PML4", "PDPT", "PD", "PT"]
    assert re.search(r"page of 4 KiB at 0x[0-9a-f]+: read, execute, accessed$", said[4])
    assert places(said) == NESTED


def test_exception(named):
    """There is no walk to be told."""
    said = named.command("spawn traces exception")
    assert "exception 13" in said[0] and places(said[1:]) == NESTED and len(said) == 1 + len(NESTED)


@pytest.mark.parametrize("way, callers", [
    ("loop", ["main"]), ("misaligned", []), ("kernel", []), ("noncanonical", []), ("unmapped", []),
    ("edge", []),
])
def test_hostile_frame_pointer(named, way, callers):
    """The innermost function has no frame of its own, so its caller's address is on top of the stack."""
    said = named.command(f"spawn traces {way}")
    assert "write to 0x10 in the null page" in said[0]
    assert places(said) == ["innermost", "middle", *callers]


def test_program_of_many_frames(named):
    """As many callers as a record has room for."""
    said = named.command("spawn deep")
    lines = [told(line) for line in said if line.startswith("  0x")]
    assert [line[1:] for line in lines] == [("deep", "descend")] * 7


def entry_is(machine, address, value):
    """Whether memory has that entry, whatever the processor has noted in it since."""
    (there,) = struct.unpack("<Q", machine.physical(address, 8))
    return (there ^ value) & ~0x60 == 0


def ended_by(named, way):
    """What `traces` prints of another task that it ends: its callers, and its entries by their level."""
    named.send(f"spawn traces {way}\r")
    match = named.expect("that was it")
    said = match.string[:match.start()]
    callers = [told(f"  0x{int(address, 16) - 1:x} {name}")[2]
               for address, name in re.findall(r"^caller 0x([0-9a-f]+) (.*)$", said, re.MULTILINE)]
    entries = re.findall(r"^entry (\d) 0x([0-9a-f]+)$", said, re.MULTILINE)
    return callers, {int(level): int(value, 16) for level, value in entries}


def finish(named):
    """The task that has printed this goes on, and ends."""
    named.send("\r")
    named.prompt()


def test_thread(named):
    callers, _ = ended_by(named, "thread")
    finish(named)
    assert callers == ["middle", "outermost", "thread", "thread_main", "thread_enter"]


def test_fork(named):
    callers, _ = ended_by(named, "fork")
    finish(named)
    assert callers[:2] == ["middle", "outermost"] and callers[-2:] == ["start", "_start"]


def test_walk_is_as_memory_is(named):
    """The process of a thread that has ended is there still, and so are its tables."""
    _, entries = ended_by(named, "thread text")
    address = Functions(elf("traces")).start("main")
    named.pause()
    where = {level: (entries[level + 1] & FRAME) + 8 * (address >> 3 + 9 * level & 511) for level in (3, 2, 1)}
    good = [entry_is(named, place, entries[level]) for level, place in where.items()]
    content = named.physical((entries[1] & FRAME) + address % 4096, 16)
    named.resume()
    finish(named)
    assert all(entry & PRESENT for entry in entries.values()) and good == [True] * 3
    assert content in image("traces").read_bytes()


def test_nothing_is_lost(named, audit):
    """After all of the above."""
    audit(named)
