#include "timer_machine.h"

#include <handoff/timer.h>
#include <ipc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "pit.h"
#include "serve.h"

/* ---- time, which passes only when the test says so ---- */

uint64_t now;
static uint64_t stalled_until; /* the server did not run before this */

uint64_t clock_step;

uint64_t hf_clock(void) { return now += clock_step; }

/* ---- the 8254's channel 0, and its line ---- */

enum { PORTS = 3, IRQ = 4 };

struct pit pit;

hf_status_t hf_port_out(hf_handle_t handle, uint16_t port, unsigned size, uint32_t value) {
    assert_int_equal(handle, PORTS);
    assert_int_equal(size, 1);
    pit.writes++;
    pit.running = false;
    if (port == 0x43) {
        assert_int_equal(value, 0x30);
        pit.low_written = false;
        return HF_OK;
    }
    assert_int_equal(port, 0x40);
    if (!pit.low_written) {
        pit.low = (uint8_t)value;
        pit.low_written = true;
        return HF_OK;
    }
    uint64_t count = value << 8 | pit.low;
    assert_true(value <= 0xff && count != 0); /* 0 would be 65536 */
    pit.low_written = false;
    pit.running = true;
    pit.ends = now + (count + 1) * SECOND / 1193182;
    return HF_OK;
}

hf_status_t hf_irq_ack(hf_handle_t irq) {
    assert_int_equal(irq, IRQ);
    pit.masked = false;
    return HF_OK;
}

/* ---- the server's handles ---- */

enum kind { NONE, FIXED, REPLY, ENDPOINT };

static struct {
    enum kind kind;
    unsigned which; /* caller or endpoint */
    unsigned rights;
} slots[HF_HANDLE_COUNT];

unsigned free_slots(void) {
    unsigned count = 0;
    for (unsigned slot = 1; slot < HF_HANDLE_COUNT; slot++) {
        count += slots[slot].kind == NONE;
    }
    return count;
}

/* 0 when there is none. */
static hf_handle_t take_slot(enum kind kind, unsigned which, unsigned rights) {
    hf_handle_t slot = HF_HANDLE_COUNT - 1;
    while (slot > 0 && slots[slot].kind != NONE) {
        slot--;
    }
    if (slot > 0) {
        slots[slot].kind = kind;
        slots[slot].which = which;
        slots[slot].rights = rights;
    }
    return slot;
}

hf_status_t hf_handle_copy(hf_handle_t handle, unsigned rights, hf_badge_t badge, hf_handle_t *copy) {
    assert_int_equal(badge, 0);
    assert_int_equal(*copy, HF_SLOT_ANY);
    assert_int_equal(slots[handle].kind, ENDPOINT);
    if (rights & ~slots[handle].rights) return HF_DENIED;
    hf_handle_t slot = take_slot(ENDPOINT, slots[handle].which, rights);
    if (slot == 0) return HF_NO_MEMORY;
    *copy = slot;
    return HF_OK;
}

hf_status_t hf_handle_close(hf_handle_t handle) {
    assert_int_equal(slots[handle].kind, ENDPOINT);
    slots[handle].kind = NONE;
    return HF_OK;
}

/* ---- those who call the server, and those who are notified ---- */

struct caller callers[CALLERS];
struct endpoint endpoints[ENDPOINTS];
struct hf_message last_reply;
unsigned next_caller;
static unsigned in_hand = CALLERS, answers;

static void note_answer(unsigned caller, const struct hf_message *reply) {
    assert_false(callers[caller].answered);
    assert_int_equal(reply->bytes | reply->handle, 0);
    callers[caller].answered = true;
    callers[caller].reply = *reply;
    callers[caller].order = answers++;
}

static void assert_on_time(uint64_t deadline) {
    uint64_t possible = deadline > stalled_until ? deadline : stalled_until;
    assert_true(now >= deadline);
    assert_true(now - deadline <= LATE || now - possible <= LATE);
}

hf_status_t hf_hold(hf_handle_t *reply) {
    assert_int_equal(*reply, HF_SLOT_ANY);
    assert_true(in_hand < CALLERS);
    hf_handle_t slot = take_slot(REPLY, in_hand, 0);
    if (slot == 0) return HF_NO_MEMORY;
    callers[in_hand].sleeps = true;
    in_hand = CALLERS;
    *reply = slot;
    return HF_OK;
}

hf_status_t hf_reply_held(hf_handle_t reply, const struct hf_message *message) {
    unsigned caller = slots[reply].which;
    assert_int_equal(slots[reply].kind, REPLY);
    assert_int_equal(message->label, HF_OK);
    assert_on_time(callers[caller].deadline);
    slots[reply].kind = NONE;
    callers[caller].sleeps = false;
    note_answer(caller, message);
    return callers[caller].dead ? HF_DEAD : HF_OK;
}

hf_status_t hf_reply(const struct hf_message *message) {
    assert_true(in_hand < CALLERS);
    note_answer(in_hand, message);
    in_hand = CALLERS;
    return HF_OK;
}

hf_status_t hf_notify(hf_handle_t to) {
    unsigned endpoint = slots[to].which;
    assert_int_equal(slots[to].kind, ENDPOINT);
    assert_int_equal(slots[to].rights, HF_RIGHT_NOTIFY);
    if (endpoints[endpoint].dead) return HF_DEAD;
    endpoints[endpoint].notified++;
    endpoints[endpoint].notified_at = now;
    return HF_OK;
}

/* ---- what happens to the server ---- */

void interrupt(void) {
    static const struct hf_message message = {.label = HF_LABEL_NOTIFICATION, .word = {1}};
    static const struct hf_sender core;
    pit.latched = false;
    pit.masked = true;
    pit.shots++;
    serve(&message, &core);
}

void advance_to(uint64_t time) {
    while ((pit.running && pit.ends <= time) || (pit.latched && !pit.masked)) {
        if (!pit.latched) {
            now = pit.ends > now ? pit.ends : now;
            pit.running = false;
        }
        interrupt();
    }
    now = time > now ? time : now;
}

void advance(uint64_t nanoseconds) { advance_to(now + nanoseconds); }

void stall(uint64_t nanoseconds) {
    now += nanoseconds;
    stalled_until = now;
    if (pit.running && pit.ends <= now) {
        pit.running = false;
        pit.latched = true;
    }
    advance(0);
}

static unsigned new_caller(void) {
    while (callers[next_caller % CALLERS].sleeps) {
        next_caller++;
    }
    unsigned caller = next_caller++ % CALLERS;
    memset(&callers[caller], 0, sizeof callers[caller]);
    return caller;
}

hf_status_t send_as(hf_serial_t serial, struct hf_message message) {
    struct hf_sender sender = {.serial = serial};
    in_hand = new_caller();
    unsigned caller = in_hand;
    callers[caller].deadline = now + message.word[0];
    serve(&message, &sender);
    assert_int_equal(in_hand, CALLERS);
    if (callers[caller].sleeps) return HELD;
    assert_true(callers[caller].answered);
    last_reply = callers[caller].reply;
    return (hf_status_t)last_reply.label;
}

hf_status_t send(uint32_t label, uint64_t word) {
    return send_as(1, (struct hf_message){.label = label, .word = {word}});
}

unsigned sleep_for(uint64_t nanoseconds) {
    assert_int_equal(send(HF_TIMER_SLEEP, nanoseconds), HELD);
    return (next_caller - 1) % CALLERS;
}

uint16_t arrive(unsigned endpoint, unsigned rights) {
    hf_handle_t slot = take_slot(ENDPOINT, endpoint, rights);
    return slot != 0 ? (uint16_t)slot : HF_LOST;
}

hf_status_t repeat_as(hf_serial_t serial, uint64_t period, unsigned endpoint) {
    uint16_t handle = arrive(endpoint, HF_RIGHT_NOTIFY | HF_RIGHT_GRANT);
    return send_as(serial, (struct hf_message){.label = HF_TIMER_PERIODIC, .handle = handle, .word = {period}});
}

void expect_stat(uint64_t sleepers, uint64_t periodics) {
    assert_int_equal(send(HF_TIMER_STAT, 0), HF_OK);
    assert_int_equal(last_reply.word[0], sleepers);
    assert_int_equal(last_reply.word[1], periodics);
}

int start(void **state) {
    (void)state;
    memset(&pit, 0, sizeof pit);
    memset(slots, 0, sizeof slots);
    memset(callers, 0, sizeof callers);
    memset(endpoints, 0, sizeof endpoints);
    for (unsigned slot = 1; slot <= FIXED_SLOTS; slot++) {
        slots[slot].kind = FIXED;
    }
    now = 1000;
    clock_step = 0;
    stalled_until = 0;
    pit_start(PORTS);
    serve_start(IRQ);
    pit.writes = 0;
    return 0;
}

int finish(void **state) {
    (void)state;
    for (unsigned endpoint = 0; endpoint < ENDPOINTS; endpoint++) {
        endpoints[endpoint].dead = true;
    }
    advance(3 * SECOND);
    expect_stat(0, 0);
    assert_int_equal(free_slots(), HF_HANDLE_COUNT - 1 - FIXED_SLOTS);
    assert_false(pit.running || pit.latched);
    return 0;
}
