#include "buddy.h"
#include "buddy_table.h"
#include <string.h>

/* Keeps the common case, a single frame at hand, free of other cases' registers. */
#define SELDOM __attribute__((noinline))

/* How many single frames come at once where there is no smaller block: 16. */
#define REFILL_ORDER 4u
_Static_assert((1u << REFILL_ORDER) <= BUDDY_AT_HAND, "they have room");

const char *buddy_error_text(enum buddy_error error) {
    static const char *const text[] = {
#define X(name, sentence) [BUDDY_##name] = sentence,
        BUDDY_ERROR_LIST(X)
#undef X
    };
    return (unsigned)error < BUDDY_ERROR_COUNT ? text[error] : "unknown error";
}

void buddy_init(struct buddy *buddy) {
    memset(buddy, 0, sizeof *buddy);
    buddy->at_hand_end = buddy->at_hand;
}

/* ---- lists of chunks by their largest free block ---- */

static inline void unlist(struct buddy *buddy, struct chunk *chunk) {
    const unsigned order = (unsigned)chunk->listed;
    if (chunk->next != NULL) {
        chunk->next->previous = chunk->previous;
    }
    if (chunk->previous != NULL) {
        chunk->previous->next = chunk->next;
        return;
    }
    buddy->list[order] = chunk->next;
    if (chunk->next == NULL) {
        buddy->listed ^= 1u << order;
    }
}

static inline void enlist(struct buddy *buddy, struct chunk *chunk, unsigned order) {
    chunk->previous = NULL;
    chunk->next = buddy->list[order];
    if (chunk->next != NULL) {
        chunk->next->previous = chunk;
    }
    buddy->list[order] = chunk;
    buddy->listed |= 1u << order;
}

/* Puts the chunk into the list where it belongs now. */
static void relist(struct buddy *buddy, struct chunk *chunk, int order) {
    if (chunk->listed != CHUNK_UNLISTED) {
        unlist(buddy, chunk);
    }
    if (order != CHUNK_UNLISTED) {
        enlist(buddy, chunk, (unsigned)order);
    }
    chunk->listed = (int16_t)order;
}

/* ---- blocks in one chunk ---- */

/* Takes a block of that order out of the chunk, which has one that is big enough. */
static inline unsigned take(struct buddy *buddy, struct chunk *chunk, unsigned order, unsigned level) {
    unsigned node = chunk_find(chunk, order - level);
    const unsigned found = level + chunk_order(node);
    chunk_clear_free(chunk, node);
    buddy->blocks[found]--;
    for (unsigned i = found; i > order; i--) {
        node *= 2;
        chunk_set_free(chunk, node + 1);
        buddy->blocks[i - 1]++;
    }
    if ((int)found >= chunk->listed) {
        const bool empty = chunk->words == 0;
        const int largest = empty ? CHUNK_UNLISTED : (int)(level + chunk_order(chunk_largest(chunk)));
        if (largest != chunk->listed) {
            relist(buddy, chunk, largest);
        }
    }
    return node;
}

/* Joins a block that is becoming free with its free buddies; returns what came out,
 * which is not marked as free yet. */
static inline unsigned join(struct buddy *buddy, struct chunk *chunk, unsigned node, unsigned order) {
    while (chunk_bit(chunk->free, node ^ 1)) {
        chunk_clear_free(chunk, node ^ 1);
        buddy->blocks[order++]--;
        node /= 2;
    }
    return node;
}

static inline void set_free(struct buddy *buddy, struct chunk *chunk, unsigned node, unsigned level) {
    const unsigned order = level + chunk_order(node);
    chunk_set_free(chunk, node);
    buddy->blocks[order]++;
    if ((int)order > chunk->listed) {
        relist(buddy, chunk, (int)order);
    }
}

/* ---- blocks of any order, in the chunk where they belong ---- */

static SELDOM void put_into_gig(struct buddy *buddy, struct chunk *gig, unsigned node, unsigned order) {
    set_free(buddy, gig, join(buddy, gig, node, order), GIG);
}

/* A run that is whole again goes back to its gig. */
static inline void put_into_run(struct buddy *buddy, struct chunk *run, unsigned node, unsigned order) {
    node = join(buddy, run, node, order);
    if (node != CHUNK_WHOLE) {
        set_free(buddy, run, node, RUN);
        return;
    }
    if (run->listed != CHUNK_UNLISTED) {
        relist(buddy, run, CHUNK_UNLISTED);
    }
    put_into_gig(buddy, run->gig->chunk, chunk_node(unit_of(run->first, GIG), 0), CHUNK_ORDER);
    drop_run(buddy, run);
}

/* ---- frames at hand ---- */

static inline void put_at_hand(struct buddy *buddy, struct chunk *run, hf_frame_t frame) {
    uint64_t *used = chunk_unit_word(run->used, unit_of(frame, RUN));
    *buddy->at_hand_end++ = (struct buddy_frame){.used = used, .frame = frame, .run = run};
}

static SELDOM void settle_down_to(struct buddy *buddy, const struct buddy_frame *end) {
    while (buddy->at_hand_end > end) {
        const struct buddy_frame last = *--buddy->at_hand_end;
        put_into_run(buddy, last.run, chunk_node(unit_of(last.frame, RUN), 0), 0);
    }
}

void buddy_settle(struct buddy *buddy) { settle_down_to(buddy, buddy->at_hand); }

/* ---- allocating ---- */

static SELDOM hf_status_t allocate_from_gig(struct buddy *buddy, struct chunk *gig, unsigned order, hf_frame_t *frame) {
    const unsigned node = take(buddy, gig, order, GIG);
    chunk_flip(gig->used, node);
    *frame = gig->first + chunk_unit(node) * HF_RUN_FRAMES;
    return HF_OK;
}

/* Takes a run out of the gig and gives it a chunk, in which it is one free block. */
static SELDOM struct chunk *split_run(struct buddy *buddy, struct chunk *gig) {
    const unsigned unit = chunk_unit(chunk_find(gig, 0));
    struct chunk *run = make_run(buddy, gig->gig, gig->first + unit * HF_RUN_FRAMES);
    if (run != NULL) {
        (void)take(buddy, gig, CHUNK_ORDER, GIG);
        chunk_set_free(run, CHUNK_WHOLE);
        buddy->blocks[CHUNK_ORDER]++;
    }
    return run;
}

/* The chunk with the smallest sufficient block, of a run for the orders of a run's blocks. */
static struct chunk *chunk_with(struct buddy *buddy, unsigned order) {
    const uint32_t suitable = buddy->listed >> order;
    if (suitable == 0) return NULL;
    const unsigned at = order + lowest_bit(suitable);
    struct chunk *chunk = buddy->list[at];
    return at >= GIG && order < GIG ? split_run(buddy, chunk) : chunk;
}

/* Puts single frames at hand, where there are none: the smallest block of all, or some of it. */
static SELDOM hf_status_t refill_and_allocate(struct buddy *buddy, hf_frame_t *frame) {
    struct chunk *run = chunk_with(buddy, 0);
    if (run == NULL) return HF_NO_MEMORY;
    unsigned order = chunk_order(chunk_find(run, 0));
    if (order > REFILL_ORDER) {
        order = REFILL_ORDER;
    }
    const hf_frame_t first = run->first + chunk_unit(take(buddy, run, order, RUN));
    for (hf_frame_t end = first + (1u << order); end > first; end--) {
        put_at_hand(buddy, run, end - 1);
    }
    return buddy_allocate(buddy, 0, frame);
}

static SELDOM hf_status_t allocate_block(struct buddy *buddy, unsigned order, hf_frame_t *frame) {
    if (order >= HF_ORDERS) return HF_BAD_ARGUMENT;
    if (buddy->listed >> order == 0) {
        buddy_settle(buddy);
    }
    struct chunk *chunk = chunk_with(buddy, order);
    if (chunk == NULL) return HF_NO_MEMORY;
    if (order >= GIG) return allocate_from_gig(buddy, chunk, order, frame);
    const unsigned node = take(buddy, chunk, order, RUN);
    chunk_flip(chunk->used, node);
    *frame = chunk->first + chunk_unit(node);
    return HF_OK;
}

hf_status_t buddy_allocate(struct buddy *buddy, unsigned order, hf_frame_t *frame) {
    if (order != 0) return allocate_block(buddy, order, frame);
    if (buddy->at_hand_end == buddy->at_hand) return refill_and_allocate(buddy, frame);
    const struct buddy_frame last = *--buddy->at_hand_end;
    *last.used |= 1ull << last.frame % 64;
    *frame = last.frame;
    return HF_OK;
}

/* ---- freeing ---- */

static SELDOM enum buddy_error free_block(struct buddy *buddy, hf_frame_t frame, unsigned order) {
    if (order >= HF_ORDERS) return BUDDY_WRONG_ORDER;
    if ((frame & ((1ull << order) - 1)) != 0) return BUDDY_MISALIGNED;
    if (frame >= BUDDY_FRAMES) return BUDDY_FOREIGN;
    const unsigned level = order >= GIG ? GIG : RUN;
    const struct gig *gig = gig_of(buddy, frame);
    struct chunk *chunk = order >= GIG ? runs_of(gig) : run_of(gig, frame);
    const unsigned node = chunk_node(unit_of(frame, level), order - level);
    if (chunk == NULL || !chunk_bit(chunk->used, node)) return buddy_what_is(buddy, frame, order);
    chunk_flip(chunk->used, node);
    if (order >= GIG) {
        put_into_gig(buddy, chunk, node, order);
    } else {
        put_into_run(buddy, chunk, node, order);
    }
    return BUDDY_OK;
}

static SELDOM enum buddy_error settle_and_free(struct buddy *buddy, hf_frame_t frame) {
    settle_down_to(buddy, &buddy->at_hand[BUDDY_AT_HAND / 2]);
    return buddy_free(buddy, frame, 0);
}

enum buddy_error buddy_free(struct buddy *buddy, hf_frame_t frame, unsigned order) {
    if (order != 0 || frame >= BUDDY_FRAMES) {
        return free_block(buddy, frame, order);
    }
    struct chunk *run = run_of(gig_of(buddy, frame), frame);
    if (run == NULL) return free_block(buddy, frame, order);
    uint64_t *used = chunk_unit_word(run->used, unit_of(frame, RUN));
    if ((*used >> frame % 64 & 1) == 0) return free_block(buddy, frame, order);
    if (buddy->at_hand_end == &buddy->at_hand[BUDDY_AT_HAND]) return settle_and_free(buddy, frame);
    *used ^= 1ull << frame % 64;
    put_at_hand(buddy, run, frame);
    return BUDDY_OK;
}

/* ---- many single frames ---- */

#define WORD_FRAMES 64u
#define WORD_ORDER 6u

/* Those that were not asked for. */
static void put_rest(struct buddy *buddy, struct chunk *run, hf_frame_t first, hf_frame_t end) {
    for (; first < end; first++) {
        if (buddy->at_hand_end < &buddy->at_hand[BUDDY_AT_HAND]) {
            put_at_hand(buddy, run, first);
        } else {
            put_into_run(buddy, run, chunk_node(unit_of(first, RUN), 0), 0);
        }
    }
}

hf_status_t buddy_allocate_singles(struct buddy *buddy, unsigned count, hf_frame_t *first) {
    if (count < 2 || count > WORD_FRAMES) return HF_BAD_ARGUMENT;
    const unsigned order = highest_bit(count - 1) + 1;
    struct chunk *run = chunk_with(buddy, order);
    if (run == NULL) return HF_NO_MEMORY;
    const unsigned unit = chunk_unit(take(buddy, run, order, RUN));
    *chunk_unit_word(run->used, unit) |= ~0ull >> (WORD_FRAMES - count) << unit % WORD_FRAMES;
    *first = run->first + unit;
    put_rest(buddy, run, *first + count, *first + (1ull << order));
    return HF_OK;
}

/* Whether the list begins with all frames that have their bits in one word, in order. */
static bool begins_with_word(const hf_frame_t frames[], unsigned count) {
    unsigned i = 0;
    if (count < WORD_FRAMES || frames[0] % WORD_FRAMES != 0 || frames[0] >= BUDDY_FRAMES) return false;
    while (i < WORD_FRAMES && frames[i] == frames[0] + i) {
        i++;
    }
    return i == WORD_FRAMES;
}

/* Which are in use, each by itself, and become one block. */
static bool free_word(struct buddy *buddy, hf_frame_t frame) {
    struct chunk *run = run_of(gig_of(buddy, frame), frame);
    uint64_t *used = run == NULL ? NULL : chunk_unit_word(run->used, unit_of(frame, RUN));
    if (used == NULL || *used != ~0ull) return false;
    *used = 0;
    put_into_run(buddy, run, chunk_node(unit_of(frame, RUN), WORD_ORDER), WORD_ORDER);
    return true;
}

unsigned buddy_free_singles(struct buddy *buddy, const hf_frame_t frames[], unsigned count) {
    for (unsigned i = 0; i < count;) {
        if (begins_with_word(frames + i, count - i) && free_word(buddy, frames[i])) {
            i += WORD_FRAMES;
        } else if (buddy_free(buddy, frames[i], 0) == BUDDY_OK) {
            i++;
        } else {
            return i;
        }
    }
    return count;
}

/* ---- splitting what is in use ---- */

/* A run that is one block in use gets a chunk, in which it is that block. */
static struct chunk *split_used_run(struct buddy *buddy, struct gig *gig, hf_frame_t frame) {
    struct chunk *run = make_run(buddy, gig, frame);
    if (run != NULL) {
        chunk_flip(gig->chunk->used, chunk_node(unit_of(frame, GIG), 0));
        chunk_flip(run->used, CHUNK_WHOLE);
    }
    return run;
}

bool buddy_is_used(const struct buddy *buddy, hf_frame_t frame, unsigned order) {
    if (order > CHUNK_ORDER || frame >= BUDDY_FRAMES || (frame & ((1ull << order) - 1)) != 0) return false;
    const unsigned level = order == CHUNK_ORDER ? GIG : RUN;
    const struct gig *gig = gig_of(buddy, frame);
    const struct chunk *chunk = level == GIG ? runs_of(gig) : run_of(gig, frame);
    return chunk != NULL && chunk_bit(chunk->used, chunk_node(unit_of(frame, level), order - level));
}

hf_status_t buddy_split(struct buddy *buddy, hf_frame_t frame, unsigned order) {
    if (!buddy_is_used(buddy, frame, order)) return HF_BAD_ARGUMENT;
    struct gig *gig = gig_of(buddy, frame);
    struct chunk *run = order == CHUNK_ORDER ? split_used_run(buddy, gig, frame) : run_of(gig, frame);
    if (run == NULL) return HF_NO_MEMORY;
    chunk_split(run->used, chunk_node(unit_of(frame, RUN), order));
    return HF_OK;
}

/* ---- adding ---- */

static hf_status_t add_block(struct buddy *buddy, hf_frame_t frame, unsigned order) {
    if (buddy_what_is(buddy, frame, order) != BUDDY_FOREIGN) return HF_EXISTS;
    struct chunk *gig = make_gig(buddy, frame);
    if (gig == NULL) return HF_NO_MEMORY;
    if (order >= GIG) {
        put_into_gig(buddy, gig, chunk_node(unit_of(frame, GIG), order - GIG), order);
        return HF_OK;
    }
    struct chunk *run = make_run(buddy, gig->gig, frame);
    if (run == NULL) {
        return HF_NO_MEMORY;
    }
    put_into_run(buddy, run, chunk_node(unit_of(frame, RUN), order), order);
    return HF_OK;
}

/* The order of the biggest block that starts there and has no more than `count` frames. */
static unsigned biggest_block(hf_frame_t first, uint64_t count) {
    unsigned order = highest_bit(count);
    if (first != 0 && lowest_bit(first) < order) {
        order = lowest_bit(first);
    }
    return order < HF_ORDERS ? order : HF_ORDERS - 1;
}

hf_status_t buddy_add(struct buddy *buddy, hf_frame_t first, uint64_t count, uint64_t *added) {
    *added = 0;
    if (first > BUDDY_FRAMES || count > BUDDY_FRAMES - first) {
        return HF_BAD_ARGUMENT;
    }
    while (*added < count) {
        const unsigned order = biggest_block(first + *added, count - *added);
        const hf_status_t status = add_block(buddy, first + *added, order);
        if (status != HF_OK) return status;
        *added += 1ull << order;
    }
    return HF_OK;
}

/* ---- sums ---- */

uint64_t buddy_free_blocks(struct buddy *buddy, unsigned order) {
    buddy_settle(buddy);
    return order < HF_ORDERS ? buddy->blocks[order] : 0;
}

uint64_t buddy_free_frames(struct buddy *buddy) {
    uint64_t frames = 0;
    for (unsigned order = 0; order < HF_ORDERS; order++) {
        frames += buddy_free_blocks(buddy, order) << order;
    }
    return frames;
}
