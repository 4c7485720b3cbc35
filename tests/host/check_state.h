/* An auditor of its own: reads RAM and the frame table as they are and says which
 * invariant is broken. It shares nothing with the core but <handoff/...>. */
#pragma once

#include <handoff/mmu.h>

/* What a task object uses: read out of the tasks by the caller. */
struct check_use {
    hf_frame_t frame;
    enum hf_frame_type type; /* that it must have: PML4, HANDLES or USER */
};

/* Frames that are no RAM, which ring 3 may have all the same. */
struct check_range {
    hf_frame_t first, count;
};

struct check_state {
    const uint8_t *ram; /* frame 0 and all behind it */
    const struct hf_run_header *headers;
    const struct hf_frame_entry *entries;
    hf_frame_t limit;              /* frames that the frame table knows */
    unsigned levels, bits;         /* shape of the page tables */
    uint64_t user_first, user_end; /* where ring 3 may have mappings */
    const uint64_t *kernel_half;   /* upper half of every PML4 that can be run */
    uint64_t ram_frames;           /* frames that are RAM: everything but RESERVED */
    const struct check_range *devices;
    unsigned device_count;
    const struct check_use *uses;
    unsigned use_count;
};

/* The first thing that is wrong, as text that begins with the invariant's name; NULL: nothing is. */
const char *check_state(const struct check_state *state);
