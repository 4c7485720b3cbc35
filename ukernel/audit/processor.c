/* The registers and descriptor tables that ring 0 relies on, read back from the processor (Intel SDM
 * vol. 3A, 2.5, 3.4.5, 5.8.8, 6.14, 7.7): by numbers of its own, not by those that set them. */
#include "audit.h"

#include "../cpu.h"
#include "../entry.h"
#include "../kernelmap.h"
#include "../schedule.h"
#include "../segment.h"

#define RIGHT(condition, what, slot) audit_check(audit, condition, HF_INVARIANT_PROCESSOR, what, HF_NO_FRAME, slot)

struct __attribute__((packed)) table_register {
    uint16_t limit;
    uint64_t base;
};

static void check_control_registers(struct audit *audit) {
    const uint64_t cr0 = 0x80010023; /* PG WP NE MP PE; TS comes and goes */
    const uint64_t cr4 = 0x660 | (cpu_has(CPU_XSAVE) ? 1ul << 18 : 0) | (cpu_has(CPU_PGE) ? 1ul << 7 : 0) |
                         (cpu_has(CPU_UMIP) ? 1ul << 11 : 0) | (cpu_has(CPU_SMEP) ? 1ul << 20 : 0) |
                         (cpu_has(CPU_SMAP) ? 1ul << 21 : 0);
    RIGHT((read_cr0() & ~CR0_TS) == (cr0 | (read_cr0() & 0x10)), "CR0 is another", 0); /* ET is always set */
    RIGHT(read_cr4() == cr4, "CR4 is another", 4);
    hf_frame_t root = read_cr3() >> HF_PAGE_SHIFT;
    bool loaded = root == kernelmap_root() || (frame_is(root, HF_FRAME_PML4) && frame_has_entry(root));
    RIGHT(loaded && read_cr3() % HF_PAGE_SIZE == 0, "CR3 is no aspace's", 3);
}

static void check_msrs(struct audit *audit) {
    static const struct {
        uint32_t number;
        uint64_t value;
    } msrs[] = {
        {0xc0000080, 0xd01},                    /* EFER: NXE LMA LME SCE */
        {0xc0000081, 0x13ul << 48 | 8ul << 32}, /* STAR */
        {0xc0000083, 0},                        /* CSTAR */
        {0xc0000084, 0x44700},                  /* FMASK: AC NT DF IF TF */
        {0xc0000101, 0},                        /* GS base */
        {0xc0000102, 0},                        /* kernel GS base */
        {0x174, 0},                             /* SYSENTER_CS */
    };
    for (unsigned i = 0; i < sizeof(msrs) / sizeof(msrs[0]); i++) {
        RIGHT(read_msr(msrs[i].number) == msrs[i].value, "an MSR is another", msrs[i].number);
    }
    uint64_t entry = read_msr(0xc0000082);
    RIGHT(entry == (uint64_t)entry_call || entry == (uint64_t)entry_fast_call, "LSTAR is no entry of calls",
          0xc0000082);
}

static void check_gdt(struct audit *audit) {
    static const uint64_t wanted[] = {0, 0x00209b0000000000, 0x0000930000000000, 0x0000f30000000000,
                                      0x0020fb0000000000};
    struct table_register gdt;
    uint16_t task, local;
    __asm__ volatile("sgdt %0; str %1; sldt %2" : "=m"(gdt), "=r"(task), "=r"(local));
    const uint64_t *entries = (const uint64_t *)gdt.base;
    uint64_t base = (uint64_t)&tss;
    uint64_t low = (sizeof(tss) - 1) | (base & 0xffffff) << 16 | 0x8bul << 40 | (base >> 24 & 0xff) << 56; /* busy */
    if (!RIGHT(gdt.limit == 55 && gdt.base >= (uint64_t)data_start && gdt.base < (uint64_t)image_end, "GDTR", 55))
        return;
    for (unsigned i = 0; i < 5; i++) RIGHT(entries[i] == wanted[i], "a segment is another", i);
    RIGHT(entries[5] == low && entries[6] == base >> 32, "the TSS's descriptor is another", 5);
    RIGHT(task == SEGMENT_TSS && local == 0, "TR or LDTR", task);
}

static bool gate_is_right(const uint64_t gate[2], unsigned vector) {
    static const uint8_t stacks[] = {
        [1] = STACK_DEBUG, [2] = STACK_NMI, [8] = STACK_DOUBLE_FAULT, [18] = STACK_MACHINE_CHECK};
    uint64_t handler = (gate[0] & 0xffff) | (gate[0] >> 48) << 16 | gate[1] << 32;
    uint64_t wanted =
        vector == VECTOR_SPURIOUS ? (uint64_t)entry_spurious : (uint64_t)entry_vectors[vector % ENTRY_VECTORS];
    uint64_t type = vector == VECTOR_BREAKPOINT ? 0xee : 0x8e;
    uint64_t stack = vector < sizeof(stacks) ? stacks[vector] : 0;
    return handler == wanted && gate[1] >> 32 == 0 && (gate[0] >> 16 & 0xffff) == SEGMENT_KERNEL_CODE &&
           (gate[0] >> 32 & 0xff) == stack && (gate[0] >> 40 & 0xff) == type;
}

static void check_idt(struct audit *audit) {
    struct table_register idt;
    __asm__ volatile("sidt %0" : "=m"(idt));
    const uint64_t(*gates)[2] = (const uint64_t(*)[2])idt.base;
    bool there = idt.limit == 4095 && idt.base >= (uint64_t)data_start && idt.base < (uint64_t)image_end;
    if (!RIGHT(there, "IDTR", idt.limit)) return;
    for (unsigned vector = 0; vector < 256; vector++) {
        bool used = vector < ENTRY_VECTORS || vector == VECTOR_SPURIOUS;
        bool right = used ? gate_is_right(gates[vector], vector) : gates[vector][0] == 0 && gates[vector][1] == 0;
        RIGHT(right, "a gate of the IDT is another", vector);
    }
}

static void check_tss(struct audit *audit) {
    for (unsigned stack = 1; stack <= 7; stack++) {
        uint64_t top = stack < STACK_COUNT ? STACK_TOP(stack) : 0;
        RIGHT(tss.ist[stack - 1] == top, "an interrupt stack is another", stack);
    }
    const struct task *task = processor.current;
    RIGHT(!task || tss.rsp0 == (uint64_t)(&task->registers + 1), "RSP0 is not the current task's", 0);
    RIGHT(tss.rsp1 == 0 && tss.rsp2 == 0 && tss.io_map >= sizeof(tss), "a stack of ring 1 or 2, or ports", 1);
}

bool audit_processor(struct audit *audit) {
    check_control_registers(audit);
    check_msrs(audit);
    check_gdt(audit);
    check_idt(audit);
    check_tss(audit);
    return true;
}
