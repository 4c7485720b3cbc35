/* Who runs: 256 priorities, round robin within one, everything in constant time. */
#pragma once

#include "fpu.h"
#include "object.h"

#define PRIORITIES 256

/* One processor's state. The entry code knows the first fields by offset. */
struct processor {
    struct task *current;          /* READY and in no queue; NULL while idle */
    uint64_t fs_base;              /* of the last task that had one, while its value may still be loaded */
    struct task *fpu;              /* whose state the FPU registers hold: outside the core the current task, or NULL
                                      while they are clear and CR0.TS is set */
    uint64_t fast_vector;          /* the exception that takes the fast path: that of page faults, or none */
    int64_t top;                   /* highest priority in the ready queues, -1 for none */
    uint64_t map[PRIORITIES / 64]; /* which ready queues have tasks */
    struct task_queue ready[PRIORITIES];
};

extern struct processor processor;

void schedule_init(bool fast_faults);

/* Makes a task READY: behind the others of its priority, or before them when it
 * gave the processor away by a call or was preempted. */
void schedule_ready(struct task *task);
void schedule_queue_first(struct task *task);

static inline void schedule_ready_first(struct task *task) {
    task->state = HF_TASK_READY;
    if (!processor.current && task->effective >= processor.top) {
        processor.current = task; /* it would be chosen in the end */
    } else {
        schedule_queue_first(task);
    }
}

/* Takes a READY task off the processor or out of its queue; the caller sets its state. */
void schedule_remove(struct task *task);

/* Changes what a task counts as, whatever it does at the moment. */
void schedule_set_effective(struct task *task, uint8_t priority);

/* The current task gives way to the others of its priority. */
void schedule_yield(void);

void schedule_choose(void);

/* Who runs next, at the end of a kernel entry: the current task, unless there is none
 * or one that is more important. */
static inline void schedule(void) {
    if (!processor.current || processor.current->effective < processor.top) schedule_choose();
    if (processor.fpu && processor.fpu != processor.current) fpu_save();
}
