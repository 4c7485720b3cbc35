/* memsrv over the real core, as something to be tried step by step: it runs only when a test lets it,
 * and the test is all its clients. It stays the same one for all tests of a program. */
#pragma once

#include "memsrv_machine.h"
#include <handoff/mem.h>

/* What tasks are called here; number 1 is init, which has the INSPECT right. */
extern struct task *script_init;

/* A cmocka group set-up: boots memsrv with the programs "init" and "child". */
int script_boot(void **state);

/* A test's set-up and tear-down: after it all frames must be where they were before. */
int script_before(void **state);
int script_after(void **state);

/* Lets memsrv go on until it waits. Where nobody has sent anything, its worker calls it first. */
void script_go(void);

/* Sends a request; words that are not given are 0. */
struct script_request {
    hf_handle_t to; /* 0: its own handle to memsrv */
    uint32_t label;
    uint64_t word[5];
    const void *bytes;
    unsigned count; /* of the bytes */
};
void script_send(struct task *task, const struct script_request *request);

/* The answer to what the task has sent has come. */
bool script_answered(const struct task *task);
/* That answer: what memsrv says, unless the call itself went wrong. Lets memsrv go on until it is there. */
hf_status_t script_answer(struct task *task);
uint64_t script_word(const struct task *task, unsigned index);

/* All of it. */
hf_status_t script_ask_for(struct task *task, const struct script_request *request);
#define ASK(task, ...) script_ask_for(task, &(struct script_request){__VA_ARGS__})

/* memsrv has nothing more to do. */
void script_settle(void);

/* The running task of that number, or NULL. */
struct task *script_task(uint64_t number);

/* Another task: a child of init's, or a thread of `task`. `handle` is its maker's handle to it. */
struct task *script_spawn(uint64_t quota, hf_handle_t *handle);
struct task *script_thread(struct task *task, hf_handle_t *handle);

/* Ends a task by its handle, waits for its end, and closes the handle; how it ended. */
struct hf_exit script_finish(struct task *task, hf_handle_t handle);
struct hf_exit script_kill(struct task *task, hf_handle_t handle);

/* The task reads or writes there, and faults if the entry doesn't let it. Whether it faulted. */
bool script_touch(struct task *task, uint64_t address, bool write);

/* Free frames; and these together with memsrv's own, of which it takes more as it needs them. */
uint64_t script_free(void);
uint64_t script_total(void);
/* Takes frames out of use until there are only so many; and puts them back. */
void script_leave(uint64_t count);
void script_put_back(void);
