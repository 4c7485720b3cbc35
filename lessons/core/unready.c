/* In place of ukernel/runnable.c: a task may have any root, also one in which the core itself is
 * not mapped. Invariant I4 is broken here, and only here. */
#include "mmu.h"

bool aspace_runnable(hf_frame_t root) { return root != HF_NO_FRAME; }
