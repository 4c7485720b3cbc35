// sources: tests/host/timer_machine.c servers/timer/serve.c servers/timer/timers.c servers/timer/pit.c
// include: tests/host/fake servers/timer
#include <handoff/timer.h>
#include <ipc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "draw.h"
#include "timer_machine.h"

/* ---- at random, against a model ---- */

struct model {
    uint64_t number, deadline, period;
    hf_serial_t owner;
    unsigned endpoint, notified;
};

static struct model model[HF_TIMER_PERIODICS];
static unsigned model_count;

static void model_remove(unsigned at) { model[at] = model[--model_count]; }

/* What each periodic timer must have done by now; each has an endpoint of its own. */
static void check_periodics(void) {
    for (unsigned i = model_count; i-- > 0;) {
        struct model *timer = &model[i];
        if (timer->deadline + LATE > now && endpoints[timer->endpoint].notified == timer->notified) {
            continue; /* nothing to do yet, or just about to */
        }
        if (endpoints[timer->endpoint].dead) {
            model_remove(i);
            continue;
        }
        assert_true(endpoints[timer->endpoint].notified > timer->notified);
        assert_true(endpoints[timer->endpoint].notified_at >= timer->deadline);
        timer->notified = endpoints[timer->endpoint].notified;
        uint64_t last = endpoints[timer->endpoint].notified_at;
        timer->deadline += timer->period * ((last - timer->deadline) / timer->period + 1);
        assert_true(timer->deadline + LATE > now);
    }
}

static void check_sleepers(void) {
    for (unsigned caller = 0; caller < CALLERS; caller++) {
        assert_true(!callers[caller].sleeps || callers[caller].deadline + LATE > now);
    }
}

static unsigned unused_endpoint(void) {
    unsigned endpoint = (unsigned)draw(ENDPOINTS);
    for (unsigned i = 0; i < model_count; i++) {
        if (model[i].endpoint == endpoint) return unused_endpoint();
    }
    memset(&endpoints[endpoint], 0, sizeof endpoints[endpoint]);
    return endpoint;
}

/* One of few lengths now and then, so that deadlines are the same. */
static uint64_t any_length(void) {
    return draw(3) ? draw(draw(2) ? 3 * MILLISECOND : 2 * SECOND) : draw(5) * MILLISECOND;
}

static void random_sleep(void) {
    uint64_t length = any_length();
    hf_status_t wanted = free_slots() == 0 ? HF_NO_MEMORY : length == 0 ? HF_OK : HELD;
    assert_int_equal(send(HF_TIMER_SLEEP, length), wanted);
}

/* Whether its slot is free already can't be told. */
static bool any_just_ending(void) {
    bool any = false;
    for (unsigned i = 0; i < model_count; i++) {
        any |= endpoints[model[i].endpoint].dead && model[i].deadline <= now;
    }
    return any;
}

static void random_repeat(void) {
    hf_serial_t owner = 1 + draw(6);
    uint64_t period = HF_TIMER_PERIOD_MIN + any_length();
    unsigned endpoint = unused_endpoint(), owned = 0, room = free_slots();
    for (unsigned i = 0; i < model_count; i++) {
        owned += model[i].owner == owner;
    }
    if (any_just_ending()) return;
    bool fits = room >= 2 && owned < HF_TIMER_PERIODICS_EACH && model_count < HF_TIMER_PERIODICS;
    uint64_t begin = now;
    assert_int_equal(repeat_as(owner, period, endpoint), fits ? HF_OK : HF_NO_MEMORY);
    if (fits) {
        model[model_count++] = (struct model){last_reply.word[0], begin + period, period, owner, endpoint, 0};
    }
}

static void random_cancel(void) {
    if (model_count == 0) return;
    unsigned at = (unsigned)draw(model_count);
    hf_serial_t sender = draw(4) ? model[at].owner : 99;
    struct hf_message message = {.label = HF_TIMER_CANCEL, .word = {model[at].number}};
    assert_int_equal(send_as(sender, message), sender == 99 ? HF_DENIED : HF_OK);
    if (sender != 99) model_remove(at);
}

static void random_death(void) {
    callers[draw(CALLERS)].dead = true;
    if (model_count > 0 && draw(10) == 0) endpoints[model[draw(model_count)].endpoint].dead = true;
}

static void random_time(void) {
    uint64_t length = any_length() / (draw(30) ? 1000 : 1);
    if (draw(4)) {
        advance(length);
    } else {
        stall(length);
    }
}

static void (*const deeds[])(void) = {random_sleep,  random_sleep,  random_sleep, random_sleep, random_repeat,
                                      random_repeat, random_cancel, random_death, random_time};

static void random_deed(void) {
    deeds[draw(sizeof deeds / sizeof *deeds)]();
    advance(0);
    check_periodics();
    check_sleepers();
}

static uint64_t setting(const char *name, uint64_t otherwise) {
    const char *text = getenv(name);
    return text != NULL ? strtoull(text, NULL, 0) : otherwise;
}

static void test_random(void **state) {
    uint64_t operations = setting("TIMER_OPERATIONS", 50000), full = 0, crowded = 0;
    (void)state;
    draw_state = setting("TIMER_SEED", DRAW_SEED);
    model_count = 0;
    for (uint64_t i = 0; i < operations; i++) {
        random_deed();
        full += free_slots() == 0;
        crowded += model_count >= HF_TIMER_PERIODICS / 2;
    }
    printf("%lu operations from seed %lu; the slots were used up after %lu of them, half of the timers after %lu\n",
           operations, setting("TIMER_SEED", DRAW_SEED), full, crowded);
    /* Else the limits were not tried. */
    assert_true(full > operations / 1000 && crowded > operations / 1000);
    while (model_count > 0) {
        struct hf_message message = {.label = HF_TIMER_CANCEL, .word = {model[0].number}};
        assert_int_equal(send_as(model[0].owner, message), HF_OK);
        model_remove(0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
