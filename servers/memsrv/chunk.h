/* A chunk: 512 units, kept by a bitmap tree of buddies.
 *
 * Blocks of 2^0 to 2^9 units are numbered like a heap: node 1 is the whole chunk,
 * the halves of node n are 2n and 2n + 1, unit u is node 512 + u.
 *
 *   node          1             2, 3           4 to 7      ...      512 to 1023
 *   order         9               8               7                      0
 *   lies in   free[0] bit 1   free[0] 2, 3   free[0] 4 to 7   free[8] to free[15]
 *
 * So bits below 1024 >> k stand for blocks of order k or more; of these the highest
 * that is set is the tightest fit, and the lowest of all is the largest block. With
 * `words`, a summary of free[], either is found by two bit scans.
 *
 * A block has its bit set in `free`, in `used`, or in neither: then it is part of a
 * bigger one, is split, or is nobody's. Two buddies are never both free. Node 0 does
 * not exist, so the whole chunk's buddy is never free. */
#pragma once

#include <handoff/types.h>
#include <stdbool.h>

#define CHUNK_ORDER 9u /* of the whole chunk */
#define CHUNK_UNITS (1u << CHUNK_ORDER)
#define CHUNK_WORDS (2 * CHUNK_UNITS / 64)
#define CHUNK_WHOLE 1u /* the node */
#define CHUNK_UNLISTED (-1)

struct chunk {
    uint64_t free[CHUNK_WORDS];
    uint64_t used[CHUNK_WORDS];
    struct chunk *next, *previous; /* in the list that `listed` tells */
    struct gig *gig;               /* of which it has the runs, or one run's frames */
    hf_frame_t first;
    uint16_t words; /* bit w: free[w] is not 0 */
    int16_t listed; /* order, in frames, of the largest free block; CHUNK_UNLISTED if there is none */
};

/* Both for words that are not 0. */
static inline unsigned lowest_bit(uint64_t word) { return (unsigned)__builtin_ctzll(word); }

static inline unsigned highest_bit(uint64_t word) { return 63u ^ (unsigned)__builtin_clzll(word); }

static inline unsigned chunk_node(unsigned unit, unsigned order) { return (CHUNK_UNITS + unit) >> order; }

static inline unsigned chunk_order(unsigned node) { return CHUNK_ORDER - highest_bit(node); }

/* First unit of the node's block. */
static inline unsigned chunk_unit(unsigned node) { return (node << chunk_order(node)) - CHUNK_UNITS; }

static inline bool chunk_bit(const uint64_t bits[CHUNK_WORDS], unsigned node) {
    return bits[node / 64] >> node % 64 & 1;
}

static inline void chunk_flip(uint64_t bits[CHUNK_WORDS], unsigned node) { bits[node / 64] ^= 1ull << node % 64; }

/* The word that has the bit of a block of one unit, as bit unit % 64. */
static inline uint64_t *chunk_unit_word(uint64_t bits[CHUNK_WORDS], unsigned unit) {
    return &bits[(CHUNK_UNITS + unit) / 64];
}

static inline void chunk_set_free(struct chunk *chunk, unsigned node) {
    chunk_flip(chunk->free, node);
    chunk->words |= (uint16_t)(1u << node / 64);
}

static inline void chunk_clear_free(struct chunk *chunk, unsigned node) {
    chunk_flip(chunk->free, node);
    if (chunk->free[node / 64] == 0) {
        chunk->words ^= (uint16_t)(1u << node / 64);
    }
}

/* The tightest free block of that order or more; there must be one. */
static inline unsigned chunk_find(const struct chunk *chunk, unsigned order) {
    /* Which words stand for such blocks, and how many high bits of word 0 do not. */
    static const uint16_t words[CHUNK_ORDER + 1] = {0xffff, 0xff, 0xf, 3, 1, 1, 1, 1, 1, 1};
    static const uint8_t others[CHUNK_ORDER + 1] = {0, 0, 0, 0, 0, 32, 48, 56, 60, 62};
    const unsigned word = highest_bit(chunk->words & words[order]);
    return word * 64 + highest_bit(chunk->free[word] << others[order]) - others[order];
}

/* The largest free block, which must exist. */
static inline unsigned chunk_largest(const struct chunk *chunk) {
    const unsigned word = lowest_bit(chunk->words);
    return word * 64 + lowest_bit(chunk->free[word]);
}

/* Is the node, or a bigger one that it is part of, in the set? */
bool chunk_covered(const uint64_t bits[CHUNK_WORDS], unsigned node);
/* Is a smaller one that is part of the node in the set? */
bool chunk_has_parts(const uint64_t bits[CHUNK_WORDS], unsigned node);
/* Puts its single units into the set instead of the node, which is in it. */
void chunk_split(uint64_t bits[CHUNK_WORDS], unsigned node);
