/* Numbers drawn at random, the same ones for the same seed (xorshift64*). */
#ifndef TASKS_DRAW_H
#define TASKS_DRAW_H

#include <stddef.h>
#include <stdint.h>

static uint64_t draw_state = 1;

static inline void draw_seed(uint64_t seed) { draw_state = seed * 0x9e3779b97f4a7c15ul + 1; }

static inline uint64_t draw(void) {
    draw_state ^= draw_state >> 12;
    draw_state ^= draw_state << 25;
    draw_state ^= draw_state >> 27;
    return draw_state * 0x2545f4914f6cdd1dul;
}

static inline uint64_t draw_below(uint64_t limit) { return (draw() >> 16) % limit; }

#define DRAW_FROM(array) (array)[draw_below(sizeof(array) / sizeof((array)[0]))]

#endif
