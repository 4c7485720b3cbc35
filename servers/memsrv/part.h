/* What a task is made of, taken from its process's ledger. */
#pragma once

#include "task.h"

/* Its IPC buffer when it is the first of its address space; those of threads stand below
 * the guard of its stack, as long as there is room. */
#define PART_BUFFER 0x7fffe000ul
#define PART_STACK_END 0x7fffd000ul
#define PART_STACK_START (PART_STACK_END - 0x100000ul)
#define PART_GUARD_START (PART_STACK_START - 0x10000ul)
#define PART_TABLE_START 0x7fe00000ul /* where the page table starts that covers all of these */

/* An object of the core's, just created. HF_QUOTA, HF_NO_MEMORY. */
HF_MUST_CHECK hf_status_t part_object(struct task *process, enum hf_operation_code code, hf_frame_t *object,
                                      struct hf_result *result);

/* A page that may be written, with the content of one of memsrv's own or (HF_NO_FRAME)
 * zeroed, where nothing is mapped. HF_QUOTA, HF_NO_MEMORY. */
HF_MUST_CHECK hf_status_t part_page(struct task *process, uint64_t address, hf_frame_t source, hf_frame_t *page);

/* A zeroed IPC buffer for `task`, as a region of its own. HF_QUOTA, HF_NO_MEMORY. */
HF_MUST_CHECK hf_status_t part_buffer(struct task *task, uint64_t address);

/* The core's task, which runs from then on. HF_QUOTA, HF_NO_MEMORY. */
HF_MUST_CHECK hf_status_t part_task(struct task *task, const struct hf_registers *registers);
