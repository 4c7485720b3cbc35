/* The frame allocator: free frames of the machine in blocks of 2^0 to 2^18 frames
 * (4 KiB to 1 GiB), aligned to their size, for up to 64 TiB of physical space.
 *
 * A gig of 2^18 frames with RAM in it has a chunk (chunk.h) whose units are runs. A
 * run of which only a part is free has another, whose units are frames; it is made
 * when the run is split and given back when the run is whole again.
 *
 * A few single frames that were freed last are kept at hand, to be allocated again
 * without being joined to bigger blocks and split off before. They count as free;
 * whenever it matters that they are not joined, they are first.
 *
 * The allocator never calls out for memory of its own. Its owner feeds it pages,
 * which it keeps, and asks after each call how many more it should have. */
#pragma once

#include "chunk.h"
#include <handoff/mem.h>
#include <handoff/status.h>

#define BUDDY_RUN_ORDER CHUNK_ORDER /* of the block that is a run */
#define BUDDY_FRAMES (1ull << 34)
#define BUDDY_ROOTS 256u /* of 256 gigs each */
#define BUDDY_AT_HAND 64u

/* Pages in stock that make sure no call fails for lack of them: an allocation or a split
 * uses at most two, and so may the first allocation by which the owner replaces them. */
#define BUDDY_RESERVE 4u

#define BUDDY_ERROR_LIST(X) \
    X(OK, "done") \
    X(DOUBLE, "it is free already") \
    X(FOREIGN, "it was never the allocator's") \
    X(MISALIGNED, "no block of that order starts there") \
    X(WRONG_ORDER, "it is in use, but as a block of another order")

enum buddy_error {
#define X(name, text) BUDDY_##name,
    BUDDY_ERROR_LIST(X)
#undef X
        BUDDY_ERROR_COUNT
};

struct buddy_page {
    struct buddy_page *next;
};

/* 2^18 frames. Both are NULL until there is something to keep. */
struct gig {
    struct chunk *chunk; /* of its runs */
    struct chunk **runs; /* the chunks of its 512 runs, of those that are split */
};

/* A single frame that is neither free nor used in its run's chunk. */
struct buddy_frame {
    uint64_t *used; /* the word of the chunk that has its bit */
    hf_frame_t frame;
    struct chunk *run;
};

struct buddy {
    struct buddy_frame *at_hand_end; /* behind the last one at hand */
    struct buddy_frame at_hand[BUDDY_AT_HAND];
    uint32_t listed;               /* bit o: list[o] is not empty */
    struct chunk *list[HF_ORDERS]; /* chunks by their largest free block: runs 0-8, gigs 9-18 */
    uint64_t blocks[HF_ORDERS];    /* free blocks by order */
    struct buddy_page *pages;      /* fed and not used yet, zero but for the link */
    unsigned page_count;
    struct chunk *spare; /* chunks not used, nothing free or used in them */
    struct gig *root[BUDDY_ROOTS];
};

void buddy_init(struct buddy *buddy);

/* Gives the allocator a zeroed page, for good. */
void buddy_feed(struct buddy *buddy, void *page);
/* How many pages it should be fed now. */
unsigned buddy_need(const struct buddy *buddy);

/* Frames [first, first + count) are the allocator's from now on, and free. `added`
 * says how many of them it took before it stopped.
 * NO_MEMORY: feed it, then add the rest. EXISTS: the next block of frames is not new
 * to it. BAD_ARGUMENT: the range reaches beyond BUDDY_FRAMES; nothing was taken. */
HF_MUST_CHECK hf_status_t buddy_add(struct buddy *buddy, hf_frame_t first, uint64_t count, uint64_t *added);

/* A block of 2^order frames. Partly used runs and gigs come first, so that others stay
 * whole. NO_MEMORY: no such block, or a page has to be fed first. BAD_ARGUMENT: order. */
HF_MUST_CHECK hf_status_t buddy_allocate(struct buddy *buddy, unsigned order, hf_frame_t *frame);

/* 2 to 64 single frames that stand one behind the other, the first of them. NO_MEMORY also where
 * there are enough, but not together: it does not settle first. */
HF_MUST_CHECK hf_status_t buddy_allocate_singles(struct buddy *buddy, unsigned count, hf_frame_t *first);

/* Gives back exactly what one buddy_allocate gave. Needs no page. Whatever is refused
 * changes nothing. */
HF_MUST_CHECK enum buddy_error buddy_free(struct buddy *buddy, hf_frame_t frame, unsigned order);

/* Gives back so many single frames; quickly where they stand in order, as they do when what was
 * filled is emptied. Stops at the first one that buddy_free would refuse, and answers how many
 * it has taken. */
HF_MUST_CHECK unsigned buddy_free_singles(struct buddy *buddy, const hf_frame_t frames[], unsigned count);

/* Whether they are a block, of at most a run, that one buddy_allocate gave. */
bool buddy_is_used(const struct buddy *buddy, hf_frame_t frame, unsigned order);

/* Makes single frames of the 2^order frames that one buddy_allocate gave; each is given
 * back for itself. BAD_ARGUMENT: they are no block in use, or of more than a run.
 * NO_MEMORY, for a run: feed it. Neither changes anything. */
HF_MUST_CHECK hf_status_t buddy_split(struct buddy *buddy, hf_frame_t frame, unsigned order);

/* Joins the frames at hand to the blocks that they belong to. */
void buddy_settle(struct buddy *buddy);

/* Both settle first. */
uint64_t buddy_free_blocks(struct buddy *buddy, unsigned order);
uint64_t buddy_free_frames(struct buddy *buddy);

const char *buddy_error_text(enum buddy_error error);

/* Walks everything and says what is wrong first, or NULL. Takes as long as it takes: for tests. */
const char *buddy_check(const struct buddy *buddy);
