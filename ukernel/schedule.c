#include "schedule.h"

#include "entry.h"

struct processor processor;

void schedule_init(bool fast_faults) {
    processor.top = -1;
    processor.fast_vector = fast_faults ? VECTOR_PAGE_FAULT : ~0ul;
}

static void find_top(void) {
    processor.top = -1;
    for (int word = PRIORITIES / 64 - 1; word >= 0; word--) {
        if (processor.map[word] != 0) {
            processor.top = word * 64 + 63 - __builtin_clzll(processor.map[word]);
            return;
        }
    }
}

static void note_ready(const struct task *task) {
    processor.map[task->effective / 64] |= 1ul << (task->effective % 64);
    if (task->effective > processor.top) processor.top = task->effective;
}

void schedule_ready(struct task *task) {
    task->state = HF_TASK_READY;
    queue_append(&processor.ready[task->effective], task);
    note_ready(task);
}

void schedule_queue_first(struct task *task) {
    queue_prepend(&processor.ready[task->effective], task);
    note_ready(task);
}

static void take_out(struct task *task) {
    queue_remove(&processor.ready[task->effective], task);
    if (!processor.ready[task->effective].first) {
        processor.map[task->effective / 64] &= ~(1ul << (task->effective % 64));
        find_top();
    }
}

void schedule_remove(struct task *task) {
    if (task == processor.current) {
        processor.current = NULL;
    } else {
        take_out(task);
    }
}

void schedule_set_effective(struct task *task, uint8_t priority) {
    bool queued = task->state == HF_TASK_READY && task != processor.current;
    if (queued) take_out(task);
    task->effective = priority;
    if (queued) schedule_ready(task);
}

void schedule_yield(void) {
    struct task *task = processor.current;
    if (processor.top < task->effective) return;
    processor.current = NULL;
    schedule_ready(task);
}

void schedule_choose(void) {
    struct task *current = processor.current;
    if (current) {
        processor.current = NULL;
        schedule_queue_first(current);
    }
    if (processor.top >= 0) {
        processor.current = processor.ready[processor.top].first;
        take_out(processor.current);
    }
}
