/* Requests that take longer than one message may: done in parts, between messages,
 * while the caller waits for its reply. */
#pragma once

#include "task.h"

enum work_kind {
    WORK_UNMAP,
    WORK_PROTECT,
    WORK_POPULATE,
};

struct work {
    struct work *next;
    struct task *task;
    enum work_kind kind;
    uint64_t at, start, end; /* done up to `at` */
    unsigned rights;
    hf_status_t status; /* the answer, when nothing is left to do */
    hf_handle_t reply;
    uint64_t word; /* word 0 of the answer */
};

/* Does the first part; when more is left, sets the call in hand aside and goes on
 * later (`held`). `work->reply` is not looked at. HF_NO_MEMORY: it would have to be
 * set aside and can't be; nothing is undone then but by the caller. */
HF_MUST_CHECK hf_status_t work_start(const struct work *work, bool *held);

/* Whether work is waiting, and the next part of it. */
bool work_pending(void);
void work_do_part(void);

/* The task is ended: what it asked for isn't wanted any more. */
void work_cancel(struct task *task);
