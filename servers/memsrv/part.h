/* What a task is made of, taken from its process's ledger. */
#pragma once

#include "task.h"

/* An object of the core's, just created. HF_QUOTA, HF_NO_MEMORY. */
HF_MUST_CHECK hf_status_t part_object(struct task *process, enum hf_operation_code code, hf_frame_t *object,
                                      struct hf_result *result);

/* A page that may be written, with the content of one of memsrv's own or (HF_NO_FRAME)
 * zeroed, where nothing is mapped. HF_QUOTA, HF_NO_MEMORY. */
HF_MUST_CHECK hf_status_t part_page(struct task *process, uint64_t address, hf_frame_t source, hf_frame_t *page);

/* A region where none is. HF_QUOTA, HF_NO_MEMORY. */
HF_MUST_CHECK hf_status_t part_region(struct task *process, uint64_t start, uint64_t end, unsigned rights,
                                      const struct backing *backing, struct backing_data data);

/* A zeroed IPC buffer for `task`, as a region of its own. HF_QUOTA, HF_NO_MEMORY. */
HF_MUST_CHECK hf_status_t part_buffer(struct task *task, uint64_t address);

/* Its region; NULL when that was unmapped. Then the buffer counts as an object, for as long as there is the core's task. */
struct region *part_buffer_region(struct task *task);

/* The core's task, which runs from then on. HF_QUOTA, HF_NO_MEMORY. */
HF_MUST_CHECK hf_status_t part_task(struct task *task, const struct hf_registers *registers);
