/* Costs, read from the processor's counter around a piece of work. Under
 * `-icount shift=0` QEMU's counter counts instructions.
 *
 *     sample_begin("name");
 *     SAMPLES(prepare, work, check);
 *     sample_line(line);
 *
 * One measurement at a time: the samples stand in one array. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SAMPLE_WARM_UP 100u
#define SAMPLE_COUNT 1000u
extern unsigned sample_runs; /* how many samples are taken: at most, and by default, SAMPLE_COUNT */

/* NOPs that do nothing but be seen by the plugin that counts the core's share
 * (tests/bench/count.c): they stand outside of what is measured. */
enum sample_mark {
    SAMPLE_MARK_BEGIN, /* a new measurement */
    SAMPLE_MARK_START, /* just before the first reading of the counter */
    SAMPLE_MARK_STOP,  /* just after the second one */
    SAMPLE_MARK_KEEP,  /* later: this sample counts */
    SAMPLE_MARK_END,   /* the measurement is complete */
};
#define SAMPLE_MARK_BASE 0x4f480000

#define SAMPLE_INLINE static inline __attribute__((always_inline))

/* The long NOP with a displacement: nopl BASE+mark(%rax) */
#define SAMPLE_MARK(mark) \
    __asm__ volatile(".byte 0x0f, 0x1f, 0x80\n.long %c0" : : "i"(SAMPLE_MARK_BASE + SAMPLE_MARK_##mark) : "memory")

/* The counter's low half: no sample is as long as 2^32. */
SAMPLE_INLINE uint32_t sample_counter(void) {
    uint32_t low;
    __asm__ volatile("rdtsc" : "=a"(low) : : "rdx", "memory");
    return low;
}

/* Counts the work between the two readings. Each of the pair costs the same
 * everywhere, since the first is kept in memory: a call overwrites nearly all
 * registers. */
#define SAMPLE(counted, work) \
    do { \
        volatile uint32_t sample_start; \
        SAMPLE_MARK(START); \
        sample_start = sample_counter(); \
        work; \
        uint32_t sample_end = sample_counter(); \
        SAMPLE_MARK(STOP); \
        (counted) = sample_end - sample_start; \
    } while (0)

/* The work again and again, which is counted, and what comes before and after it,
 * which isn't. */
#define SAMPLES(prepare, work, check) \
    do { \
        for (unsigned sample_round = 0; sample_round < SAMPLE_WARM_UP + sample_runs; sample_round++) { \
            uint32_t sample_counted; \
            prepare; \
            SAMPLE(sample_counted, work); \
            check; \
            if (sample_round >= SAMPLE_WARM_UP) { \
                sample_keep(sample_counted, sample_empty); \
            } \
        } \
    } while (0)

/* Starts a measurement: forgets samples, and measures what an empty one costs. */
void sample_begin(const char *name);

/* Adds a sample: what was counted, less what is counted without the work. */
void sample_keep(uint32_t counted, uint32_t without);
extern uint32_t sample_empty; /* what is counted without any work */

/* Adds a number that was come by in another way; of this measurement the plugin can't
 * tell the core's share. */
void sample_note(uint32_t number);

/* A measurement of a loop of 1,000 rounds of two instructions: what times are compared
 * with where the counter counts time. */
void sample_fixed_loop(void);

/* One line for tools/bench: name, median, 90th percentile, sum, runs. */
#define SAMPLE_LINE_BYTES 128u
int sample_line(char line[SAMPLE_LINE_BYTES]);
