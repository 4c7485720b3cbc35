/* Where the pages of a region come from. Each kind of backing is a table of
 * operations, so that a new one is a new file. */
#pragma once

#include <handoff/mem.h>

#include "program.h"

struct backing_data {
    const struct program *image;
    unsigned segment;
    hf_frame_t frame; /* of an IPC buffer: tells whose it is */
};

/* How a page comes to be: either a frame that is there already and is mapped as it
 * is, or a new frame, zeroed, with some bytes of another copied into it. */
struct page_source {
    bool shared;
    hf_frame_t frame; /* shared: the frame; else the source or HF_NO_FRAME */
    uint32_t offset, length, at;
};

struct backing {
    const char *name;
    /* The page at `address` (page-aligned). HF_REASON_NONE, or why there is none. */
    enum hf_reason (*page)(const struct backing_data *data, uint64_t address, struct page_source *source);
    /* The most that the region's rights may become. */
    unsigned (*limit)(const struct backing_data *data);
};

extern const struct backing backing_anonymous; /* zeroed pages */
extern const struct backing backing_stack;     /* the same, under another name */
extern const struct backing backing_image;     /* a segment of a program */
extern const struct backing backing_guard;     /* nothing, ever */
extern const struct backing backing_buffer;    /* the IPC buffer: mapped when the task is made */
