/* Requests that take longer than one message may: done in parts, between messages, while
 * the caller waits for its reply. An address space has one of them at a time, and until it
 * is done nothing else changes what the address space contains: what others of its process
 * ask for waits its turn. Work that was begun goes on when the task that asked for it ends,
 * unless the process does. */
#pragma once

#include <handoff/message.h>
#include <handoff/mem.h>
#include <handoff/status.h>
#include <stdbool.h>

#include "hold.h"

struct backing;
struct fork;

enum work_kind {
    WORK_NONE,
    WORK_UNMAP,
    WORK_PROTECT,
    WORK_POPULATE,
    WORK_FORK,
};

struct work {
    enum work_kind kind;
    uint64_t at, start, end; /* done up to `at` */
    unsigned rights;
    uint64_t until; /* PROTECT: the end of the region in which `at` is; it has its new rights already ... */
    const struct backing *backing; /* ... and this backing */
    hf_frame_t run;                /* POPULATE: being zeroed for `at`; HF_NO_FRAME for none */
    struct fork *fork;             /* FORK */
    hf_status_t status;            /* the answer, when nothing is left to do */
    uint64_t word[2];              /* of the answer */
    struct waiters asker;          /* nobody, when nobody waits for it any more */
};

/* Whether so many bytes of that kind would take more than one message may. Then sets the asker's
 * call aside. HF_NO_MEMORY: it can't be; nothing was done. */
HF_MUST_CHECK hf_status_t work_admit(struct task *asker, enum work_kind kind, uint64_t bytes);

/* Begins admitted work, of which kind, start, end, rights, fork and words are set. When it is
 * done already, answers its status; else the asker will get that. */
HF_MUST_CHECK hf_status_t work_start(struct task *asker, const struct work *work);

/* Whether a request of this process has to wait for others; and lets it wait.
 * HF_NO_MEMORY: it can't be set aside. */
bool work_must_wait(const struct task *process);
HF_MUST_CHECK hf_status_t work_park(struct task *asker, const struct hf_message *request);

/* A fault while there is work, judged so far. True: it has to be tried again. Else `reason` may have
 * changed. */
bool work_meets(const struct task *process, uint64_t address, enum hf_reason *reason);
/* Does a part of it: who tries again and again helps, or he might keep the worker from it. */
void work_help(struct task *process);

/* Whether work is waiting, and the next part of it. */
bool work_pending(void);
void work_do_part(void);

/* The process is ended: nothing of its work is wanted any more. */
void work_drop(struct task *process);
