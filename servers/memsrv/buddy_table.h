/* Where the buddy allocator finds its chunks: a table by frame number, filled in as
 * RAM is added and runs are split, from pages that its owner has fed. */
#pragma once

#include "buddy.h"

/* A chunk's level, told by the order of its units: runs' units are frames. */
#define RUN 0u
#define GIG CHUNK_ORDER

#define GIG_SHIFT (2 * CHUNK_ORDER)
#define GIGS_A_ROOT (HF_PAGE_SIZE / sizeof(struct gig))
#define ROOT_SHIFT (GIG_SHIFT + 8)
_Static_assert(GIGS_A_ROOT == 1u << (ROOT_SHIFT - GIG_SHIFT) && BUDDY_ROOTS == BUDDY_FRAMES >> ROOT_SHIFT,
               "a page of gigs for each root");

static inline unsigned unit_of(hf_frame_t frame, unsigned level) { return (unsigned)(frame >> level) % CHUNK_UNITS; }

/* The gig in which the frame lies, its chunk, the chunk of the frame's run; NULL if there is none. */
static inline struct gig *gig_of(const struct buddy *buddy, hf_frame_t frame) {
    struct gig *gigs = buddy->root[frame >> ROOT_SHIFT];
    return gigs == NULL ? NULL : &gigs[(frame >> GIG_SHIFT) % GIGS_A_ROOT];
}

static inline struct chunk *runs_of(const struct gig *gig) { return gig == NULL ? NULL : gig->chunk; }

static inline struct chunk *run_of(const struct gig *gig, hf_frame_t frame) {
    return gig == NULL || gig->runs == NULL ? NULL : gig->runs[unit_of(frame, GIG)];
}

/* The chunk of the gig, of the run, made where it is not there, with nothing free or used
 * in it. NULL: a page has to be fed first. */
struct chunk *make_gig(struct buddy *buddy, hf_frame_t frame);
struct chunk *make_run(struct buddy *buddy, struct gig *gig, hf_frame_t frame);

/* Forgets the chunk of a run in which nothing is free or used; it is in no list. */
void drop_run(struct buddy *buddy, struct chunk *run);

/* What would be wrong with freeing a block that is not one in use. FOREIGN: no part of it is or was
 * the allocator's to give. Settles first. */
enum buddy_error buddy_what_is(struct buddy *buddy, hf_frame_t frame, unsigned order);
