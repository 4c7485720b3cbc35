"""Page tables, walked as the processor does (Intel SDM vol. 3A, 4.5)."""

from dataclasses import dataclass

from .memory import PAGE

PRESENT, WRITE, USER, WRITE_THROUGH, NO_CACHE = 1, 2, 4, 8, 16
ACCESSED, DIRTY, LARGE, GLOBAL = 32, 64, 128, 256
DEVICE = 512  # the core's own: a leaf that names no RAM
NX = 1 << 63
ADDRESS = 0x000F_FFFF_FFFF_F000
PML4, PDPT, PD, PT = 4, 3, 2, 1


def span(level):
    """Bytes that one entry of a table of this level covers."""
    return PAGE << 9 * (level - 1)


def canonical(address):
    return address | 0xFFFF_0000_0000_0000 if address >> 47 & 1 else address


@dataclass(eq=False)
class Entry:
    """A present entry: a leaf, or the way to the next table."""

    address: int  # first that it translates
    level: int
    table: int  # the frame in which it stands
    raw: int
    rights: int  # WRITE, USER and NX as they are after all levels above, too

    @property
    def leaf(self):
        return self.level == PT or bool(self.raw & LARGE)

    @property
    def size(self):
        return span(self.level)

    @property
    def frame(self):
        """The table it leads to, or the first frame that the leaf maps."""
        return (self.raw & ADDRESS & (~(self.size - 1) if self.leaf else ~0)) // PAGE

    @property
    def physical(self):
        return self.frame * PAGE

    @property
    def writable(self):
        return bool(self.rights & WRITE)

    @property
    def executable(self):
        return not self.rights & NX

    @property
    def device(self):
        return bool(self.raw & DEVICE)

    @property
    def user(self):
        return bool(self.rights & USER)

    def __str__(self):
        return f"0x{self.address:x} (level {self.level}, entry 0x{self.raw:x})"


def _combine(rights, raw):
    return rights & raw & (WRITE | USER) | (rights | raw) & NX


def entries(memory, root, first=0, end=512, enter=lambda entry: True):
    """All present entries below a root, each before those below it. `enter` says whether an entry's
    table may be read; one that leads back to where it came from never is."""
    return _below(memory, root, range(first, end), enter, PML4, 0, WRITE | USER, (root,))


def _below(memory, table, indexes, enter, level, address, rights, path):
    words = memory.table(table)
    for index in indexes:
        raw = words[index]
        if not raw & PRESENT:
            continue
        here = canonical(address + index * span(level))
        entry = Entry(here, level, table, raw, _combine(rights, raw))
        yield entry
        if not entry.leaf and entry.frame not in path and enter(entry):
            yield from _below(memory, entry.frame, range(512), enter, level - 1, here, entry.rights,
                              (*path, entry.frame))


def translate(memory, root, address):
    """The leaf that translates a virtual address, or None."""
    table, rights = root, WRITE | USER
    for level in (PML4, PDPT, PD, PT):
        index = address // span(level) % 512
        raw = memory.table(table)[index]
        if not raw & PRESENT:
            return None
        rights = _combine(rights, raw)
        entry = Entry(address & ~(span(level) - 1), level, table, raw, rights)
        if entry.leaf:
            return entry
        table = entry.frame
    return None


def merge(ranges):
    """Sorted, disjoint [start, end) that cover the same."""
    merged = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1][1] = max(end, merged[-1][1])
        else:
            merged.append([start, end])
    return [tuple(piece) for piece in merged]


def subtract(ranges, others):
    """What of `ranges` lies in none of `others`; both as merge makes them."""
    left = []
    for start, end in ranges:
        for other_start, other_end in others:
            if other_end <= start or other_start >= end:
                continue
            if other_start > start:
                left.append((start, other_start))
            start = max(start, other_end)
        if start < end:
            left.append((start, end))
    return left
