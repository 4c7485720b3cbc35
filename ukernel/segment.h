/* Segment selectors, and the descriptor tables behind them. There is no 32-bit
 * code segment and no LDT. SYSRET wants user data and user code in this order
 * (Intel SDM vol. 2B, SYSRET). */
#pragma once

#define SEGMENT_KERNEL_CODE 0x08
#define SEGMENT_KERNEL_DATA 0x10
#define SEGMENT_USER_DATA (0x18 | 3)
#define SEGMENT_USER_CODE (0x20 | 3)
#define SEGMENT_TSS 0x28

/* Loads GDT, TSS and IDT. The stacks must be mapped. */
void segment_init(void);

