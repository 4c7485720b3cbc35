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

/* Whether all frames of a run are in use by leaves of 2 MiB, or by its pin. */
static inline bool run_in_use(const struct hf_run_header *run) {
    return run->refs != 0 || (run->flags & HF_FRAME_PINNED);
}

/* Whether the frame has an entry of its own; else its run is FREE, CORE or RESERVED
 * altogether, or one page of 2 MiB. */
static inline bool frame_has_entry(hf_frame_t frame) {
    return frame < frame_limit && frame_run(frame)->state == HF_RUN_SPLIT;
}

/* That entry, or NULL. */
static inline struct hf_frame_entry *frame_entry(hf_frame_t frame) {
    return frame_has_entry(frame) ? &FRAME_ENTRIES[frame] : NULL;
}

/* What all frames of a run are that is not split, by its state. */
extern const uint8_t frame_types_of_runs[];

static inline enum hf_frame_type frame_type(hf_frame_t frame) {
    if (frame >= frame_limit) return HF_FRAME_RESERVED;
    uint8_t state = frame_run(frame)->state;
    if (__builtin_expect(state == HF_RUN_SPLIT, true)) return (enum hf_frame_type)FRAME_ENTRIES[frame].type;
    return (enum hf_frame_type)frame_types_of_runs[state];
}

static inline bool frame_is(hf_frame_t frame, enum hf_frame_type type) { return frame_type(frame) == type; }

/* Whether it is a STAGED or USER frame by itself, and not part of a page of 2 MiB. */
static inline bool frame_has_content(hf_frame_t frame) {
    if (!frame_has_entry(frame)) return false;
    unsigned type = FRAME_ENTRIES[frame].type;
    return type == HF_FRAME_STAGED || type == HF_FRAME_USER;
}

/* The same for any frame below frame_limit, as it would read if the run were split. */
struct hf_frame_entry frame_describe(hf_frame_t frame);

/* A run all of whose entries become `entry`. */
void frame_split_run(struct hf_run_header *run, struct hf_frame_entry entry, uint16_t busy);

/* Whether frame_claim would have to fill in the run's entries first. */
static inline bool frame_claim_splits(hf_frame_t frame) { return frame_run(frame)->state == HF_RUN_FREE; }

/* FREE becomes `type`, with no refs. Precondition: the frame is FREE. */
static inline void frame_claim(hf_frame_t frame, enum hf_frame_type type) {
    const struct hf_frame_entry unused = {.type = HF_FRAME_FREE};
    if (frame_claim_splits(frame)) frame_split_run(frame_run(frame), unused, 0);
    frame_run(frame)->busy++;
    FRAME_ENTRIES[frame] = (struct hf_frame_entry){.type = (uint8_t)type};
}

/* Any type becomes FREE; a run whose last frame this was becomes whole again.
 * Precondition: nothing counted refers to it and it is not pinned. */
static inline void frame_release(hf_frame_t frame) {
    struct hf_run_header *run = frame_run(frame);
    FRAME_ENTRIES[frame] = (struct hf_frame_entry){.type = HF_FRAME_FREE};
    if (--run->busy == 0 && run->refs == 0) run->state = HF_RUN_FREE;
}

/* One use of a USER frame more, or less. A STAGED frame becomes USER by its
 * first use; a USER frame becomes FREE by the end of its last when it is not
 * pinned, which frame_unuse tells. */
static inline void frame_use(hf_frame_t frame) {
    struct hf_frame_entry *entry = &FRAME_ENTRIES[frame];
    entry->type = HF_FRAME_USER;
    entry->refs++;
}
static inline bool frame_unuse(hf_frame_t frame) {
    struct hf_frame_entry *entry = &FRAME_ENTRIES[frame];
    if (--entry->refs != 0 || (entry->flags & HF_FRAME_PINNED) || run_in_use(frame_run(frame))) return false;
    frame_release(frame);
    return true;
}

/* How many leaves and other uses name the frame, those of its run among them. */
static inline uint32_t frame_refs(hf_frame_t frame) {
    if (frame >= frame_limit) return 0;
    uint64_t refs = frame_run(frame)->refs + (uint64_t)(frame_entry(frame) ? frame_entry(frame)->refs : 0);
    return refs > UINT32_MAX ? UINT32_MAX : (uint32_t)refs;
}

/* Boot only: the state of whole runs, and of frames in split runs. */
void frame_boot_run(uint64_t run, enum hf_run_state state);
void frame_boot_set(hf_frame_t frame, enum hf_frame_type type, uint8_t flags);

/* Adds to `sums` how many frames below frame_limit have each type. */
void frame_sum(uint64_t sums[HF_FRAME_TYPE_COUNT]);
