/* A tick of the timer, seen from the task that it interrupts: the same loop again
 * and again, and those rounds that took longer. The counter must count instructions,
 * so that all other rounds take the same. */
#include "bench.h"
#include "sample.h"

#define TICKS_WARM_UP 10u     /* the console may be busy yet with what was printed before */
#define FILLER_ROUNDS 20000ul /* many times less than a tick is apart */

static uint32_t round_of_loop(void) {
    uint32_t counted;
    SAMPLE(counted, {
        uint64_t left = FILLER_ROUNDS;
        __asm__ volatile("1: dec %0\n jnz 1b" : "+r"(left) : : "cc");
    });
    return counted;
}

void measure_tick(const struct bench *bench) {
    uint32_t loop = UINT32_MAX;
    (void)bench;
    for (unsigned round = 0; round < SAMPLE_WARM_UP; round++) {
        uint32_t counted = round_of_loop();
        loop = counted < loop ? counted : loop;
    }
    for (unsigned ticks = 0; ticks < TICKS_WARM_UP + sample_runs;) {
        uint32_t counted = round_of_loop();
        if (counted == loop) {
            continue;
        }
        if (ticks >= TICKS_WARM_UP) {
            sample_keep(counted, loop);
        }
        ticks++;
    }
}
