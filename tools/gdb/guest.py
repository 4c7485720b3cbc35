"""The guest that gdb stands before: registers, physical memory, symbols and types; and how a
command refuses what can't be answered, by one sentence."""

import re
from contextlib import contextmanager
from pathlib import Path

import gdb

PAGE = 4096
PAGING = 1 << 31  # CR0.PG; Intel SDM vol. 3A, 2.5


def refuse(sentence):
    raise gdb.GdbError(sentence)


# ---- what was typed ----

def number(expression):
    """What an expression of C says, as a number without sign; of a function its address."""
    try:
        value = gdb.parse_and_eval(expression)
        if value.type.strip_typedefs().code in (gdb.TYPE_CODE_FUNC, gdb.TYPE_CODE_ARRAY, gdb.TYPE_CODE_STRUCT):
            value = value.address
        return int(value) & (1 << 64) - 1
    except gdb.error as error:
        return refuse(f"'{expression}': {error}".splitlines()[0].rstrip("."))


class TaskWord:
    """What was typed for a task: its name, or an expression for its number."""

    def __init__(self, word):
        self.word, self.number = word, None
        try:
            self.number = int(gdb.parse_and_eval(word))
        except gdb.error:
            pass  # then it is a name

    def __str__(self):
        return self.word

    def means(self, task):
        return task.name == self.word or task.number == self.number


# ---- symbols and types ----

class Program:
    """One ELF file of the build, with its own symbols and types."""

    def __init__(self, name, path):
        self.name, self.path = name, path
        self._objfile = next((each for each in gdb.objfiles() if each.filename == path), None)

    def _symbols(self):
        return self._objfile or refuse(f"there are no symbols of {self.name}: make debug loads {Path(self.path).name}")

    def type(self, name):
        """A structure or an enumeration by its tag."""
        symbol = self._symbols().lookup_static_symbol(name, gdb.SYMBOL_STRUCT_DOMAIN)
        return symbol.type if symbol else refuse(f"the symbols of {self.name} have no type '{name}'")

    def enum(self, name, prefix):
        """{value: name without the prefix}; where two have one value, the first."""
        names = {}
        for field in self.type(name).fields():
            names.setdefault(field.enumval, field.name.removeprefix(prefix))
        return names

    def variable(self, name):
        """Type and address of a variable, static or not."""
        objfile = self._symbols()
        symbol = objfile.lookup_global_symbol(name) or objfile.lookup_static_symbol(name)
        return (symbol.type, int(symbol.value().address)) if symbol else refuse(
            f"the symbols of {self.name} have no variable '{name}'")


def place(address):
    """An address in words: PROGRAM:FUNCTION+OFFSET, or nothing where no program is linked."""
    found = re.match(r"(\S+)(?: \+ (\d+))? in section \S+(?: of (\S+))?",
                     gdb.execute(f"info symbol {address}", to_string=True))
    if not found:
        return ""
    name, offset, path = found.groups()
    program = Path(path).stem + ":" if path and not path.endswith("/handoff.elf") else ""
    return f"{program}{name}" + (f"+0x{int(offset):x}" if offset else "")


# ---- registers and memory ----

def register(name):
    try:
        return int(gdb.parse_and_eval(f"${name}")) & (1 << 64) - 1
    except gdb.error as error:
        runs = "running" in str(error)
        return refuse("the guest runs: Ctrl-C stops it" if runs else "no guest is attached: make debug starts one")


class Memory:
    """Physical memory, each page read once."""

    def __init__(self):
        self._pages = {}

    def _page(self, frame):
        if frame not in self._pages:
            self._pages[frame] = bytes(gdb.selected_inferior().read_memory(frame * PAGE, PAGE))
        return self._pages[frame]

    def read(self, address, length):
        data = b""
        while length > 0:
            frame, at = divmod(address, PAGE)
            piece = self._page(frame)[at:at + length]
            data += piece
            address += len(piece)
            length -= len(piece)
        return data

    def word(self, address):
        return int.from_bytes(self.read(address, 8), "little")

    def value(self, kind, address):
        """What is there, as a value of that type."""
        return gdb.Value(self.read(address, kind.sizeof), kind)


@contextmanager
def physical_memory():
    """While it lasts, gdb's addresses are physical: QEMU's own extension of gdb's protocol."""
    connection = gdb.selected_inferior().connection
    if connection is None:
        refuse("no guest is attached: make debug starts one")
    try:
        granted = connection.send_packet("Qqemu.PhyMemMode:1") == b"OK"
    except (AttributeError, gdb.error):
        granted = False
    if not granted:
        refuse("physical memory can't be read: what gdb is attached to is no QEMU that stands still")
    try:
        yield Memory()
    finally:
        connection.send_packet("Qqemu.PhyMemMode:0")
