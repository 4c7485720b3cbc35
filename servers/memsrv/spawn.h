/* Spawning: from a request to a running task. */
#pragma once

#include "task.h"

#define SPAWN_GIFTS (HF_SPAWN_HANDLES + 1)

struct spawn {
    struct task *parent; /* NULL for init */
    const struct hf_spawn *request;
    unsigned priority;
    uint64_t quota;       /* put by for it; 0: it shares its parent's */
    struct source *pager; /* that serves its faults, or NULL */
    unsigned given;       /* handles from HF_SLOT_GIVEN on */
    unsigned gift_count;
    struct hf_operation gift[SPAWN_GIFTS]; /* HANDLE_PUT for the new task's table, but for `object` */
};

/* Checks what a task has asked for against what it may: HF_BAD_ARGUMENT, HF_DENIED,
 * HF_QUOTA. `bytes` is how much of the request there is. */
HF_MUST_CHECK hf_status_t spawn_prepare(struct task *parent, const struct hf_spawn *request, size_t bytes,
                                        struct spawn *spawn);

/* Builds and starts the task. After an error nothing of it is left: HF_NOT_FOUND,
 * HF_BAD_IMAGE, HF_TOO_BIG (arguments), HF_NO_MEMORY, HF_QUOTA, HF_BAD_HANDLE, HF_DENIED. */
HF_MUST_CHECK hf_status_t spawn_do(const struct spawn *spawn, struct task **task);

/* Finds the frame of the page that arguments are put together in. */
void spawn_init(void);
