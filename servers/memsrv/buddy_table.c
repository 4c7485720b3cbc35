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
