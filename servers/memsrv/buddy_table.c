#include "buddy_table.h"

#define CHUNKS_A_PAGE (HF_PAGE_SIZE / sizeof(struct chunk))

void buddy_feed(struct buddy *buddy, void *page) {
    struct buddy_page *fed = page;
    fed->next = buddy->pages;
    buddy->pages = fed;
    buddy->page_count++;
}

unsigned buddy_need(const struct buddy *buddy) {
    return buddy->page_count < BUDDY_RESERVE ? BUDDY_RESERVE - buddy->page_count : 0;
}

/* A zeroed page, or NULL. */
static void *new_page(struct buddy *buddy) {
    struct buddy_page *page = buddy->pages;
    if (page != NULL) {
        buddy->pages = page->next;
        buddy->page_count--;
        page->next = NULL;
    }
    return page;
}

static void put_spare(struct buddy *buddy, struct chunk *chunk) {
    chunk->next = buddy->spare;
    buddy->spare = chunk;
}

static struct chunk *new_chunk(struct buddy *buddy, struct gig *gig, hf_frame_t first) {
    if (buddy->spare == NULL) {
        struct chunk *chunks = new_page(buddy);
        for (unsigned i = 0; chunks != NULL && i < CHUNKS_A_PAGE; i++) {
            put_spare(buddy, &chunks[i]);
        }
    }
    struct chunk *chunk = buddy->spare;
    if (chunk != NULL) {
        buddy->spare = chunk->next;
        chunk->gig = gig;
        chunk->first = first;
        chunk->listed = CHUNK_UNLISTED;
    }
    return chunk;
}

struct chunk *make_gig(struct buddy *buddy, hf_frame_t frame) {
    struct gig **root = &buddy->root[frame >> ROOT_SHIFT];
    if (*root == NULL && (*root = new_page(buddy)) == NULL) {
        return NULL;
    }
    struct gig *gig = &(*root)[(frame >> GIG_SHIFT) % GIGS_A_ROOT];
    if (gig->chunk == NULL) {
        gig->chunk = new_chunk(buddy, gig, frame >> GIG_SHIFT << GIG_SHIFT);
    }
    return gig->chunk;
}

struct chunk *make_run(struct buddy *buddy, struct gig *gig, hf_frame_t frame) {
    if (gig->runs == NULL && (gig->runs = new_page(buddy)) == NULL) {
        return NULL;
    }
    struct chunk **run = &gig->runs[unit_of(frame, GIG)];
    if (*run == NULL) {
        *run = new_chunk(buddy, gig, frame >> CHUNK_ORDER << CHUNK_ORDER);
    }
    return *run;
}

void drop_run(struct buddy *buddy, struct chunk *run) {
    run->gig->runs[unit_of(run->first, GIG)] = NULL;
    put_spare(buddy, run);
}

/* ---- what stands where, for refusing ---- */

static enum buddy_error what_is(const struct chunk *chunk, unsigned node) {
    if (chunk_covered(chunk->free, node)) return BUDDY_DOUBLE;
    if (chunk_covered(chunk->used, node) || chunk_has_parts(chunk->used, node)) return BUDDY_WRONG_ORDER;
    return chunk_has_parts(chunk->free, node) ? BUDDY_DOUBLE : BUDDY_FOREIGN;
}

/* Of whole runs, some of which may be split. */
static enum buddy_error what_is_in_gig(const struct gig *gig, unsigned node) {
    enum buddy_error error = what_is(gig->chunk, node);
    const unsigned first = chunk_unit(node), end = first + (1u << chunk_order(node));
    for (unsigned i = first; gig->runs != NULL && i < end && error != BUDDY_WRONG_ORDER; i++) {
        const enum buddy_error found = gig->runs[i] == NULL ? BUDDY_FOREIGN : what_is(gig->runs[i], CHUNK_WHOLE);
        error = found == BUDDY_FOREIGN ? error : found;
    }
    return error;
}

enum buddy_error buddy_what_is(struct buddy *buddy, hf_frame_t frame, unsigned order) {
    buddy_settle(buddy);
    const struct gig *gig = gig_of(buddy, frame);
    const struct chunk *run = run_of(gig, frame);
    if (runs_of(gig) == NULL) return BUDDY_FOREIGN;
    if (order >= GIG) return what_is_in_gig(gig, chunk_node(unit_of(frame, GIG), order - GIG));
    return run != NULL ? what_is(run, chunk_node(unit_of(frame, RUN), order))
                       : what_is(gig->chunk, chunk_node(unit_of(frame, GIG), 0));
}
