/* The frame table: what each frame of RAM is. See include/handoff/mmu.h for the
 * types. All other parts ask and change it through these functions only. */
#pragma once

#include <handoff/mmu.h>
#include <stdbool.h>

#include "address.h"

#define RUN_FRAMES (1ul << TABLE_BITS)

/* One past the highest frame that the table knows; everything above is RESERVED. */
extern hf_frame_t frame_limit;

static inline struct hf_run_header *frame_run(hf_frame_t frame) { return &FRAME_HEADERS[frame / RUN_FRAMES]; }

/* The frame's entry, or NULL when its run is not split (it is then FREE, CORE or
 * RESERVED altogether, with no flags and no refs). */
static inline struct hf_frame_entry *frame_entry(hf_frame_t frame) {
    bool kept = frame < frame_limit && frame_run(frame)->state == HF_RUN_SPLIT;
    return kept ? &FRAME_ENTRIES[frame] : NULL;
}

/* What all frames of a run are that is not split. */
enum hf_frame_type frame_type_of_run(hf_frame_t frame);

static inline enum hf_frame_type frame_type(hf_frame_t frame) {
    const struct hf_frame_entry *entry = frame_entry(frame);
    return entry ? (enum hf_frame_type)entry->type : frame_type_of_run(frame);
}

static inline bool frame_is(hf_frame_t frame, enum hf_frame_type type) { return frame_type(frame) == type; }

/* Whether ring 3 may see it: STAGED or USER. */
static inline bool frame_has_content(hf_frame_t frame) {
    const struct hf_frame_entry *entry = frame_entry(frame);
    return entry && (entry->type == HF_FRAME_STAGED || entry->type == HF_FRAME_USER);
}

/* The same for any frame below frame_limit, as it would read if the run were split. */
struct hf_frame_entry frame_describe(hf_frame_t frame);

/* FREE becomes `type`, with no refs. Precondition: the frame is FREE. */
struct hf_frame_entry *frame_claim(hf_frame_t frame, enum hf_frame_type type);

/* Whether frame_claim would have to fill in the run's entries first. */
bool frame_claim_splits(hf_frame_t frame);

/* Any type becomes FREE; a run whose last frame this was becomes whole again.
 * Precondition: nothing counted refers to it and it is not pinned. */
void frame_release(hf_frame_t frame);

/* One use of a USER frame more, or less. A STAGED frame becomes USER by its
 * first use; a USER frame becomes FREE by the end of its last when it is not
 * pinned, which frame_unuse tells. */
static inline void frame_use(hf_frame_t frame) {
    struct hf_frame_entry *entry = &FRAME_ENTRIES[frame];
    entry->type = HF_FRAME_USER;
    entry->refs++;
}
bool frame_unuse(hf_frame_t frame);

/* Boot only: the state of whole runs, and of frames in split runs. */
void frame_boot_run(uint64_t run, enum hf_run_state state);
void frame_boot_set(hf_frame_t frame, enum hf_frame_type type, uint8_t flags);

/* Adds to `sums` how many frames below frame_limit have each type. */
void frame_sum(uint64_t sums[HF_FRAME_TYPE_COUNT]);
