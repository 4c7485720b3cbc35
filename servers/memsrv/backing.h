/* Where the pages of a region come from. Each kind of backing is a table of
 * operations, so that a new one is a new file. */
#pragma once

#include <handoff/mem.h>
#include <stdbool.h>

#include "program.h"

struct aspace;
struct fault;
struct ledger;
struct object;
struct pager;
struct region;
struct request;

struct backing_data {
    const struct program *image;
    unsigned segment;
    unsigned allowed; /* of an object: enum hf_rights that the handle gave */
    hf_frame_t frame; /* of an IPC buffer: tells whose it is */
    struct object *object;
    struct pager *pager;
    uint64_t offset; /* of the region's start in what it shows, bytes; moves with the start */
};

/* How a page comes to be: either a frame that is there already and is mapped as it
 * is, never to be written, or a new frame, zeroed, with some bytes of another copied into it. */
struct page_source {
    bool shared;
    hf_frame_t frame; /* shared: the frame; else the source or HF_NO_FRAME */
    uint32_t offset, length, at;
};

/* Which neighbours of a page come with it. */
enum around {
    AROUND_NONE,
    AROUND_ALIGNED, /* those of its group of AROUND_PAGES that are shared */
    AROUND_DOWN,    /* more and more below it, as long as a task goes down */
};

#define AROUND_PAGES 16u

struct backing {
    const char *name;
    /* The page at `address` (page-aligned), when it is read, or written for the first time.
     * HF_REASON_NONE, or why there is none. */
    enum hf_reason (*page)(const struct backing_data *data, uint64_t address, bool write, struct page_source *source);
    /* The most that the region's rights may become. */
    unsigned (*limit)(const struct backing_data *data);
    /* Instead of `page`, for those that do it all themselves: the answer to a fault where
     * nothing is mapped, and bringing a page without one. */
    enum hf_reason (*fault)(struct request *request, const struct fault *fault, const struct region *region);
    hf_status_t (*populate)(struct aspace *aspace, const struct region *region, uint64_t address);
    /* With `fault`, instead of `page`: what it brings; and why it would refuse, if whose ledger this is needs so many
     * tables itself. */
    enum hf_outcome brings;
    enum hf_reason (*foresee)(const struct region *region, uint64_t address, const struct ledger *ledger,
                              uint64_t tables);
    /* So many bytes of it are mapped in regions more, and less. NULL: nobody counts. */
    void (*share)(const struct backing_data *data, uint64_t bytes);
    void (*leave)(const struct backing_data *data, uint64_t bytes);
    enum around around;
    bool has_offset; /* `offset` means something: neighbours are one region only where it goes on */
    bool unpaid;     /* its pages belong to what it shows, and not to who maps them */
    bool direct;     /* is written as it is by all who have it, and never copied for one */
    bool large;      /* in pages of 2 MiB, where one fits in and can be had */
    bool image;      /* some of its pages may be a boot module's */
};

extern const struct backing backing_anonymous; /* zeroed pages */
extern const struct backing backing_large;     /* the same, of 2 MiB */
extern const struct backing backing_stack;     /* the same, under another name */
extern const struct backing backing_image;     /* a segment of a program */
extern const struct backing backing_guard;     /* nothing, ever */
extern const struct backing backing_buffer;    /* the IPC buffer: mapped when the task is made */

/* Zeroes, which is what `page` says for all that have no content before they are written; and any
 * rights, which is what `limit` says for these. */
enum hf_reason backing_zero(const struct backing_data *data, uint64_t address, bool write, struct page_source *source);
unsigned backing_any_rights(const struct backing_data *data);
