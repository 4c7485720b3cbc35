/* Segment selectors, and the descriptor tables behind them. There is no 32-bit
 * code segment and no LDT. SYSRET wants user data and user code in this order
 * (Intel SDM vol. 2B, SYSRET). */
#pragma once

#include <stdint.h>

#include "layout.h"

#define SEGMENT_KERNEL_CODE 0x08
#define SEGMENT_KERNEL_DATA 0x10
#define SEGMENT_USER_DATA (0x18 | 3)
#define SEGMENT_USER_CODE (0x20 | 3)
#define SEGMENT_TSS 0x28

/* The 64-bit task-state segment (Intel SDM vol. 3A, 7.7): only its stacks matter. */
struct __attribute__((packed, aligned(4))) tss {
    uint32_t reserved0;
    uint64_t rsp0; /* the end of the current task's saved registers */
    uint64_t rsp1, rsp2, reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t io_map;
};
_Static_assert(sizeof(struct tss) == 104, "laid out as the processor reads it");

extern struct tss tss;

/* Loads GDT, TSS and IDT. The stacks must be mapped. */
void segment_init(void);

/* The stacks of one processor. Each ends at a multiple of STACK_SPAN; the pages
 * below it that are not mapped catch an overflow. */

/* The first is for everything ordinary; the others are reached through the
 * interrupt stack table, in this order (Intel SDM vol. 3A, 6.14.5). */
enum { STACK_DOUBLE_FAULT = 1, STACK_NMI, STACK_MACHINE_CHECK, STACK_DEBUG, STACK_COUNT };

#define STACK_BYTES 0x2000ul
#define STACK_TOP(number) (STACKS_START + ((number) + 1) * STACK_SPAN)
