#include "clock.h"

#include <machine.h>

#include "interrupt.h"

uint64_t clock_start;
static uint64_t hertz, waited;
static uint64_t scale; /* nanoseconds per count, times 2^32 */

/* PIT channel 2 and its gate: 8254 data sheet; port 0x61 is the system control port. */
#define PIT_HERTZ 1193182u
#define PIT_ONE_SHOT_2 0xb0 /* channel 2, low then high byte, mode 0 */
enum { PIT_CHANNEL_2 = 0x42, PIT_COMMAND = 0x43, CONTROL = 0x61 };
enum { CONTROL_GATE_2 = 1, CONTROL_SPEAKER = 2, CONTROL_OUT_2 = 0x20 };

/* The shortest of a few waits counts: one in which an emulator was kept from running is
 * too long. */
#define WAITS 4u
#define WAIT_COUNT 2982u /* of the PIT: 2.5 ms */

/* It counts from when the high byte has been written, too. */
static void arm_pit(void) {
    port_out8(CONTROL, (uint8_t)((port_in8(CONTROL) & ~CONTROL_SPEAKER) | CONTROL_GATE_2));
    port_out8(PIT_COMMAND, PIT_ONE_SHOT_2);
    port_out8(PIT_CHANNEL_2, (uint8_t)WAIT_COUNT);
}

/* How far the processor's counter and the timer get meanwhile. Both are started first, so that
 * whatever comes in between makes the wait longer, and never shorter. */
static uint64_t wait(uint32_t *timer) {
    arm_pit();
    interrupt_timer_measure();
    uint64_t start = read_tsc();
    port_out8(PIT_CHANNEL_2, (uint8_t)(WAIT_COUNT >> 8));
    while (!(port_in8(CONTROL) & CONTROL_OUT_2)) {
    }
    *timer = interrupt_timer_measured();
    return read_tsc() - start;
}

uint32_t clock_measure(void) {
    uint64_t least = UINT64_MAX;
    uint32_t least_timer = UINT32_MAX;
    for (unsigned i = 0; i < WAITS; i++) {
        uint32_t timer;
        uint64_t counter = wait(&timer);
        waited += counter;
        if (counter < least) least = counter;
        if (timer < least_timer) least_timer = timer;
    }
    hertz = least * PIT_HERTZ / WAIT_COUNT;
    scale = (1000000000ul << 32) / hertz;
    uint32_t count = (uint32_t)((uint64_t)least_timer * PIT_HERTZ / (WAIT_COUNT * TICKS_PER_SECOND));
    return count ? count : 1;
}

uint64_t clock_hertz(void) { return hertz; }

uint64_t clock_nanoseconds(void) { return (uint64_t)(((unsigned __int128)(read_tsc() - clock_start) * scale) >> 32); }

uint64_t clock_boot_ticks(void) { return read_tsc() - clock_start - waited; }
