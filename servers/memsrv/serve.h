/* Requests and their answers. */
#pragma once

#include <ipc.h>

#include "task.h"

struct request {
    struct hf_message message; /* as it came; then the answer */
    struct hf_sender sender;
    unsigned bytes;      /* that came with it, in the IPC buffer */
    struct task *task;   /* whom the badge names */
    unsigned operations; /* of the operation page, to be run before the answer is delivered */
    bool held;           /* the call was set aside: there is no answer now */
};

void serve_init(const struct hf_boot *information);

/* Deals with one message, and leaves the answer in it. */
void serve(struct request *request);

/* Answers to calls that were set aside; that a caller has died is no error. */
void serve_exit_record(hf_handle_t reply, const struct hf_exit *exit);
void serve_answer_held(hf_handle_t reply, hf_status_t status, uint64_t word);
