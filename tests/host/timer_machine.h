/* The timer server's surroundings, simulated: time, the PIT, the server's handles, and
 * tasks that call it or are notified by it. Time passes only when a test says so. */
#ifndef TIMER_MACHINE_H
#define TIMER_MACHINE_H

#include <handoff/message.h>
#include <handoff/status.h>
#include <stdbool.h>

#define SECOND 1000000000ul
#define MILLISECOND 1000000ul

/* A count is rounded up, and the 8254 takes one clock more than the count says. */
#define CLOCK_NS (SECOND / 1193182 + 1)
#define LATE (2 * CLOCK_NS)

extern uint64_t now;
extern uint64_t clock_step; /* that passes whenever the server looks, 0 by default */

/* The 8254's channel 0, and its line. */
struct pit {
    bool running, low_written, latched, masked;
    uint8_t low;
    uint64_t ends; /* the shot, when running */
    unsigned writes, shots;
};
extern struct pit pit;

/* ---- the server's handles ---- */

enum { FIXED_SLOTS = 6 }; /* it has no more of its own than these */

unsigned free_slots(void);

/* A handle that comes along with a message: its slot, or HF_LOST when there is none. */
uint16_t arrive(unsigned endpoint, unsigned rights);

/* ---- tasks ---- */

#define CALLERS 300u /* calls, each by its number; more than can sleep; used again in turns */
#define ENDPOINTS 40u

struct caller {
    bool sleeps, answered, dead;
    uint64_t deadline;
    unsigned order; /* in which it was answered */
    struct hf_message reply;
};
extern struct caller callers[CALLERS];
extern unsigned next_caller;

struct endpoint {
    bool dead;
    unsigned notified;
    uint64_t notified_at;
};
extern struct endpoint endpoints[ENDPOINTS];

extern struct hf_message last_reply; /* to the last that was sent */

#define HELD HF_STATUS_COUNT

/* Sends a message as a task with this serial; HELD when it waits for its answer. That
 * a sleep is answered at its time and at no other is looked at when it happens. */
hf_status_t send_as(hf_serial_t serial, struct hf_message message);
hf_status_t send(uint32_t label, uint64_t word); /* as task 1 */

unsigned sleep_for(uint64_t nanoseconds); /* the caller that sleeps */
hf_status_t repeat_as(hf_serial_t serial, uint64_t period, unsigned endpoint);
void expect_stat(uint64_t sleepers, uint64_t periodics);

/* ---- what happens to the server ---- */

void interrupt(void);

/* Lets time pass, with the interrupts that come meanwhile. */
void advance_to(uint64_t time);
void advance(uint64_t nanoseconds);

/* The same, but the server is kept from running. */
void stall(uint64_t nanoseconds);

/* Set a test up; and check that nothing is left of what the server had. */
int start(void **state);
int finish(void **state);

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

#endif
