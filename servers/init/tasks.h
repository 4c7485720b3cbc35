/* All tasks there are, as memsrv lists them. */
#pragma once

#include <handoff/mem.h>
#include <handoff/status.h>

/* Shows each task to `visit`, which gets `context` too. */
hf_status_t tasks_visit(void (*visit)(const struct hf_task_info *info, void *context), void *context);
