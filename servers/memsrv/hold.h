/* Tasks that wait for memsrv: their calls are set aside until there is an answer, or, when what they
 * wait with is a fault, they are stopped until it is worth trying again. */
#pragma once

#include <handoff/message.h>
#include <handoff/status.h>
#include <stdbool.h>

struct task;

/* In order of arrival. */
struct waiters {
    struct task *first, *last;
};

struct held {
    hf_handle_t reply;    /* of a call that is set aside; 0: there is none */
    bool stopped;         /* it waits with a fault */
    struct waiters *list; /* of those that wait for the same thing, this one among them; or NULL */
    struct task *next, *previous;
};

/* Sets the call in hand, which must be the task's, aside, unless it is already. memsrv has slots
 * for 124 such calls; those who share a quota may have as many of them as are left for others,
 * and init all of them. HF_NO_MEMORY: that is too few. */
HF_MUST_CHECK hf_status_t hold_call(struct task *task);

/* The same, and puts the task at the end of a list. */
HF_MUST_CHECK hf_status_t hold_in(struct task *task, struct waiters *list);

/* Stops the task, whose fault is in hand, and puts it at the end of a list. */
void hold_fault(struct task *task, struct waiters *list);

/* Takes it out of its list; it goes on waiting. */
void hold_leave(struct task *task);

/* Moves it from its list to the end of another. */
void hold_move(struct task *task, struct waiters *list);

/* Answers; that the caller has died is no error. Or lets the task try again, and the message
 * is nobody's. The task is in no list afterwards. */
void hold_answer(struct task *task, const struct hf_message *message);

/* The task has been stopped: nobody waits for an answer any more. */
void hold_cancel(struct task *task);
