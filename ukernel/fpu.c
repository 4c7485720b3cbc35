#include "fpu.h"

#include "cpu.h"
#include "schedule.h"

/* With a zeroed XSAVE header all registers are in their initial state; the two control
 * words count nevertheless (Intel SDM vol. 1, 13.8.1; for FXRSTOR table 10-2). */
static const struct fpu_state initial = {.control = 0x037f, .sse_control = 0x1f80};

void fpu_init_task(struct task *task) {
    task->fpu.control = initial.control;
    task->fpu.sse_control = initial.sse_control;
}

static void load(const struct fpu_state *state) { cpu_has(CPU_XSAVE) ? fpu_xrstor(state) : fpu_fxrstor(state); }

static void store(struct fpu_state *state) { cpu_has(CPU_XSAVE) ? fpu_xsave(state) : fpu_fxsave(state); }

void fpu_bring(struct task *task) {
    write_cr0(read_cr0() & ~CR0_TS);
    load(&task->fpu);
    task->slow |= SLOW_FPU;
    processor.fpu = task;
}

void fpu_save(void) {
    struct task *task = processor.fpu;
    store(&task->fpu);
    load(&initial);
    write_cr0(read_cr0() | CR0_TS);
    task->slow &= (uint8_t)~SLOW_FPU;
    processor.fpu = NULL;
}
