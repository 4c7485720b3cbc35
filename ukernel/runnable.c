/* In a file of its own, so that a core can be linked with another in its place
 * (lessons/core/unready.c). */
#include "mmu.h"

bool aspace_runnable(hf_frame_t root) { return (frame_entry(root)->flags & HF_FRAME_KERNEL_HALF) != 0; }
