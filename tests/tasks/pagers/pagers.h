/* pagers: what its parts need of each other. */
#pragma once

#include <ipc.h>
#include <mem.h>

#include "../check.h"

#define PAGE HF_PAGE_SIZE
#define PAGES 8u /* that clients map ... */
#define FIRST 3u /* ... from this one on */
#define GIVEN HF_SLOT_GIVEN

/* The pager of the tests, made by their first task. */
extern hf_handle_t pager;

/* What is in a page that was supplied, by its offset. */
uint64_t content_of(uint64_t offset);

/* Takes the next request, and checks that it is this task's; and supplies its page as it should be. */
struct hf_pager_request take(const struct mem_task *client);
hf_status_t supply(const struct hf_pager_request *request);

/* This program as a client, which does `what`; it has the pager's handle, or the pager for all of its memory. */
struct mem_task start_client(const char *what, uint64_t quota);
struct mem_task start_client_of_all(const char *what);

/* Waits for its end. */
struct hf_exit finish(const struct mem_task *client);
bool ended_with(const struct mem_task *client, int64_t code);
bool ended_for(const struct mem_task *client, enum hf_reason reason);

/* Waits until the client is shown as waiting for the pager's process. */
bool is_waiting(const struct mem_task *client);

/* A thread on one of so many stacks. */
#define THREADS 6u
#define STACK_BYTES 16384u
hf_status_t start_thread(unsigned index, void (*entry)(void *), struct mem_task *task);

/* A request of memsrv that libipc wouldn't make. */
hf_status_t ask(hf_handle_t to, enum hf_mem_label label, uint64_t first, uint64_t second);

/* ---- the tests ---- */

void test_answers(void);
void test_ends(void);
void test_whole_tasks(void);

/* ---- what the tasks do that they start; each answers its exit code ---- */

int client_deed(const char *what);
