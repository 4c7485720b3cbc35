/* Random numbers for tests, the same ones in every run (xorshift64*). */
#ifndef TESTS_DRAW_H
#define TESTS_DRAW_H

#include <stdint.h>

#define DRAW_SEED 0x9e3779b97f4a7c15ull

static uint64_t draw_state = DRAW_SEED;

/* One of 0 to below - 1; `below` is far less than 2^44. */
static inline uint64_t draw(uint64_t below) {
    draw_state ^= draw_state >> 12;
    draw_state ^= draw_state << 25;
    draw_state ^= draw_state >> 27;
    return (draw_state * 0x2545f4914f6cdd1dull >> 20) % below;
}

#endif
