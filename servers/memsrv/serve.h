/* Requests and their answers. */
#pragma once

#include <ipc.h>

#include "list.h"
#include "task.h"

/* memsrv's IPC buffer. Nothing else writes to it before a request has been dealt with. */
#define BUFFER ((struct hf_buffer *)HF_MEMSRV_BUFFER)

struct request {
    struct hf_message message; /* as it came; then the answer */
    struct hf_sender sender;
    unsigned bytes;        /* that came with it, in the IPC buffer */
    hf_badge_t badge;      /* of the handle that was used */
    struct task *task;     /* whom the badge names; for an object or a pager the process that asks */
    struct task *asker;    /* who asks: the same, or a thread of it, or another with a handle to it */
    struct source *source; /* the object or pager that the badge names */
    struct list list;      /* to be done before the answer is delivered */
    bool held;             /* the call was set aside: there is no answer now */
};

/* Deals with one message, and leaves the answer in it. */
void serve(struct request *request);

/* Deals with the first request of a process that had to wait. */
void serve_parked(struct task *process);

/* Answers with a handle to a task that was just made, and its number. HF_NO_MEMORY: the
 * asker's handle table is full; then nothing comes of the task. */
HF_MUST_CHECK hf_status_t serve_put_task(struct request *request, struct task *made);
