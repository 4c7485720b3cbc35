/* Requests that only look at what there is. */
#pragma once

#include <handoff/boot.h>

#include "serve.h"

void inspect_init(const struct hf_boot *information);

/* Whether `task` may look at and end another: with the INSPECT right anyone, else itself and
 * what belongs to it. */
bool inspect_may(const struct task *task, const struct task *other);

/* The running task whose number is in word 0, or with 0 the asker's own process, if the asker may look at it.
 * HF_NOT_FOUND, HF_DENIED. */
HF_MUST_CHECK hf_status_t inspect_find(const struct request *request, struct task **found);

/* HF_MEM_STAT, TASKS, IMAGES, COMMAND_LINE, NAME_OF. */
HF_MUST_CHECK hf_status_t inspect_stat(struct request *request);
HF_MUST_CHECK hf_status_t inspect_tasks(struct request *request);
HF_MUST_CHECK hf_status_t inspect_images(struct request *request);
HF_MUST_CHECK hf_status_t inspect_command_line(struct request *request);
HF_MUST_CHECK hf_status_t inspect_name_of(struct request *request);

/* HF_MEM_TASK_STAT, REGIONS. */
HF_MUST_CHECK hf_status_t inspect_task_stat(struct request *request);
HF_MUST_CHECK hf_status_t inspect_regions(struct request *request);
