/* Requests that take longer than one message may: done in parts, between messages, while
 * the caller waits for its reply. An address space has one of them at a time, and until it
 * is done nothing else changes what the address space contains: what others of its process
 * ask for waits its turn. Work that was begun goes on when the task that asked for it ends,
 * unless the process does. */
#pragma once

#include <handoff/message.h>
#include <handoff/status.h>
#include <stdbool.h>

struct task;

enum work_kind {
    WORK_NONE,
    WORK_UNMAP,
    WORK_PROTECT,
    WORK_POPULATE,
};

struct work {
    enum work_kind kind;
    uint64_t at, start, end; /* done up to `at` */
    unsigned rights;
    hf_status_t status; /* the answer, when nothing is left to do */
    uint64_t word;      /* word 0 of the answer */
    struct task *asker; /* NULL: nobody waits for it any more */
};

/* Sets the asker's call aside if work of that kind on so many bytes would take more than
 * one message may. HF_NO_MEMORY: it can't be; nothing was done. */
HF_MUST_CHECK hf_status_t work_admit(struct task *asker, enum work_kind kind, uint64_t bytes);

/* Begins admitted work, of which kind, start, end, rights and word are set. When it is
 * done already, answers its status; else the asker will get that. */
HF_MUST_CHECK hf_status_t work_start(struct task *asker, const struct work *work);

/* Whether a request of this process has to wait for others; and lets it wait.
 * HF_NO_MEMORY: it can't be set aside. */
bool work_must_wait(const struct task *process);
HF_MUST_CHECK hf_status_t work_park(struct task *asker, const struct hf_message *request);

/* Whether the rights of the page at `address` are just being changed. */
bool work_protects(const struct task *process, uint64_t address);

/* Whether work is waiting, and the next part of it. */
bool work_pending(void);
void work_do_part(void);

/* The process is ended: nothing of its work is wanted any more. */
void work_drop(struct task *process);
