/* Pages of 2 MiB brought on demand. To zero one takes longer than a message may wait, so the
 * task is stopped meanwhile. */
#pragma once

#include "fault.h"

/* Zeroes at most so much of a run, which is FREE or being zeroed; whether all of it is done. */
bool large_stage(hf_frame_t run, int *cost);

/* Whether the 2 MiB around an address lie in the region altogether. */
bool large_fits(const struct region *region, uint64_t address);

/* A run that the process pays for: HF_QUOTA, HF_NO_MEMORY. And back again, if it was not mapped; then
 * it is HF_NO_FRAME. */
HF_MUST_CHECK hf_status_t large_take(struct ledger *ledger, hf_frame_t *run);
void large_release(struct ledger *ledger, hf_frame_t *run);

/* Whether a fault where nothing is mapped is one for a page of 2 MiB, if there is one to be had; and whether there is. */
bool large_wanted(const struct task *task, const struct fault *fault, const struct region *region);
bool large_available(const struct ledger *ledger);

/* Stops the task, to bring the page across the address. False: it can't be one of 2 MiB. */
bool large_begin(struct request *request, const struct fault *fault, const struct region *region);

/* Whether there is one to be brought: at all, or for a process; and a part of that work. */
bool large_pending(void);
bool large_pending_for(const struct task *process);
void large_do_part(void);

/* The task is ended: its page is not wanted any more. */
void large_drop(struct task *task);
