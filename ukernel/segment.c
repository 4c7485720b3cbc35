#include "segment.h"

#include "address.h"
#include "entry.h"

struct tss tss;

/* Present, DPL, type and L bits: Intel SDM vol. 3A, 3.4.5 and 5.2.1. */
static uint64_t gdt[7] = {
    0,
    0x00209b0000000000, /* ring 0 code, 64-bit, accessed */
    0x0000930000000000, /* ring 0 data */
    0x0000f30000000000, /* ring 3 data */
    0x0020fb0000000000, /* ring 3 code, 64-bit */
};

#define GATE_INTERRUPT 0x8e /* present, DPL 0: interrupts off in the handler */
#define GATE_RING3 0x60     /* may be reached by INT3 */

static uint64_t idt[256][2];

struct __attribute__((packed)) table_register {
    uint16_t limit;
    uint64_t base;
};

/* Where each part of a gate stands: vol. 3A, 6.14.1. */
static void set_gate(unsigned vector, uint64_t handler, uint64_t stack, uint64_t type) {
    uint64_t selector = SEGMENT_KERNEL_CODE;
    idt[vector][0] = (handler & 0xffff) | selector << 16 | stack << 32 | type << 40 | (handler >> 16 & 0xffff) << 48;
    idt[vector][1] = handler >> 32;
}

static void init_idt(void) {
    static const uint8_t stacks[] = {[VECTOR_DEBUG] = STACK_DEBUG,
                                     [VECTOR_NMI] = STACK_NMI,
                                     [VECTOR_DOUBLE_FAULT] = STACK_DOUBLE_FAULT,
                                     [VECTOR_MACHINE_CHECK] = STACK_MACHINE_CHECK};
    for (unsigned vector = 0; vector < ENTRY_VECTORS; vector++) {
        unsigned type = vector == VECTOR_BREAKPOINT ? GATE_INTERRUPT | GATE_RING3 : GATE_INTERRUPT;
        set_gate(vector, (uint64_t)entry_vectors[vector], vector < sizeof(stacks) ? stacks[vector] : 0, type);
    }
    set_gate(VECTOR_SPURIOUS, (uint64_t)entry_spurious, 0, GATE_INTERRUPT);
}

static void init_tss(void) {
    uint64_t base = (uint64_t)&tss;
    for (unsigned stack = 1; stack < STACK_COUNT; stack++) tss.ist[stack - 1] = STACK_TOP(stack);
    tss.rsp0 = STACK_TOP(0);
    tss.io_map = sizeof(tss); /* none: ring 3 reaches ports by calls only */
    /* Available 64-bit TSS: vol. 3A, 7.2.3. */
    gdt[SEGMENT_TSS / 8] = (sizeof(tss) - 1) | (base & 0xffffff) << 16 | 0x89ul << 40 | (base >> 24 & 0xff) << 56;
    gdt[SEGMENT_TSS / 8 + 1] = base >> 32;
}

void segment_init(void) {
    const struct table_register gdtr = {sizeof(gdt) - 1, (uint64_t)gdt};
    const struct table_register idtr = {sizeof(idt) - 1, (uint64_t)idt};

    init_tss();
    init_idt();
    __asm__ volatile("lgdt %0" : : "m"(gdtr));
    entry_load_segments();
    __asm__ volatile("lidt %0" : : "m"(idtr));
    __asm__ volatile("lldt %w0" : : "r"(0));
    __asm__ volatile("ltr %w0" : : "r"(SEGMENT_TSS));
}
