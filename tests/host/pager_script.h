/* A pager and its clients, for tests of memsrv that go step by step. */
#pragma once

#include "memsrv_script.h"

#define PAGER_PLACE 0x100000000000ull /* where clients map it */
#define PAGER_PAGES 8u
#define PAGER_OFFSET 0x5000ull
#define PAGER_OWN 0x200000000000ull /* where the pager itself has pages to be supplied: two, of which one is there */
#define PAGER_GIVEN 100u            /* the pager's handle, for init and for clients */
#define RW (HF_READ | HF_WRITE)
#define SEND(task, ...) script_send(task, &(struct script_request){__VA_ARGS__})

/* A child of init's with a pager; and another that has mapped it. */
extern struct task *pager, *client;
extern hf_handle_t pager_handle, client_handle; /* init's */
extern hf_handle_t pager_own;                   /* the pager's, to the pager */

void start_pager(void);
void end_pager(void); /* of both, with nothing left */

/* Another client: gets the handle, and maps it; or is spawned with it, for all of its pages. */
struct task *new_client(uint64_t quota, unsigned rights, hf_handle_t *handle);
struct task *new_client_of_all(uint64_t quota, hf_handle_t *handle);
void give_pager(struct task *task);
/* init, which has the handle, asks for the second kind. */
hf_status_t spawn_through_pager(uint64_t quota);

/* The pager takes the next fault, which there is; or its answer to a NEXT that it has sent. */
struct hf_pager_request next_request(void);
struct hf_pager_request got_request(struct task *asker);

#define SUPPLY(number, at) .to = pager_own, .label = HF_MEM_PAGER_SUPPLY, .word = {number, at}
#define PASS(number) .to = pager_own, .label = HF_MEM_PAGER_PASS, .word = {number}
#define REFUSE(number) .to = pager_own, .label = HF_MEM_PAGER_REFUSE, .word = {number}
#define NEXT .to = pager_own, .label = HF_MEM_PAGER_NEXT

/* The task's page, or NULL. */
uint8_t *page_at(const struct task *task, uint64_t address);

/* Touches, and lets memsrv do what it can. */
void touch_page(struct task *task, uint64_t address, bool write);

/* What memsrv shows of a task. */
struct hf_task_info info_of(uint64_t number);

/* It is shown to wait for the pager. */
bool is_waiting(const struct task *task);

/* It has waited for an answer, and does no more: it has ended, for this reason; the process is waited for. */
void has_ended(hf_handle_t handle, enum hf_reason reason);
