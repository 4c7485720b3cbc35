/* The calls: one function for each, in the file of what it works on. Arguments and
 * results stand in the task's saved registers, as include/handoff/call.h says.
 *
 * A function returns what the caller gets at once; when the caller has to wait
 * instead, its state has changed and the result comes later. What is refused has
 * changed nothing: side effects begin at the line that says "commit". */
#pragma once

#include <handoff/call.h>

#include "object.h"

typedef hf_status_t call_function(struct task *task);

#define X(upper, lower, flags) call_function call_##lower;
HF_CALL_LIST(X)
#undef X
