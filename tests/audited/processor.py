"""A stopped guest's registers that gdb doesn't know: MSRs, by instructions of the core's own text."""

KERNEL_CODE, KERNEL_DATA = 0x08, 0x10
RDMSR, WRMSR = b"\x0f\x32", b"\x0f\x30"
NEEDED = ("cs", "ss", "rip", "rax", "rcx", "rdx")


class Processor:
    """`text` is the core's, which begins at the virtual address `start`."""

    def __init__(self, gdb, start, text):
        self.gdb = gdb
        self.places = {code: start + text.index(code) for code in (RDMSR, WRMSR)}

    def read_msr(self, number):
        return self._execute(RDMSR, rcx=number)

    def write_msr(self, number, value):
        self._execute(WRMSR, rcx=number, rax=value & 0xFFFF_FFFF, rdx=value >> 32)

    def _execute(self, code, **registers):
        """One instruction in ring 0, as if nothing had been; what it leaves in EDX and EAX."""
        old = {name: self.gdb.register(name) for name in NEEDED}
        registers.update(cs=KERNEL_CODE, ss=KERNEL_DATA, rip=self.places[code])
        for name, value in registers.items():
            self.gdb.set_register(name, value)
        self._step_over(code)
        result = self.gdb.register("rdx") << 32 | self.gdb.register("rax")
        for name, value in old.items():
            self.gdb.set_register(name, value)
        return result

    def _step_over(self, code):
        """A step may be used up by looking whether there is an interrupt."""
        for _ in range(5):
            self.gdb.step()
            if self.gdb.register("rip") != self.places[code]:
                break
        assert self.gdb.register("rip") == self.places[code] + len(code)
