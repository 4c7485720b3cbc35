/* A second copy of what the core's memory operations read and change: the frame table, and
 * the first frames of RAM, where all tables stand. The oracle makes its changes here. */
#pragma once

#include <handoff/mmu.h>
#include <stdbool.h>

#define SHADOW_RUNS 14u
#define SHADOW_LIMIT (SHADOW_RUNS * HF_RUN_FRAMES)
#define SHADOW_FRAMES 64u
#define SHADOW_DEVICES 2u
#define SHADOW_ELSEWHERE 0xa5 /* each byte of the other frames, but of runs that are being zeroed */

struct shadow {
    uint64_t ram[SHADOW_FRAMES][HF_PAGE_SIZE / 8];
    struct hf_run_header headers[SHADOW_RUNS];
    struct hf_frame_entry entries[SHADOW_LIMIT];
    struct {
        hf_frame_t first, count;
    } devices[SHADOW_DEVICES]; /* that ring 3 may have */
    struct shadow_change {
        void *where;
        uint64_t old;
    } changes[4 * HF_RUN_FRAMES];
    unsigned changed;
};

/* Every change goes through this one, so that it can be taken back. */
void shadow_set(struct shadow *shadow, void *where, uint64_t value);
void shadow_undo(struct shadow *shadow);

/* A run's header and a frame's entry as the words that they are. */
uint64_t shadow_header(struct hf_run_header header);
uint64_t shadow_entry(struct hf_frame_entry entry);

static inline struct hf_run_header *shadow_run(struct shadow *shadow, hf_frame_t frame) {
    return &shadow->headers[frame / HF_RUN_FRAMES];
}

/* Whether the frame table has an entry for the frame that counts. */
static inline bool shadow_has_entry(struct shadow *shadow, hf_frame_t frame) {
    return frame < SHADOW_LIMIT && shadow_run(shadow, frame)->state == HF_RUN_SPLIT;
}

/* The type of the frame by itself; TYPE_COUNT for part of a page of 2 MiB, or of one to be. */
enum hf_frame_type shadow_type(struct shadow *shadow, hf_frame_t frame);

/* The state of the run that begins with this frame; RESERVED where none does. */
enum hf_run_state shadow_state(struct shadow *shadow, hf_frame_t first);

/* What of a run became FREE by the end of a use. */
struct freed {
    bool whole;     /* the frame, or the run that was one page */
    unsigned count; /* of a split run's frames: so many, and which */
    uint64_t which[HF_RUN_FRAMES / 64];
};

/* One leaf or other use of a frame less, or of a run; or its pin is gone. */
struct freed shadow_unuse_frame(struct shadow *shadow, hf_frame_t frame);
struct freed shadow_unuse_run(struct shadow *shadow, hf_frame_t first);
struct freed shadow_unpin_frame(struct shadow *shadow, hf_frame_t frame);
struct freed shadow_unpin_run(struct shadow *shadow, hf_frame_t first);

/* FREE becomes another type, and any becomes FREE. */
void shadow_claim(struct shadow *shadow, hf_frame_t frame, enum hf_frame_type type, uint32_t refs);
void shadow_release(struct shadow *shadow, hf_frame_t frame);
