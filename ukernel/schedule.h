/* Who runs: 256 priorities, round robin within one, everything in constant time. */
#pragma once

#include "object.h"

#define PRIORITIES 256

/* One processor's state. The entry code knows the first fields by offset. */
struct processor {
    struct task *current;          /* READY and in no queue; NULL while idle */
    uint64_t user_rsp;             /* the caller's, until the entry code has saved it */
    uint64_t fs_base;              /* of the last task that had one, while its value may still be loaded */
    int64_t top;                   /* highest priority in the ready queues, -1 for none */
    uint64_t map[PRIORITIES / 64]; /* which ready queues have tasks */
    struct task_queue ready[PRIORITIES];
};

extern struct processor processor;

void schedule_init(void);

/* Makes a task READY: behind the others of its priority, or before them when it
 * gave the processor away by a call or was preempted. */
void schedule_ready(struct task *task);
void schedule_ready_first(struct task *task);

/* Takes a READY task off the processor or out of its queue; the caller sets its state. */
void schedule_remove(struct task *task);

/* The current task gives way to the others of its priority. */
void schedule_yield(void);

/* Chooses who runs next, at the end of a kernel entry. */
void schedule(void);
