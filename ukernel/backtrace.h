/* Who called whom, as far as a stack tells without frame pointers. */
#pragma once

#include <handoff/types.h>

/* A line for each word from `rsp` on that leads behind a CALL in what can be executed: the return addresses, and
 * words that were left over from earlier calls. Shown is the CALL's last byte, since what is behind it may belong to
 * another function. `root` is the aspace's; nothing is read but by its page tables. */
void backtrace_print(hf_frame_t root, uint64_t rsp);
