#include "interrupt.h"

#include <machine.h>

#include "entry.h"

/* 8259A data sheet. ICW1: edge-triggered, cascade, ICW4 follows; ICW4: 8086 mode; OCW2: end. */
enum { PIC_FIRST = 0x20, PIC_SECOND = 0xa0, PIC_DATA = 1, PIC_CASCADE = 2 };
enum { PIC_INIT = 0x11, PIC_8086 = 0x01, PIC_END = 0x20 };

/* Local APIC registers, in words (Intel SDM vol. 3A, table 10-1), and what is written there. */
enum { APIC_TASK_PRIORITY = 0x80 / 4, APIC_END = 0xb0 / 4, APIC_SPURIOUS = 0xf0 / 4, APIC_TIMER = 0x320 / 4 };
enum { APIC_LINT0 = 0x350 / 4, APIC_LINT1 = 0x360 / 4, APIC_ERROR = 0x370 / 4 };
enum { APIC_TIMER_INITIAL = 0x380 / 4, APIC_TIMER_CURRENT = 0x390 / 4, APIC_TIMER_DIVIDE = 0x3e0 / 4 };
enum { APIC_ON = 0x100, APIC_MASKED = 0x10000, APIC_EXTINT = 0x700, APIC_NMI = 0x400 };
enum { APIC_PERIODIC = 0x20000, APIC_DIVIDE_16 = 3 };

static volatile uint32_t *apic;
static uint16_t masked = (uint16_t) ~(1u << PIC_CASCADE);

static void write_masks(void) {
    port_out8(PIC_FIRST + PIC_DATA, (uint8_t)masked);
    port_out8(PIC_SECOND + PIC_DATA, (uint8_t)(masked >> 8));
}

static void init_pic(uint16_t port, uint8_t vector, uint8_t cascade) {
    port_out8(port, PIC_INIT);
    port_out8(port + PIC_DATA, vector);
    port_out8(port + PIC_DATA, cascade);
    port_out8(port + PIC_DATA, PIC_8086);
}

void interrupt_init(volatile uint32_t *registers) {
    apic = registers;
    init_pic(PIC_FIRST, INTERRUPT_FIRST_VECTOR, 1u << PIC_CASCADE);
    init_pic(PIC_SECOND, INTERRUPT_FIRST_VECTOR + 8, PIC_CASCADE);
    write_masks();
    apic[APIC_TASK_PRIORITY] = 0;
    apic[APIC_SPURIOUS] = APIC_ON | VECTOR_SPURIOUS;
    apic[APIC_TIMER] = APIC_MASKED;
    apic[APIC_LINT0] = APIC_EXTINT; /* where the 8259's output arrives (virtual wire mode) */
    apic[APIC_LINT1] = APIC_NMI;
    apic[APIC_ERROR] = APIC_MASKED;
    apic[APIC_TIMER_DIVIDE] = APIC_DIVIDE_16;
}

void interrupt_timer_measure(void) { apic[APIC_TIMER_INITIAL] = UINT32_MAX; }

uint32_t interrupt_timer_measured(void) { return UINT32_MAX - apic[APIC_TIMER_CURRENT]; }

void interrupt_timer_start(uint32_t count) {
    apic[APIC_TIMER] = APIC_PERIODIC | VECTOR_TIMER;
    apic[APIC_TIMER_INITIAL] = count;
}

void interrupt_timer_end(void) { apic[APIC_END] = 0; }

void interrupt_mask(unsigned line) {
    masked |= (uint16_t)(1u << line);
    write_masks();
}

void interrupt_unmask(unsigned line) {
    masked &= (uint16_t) ~(1u << line);
    write_masks();
}

void interrupt_end(unsigned line) {
    if (line >= 8 && line != INTERRUPT_NOISE_SECOND) port_out8(PIC_SECOND, PIC_END);
    if (line != INTERRUPT_NOISE_FIRST) port_out8(PIC_FIRST, PIC_END);
}
