"""What a program's ELF file says: by binutils and DWARF, for the judge alone."""

import re
import subprocess
from bisect import bisect_right
from functools import cached_property, lru_cache
from pathlib import Path

from elftools.elf.elffile import ELFFile

from ..audit.debuginfo import DebugInfo
from ..audit.memory import PAGE

ALLOCATED, WRITABLE = 2, 2  # SHF_ALLOC, PF_W
FILE = re.compile(r"^(?:CU: )?(?P<path>\S.*?):$")
ROW = re.compile(r"^\S+ +(?P<line>\d+|-) +(?P<address>0x[0-9a-f]+)\b")


class Program:
    """One ELF file whose sources lie in `tree`."""

    def __init__(self, path, tree):
        self._path, self._tree = path, Path(tree)
        with open(path, "rb") as file:
            elf = ELFFile(file)
            sections = [s for s in elf.iter_sections() if s["sh_flags"] & ALLOCATED and s["sh_addr"]]
            self.first = min(s["sh_addr"] for s in sections)
            self.end = max(s["sh_addr"] + s["sh_size"] for s in sections)
            self.segments = [(s["p_vaddr"], s.data(), s["p_flags"]) for s in elf.iter_segments("PT_LOAD")]
            self._symbols = [(s.name, s["st_value"], s["st_size"]) for s in elf.get_section_by_name(".symtab").iter_symbols()
                             if s.name and s["st_info"]["type"] in ("STT_FUNC", "STT_OBJECT", "STT_NOTYPE")]

    def __contains__(self, address):
        return self.first <= address < self.end

    @cached_property
    def debug(self):
        return DebugInfo(self._path)

    @cached_property
    def constants(self):
        """All enumerators' values."""
        return {name: value for values in self.debug.enums.values() for name, value in values.items()}

    def is_named(self, address, name, offset):
        """Whether an address is so far behind a symbol of this name, and in what the symbol names."""
        return any(symbol == name and start + offset == address and (offset < size or size == 0)
                   for symbol, start, size in self._symbols)

    def address_of(self, name):
        return next(start for symbol, start, _ in self._symbols if symbol == name)

    def member(self, structure, path):
        """(offset, Layout) of a member, by a path such as "message.word[2]"."""
        at, layout = 0, self.debug.structures[structure]
        for name, index in re.findall(r"(\w+)|\[(\d+)\]", path):
            step, layout = layout.fields[name] if name else (int(index) * layout.element.size, layout.element)
            at += step
        return at, layout

    @cached_property
    def _rows(self):
        """The line table: {address: {(path, line)}} of all rows."""
        said = subprocess.run(["readelf", "--debug-dump=decodedline", "--wide", self._path], capture_output=True,
                              text=True, check=True).stdout
        rows, path = {}, None
        for text in said.splitlines():
            if found := ROW.match(text):
                place = rows.setdefault(int(found["address"], 16), set())
                place.update({(path, int(found["line"]))} if found["line"] != "-" else ())
            elif found := FILE.match(text):
                path = self._in_tree(found["path"])
        return rows

    def _in_tree(self, path):
        return str(Path(path).relative_to(self._tree)) if Path(path).is_relative_to(self._tree) else \
            path.removeprefix("./")

    @cached_property
    def _row_starts(self):
        return sorted(self._rows)

    def lines_at(self, address):
        """{(path, line)} to which an instruction belongs; several where functions were inlined."""
        at = bisect_right(self._row_starts, address) - 1
        return self._rows[self._row_starts[at]] if at >= 0 else set()

    def stands_in(self, read):
        """Whether an address space holds this program's code: what is mapped of it is the same, and something is.
        `read(address, length)` answers None where nothing is mapped."""
        pages = [(read(start, min(len(data), PAGE)), data[:PAGE]) for start, data, flags in self.segments
                 if data and not flags & WRITABLE]
        mapped = [pair for pair in pages if pair[0] is not None]
        return bool(mapped) and all(there == linked for there, linked in mapped)


@lru_cache
def program(path, tree):
    """The file is read once for all scenes that boot it."""
    return Program(path, tree)
