/* The 8254 (Intel 8254 data sheet): channel 0 in mode 0, "interrupt on terminal
 * count". Writing a count's low byte makes the output low and stops the channel; one
 * clock after the high byte it counts down, and at zero the output becomes high,
 * which is the interrupt, and stays so until the next count. */
#include "pit.h"

#include <ipc.h>
#include <stdlib.h>

#define PIT_HERTZ 1193182ul
#define PIT_CHANNEL_0 0x40
#define PIT_COMMAND 0x43
#define PIT_ONE_SHOT 0x30 /* channel 0, low byte then high byte, mode 0, binary */

#define COUNT_MAX 0xfffful
#define SECOND_NS 1000000000ul
#define REACH_NS (COUNT_MAX * SECOND_NS / PIT_HERTZ)

static hf_handle_t ports;
static uint64_t asked = PIT_NEVER; /* for which time an interrupt is on its way */

/* Without its ports the server has nothing left to do. */
static void put(uint16_t port, unsigned value) {
    if (hf_port_out(ports, port, 1, value) != HF_OK) {
        exit(EXIT_FAILURE);
    }
}

/* The firmware may have left the channel running. */
void pit_start(hf_handle_t handle) {
    ports = handle;
    asked = PIT_NEVER;
    put(PIT_COMMAND, PIT_ONE_SHOT);
}

void pit_wake(uint64_t time) {
    if (time >= asked) return;
    uint64_t now = hf_clock();
    uint64_t left = time > now ? time - now : 0;
    asked = left < REACH_NS ? time : now + REACH_NS;
    /* Rounded up, so that not even an emulator that leaves out the clock before
     * counting is early. */
    uint64_t count = left < REACH_NS ? left * PIT_HERTZ / SECOND_NS + 1 : COUNT_MAX;
    put(PIT_CHANNEL_0, count & 0xff);
    put(PIT_CHANNEL_0, (unsigned)(count >> 8));
}

void pit_came(void) { asked = PIT_NEVER; }
