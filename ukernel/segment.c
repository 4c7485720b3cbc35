#include "segment.h"

#include "address.h"
#include "entry.h"
#include "stack.h"

struct tss tss;

/* Present, DPL, type and L bits: Intel SDM vol. 3A, 3.4.5 and 5.2.1. */
static uint64_t gdt[7] = {
    0,
    0x00209b0000000000, /* ring 0 code, 64-bit, accessed */
    0x0000930000000000, /* ring 0 data */
    0x0000f30000000000, /* ring 3 data */
    0x0020fb0000000000, /* ring 3 code, 64-bit */
};

struct gate {
    uint16_t offset_low, selector;
    uint8_t stack, type;
    uint16_t offset_middle;
    uint32_t offset_high, reserved;
};

#define GATE_INTERRUPT 0x8e /* present, DPL 0: interrupts off in the handler */
#define GATE_RING3 0x60     /* may be reached by INT3 and INTO */

static struct gate idt[256];

struct __attribute__((packed)) table_register {
    uint16_t limit;
    uint64_t base;
};

static void set_gate(unsigned vector, uint64_t handler, unsigned stack, unsigned type) {
    idt[vector] = (struct gate){.offset_low = (uint16_t)handler,
                                .selector = SEGMENT_KERNEL_CODE,
                                .stack = (uint8_t)stack,
                                .type = (uint8_t)type,
                                .offset_middle = (uint16_t)(handler >> 16),
                                .offset_high = (uint32_t)(handler >> 32)};
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
    gdt[SEGMENT_TSS / 8] =
        (sizeof(tss) - 1) | (base & 0xffffff) << 16 | 0x89ul << 40 | (base >> 24 & 0xff) << 56;
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
