/* The end of tasks, and waiting for it. */
#pragma once

#include "task.h"

/* Ends a task in any state, for the reason in its exit record; with a process all its
 * threads, which are killed. What it had is given back bit by bit, by end_reap; when that is
 * little, before the next message. */
void end_task(struct task *task, const struct hf_exit *why);

/* Takes back what a spawn, a fork or a new thread that failed has built; nobody will wait for its end. */
void end_unborn(struct task *task);

/* If a task was ended by this message: a first part of that work. */
void end_reap_first(void);

/* Whether any task is being taken apart, and a bounded part of that work. */
bool end_reaping(void);
void end_reap(void);

/* `asker` waits for the end of a task that has not ended: its call is set aside.
 * HF_NO_MEMORY: it can't be. */
HF_MUST_CHECK hf_status_t end_wait(struct task *task, struct task *asker);

/* Its exit record has been read: nothing of an ended task is left. */
void end_waited(struct task *task);
