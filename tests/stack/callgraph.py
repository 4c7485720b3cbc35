"""The core's call graph: who calls whom as the compiler says (-fcallgraph-info=su), and what calls
through tables can reach, as it stands in the linked core."""

import re
from pathlib import Path

from elftools.elf.elffile import ELFFile
from elftools.elf.relocation import RelocationSection

# Calls by pointer: a source, and the tables whose entries it calls.
TABLES = {"ukernel/call.c": ("calls",), "ukernel/mmu.c": ("operations",), "ukernel/handle.c": ("makers",),
          "ukernel/multiboot.c": ("readers",), "ukernel/audit/audit.c": ("phases",)}

ALL_TABLES = {name for names in TABLES.values() for name in names}

# Calls by an argument: a function, and where those are that it is given.
BY_ARGUMENT = {"audit_each_frame": "ukernel/audit/"}

# Functions whose address is taken for something else than a table: `finish` is where booting goes
# on, on a stack of its own.
OTHERWISE_TAKEN = {"finish"}

# Of the assembly: bytes that it pushes on the caller's stack, with the return address.
ASSEMBLY = {"entry_load_segments": 24, "entry_resume": 8, "entry_on_stack": 8}

INDIRECT = "__indirect_call"

# Called by functions that find their frame overrun; the end, as an exception of the core is, so
# it isn't followed: it would be a way from every function to the log, and from there to itself.
OVERRUN = "__stack_chk_fail"
NODE = re.compile(r'node: \{ title: "([^"]+)" label: "[^"]*?(\d+) bytes \(([a-z,]+)\)')
EDGE = re.compile(r'edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"(?: label: "([^":]+):)?')
# In code: an address as it is, where calls and jumps have a distance.
NOT_RUNNING = (".rela.debug", ".rela.eh_frame")
ADDRESS_TYPES = {1: 8, 10: 4, 11: 4}  # R_X86_64_64, _32, _32S


class Problem(Exception):
    """What makes any figure wrong."""


class Functions:
    """The symbols of the linked core."""

    def __init__(self, path):
        with open(path, "rb") as file:
            elf = ELFFile(file)
            symbols = list(elf.get_section_by_name(".symtab").iter_symbols())
            self.by_address = {s["st_value"]: s.name for s in symbols if s["st_info"]["type"] == "STT_FUNC"}
            self.tables = {s.name: self._words(elf, s) for s in symbols
                           if s["st_info"]["type"] == "STT_OBJECT" and s.name in ALL_TABLES}

    @staticmethod
    def _words(elf, symbol):
        section = elf.get_section(symbol["st_shndx"])
        at = symbol["st_value"] - section["sh_addr"]
        data = section.data()[at:at + symbol["st_size"]]
        return [int.from_bytes(data[i:i + 8], "little") for i in range(0, len(data), 8)]

    def reached_by(self, table):
        """The functions in a table."""
        found = {self.by_address[word] for word in self.tables.get(table, ()) if word in self.by_address}
        if not found:
            raise Problem(f"the table `{table}` isn't in the core, or holds no function")
        return found


def addresses_taken(path):
    """The functions whose address an object file has in its data, and those whose address its code loads."""
    taken = {False: set(), True: set()}
    with open(path, "rb") as file:
        elf = ELFFile(file)
        symbols = elf.get_section_by_name(".symtab")
        starts = {(s["st_shndx"], s["st_value"]): s.name for s in symbols.iter_symbols()
                  if s["st_info"]["type"] == "STT_FUNC"}
        for section in elf.iter_sections():
            if not isinstance(section, RelocationSection) or section.name.startswith(NOT_RUNNING):
                continue
            for relocation in section.iter_relocations():
                symbol = symbols.get_symbol(relocation["r_info_sym"])
                if relocation["r_info_type"] not in ADDRESS_TYPES:
                    continue
                of_section = symbol["st_info"]["type"] == "STT_SECTION"
                name = starts.get((symbol["st_shndx"], relocation["r_addend"])) if of_section else symbol.name
                taken[section.name.startswith(".rela.text")].add(name)
    return taken[False], taken[True]


class CallGraph:
    """Functions by name, with their stack and whom they call. Raises Problem when something is
    called, or may be, that isn't known."""

    def __init__(self, core, objects):
        self.frames, self.calls, by_pointer = dict(ASSEMBLY), {}, {}
        for path in objects:
            self._read(Path(path).with_suffix(".ci"), by_pointer)
        taken = {str(path): addresses_taken(path) for path in objects}
        self._add_calls_by_pointer(by_pointer, Functions(core), taken)
        unknown = {callee for callees in self.calls.values() for callee in callees} - set(self.frames)
        if unknown:
            raise Problem(f"nothing is known of {', '.join(sorted(unknown))}")

    def _read(self, path, by_pointer):
        if not path.exists():
            raise Problem(f"there is no {path}: only gcc tells what a function needs")
        text = path.read_text()
        for title, size, kind in NODE.findall(text):
            if kind not in ("static", "dynamic,bounded"):
                raise Problem(f"the stack of {title} is {kind}")
            if title in self.frames:
                raise Problem(f"there are two functions {title}")
            self.frames[title] = int(size)
        for caller, callee, source in EDGE.findall(text):
            callees = self.calls.setdefault(caller, set())
            if callee != INDIRECT:
                callees.update({callee} - {OVERRUN})
            elif plain(caller) in BY_ARGUMENT or source in TABLES:
                by_pointer[caller] = source
            else:
                raise Problem(f"{source} calls by a pointer, and no table is known for that")

    def _titles(self, names):
        """Static functions are called FILE:NAME here; several may have one name."""
        return {title for title in self.frames if plain(title) in names}

    def _add_calls_by_pointer(self, callers, functions, taken):
        """Every function whose address is taken must be called in a way that is known."""
        known = set(OTHERWISE_TAKEN)
        for caller, source in callers.items():
            folder = BY_ARGUMENT.get(plain(caller))
            if folder:
                called = set().union(*(code for path, (_, code) in taken.items() if folder in path))
            else:
                called = set().union(*map(functions.reached_by, TABLES[source]))
            self.calls[caller].update(self._titles(called & self.of_c()))
            known |= called
        self._check_taken(set().union(*(data | code for data, code in taken.values())) & self.of_c(), known)

    @staticmethod
    def _check_taken(taken, known):
        if taken - known:
            names = ", ".join(sorted(taken - known))
            raise Problem(f"the address of {names} is taken, for no table that is known")

    def of_c(self):
        """The names of all functions but those in assembly."""
        return {plain(title) for title in self.frames} - set(ASSEMBLY)

    def title(self, name):
        """What the function of this name is called here."""
        titles = self._titles({name})
        if len(titles) != 1:
            raise Problem(f"there are {len(titles)} functions {name}")
        return titles.pop()

    def deepest(self, title, above=()):
        """The most that a function and those below it need, with its return address; and the path."""
        if title in above:
            raise Problem(f"recursion: {' > '.join(map(plain, [*above, title]))}")
        below = [self.deepest(callee, (*above, title)) for callee in sorted(self.calls.get(title, ()))]
        size, path = max(below, default=(0, []))
        return self.frames[title] + size, [plain(title), *path]


def plain(title):
    """A function's name without the file that static ones have before it."""
    return title.rsplit(":", 1)[-1]
