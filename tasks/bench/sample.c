#include "sample.h"

#include <stdio.h>

#define LOOP_ROUNDS 1000ul

static uint32_t samples[SAMPLE_COUNT];
static unsigned count;
uint32_t sample_empty;
unsigned sample_runs = SAMPLE_COUNT;
static const char *what;

static void sort(void) {
    for (unsigned gap = count / 2; gap > 0; gap /= 2) {
        for (unsigned i = gap; i < count; i++) {
            uint32_t value = samples[i];
            unsigned at = i;
            for (; at >= gap && samples[at - gap] > value; at -= gap) {
                samples[at] = samples[at - gap];
            }
            samples[at] = value;
        }
    }
}

void sample_keep(uint32_t counted, uint32_t without) {
    SAMPLE_MARK(KEEP);
    samples[count++] = counted > without ? counted - without : 0;
}

void sample_note(uint32_t number) { samples[count++] = number; }

void sample_begin(const char *name) {
    count = 0;
    sample_empty = 0;
    SAMPLES(, , );
    sort();
    sample_empty = samples[count / 2];
    count = 0;
    what = name;
    SAMPLE_MARK(BEGIN);
}

void sample_fixed_loop(void) {
    uint64_t left;
    SAMPLES(left = LOOP_ROUNDS, __asm__ volatile("1: dec %0\n jnz 1b" : "+r"(left) : : "cc"), );
}

int sample_line(char line[SAMPLE_LINE_BYTES]) {
    uint64_t sum = 0;
    SAMPLE_MARK(END);
    for (unsigned i = 0; i < count; i++) {
        sum += samples[i];
    }
    sort();
    return snprintf(line, SAMPLE_LINE_BYTES, "bench %s median %u p90 %u sum %lu runs %u empty %u\n", what,
                    samples[count / 2], samples[count * 9 / 10], sum, count, sample_empty);
}
