"""A stopped guest's registers: also those that gdb doesn't know, MSRs, by instructions of the core's own text.
And mistakes in them, which an audit should find."""

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


# Each of these makes a function of an Audited that changes some bits, and returns what undoes that.


def change_word(symbol, offset, bits):
    """In the core's memory."""

    def change(audited):
        at = audited.symbols[symbol] + offset
        old = audited.word(at)
        audited.write_word(at, old ^ bits)
        return lambda: audited.write_word(at, old)

    return change


def change_msr(number, bits):

    def change(audited):
        old = audited.processor.read_msr(number)
        audited.processor.write_msr(number, old ^ bits)
        return lambda: audited.processor.write_msr(number, old)

    return change


def change_register(name, bits):

    def change(audited):
        old = audited.gdb.register(name)
        audited.gdb.set_register(name, old ^ bits)
        return lambda: audited.gdb.set_register(name, old)

    return change


PROCESSOR_PLANTS = {  # how it is changed, and the slot that is to be named
    "CR0.WP": (change_register("cr0", 1 << 16), 0),
    "CR0.NE": (change_register("cr0", 1 << 5), 0),
    "CR0.MP": (change_register("cr0", 1 << 1), 0),
    "CR0.AM": (change_register("cr0", 1 << 18), 0),
    "CR3.PCD": (change_register("cr3", 1 << 4), 3),
    "CR4.MCE": (change_register("cr4", 1 << 6), 4),
    "CR4.PGE": (change_register("cr4", 1 << 7), 4),
    "CR4.PCE": (change_register("cr4", 1 << 8), 4),
    "CR4.UMIP": (change_register("cr4", 1 << 11), 4),
    "CR4.FSGSBASE": (change_register("cr4", 1 << 16), 4),
    "CR4.OSXSAVE": (change_register("cr4", 1 << 18), 4),
    "CR4.SMEP": (change_register("cr4", 1 << 20), 4),
    "CR4.SMAP": (change_register("cr4", 1 << 21), 4),
    "EFER.SCE": (change_msr(0xC000_0080, 1), 0xC000_0080),
    "STAR": (change_msr(0xC000_0081, 1 << 48), 0xC000_0081),
    "LSTAR": (change_msr(0xC000_0082, 1), 0xC000_0082),
    "CSTAR": (change_msr(0xC000_0083, 1), 0xC000_0083),
    "FMASK": (change_msr(0xC000_0084, 1 << 18), 0xC000_0084),
    "GS base": (change_msr(0xC000_0101, 1 << 12), 0xC000_0101),
    "kernel GS base": (change_msr(0xC000_0102, 1 << 12), 0xC000_0102),
    "SYSENTER_CS": (change_msr(0x174, 8), 0x174),
    "RSP0": (change_word("tss", 4, 8), 0),
    "code segment of 32 bits": (change_word("gdt", 4 * 8, 3 << 53), 4),
}
