/* The map of RAM while the core boots: which frames there are, and what each is for.
 *
 * It is built in bytes, since firmware's ranges need not fall on frame boundaries:
 * all RAM is added, then everything reserved is removed, then the rest is rounded
 * inward to frames. From then on all numbers are frames, and ranges only change
 * their kind. Ranges are sorted, not empty and disjoint, and neighbours of one kind
 * are one range. A call that fails has changed nothing. */
#pragma once

#include "boot_error.h"
#include <handoff/boot.h>
#include <handoff/types.h>
#include <stdbool.h>

#define BOOTMAP_RANGES 512u
/* What the PMO has room for, in frames: 64 TiB. */
#define BOOTMAP_FRAMES (1ull << 34)

struct boot_range {
    uint64_t first, end; /* end exclusive; frames, but bytes before bootmap_round_to_frames */
    enum hf_range_kind kind;
};

struct bootmap {
    unsigned count;
    uint64_t ignored; /* frames of RAM above BOOTMAP_FRAMES, which are not in the map */
    struct boot_range range[BOOTMAP_RANGES];
};

/* Building. The map starts zeroed; ranges may come in any order and overlap; an
 * empty one does nothing. RANGE_OVERFLOW: it ends above 2^64, or RAM above 2^52. */
HF_MUST_CHECK enum boot_error bootmap_add_bytes(struct bootmap *map, uint64_t start, uint64_t length);
HF_MUST_CHECK enum boot_error bootmap_remove_bytes(struct bootmap *map, uint64_t start, uint64_t length);
void bootmap_round_to_frames(struct bootmap *map);

/* `count` FREE frames from `first` on become `kind`, which is another kind; none at all is no
 * error. NOT_FREE: not all of them are FREE RAM. TOO_MANY_RANGES: there is no room to tell. */
HF_MUST_CHECK enum boot_error bootmap_claim(struct bootmap *map, hf_frame_t first, uint64_t count,
                                            enum hf_range_kind kind);

struct boot_request {
    uint64_t count;      /* frames, contiguous */
    uint64_t align;      /* first frame = offset (mod align); 0 is the same as 1 */
    uint64_t offset;     /* less than align */
    hf_frame_t at_least; /* no frame below this one */
    hf_frame_t below;    /* nor this one or above; 0 for no limit */
    bool highest;        /* the highest place that suits instead of the lowest */
    enum hf_range_kind kind;
};

/* Finds FREE frames and makes them `kind`. NO_ROOM: there is no such place. */
HF_MUST_CHECK enum boot_error bootmap_take(struct bootmap *map, const struct boot_request *request,
                                           hf_frame_t *first);

uint64_t bootmap_sum(const struct bootmap *map, enum hf_range_kind kind); /* frames */
uint64_t bootmap_total(const struct bootmap *map);                        /* frames of all kinds */
/* The first run of neighbouring ranges, of whatever kinds, that lies at or above
 * `from`; false when there is none. It stays the same while kinds change. */
bool bootmap_next_span(const struct bootmap *map, hf_frame_t from, hf_frame_t *first, hf_frame_t *end);

hf_frame_t bootmap_end(const struct bootmap *map); /* the last one's number + 1 */

