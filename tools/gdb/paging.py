"""Page tables: the walk from a root to an address, and all that is mapped (Intel SDM vol. 3A, 4.5)."""

import struct
from dataclasses import dataclass

import gdb

from guest import PAGE, PAGING, refuse, register

PRESENT, WRITE, USER = 1, 2, 4
LARGE = 1 << 7
NX = 1 << 63
ADDRESS = 0x000F_FFFF_FFFF_F000
FLAGS = [(3, "write-through"), (4, "uncached"), (5, "accessed"), (6, "dirty"), (8, "global"), (9, "device")]
NAMES = {4: "PML4E", 3: "PDPTE", 2: "PDE", 1: "PTE"}
TABLES = {4: "PML4", 3: "PDPT", 2: "PD", 1: "PT"}
KERNEL_SLOT = 256  # of a PML4: the first of the upper half


def span(level):
    """Bytes that one entry of a table of this level covers."""
    return PAGE << 9 * (level - 1)


def is_canonical(address):
    return address >> 47 in (0, (1 << 17) - 1)


def check_canonical(address):
    if not is_canonical(address):
        refuse(f"0x{address:x} is no address: bits 47 to 63 differ")


@dataclass
class Entry:
    level: int
    table: int  # the frame in which it stands
    index: int
    raw: int
    start: int  # the first address that it covers

    @property
    def present(self):
        return bool(self.raw & PRESENT)

    @property
    def leaf(self):
        return self.present and (self.level == 1 or (self.level < 4 and bool(self.raw & LARGE)))

    @property
    def frame(self):
        """The table it leads to; of a leaf the first frame of its page."""
        return (self.raw & ADDRESS & (~(span(self.level) - 1) if self.leaf else ~0)) // PAGE

    @property
    def frames(self):
        return span(self.level) // PAGE if self.leaf else 1

    def flags(self):
        if not self.present:
            return "not present"
        words = ["user" if self.raw & USER else "core", "write" if self.raw & WRITE else "read-only"]
        words += ["nx"] if self.raw & NX else []
        words += [text for bit, text in FLAGS if self.raw >> bit & 1]
        words += [f"page of {span(self.level) >> 20} MiB"] if self.leaf and self.level > 1 else []
        return " ".join(words)


def walk(memory, root, address):
    """The entries that the processor reads, down to a leaf or to one that isn't present."""
    entries, table = [], root
    for level in (4, 3, 2, 1):
        index = address // span(level) % 512
        raw = memory.word(table * PAGE + index * 8)
        entries.append(Entry(level, table, index, raw, address & ~(span(level) - 1)))
        if entries[-1].leaf or not entries[-1].present:
            break
        table = entries[-1].frame
    return entries


def rights(entries):
    """What a whole walk allows: a set of user, write, execute; None when it ends at nothing."""
    if not entries[-1].leaf:
        return None
    every = entries[0].raw
    for entry in entries:
        every &= entry.raw
    executable = not any(entry.raw & NX for entry in entries)
    names = {"user": every & USER, "write": every & WRITE, "execute": executable}
    return {name for name, there in names.items() if there}


def entries_below(memory, root, slots):
    """All present entries below these slots of a root, each before those below it."""
    yield from _below(memory, root, slots, 4, 0)


def _below(memory, table, slots, level, start):
    words = struct.unpack("<512Q", memory.read(table * PAGE, PAGE))
    for index in slots:
        if not words[index] & PRESENT:
            continue
        here = start + index * span(level)
        here |= 0xFFFF_0000_0000_0000 if here >> 47 & 1 else 0
        entry = Entry(level, table, index, words[index], here)
        yield entry
        if not entry.leaf and level > 1:
            yield from _below(memory, entry.frame, range(512), level - 1, here)


def current_root():
    """The PML4 that the processor uses."""
    if not register("cr0") & PAGING:
        refuse("the processor doesn't use page tables yet (break core_main is the first place in C)")
    return (register("cr3") & ADDRESS) // PAGE


class Space:
    """Virtual memory, as seen from a root."""

    def __init__(self, memory, root, name):
        self.memory, self.root, self.name = memory, root, name

    def read(self, address, length):
        data = b""
        while length > 0:
            piece = min(length, PAGE - address % PAGE)
            leaf = walk(self.memory, self.root, address)[-1]
            if not leaf.leaf:
                refuse(f"0x{address:x} is not mapped in {self.name}")
            data += self.memory.read(leaf.frame * PAGE + address % span(leaf.level), piece)
            address += piece
            length -= piece
        return data

    def value(self, kind, address):
        return gdb.Value(self.read(address, kind.sizeof), kind)

    def text(self, address):
        """A string that ends with 0."""
        data = b""
        while not data.endswith(b"\0"):
            data += self.read(address + len(data), 1)
        return data[:-1].decode("latin-1")
