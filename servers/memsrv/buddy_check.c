/* Does everything that the allocator keeps agree with itself? */
#include "buddy.h"
#include "buddy_table.h"

/* What the chunks say, to be compared with the sums and lists. */
struct tally {
    uint64_t blocks[HF_ORDERS];
    uint64_t chunks[HF_ORDERS];
};

static const char *check_node(const struct chunk *chunk, unsigned node) {
    const bool is_free = chunk_bit(chunk->free, node), is_used = chunk_bit(chunk->used, node);
    if (is_free && is_used) return "a block is free and used";
    if ((is_free || is_used) && (chunk_covered(chunk->free, node / 2) || chunk_covered(chunk->used, node / 2))) {
        return "a block is part of another";
    }
    if (is_free && chunk_bit(chunk->free, node ^ 1)) return "two buddies are free and not joined";
    return NULL;
}

static const char *check_chunk(const struct chunk *chunk, unsigned level, struct tally *tally) {
    int largest = CHUNK_UNLISTED;
    for (unsigned node = 2 * CHUNK_UNITS - 1; node >= CHUNK_WHOLE; node--) {
        const char *wrong = check_node(chunk, node);
        if (wrong != NULL) return wrong;
        if (chunk_bit(chunk->free, node)) {
            largest = (int)(level + chunk_order(node));
            tally->blocks[largest]++;
        }
    }
    for (unsigned word = 0; word < CHUNK_WORDS; word++) {
        if ((chunk->words >> word & 1) != (chunk->free[word] != 0)) {
            return "the summary of free words is wrong";
        }
    }
    if (chunk_bit(chunk->free, 0) || chunk_bit(chunk->used, 0)) return "node 0 exists";
    if (largest != CHUNK_UNLISTED) {
        tally->chunks[largest]++;
    }
    return chunk->listed == largest ? NULL : "a chunk's largest free block is another one";
}

static const char *check_run(const struct gig *gig, unsigned unit, struct tally *tally) {
    const struct chunk *run = gig->runs[unit];
    const unsigned node = chunk_node(unit, 0);
    if (run->gig != gig || run->first != gig->chunk->first + unit * HF_RUN_FRAMES) {
        return "a run's chunk stands in another's place";
    }
    if (chunk_covered(gig->chunk->free, node) || chunk_covered(gig->chunk->used, node)) {
        return "a split run is a block of its gig too";
    }
    return chunk_bit(run->free, CHUNK_WHOLE) ? "a whole run is still split" : check_chunk(run, RUN, tally);
}

static const char *check_gig(const struct gig *gig, hf_frame_t first, struct tally *tally) {
    if (gig->chunk == NULL) return gig->runs == NULL ? NULL : "a gig has split runs and no chunk";
    if (gig->chunk->gig != gig || gig->chunk->first != first) {
        return "a gig's chunk stands in another's place";
    }
    const char *wrong = check_chunk(gig->chunk, GIG, tally);
    for (unsigned unit = 0; wrong == NULL && gig->runs != NULL && unit < CHUNK_UNITS; unit++) {
        wrong = gig->runs[unit] == NULL ? NULL : check_run(gig, unit, tally);
    }
    return wrong;
}

static const char *check_gigs(const struct buddy *buddy, struct tally *tally) {
    const char *wrong = NULL;
    for (hf_frame_t root = 0; wrong == NULL && root < BUDDY_ROOTS; root++) {
        for (hf_frame_t i = 0; wrong == NULL && buddy->root[root] != NULL && i < GIGS_A_ROOT; i++) {
            const hf_frame_t first = (root * GIGS_A_ROOT + i) << GIG_SHIFT;
            wrong = check_gig(gig_of(buddy, first), first, tally);
        }
    }
    return wrong;
}

static const char *check_list(const struct buddy *buddy, unsigned order, const struct tally *tally) {
    uint64_t length = 0;
    const struct chunk *previous = NULL;
    for (const struct chunk *chunk = buddy->list[order]; chunk != NULL; chunk = chunk->next) {
        if (chunk->previous != previous || chunk->listed != (int)order || length > tally->chunks[order]) {
            return "a list of chunks is broken";
        }
        previous = chunk;
        length++;
    }
    if (length != tally->chunks[order]) return "a chunk is in no list";
    if ((buddy->listed >> order & 1) != (length != 0)) return "the summary of lists is wrong";
    return buddy->blocks[order] == tally->blocks[order] ? NULL : "the number of free blocks is wrong";
}

static const char *check_hand(const struct buddy *buddy) {
    if (buddy->at_hand_end < buddy->at_hand || buddy->at_hand_end > &buddy->at_hand[BUDDY_AT_HAND]) {
        return "there is no such number of frames at hand";
    }
    for (const struct buddy_frame *one = buddy->at_hand; one < buddy->at_hand_end; one++) {
        const struct chunk *run = run_of(gig_of(buddy, one->frame), one->frame);
        const unsigned node = chunk_node(unit_of(one->frame, RUN), 0);
        if (run == NULL || run != one->run) return "a frame at hand is in no run";
        if (chunk_covered(run->free, node) || chunk_covered(run->used, node)) {
            return "a frame at hand is part of a block";
        }
        for (const struct buddy_frame *other = buddy->at_hand; other < one; other++) {
            if (other->frame == one->frame) return "a frame is at hand twice";
        }
    }
    return NULL;
}

const char *buddy_check(const struct buddy *buddy) {
    struct tally tally = {{0}, {0}};
    const char *wrong = check_gigs(buddy, &tally);
    for (unsigned order = 0; wrong == NULL && order < HF_ORDERS; order++) {
        wrong = check_list(buddy, order, &tally);
    }
    return wrong != NULL ? wrong : check_hand(buddy);
}
