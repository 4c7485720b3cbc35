"""What the assembly has pushed where it calls C: one pass over its disassembly."""

import re
import subprocess

from .callgraph import Problem

INSTRUCTION = re.compile(r"^ *([0-9a-f]+):\t(\S+) *([^#\n]*?) *(?:<.*)?$")
RELOCATION = re.compile(r"R_X86_64_(?:PC32|PLT32)\t(\w+)-0x4")
NUMBER = re.compile(r"\$0x([0-9a-f]+),%rsp")
NO_WAY_ON = ("jmp", "sysretq", "sysret", "iretq", "lretq", "ret", "hlt")
BY_REGISTER = "*"


class Walker:
    """Follows RSP from each place that loads it with the top of a stack. None: it is elsewhere."""

    def __init__(self):
        self.depth, self.at_target, self.calls, self.jumps = None, {}, [], []

    def take(self, address, name, operands, symbol):
        self.depth = self.at_target.get(address, self.depth)
        if name == "call":
            self.calls.append((BY_REGISTER if operands.startswith("*") else symbol, self.depth))
        elif name.startswith("j") and symbol:
            self.jumps.append(symbol)
        elif name.startswith("j") and not operands.startswith("*"):
            self.at_target[int(operands, 16)] = self.depth
        elif name in ("push", "pushq", "pop", "popq"):
            self._move(8 if name.startswith("push") else -8)
        elif operands.endswith(",%rsp") and name.startswith(("sub", "add")):
            self._move(int(NUMBER.search(operands)[1], 16) * (1 if name.startswith("sub") else -1))
        elif operands.endswith((",%rsp", ",%esp")):
            self.depth = 0 if name.startswith("mov") and operands.startswith("$") else None
        if name in NO_WAY_ON:
            self.depth = None

    def _move(self, by):
        if self.depth is not None:
            self.depth += by


def calls(path, of_c):
    """(function, bytes pushed before) of each call in an object file of assembly; the bytes are None
    where RSP isn't on a stack that was just loaded. It may jump to other assembly, but not to C,
    whose functions are `of_c`."""
    command = ["objdump", "-d", "-r", "--no-show-raw-insn", path]
    lines = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()
    walker = Walker()
    for line, after in zip(lines, [*lines[1:], ""]):
        match = INSTRUCTION.match(line)
        if match:
            relocation = RELOCATION.search(after)
            walker.take(int(match[1], 16), match[2], match[3], relocation and relocation[1])
    if not all(function for function, _ in walker.calls):
        raise Problem(f"{path} calls what has no name")
    if of_c & set(walker.jumps):
        raise Problem(f"{path} jumps into C: {', '.join(sorted(of_c & set(walker.jumps)))}")
    return walker.calls
