"""The programs of a scene, as the atlas describes them: names of addresses, source lines, structures."""

import bisect
import os


class Unknown(Exception):
    """A lesson asks for a symbol, line or field that isn't in the program (any more)."""


class Program:
    """One ELF file."""

    def __init__(self, name, described):
        self.name = name
        self.first, self.end = described["first"], described["end"]
        self.enums, self.enum_types = described["enums"], described["enum_types"]
        self._types, self._variables = described["types"], described["variables"]
        self._symbols = {symbol: address for address, _, symbol, kind in described["symbols"]}
        inside = [s for s in described["symbols"] if self.first <= s[0] < self.end]
        self._named = sorted(inside, key=lambda s: (s[0], s[3] == "notype"))
        self._starts = [s[0] for s in self._named]
        self._lines = described["lines"]
        self._line_starts = [line[0] for line in self._lines]

    def __contains__(self, address):
        return self.first <= address < self.end

    def symbol(self, name):
        if name not in self._symbols:
            raise Unknown(f"{self.name} has no symbol '{name}'")
        return self._symbols[name]

    def variable(self, name):
        """The address of a variable, by "file.c:name": static ones of the same name are not confused."""
        if name not in self._variables:
            raise Unknown(f"{self.name} has no variable '{name}'")
        return self._variables[name]

    def name_at(self, address):
        """(symbol, offset), of the last symbol at or before the address that reaches it; or None."""
        at = bisect.bisect_right(self._starts, address) - 1
        while at >= 0 and address - self._starts[at] < 0x10000:
            start, size, name, kind = self._named[at]
            if address < start + size or (size == 0 and kind == "notype" and not name.startswith("..")):
                return name, address - start
            at -= 1
        return None

    def line_at(self, address):
        """(path, line) of the instruction, or None. Of several rows for its address, the last that begins a
        statement, else the last: as gdb does."""
        end = bisect.bisect_right(self._line_starts, address)
        start = bisect.bisect_left(self._line_starts, self._line_starts[end - 1]) if end else 0
        rows = [row for row in self._lines[start:end] if row[1] is not None]
        row = next((row for row in reversed(rows) if row[3]), rows[-1] if rows else None)
        return row and (row[1], row[2])

    def addresses_of(self, path, line):
        """Where the instructions of a source line begin."""
        return [address for address, file, number, begins in self._lines if (file, number) == (path, line) and begins]

    def type(self, name):
        if name not in self._types:
            raise Unknown(f"{self.name} has no structure '{name}'")
        return self._types[name]

    def word(self, enumeration, value):
        """The name of an enumeration's value, without what all of them begin with: "USER" of HF_FRAME_USER."""
        words = self.enum_types[enumeration]
        prefix = os.path.commonprefix(words)
        prefix = prefix[:prefix.rindex("_") + 1] if "_" in prefix else ""
        return next((word.removeprefix(prefix) for word in words if self.enums[word] == value), str(value))

    def field(self, type_name, path):
        """(offset, layout) of a member, as "registers.rip" or "word[2]" """
        at, layout = 0, self.type(type_name)
        for part in path.replace("[", ".[").split("."):
            if part.startswith("["):
                layout = layout["element"]
                at += int(part[1:-1]) * layout["size"]
            elif part not in layout.get("fields", {}):
                raise Unknown(f"struct {type_name} of {self.name} has no member '{path}'")
            else:
                step, layout = layout["fields"][part]
                at += step
        return at, layout


class Programs:
    """All programs of one scene, the core among them as "core"."""

    def __init__(self, programs, sources):
        self._programs = programs
        self.sources = sources

    def __getitem__(self, name):
        if name not in self._programs:
            raise Unknown(f"there is no program '{name}' in this scene")
        return self._programs[name]

    def __iter__(self):
        return iter(self._programs.values())

    def at(self, address):
        """The program that an address belongs to, or None."""
        return next((program for program in self if address in program), None)

    def symbol(self, name):
        """The address of "program.symbol"; without a dot it is the core's."""
        program, _, symbol = name.rpartition(".")
        return self[program or "core"].symbol(symbol)

    def name_at(self, address):
        """ "program.symbol+0x12", without the program's name if it is the core; or None."""
        program = self.at(address)
        found = program and program.name_at(address)
        if not found:
            return None
        name, offset = found
        prefix = "" if program.name == "core" else program.name + "."
        return prefix + name + (f"+0x{offset:x}" if offset else "")

    def line_at(self, address):
        program = self.at(address)
        return program and program.line_at(address)

    def text(self, path, line):
        lines = self.sources.get(path, [])
        return lines[line - 1] if 0 < line <= len(lines) else ""

    def line_with(self, program, path, text):
        """The addresses of the one line of a source that contains `text`."""
        if path not in self.sources:
            raise Unknown(f"{program} has no source '{path}'")
        lines = [number for number, line in enumerate(self.sources[path], 1) if text in line]
        addresses = [address for line in lines for address in self[program].addresses_of(path, line)]
        if not addresses:
            raise Unknown(f"no instruction of {program} belongs to a line with '{text}' in {path}")
        return addresses
