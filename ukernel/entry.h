/* Where the processor enters the core, and where it leaves it (entry.asm). */
#pragma once

#include "object.h"

/* Intel SDM vol. 3A, table 6-1. Below VECTOR_EXCEPTIONS are exceptions, from there on interrupts. */
enum { VECTOR_DEBUG = 1, VECTOR_NMI = 2, VECTOR_BREAKPOINT = 3, VECTOR_NO_FPU = 7 };
enum { VECTOR_DOUBLE_FAULT = 8, VECTOR_PAGE_FAULT = 14 };
enum { VECTOR_MACHINE_CHECK = 18, VECTOR_EXCEPTIONS = 32, VECTOR_TIMER = 48, VECTOR_SPURIOUS = 255 };
#define ENTRY_VECTORS 49
#define ENTRY_SPACING 16

/* Assembly: one entry point for each vector, the SYSCALL entry, and the CLAC
 * that is a NOP until a processor with SMAP is found. */
extern uint8_t entry_vectors[ENTRY_VECTORS][ENTRY_SPACING];
void entry_spurious(void);
void entry_call(void);
void entry_fast_call(void); /* fastpath.asm */
extern uint8_t entry_clac[3];
void entry_load_segments(void);

/* Goes on in `next` on the processor's stack, which must be mapped. */
_Noreturn void entry_on_stack(void (*next)(void));

/* Leaves the core: to the current task, or to wait for an interrupt. */
_Noreturn void entry_resume(void);

/* C, called by the assembly on the processor's stack. The registers of `task`
 * are saved; afterwards the processor's current task is resumed. */
void entered_by_call(struct task *task);
void call_end(struct task *task, hf_status_t status); /* the last part of it */
void entered_by_interrupt(struct task *task);
void entered_while_idle(uint64_t vector);

/* An exception in ring 0, or one that has a stack of its own: `registers` stand there. */
_Noreturn void entered_by_core_exception(const struct frame_registers *registers);
