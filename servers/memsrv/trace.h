/* What an exit record tells of where a task was. */
#pragma once

#include "task.h"

/* Adds the walk to the address of a refused fault, and the callers of the function that the task was in, as
 * its frame pointers tell: of those that can be read, and lead to what the task may execute. */
void trace_fill(const struct task *task, struct hf_exit *why);
