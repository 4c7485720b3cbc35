"""The guest at one moment, read by Bochs's own commands: registers, physical memory, address spaces, frame table.
Nothing of this goes the way that the driver's reading goes."""

import re
from functools import cached_property
from types import SimpleNamespace

from ..audit.guest import PMO, Frames
from ..audit.memory import CHUNK, PAGE, Memory
from ..audit.paging import PD, PDPT, PML4, PRESENT, PT, Entry, canonical, span, translate

LOW_END, RAM = 0x9F000, 0x100000  # below 1 MiB the core maps what is below the BIOS's data
SPACE_END = 1 << 32  # Bochs itself ends when it is asked for what its processor has no address lines for
PIECES = [(0, LOW_END), (RAM, 1 << 31)]


class Disagreement(Exception):
    """Two ways of reading the same answer differently; the text is a sentence."""


def registers_of(said):
    """The answers to "r", "creg" and "sreg"."""
    found = {name: int(high + low, 16)
             for name, high, low in re.findall(r"^(\w+) *: ([0-9a-f]{8})_([0-9a-f]{8})$", said, re.MULTILINE)}
    found |= {"cr" + number: int(value, 16)
              for number, value in re.findall(r"^CR(\d)(?:=|: )(?:page fault laddr=)?0x([0-9a-f]+)", said, re.MULTILINE)}
    found["rflags"] = int(re.search(r"^eflags 0x([0-9a-f]+)", said, re.MULTILINE)[1], 16)
    found |= {name: int(value, 16) for name, value in re.findall(r"^([cs]s):0x([0-9a-f]+)", said, re.MULTILINE)}
    return found


def words_of(said):
    """The answer to "xp /Ngx"."""
    return [int(word, 16) for line in said.splitlines() if line.startswith("0x")
            for word in re.findall(r"\s0x([0-9a-f]+)", line.split(">:", 1)[1])]


def physical(command, address, length):
    """Physical memory by Bochs's "xp"."""
    if address + length > SPACE_END:
        raise ValueError(f"physical 0x{address:x} is in no machine")
    words = words_of(command(f"xp /{length // 8}gx 0x{address:x}")) if length else []
    return b"".join(word.to_bytes(8, "little") for word in words)


def dump(command, folder):
    """All RAM, by the core's mapping of it: [(first address, bytes)]. Nothing where there is no such mapping."""
    pieces = []
    for start, end in PIECES:
        path = folder / "dump"
        path.write_bytes(b"")
        command(f'writemem "{path}" 0x{PMO + start:x} 0x{end - start:x}')  # until where it can't be read
        data = path.read_bytes()
        if data:
            pieces.append((start, data + physical(command, start + len(data), -len(data) % CHUNK)))
    return pieces


def is_canonical(address):
    """Bits 48 to 63 are all as bit 47."""
    return canonical(address & (1 << 48) - 1) == address


def _finds(data, word):
    at = data.find(word)
    while at >= 0:
        yield at
        at = data.find(word, at + 1)


class Space:
    """Memory as one root translates it."""

    def __init__(self, memory, root):
        self.memory, self.root = memory, root

    def physical(self, address):
        leaf = translate(self.memory, self.root, address) if is_canonical(address) else None
        return leaf and leaf.physical + address % leaf.size

    def read(self, address, length):
        """None where not all of it is mapped."""
        data = b""
        while len(data) < length:
            place = self.physical(address + len(data))
            if place is None:
                return None
            data += self.memory.read(place, min(length - len(data), PAGE - place % PAGE))
        return data

    def number(self, address, length=8):
        data = self.read(address, length)
        return None if data is None else int.from_bytes(data, "little")

    def walk(self, address):
        """[(level, place, value)] of the entries that the processor reads."""
        steps, table = [], self.root
        for level in (PML4, PDPT, PD, PT):
            index = address // span(level) % 512
            value = self.memory.table(table)[index]
            steps.append((level, table * PAGE + 8 * index, value))
            entry = Entry(address, level, table, value, 0)
            if not value & PRESENT or entry.leaf:
                break
            table = entry.frame
        return steps


def frames_in(space, core, end):
    """The frame table, of the frames before `end`."""
    return Frames(SimpleNamespace(debug=core.debug, ram=[(0, end)], read=space.read))


class Moment:
    """`core` is the Program of the core; `folder` a place for what is dumped. `earlier`: a Moment that helps out where
    the address space that is loaded doesn't have the core in it."""

    def __init__(self, command, core, folder, earlier=None):
        self._command = command
        self.registers = registers_of("\n".join(command(name) for name in ("r", "creg", "sreg")))
        self.dumped = dump(command, folder)
        self.memory = Memory(self._fetch)
        self.root = self.registers["cr3"] // PAGE
        self._core = core
        helped = earlier if earlier and not self.dumped else None
        self.kernel_root = helped.kernel_root if helped else self.root
        self.end = helped.end if helped else max(start + len(data) for start, data in self.dumped) // PAGE

    def _fetch(self, address, length):
        for start, data in self.dumped:
            if start <= address and address + length <= start + len(data):
                return data[address - start:address - start + length]
        return physical(self._command, address, length)

    def space(self, root=None):
        return Space(self.memory, self.root if root is None else root)

    def word(self, place):
        """The eight bytes at a physical address, which two of Bochs's commands must agree on."""
        first = int.from_bytes(physical(self._command, place, 8), "little")
        if first != self.memory.word(place):
            raise Disagreement(f"Bochs's xp and writemem differ at physical 0x{place:x}")
        return first

    def somewhere(self, *values):
        """Whether one of these numbers stands anywhere in memory."""
        words = [value.to_bytes(8, "little") for value in values]
        return any(at % 8 == 0 for word in words for _, data in self.dumped for at in _finds(data, word))

    def processor_walk(self, address):
        """The entries of Bochs's own "page", from the root in CR3."""
        said = self._command(f"page 0x{address:x}")
        return [int(value, 16) for value in re.findall(r"^ *(?:PML4|PDPE|PDE|PTE): 0x([0-9a-f]+)", said, re.MULTILINE)]

    @cached_property
    def frames(self):
        """The frame table."""
        return frames_in(self.space(self.kernel_root), self._core, self.end)

    @cached_property
    def roots(self):
        """All address spaces; the one that is loaded first."""
        return [self.root] + [frame for frame in self.frames.all_of("PML4") if frame != self.root]
