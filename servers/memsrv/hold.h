/* Calls that are set aside until there is an answer. A task waits for the answer to its
 * call, so it has one such call at most. */
#pragma once

#include <handoff/message.h>
#include <handoff/status.h>

struct task;

struct held {
    hf_handle_t reply;  /* 0: nothing is set aside */
    struct task **list; /* of those that wait for the same thing, this one among them; or NULL */
    struct task *next;
};

/* Sets the call in hand, which must be the task's, aside, unless it is already.
 * HF_NO_MEMORY: memsrv has no slot left. */
HF_MUST_CHECK hf_status_t hold_call(struct task *task);

/* The same, and puts the task at the end of a list. */
HF_MUST_CHECK hf_status_t hold_in(struct task *task, struct task **list);

/* Takes it out of its list; its call stays set aside. */
void hold_leave(struct task *task);

/* Answers; that the caller has died is no error. The task is in no list afterwards. */
void hold_answer(struct task *task, const struct hf_message *message);

/* The task has been stopped: nobody waits for an answer any more. */
void hold_cancel(struct task *task);
