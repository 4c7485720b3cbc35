/* The x87, SSE and AVX registers. They are a task's own: its first use of them is an
 * exception (#NM) that brings them, and whenever another task is to run they are saved
 * and cleared. Who doesn't use them pays nothing. */
#pragma once

#include "object.h"

/* A new task's, whose frame is zeroed: all registers zero, every exception masked, as after FNINIT. */
void fpu_init_task(struct task *task);

/* The current task used the FPU, which isn't its own yet. */
void fpu_bring(struct task *task);

/* Takes the registers from whoever has them. */
void fpu_save(void);
