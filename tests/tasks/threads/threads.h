/* threads: what its parts need of each other. */
#pragma once

#include <ipc.h>
#include <mem.h>

#include "../check.h"

#define THREADS 8u
#define STACK_BYTES 16384u

/* A thread on the stack number `index`. */
hf_status_t start_thread(unsigned index, void (*entry)(void *), void *argument, struct mem_task *task);

/* Brings the pages of all stacks that threads begin with. */
void touch_stacks(void);

/* Waits for it and closes its handle; a code that no thread ends with when that fails. */
#define NO_CODE (-1000)
struct hf_exit finish_thread(const struct mem_task *task);

/* The same for a task that is spawned: this program with these arguments. */
hf_status_t start_self(const char *what, const char *detail, uint64_t quota, struct mem_task *task);

/* Lets others run for a while. */
void let_run(void);

uint64_t frames_free(void);

/* Its waits for others last as long as the child `number` isn't seen in this state. */
bool becomes(uint64_t number, enum hf_info_state state);

/* Messages to memsrv that libipc wouldn't make. */
hf_status_t ask_memsrv(const struct hf_message *request);

/* ---- the parts: results of tests ---- */

void test_names(void);
void test_lives(void);
void test_sharing(void);
void test_ends(void);
void test_memory(void);

/* ---- and what the tasks that they spawn do ---- */

int serve_name(const char *name);             /* registers the name, answers one call, ends */
int call_name(const char *name);              /* waits for the name, and calls */
int fill_names(const char *name);             /* registers as many as it gets */
int own_threads(const char *how);             /* makes threads in every state, then ends so */
int make_threads(const char *unused);         /* as many as it gets; how many is its code */
int keep_busy(const char *unused);            /* for ever */
int kill_busy(uint64_t count, uint64_t seed); /* ends such tasks at moments drawn at random */
int make_many(const char *unused);            /* 100 threads, one after the other and some at once */
