/* Tasks and endpoints for tests of messages. Every task can run, and has a buffer and a handle
 * table with a handle to each endpoint. */
#pragma once

#include "call.h"
#include "handle.h"
#include "../../ukernel/ipc.h"
#include "ipc.h"
#include "world.h"

#define TASKS_MOST 80u
#define ENDPOINTS_MOST 4u

extern struct task *tasks[TASKS_MOST];
extern struct endpoint *endpoints[ENDPOINTS_MOST];

/* The slot for an endpoint in every table, and the badge of the task's handle there. */
#define SLOT(endpoint) ((endpoint) + 1u)
#define BADGE(task, endpoint) (0x1000u * ((task) + 1u) + (endpoint))

/* `count` tasks of priority 10, 11, ..., all READY, none running. */
void ipc_start(unsigned count, unsigned endpoint_count);

hf_frame_t frame_of_task(unsigned task);
hf_frame_t frame_of_table(unsigned task);
hf_frame_t frame_of_buffer(unsigned task);
hf_frame_t frame_of_endpoint(unsigned endpoint);
struct hf_buffer *buffer_of(unsigned task);

/* Task `task` makes a call with this handle; `label` and word 0 are the message's. */
hf_status_t makes(unsigned task, uint64_t number, uint64_t handle, uint32_t label, uint64_t word);
/* The same with a whole tag. */
hf_status_t sends(unsigned task, uint64_t number, uint64_t handle, uint64_t tag);

#define WAITS HF_STATUS_COUNT /* the call hasn't come back */

/* MMU operations on a task or endpoint, made by the asker. */
hf_status_t operate(enum hf_operation_code code, hf_frame_t object);

/* Whether the queues, calls in hand and calls held fit together: every task is exactly where its state
 * says. The first thing that is wrong, as text, or NULL. ipc_check fails the test then, or for a broken
 * invariant. */
const char *ipc_broken(void);
void ipc_check(const char *file, int line);
