/* The ends that the core itself decides on. Each says what happened on every
 * line there is, and ends the machine with a code of its own. */
#pragma once

#include "object.h"

enum end_code {
    END_PANIC = 64,  /* the core is broken */
    END_MEMSRV = 65, /* memsrv made an exception: its bug, and nobody can go on */
    END_BOOT = 66,   /* what the boot loader gave can't be used */
};

/* What was given at boot can't be used: one line. */
__attribute__((format(printf, 1, 2))) _Noreturn void boot_refuse(const char *format, ...);

/* Anything else that can't be. */
_Noreturn void panic(const char *what);

/* An exception of a task that has no pager. */
_Noreturn void panic_memsrv(const struct task *task);

/* ---- Exceptions, registers and page-table walks in words (explain.c). */

/* One line: which exception, where, and for a page fault what was tried. */
void explain_exception(const struct frame_registers *registers, uint64_t fault_address);

void explain_registers(const struct frame_registers *registers);

/* A line for each level of the walk from `root` to `address`. */
void explain_walk(hf_frame_t root, uint64_t address);
