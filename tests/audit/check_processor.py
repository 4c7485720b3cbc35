"""Control registers, GDT, IDT and TSS (Intel SDM vol. 3A, 2.5, 3.4.5, 5.8.3, 6.14, 7.7)."""

import struct

from .check_kernel import STACKS, STACK_SPAN

CR0 = 1 << 31 | 1 << 16 | 1 << 5 | 1 << 1 | 1  # PG WP NE MP PE
CR0_TS = 1 << 3
CR0_IGNORED = 1 << 4  # ET, always set
CR4 = 1 << 10 | 1 << 9 | 1 << 6 | 1 << 5  # OSXMMEXCPT OSFXSR MCE PAE
CR4_FEATURES = {"xsave": 1 << 18, "pge": 1 << 7, "umip": 1 << 11, "smep": 1 << 20, "smap": 1 << 21}
EFER = 1 << 11 | 1 << 10 | 1 << 8 | 1  # NXE LMA LME SCE
OWN_STACKS = {1, 2, 8, 18}  # #DB, NMI, #DF, #MC
RING3_GATES = {3, 4}  # INT3, INTO


def check_processor(audit):
    registers = audit.guest.registers
    wanted = CR4 | sum(bit for name, bit in CR4_FEATURES.items() if name in audit.guest.features)
    processor = audit.guest.structure("processor", audit.guest.debug.symbols["processor"])
    fpu = processor["fpu"]
    audit.check(fpu in (0, processor["current"]), "FPU", f"its registers are {fpu:#x}'s, who doesn't run")
    cr0 = CR0 | (0 if fpu else CR0_TS)
    for name, value, bits in (("CR0", registers["CR0"] & ~CR0_IGNORED, cr0), ("CR4", registers["CR4"], wanted),
                              ("EFER", registers["EFER"], EFER)):
        audit.check(value == bits, "I5", f"{name} is {value:#x}, not {bits:#x}")
    audit.check(registers["LDT"] == 0, "segment", f"LDTR is {registers['LDT']:#x}")
    check_gdt(audit)
    check_idt(audit)
    check_tss(audit)


def descriptors(audit):
    """The GDT's, by selector; of a TSS both words are one number."""
    registers = audit.guest.registers
    words = struct.unpack(f"<{(registers['GDT_LIMIT'] + 1) // 8}Q",
                          audit.guest.read(registers["GDT"], registers["GDT_LIMIT"] + 1))
    at = 0
    while at < len(words):
        system = words[at] and not words[at] >> 44 & 1
        yield at * 8, words[at] | (words[at + 1] << 64 if system else 0)
        at += 2 if system else 1


def check_gdt(audit):
    for selector, descriptor in descriptors(audit):
        kind, dpl = descriptor >> 40 & 0x1F, descriptor >> 45 & 3
        if kind & 0x18 == 0x18:
            audit.check(descriptor >> 53 & 3 == 1, "segment", f"code segment {selector:#x} is not a 64-bit one")
        elif descriptor and not kind & 0x10:
            audit.check(kind in (0x9, 0xB) and selector == audit.guest.registers["TR"] and dpl == 0, "segment",
                        f"descriptor {selector:#x} is a system one of type {kind:#x}")


def check_idt(audit):
    registers, symbols = audit.guest.registers, audit.guest.debug.symbols
    table = audit.guest.read(registers["IDT"], registers["IDT_LIMIT"] + 1)
    for vector, (low, selector, stack, kind, middle, high) in enumerate(struct.iter_unpack("<HHBBHI4x", table)):
        if not kind & 0x80:
            audit.check(vector >= 48 or vector in (9, 15) or vector > 31, "IDT", f"vector {vector} has no gate")
            continue
        address = low | middle << 16 | high << 32
        audit.check(kind & 0x1F == 0xE, "IDT", f"vector {vector}: type {kind:#x} is no interrupt gate")
        audit.check(kind >> 5 & 3 == 0 or vector in RING3_GATES, "IDT", f"ring 3 may use the gate of vector {vector}")
        audit.check(selector & 3 == 0 and symbols["text_start"] <= address < symbols["text_end"], "IDT",
                    f"vector {vector} goes to {selector:#x}:{address:#x}")
        audit.check((stack != 0) == (vector in OWN_STACKS), "IDT", f"vector {vector} has stack {stack}")


def check_tss(audit):
    guest = audit.guest
    descriptor = dict(descriptors(audit))[guest.registers["TR"]]
    base = descriptor >> 16 & 0xFFFFFF | (descriptor >> 56 & 0xFF) << 24 | (descriptor >> 64 & 0xFFFF_FFFF) << 32
    limit = descriptor & 0xFFFF | descriptor >> 32 & 0xF0000
    tss = guest.read(base, 104)
    stacks = struct.unpack_from("<7Q", tss, 36)
    wanted = {STACKS + (number + 1) * STACK_SPAN for number in range(1, 5)}
    audit.check({stack for stack in stacks if stack} == wanted and len(wanted) == 4, "TSS",
                f"the interrupt stacks are {[hex(stack) for stack in stacks]}")
    audit.check(struct.unpack_from("<H", tss, 102)[0] > limit - 1, "TSS", "ring 3 has an I/O permission bitmap")
    if guest.registers["CS"] & 3:
        check_running(audit, struct.unpack_from("<Q", tss, 4)[0])


def check_running(audit, stack):
    """In ring 3: interrupts save into the current task's frame, and its aspace is loaded."""
    guest = audit.guest
    processor = guest.structure("processor", guest.debug.symbols["processor"])
    task = guest.structure("task", processor["current"])
    end = processor["current"] + guest.debug.structures["task"].offset("registers.ss") + 8
    audit.check(stack == end, "TSS", f"RSP0 is {stack:#x}, the current task's registers end at {end:#x}")
    audit.check(guest.registers["CR3"] == task["cr3"], "TSS", "CR3 is not the current task's")
