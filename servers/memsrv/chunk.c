#include "chunk.h"

bool chunk_covered(const uint64_t bits[CHUNK_WORDS], unsigned node) {
    while (node != 0 && !chunk_bit(bits, node)) {
        node /= 2;
    }
    return node != 0;
}

/* At each level the parts are neighbours: some bits of one word, or some whole words. */
bool chunk_has_parts(const uint64_t bits[CHUNK_WORDS], unsigned node) {
    uint64_t any = 0;
    for (unsigned first = 2 * node, count = 2; first < 2 * CHUNK_UNITS; first *= 2, count *= 2) {
        if (count < 64) {
            any |= bits[first / 64] >> first % 64 & ((1ull << count) - 1);
        }
        for (unsigned i = 0; i < count / 64; i++) {
            any |= bits[first / 64 + i];
        }
    }
    return any != 0;
}

void chunk_split(uint64_t bits[CHUNK_WORDS], unsigned node) {
    const unsigned first = CHUNK_UNITS + chunk_unit(node), count = 1u << chunk_order(node);
    chunk_flip(bits, node);
    if (count < 64) {
        bits[first / 64] |= ((1ull << count) - 1) << first % 64;
    }
    for (unsigned i = 0; i < count / 64; i++) {
        bits[first / 64 + i] = ~0ull;
    }
}
