/* Runs as pages of 2 MiB: 512 frames, aligned, that are STAGED and mapped together.
 *
 *            STAGE           STAGE           first MAP            last leaf and pin gone
 *   FREE ----------> ZEROING ------> STAGED -----------> USER -----------------------------> FREE
 *                                                         | SPLIT of one of its leaves
 *                                                         v
 *                                                       split: leaves of 2 MiB may go on naming it,
 *                                                       and all its frames are in use until those are gone
 *
 * The header has what else an entry has: refs, the pin, and, but in a split run, the tag
 * (in `busy`). */
#pragma once

#include "mmu.h"

/* Whether an operation's level is one of enum hf_extent. */
static inline bool extent_valid(const struct hf_operation *op) {
    return op->level == HF_ONE_FRAME || op->level == HF_WHOLE_RUN;
}

/* The run that a frame is the first of, or NULL. */
struct hf_run_header *run_at(hf_frame_t first);

/* STAGE of a run: zeroes as much as this entry has room for (HF_AGAIN: there is more to do).
 * HF_BAD_FRAME: it is neither FREE nor being zeroed. */
hf_status_t run_zero(struct mmu *mmu, hf_frame_t first);

/* Whether a leaf of 2 MiB may name it: HF_BAD_FRAME, HF_TOO_BIG. */
hf_status_t run_check_use(hf_frame_t first);
void run_use(hf_frame_t first);

/* Whether the end of one use or of the pin would free part of the run; then there must be room
 * for telling which: HF_AGAIN, and what mmu_spill answers. */
hf_status_t run_check_unuse(struct mmu *mmu, hf_frame_t first, struct hf_operation_page **page);

/* One leaf less (`refs` 1), or none (0): what became FREE, in the result. `page` is
 * run_check_unuse's. */
void run_unuse(hf_frame_t first, unsigned refs, struct hf_operation_page *page, struct hf_result *result);

/* Whether each of its frames can have a use more. */
bool run_check_split(hf_frame_t first);

/* One of its leaves is about to become 512: its frames have entries afterwards, each with a use more. */
void run_split(hf_frame_t first);
