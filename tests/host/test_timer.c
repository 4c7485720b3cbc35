// sources: tests/host/timer_machine.c servers/timer/serve.c servers/timer/timers.c servers/timer/pit.c
// include: tests/host/fake servers/timer
#include <handoff/timer.h>
#include <ipc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "timer_machine.h"

/* ---- sleeping ---- */

static void test_sleep_ends_on_time(void **state) {
    static const uint64_t lengths[] = {
        1,         800, 900, 54 * MILLISECOND, 55 * MILLISECOND, 56 * MILLISECOND, SECOND, 123456789, 2 * SECOND - 1,
        2 * SECOND};
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        unsigned caller = sleep_for(lengths[i]);
        advance(lengths[i] + LATE); /* hf_reply_held looks whether that is the time */
        assert_true(callers[caller].answered);
    }
}

static void test_no_sleep_at_all(void **state) {
    (void)state;
    assert_int_equal(send(HF_TIMER_SLEEP, 0), HF_OK);
    assert_int_equal(pit.writes, 0);
}

static void test_sleep_that_is_too_long(void **state) {
    (void)state;
    assert_int_equal(send(HF_TIMER_SLEEP, HF_TIMER_SLEEP_MAX + 1), HF_BAD_ARGUMENT);
    assert_int_equal(send(HF_TIMER_SLEEP, UINT64_MAX), HF_BAD_ARGUMENT);
    expect_stat(0, 0);
}

/* It is not due when the server looks, and then is before the PIT has been started. */
static void test_deadline_that_passes_meanwhile(void **state) {
    (void)state;
    clock_step = 300;
    unsigned caller = sleep_for(500);
    callers[caller].deadline = now; /* nobody can do better */
    clock_step = 0;
    assert_false(callers[caller].answered);
    advance(LATE);
    assert_true(callers[caller].answered);
}

static void test_interrupts_are_counted(void **state) {
    (void)state;
    assert_int_equal(send(HF_TIMER_STAT, 0), HF_OK);
    uint64_t before = last_reply.word[2];
    sleep_for(SECOND);
    advance(SECOND + LATE);
    assert_int_equal(send(HF_TIMER_STAT, 0), HF_OK);
    assert_int_equal(last_reply.word[2] - before, pit.shots);
}

static void test_shots_are_as_few_as_can_be(void **state) {
    (void)state;
    sleep_for(SECOND);
    advance(SECOND + LATE);
    assert_int_equal(pit.shots, 19); /* of at most 54.9 ms */
    pit.shots = 0;
    for (unsigned i = 0; i < 20; i++) {
        sleep_for(20 * MILLISECOND);
    }
    advance(SECOND);
    assert_int_equal(pit.shots, 1);
}

static void test_a_shot_that_comes_early_enough_is_left_alone(void **state) {
    (void)state;
    sleep_for(10 * MILLISECOND);
    unsigned writes = pit.writes;
    sleep_for(20 * MILLISECOND);
    assert_int_equal(pit.writes, writes);
    sleep_for(5 * MILLISECOND);
    assert_int_equal(pit.writes, writes + 2);
}

static void test_nobody_waits_and_nothing_runs(void **state) {
    (void)state;
    sleep_for(MILLISECOND);
    advance(2 * MILLISECOND);
    assert_false(pit.running);
    unsigned writes = pit.writes, shots = pit.shots;
    advance(10 * SECOND);
    assert_int_equal(pit.shots, shots);
    assert_int_equal(pit.writes, writes);
}

static void test_sleepers_wake_by_deadline(void **state) {
    unsigned sleepers[100];
    (void)state;
    for (unsigned i = 0; i < 100; i++) {
        sleepers[i * 37 % 100] = sleep_for((10 + i * 37 % 100) * MILLISECOND);
    }
    advance(SECOND);
    for (unsigned i = 1; i < 100; i++) {
        assert_true(callers[sleepers[i]].order > callers[sleepers[i - 1]].order);
    }
}

/* The core lets who is answered last run first. */
static void test_same_deadline_first_come_first_to_run(void **state) {
    unsigned sleepers[5];
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        sleepers[i] = sleep_for(MILLISECOND);
    }
    advance(2 * MILLISECOND);
    for (unsigned i = 1; i < 5; i++) {
        assert_true(callers[sleepers[i]].order < callers[sleepers[i - 1]].order);
    }
}

static void test_dead_sleeper_gives_its_slot_back(void **state) {
    (void)state;
    unsigned before = free_slots();
    callers[sleep_for(MILLISECOND)].dead = true;
    assert_int_equal(free_slots(), before - 1);
    advance(2 * MILLISECOND);
    assert_int_equal(free_slots(), before);
}

static void test_more_sleepers_than_slots(void **state) {
    (void)state;
    unsigned room = free_slots();
    for (unsigned i = 0; i < room; i++) {
        sleep_for(MILLISECOND);
    }
    assert_int_equal(send(HF_TIMER_SLEEP, MILLISECOND), HF_NO_MEMORY);
    expect_stat(room, 0);
    for (unsigned i = 0; i < 2 * HF_HANDLE_COUNT; i++) {
        assert_int_equal(send(HF_TIMER_SLEEP, 1), HF_NO_MEMORY);
    }
    advance(2 * MILLISECOND);
    for (unsigned i = 0; i < room; i++) {
        sleep_for(MILLISECOND);
    }
}

static void test_deadline_beyond_the_end_of_time(void **state) {
    (void)state;
    now = UINT64_MAX - SECOND;
    unsigned caller = sleep_for(2 * SECOND);
    callers[caller].deadline = UINT64_MAX;
    advance(SECOND / 2);
    assert_false(callers[caller].answered);
    now = UINT64_MAX;
    interrupt();
    assert_true(callers[caller].answered);
    start(NULL);
}

static void test_stray_interrupts(void **state) {
    (void)state;
    interrupt();
    assert_false(pit.running);
    unsigned caller = sleep_for(MILLISECOND);
    for (unsigned i = 0; i < 5; i++) {
        advance(MILLISECOND / 10);
        interrupt();
    }
    assert_false(callers[caller].answered);
    advance(MILLISECOND / 2 + LATE);
    assert_true(callers[caller].answered);
}

/* Shots that end while the line is masked are not lost. */
static void test_server_that_is_kept_from_running(void **state) {
    (void)state;
    unsigned first = sleep_for(MILLISECOND), second = sleep_for(30 * MILLISECOND);
    stall(20 * MILLISECOND);
    assert_true(callers[first].answered);
    assert_false(callers[second].answered);
    advance(10 * MILLISECOND + LATE);
    assert_true(callers[second].answered);
}

/* ---- periodic timers ---- */

static uint64_t repeat(uint64_t period, unsigned endpoint) {
    assert_int_equal(repeat_as(1, period, endpoint), HF_OK);
    return last_reply.word[0];
}

static void test_periods_do_not_drift(void **state) {
    (void)state;
    uint64_t first = now;
    repeat(1234567, 0);
    for (unsigned i = 1; i <= 1000; i++) {
        advance_to(first + i * 1234567 - 1);
        assert_int_equal(endpoints[0].notified, i - 1);
        advance_to(first + i * 1234567 + LATE);
        assert_int_equal(endpoints[0].notified, i);
    }
}

static void test_missed_periods_become_one(void **state) {
    (void)state;
    uint64_t first = now;
    repeat(MILLISECOND, 0);
    stall(5 * MILLISECOND + MILLISECOND / 2);
    assert_int_equal(endpoints[0].notified, 1);
    advance_to(first + 6 * MILLISECOND - 1);
    assert_int_equal(endpoints[0].notified, 1);
    advance_to(first + 6 * MILLISECOND + LATE);
    assert_int_equal(endpoints[0].notified, 2);
}

static void test_stalled_for_exactly_some_periods(void **state) {
    (void)state;
    repeat(MILLISECOND, 0);
    stall(3 * MILLISECOND);
    assert_int_equal(endpoints[0].notified, 1);
    advance(MILLISECOND - 1);
    assert_int_equal(endpoints[0].notified, 1);
    advance(1 + LATE);
    assert_int_equal(endpoints[0].notified, 2);
}

static void test_cancel(void **state) {
    (void)state;
    unsigned before = free_slots();
    uint64_t number = repeat(MILLISECOND, 0), other = repeat(MILLISECOND, 1);
    assert_int_not_equal(number, other);
    assert_int_equal(free_slots(), before - 2);
    assert_int_equal(send(HF_TIMER_CANCEL, number), HF_OK);
    assert_int_equal(free_slots(), before - 1);
    advance(3 * MILLISECOND + LATE);
    assert_int_equal(endpoints[0].notified, 0);
    assert_int_equal(endpoints[1].notified, 3);
    assert_int_equal(send(HF_TIMER_CANCEL, number), HF_NOT_FOUND);
    assert_int_equal(send(HF_TIMER_CANCEL, other + 1), HF_NOT_FOUND);
    assert_int_equal(send(HF_TIMER_CANCEL, UINT64_MAX), HF_NOT_FOUND);
    assert_int_equal(send_as(2, (struct hf_message){.label = HF_TIMER_CANCEL, .word = {other}}), HF_DENIED);
    expect_stat(0, 1);
    assert_int_equal(send(HF_TIMER_CANCEL, other), HF_OK);
    expect_stat(0, 0);
}

static void test_a_sleep_is_no_timer_to_cancel(void **state) {
    (void)state;
    sleep_for(MILLISECOND);
    assert_int_equal(send(HF_TIMER_CANCEL, 0), HF_NOT_FOUND);
    expect_stat(1, 0);
}

static void test_dead_endpoint_ends_its_timer(void **state) {
    (void)state;
    unsigned before = free_slots();
    repeat(MILLISECOND, 0);
    repeat(MILLISECOND, 1);
    advance(MILLISECOND + LATE);
    endpoints[0].dead = true;
    advance(MILLISECOND + LATE);
    expect_stat(0, 1);
    assert_int_equal(free_slots(), before - 1);
    assert_int_equal(endpoints[1].notified, 2);
}

static void test_period_without_end(void **state) {
    (void)state;
    uint64_t number = repeat(UINT64_MAX, 0), other = repeat(UINT64_MAX - now, 0);
    assert_int_equal(pit.writes, 0);
    advance(10 * SECOND);
    assert_int_equal(endpoints[0].notified, 0);
    assert_int_equal(send(HF_TIMER_CANCEL, number), HF_OK);
    assert_int_equal(send(HF_TIMER_CANCEL, other), HF_OK);
}

static void test_second_period_beyond_the_end_of_time(void **state) {
    (void)state;
    now = UINT64_MAX - SECOND;
    uint64_t number = repeat(600 * MILLISECOND, 0);
    advance(700 * MILLISECOND);
    assert_int_equal(endpoints[0].notified, 1);
    assert_int_equal(send(HF_TIMER_CANCEL, number), HF_OK);
    start(NULL);
}

static void test_periods_that_are_too_short(void **state) {
    (void)state;
    assert_int_equal(repeat_as(1, HF_TIMER_PERIOD_MIN - 1, 0), HF_BAD_ARGUMENT);
    assert_int_equal(repeat_as(1, 0, 0), HF_BAD_ARGUMENT);
    expect_stat(0, 0);
    repeat(HF_TIMER_PERIOD_MIN, 0);
}

static void test_how_many_timers_there_can_be(void **state) {
    (void)state;
    for (unsigned i = 0; i < HF_TIMER_PERIODICS; i++) {
        hf_serial_t owner = 1 + i / HF_TIMER_PERIODICS_EACH;
        assert_int_equal(repeat_as(owner, MILLISECOND, i), HF_OK);
        if (i % HF_TIMER_PERIODICS_EACH == HF_TIMER_PERIODICS_EACH - 1) {
            assert_int_equal(repeat_as(owner, MILLISECOND, 0), HF_NO_MEMORY);
        }
    }
    assert_int_equal(repeat_as(99, MILLISECOND, 0), HF_NO_MEMORY);
    expect_stat(0, HF_TIMER_PERIODICS);
    endpoints[7].dead = true;
    advance(2 * MILLISECOND);
    assert_int_equal(repeat_as(99, MILLISECOND, 0), HF_OK);
}

static void test_handle_without_the_right(void **state) {
    (void)state;
    uint16_t handle = arrive(0, HF_RIGHT_CALL | HF_RIGHT_GRANT);
    struct hf_message message = {.label = HF_TIMER_PERIODIC, .handle = handle, .word = {MILLISECOND}};
    assert_int_equal(send_as(1, message), HF_DENIED);
}

static void test_no_slot_for_a_handle(void **state) {
    (void)state;
    while (free_slots() > 1) {
        sleep_for(MILLISECOND);
    }
    assert_int_equal(repeat_as(1, MILLISECOND, 0), HF_NO_MEMORY); /* it arrives, but can't be copied */
    assert_int_equal(free_slots(), 1);
    sleep_for(MILLISECOND);
    assert_int_equal(repeat_as(1, MILLISECOND, 0), HF_NO_MEMORY); /* it doesn't arrive */
}

/* ---- what makes no sense ---- */

static void test_unknown_labels(void **state) {
    static const uint32_t labels[] = {HF_TIMER_NONE, HF_TIMER_COUNT, HF_TIMER_STARTED, 1000, 0x7fffffff};
    (void)state;
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        assert_int_equal(send(labels[i], 0), HF_BAD_CALL);
        struct hf_message message = {.label = labels[i], .bytes = 7, .handle = arrive(0, HF_RIGHT_NOTIFY)};
        assert_int_equal(send_as(1, message), HF_BAD_CALL);
    }
}

static void test_fields_that_are_not_used(void **state) {
    static const struct {
        uint32_t label;
        unsigned words;
        bool takes_handle;
    } all[] = {{HF_TIMER_SLEEP, 1, false},
               {HF_TIMER_PERIODIC, 1, true},
               {HF_TIMER_CANCEL, 1, false},
               {HF_TIMER_STAT, 0, false}};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        for (unsigned word = all[i].words; word < HF_MESSAGE_WORDS; word++) {
            struct hf_message message = {.label = all[i].label};
            message.handle = all[i].takes_handle ? arrive(0, HF_RIGHT_NOTIFY) : 0;
            message.word[0] = all[i].words ? MILLISECOND : 0;
            message.word[word] = 1ul << (word * 12);
            assert_int_equal(send_as(1, message), HF_BAD_ARGUMENT);
        }
        struct hf_message message = {.label = all[i].label, .bytes = 1};
        message.handle = all[i].takes_handle ? arrive(0, HF_RIGHT_NOTIFY) : 0;
        assert_int_equal(send_as(1, message), HF_BAD_ARGUMENT);
        message.bytes = HF_LOST;
        message.handle = 0;
        assert_int_equal(send_as(1, message), HF_BAD_ARGUMENT);
        message.bytes = 0;
        message.word[0] = all[i].words ? MILLISECOND : 0;
        message.handle = all[i].takes_handle ? 0 : arrive(0, HF_RIGHTS_ALL);
        assert_int_equal(send_as(1, message), HF_BAD_ARGUMENT);
        message.handle = HF_LOST;
        assert_int_equal(send_as(1, message), all[i].takes_handle ? HF_NO_MEMORY : HF_BAD_ARGUMENT);
    }
    expect_stat(0, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_sleep_ends_on_time),
        TEST(test_no_sleep_at_all),
        TEST(test_sleep_that_is_too_long),
        TEST(test_deadline_that_passes_meanwhile),
        TEST(test_interrupts_are_counted),
        TEST(test_shots_are_as_few_as_can_be),
        TEST(test_a_shot_that_comes_early_enough_is_left_alone),
        TEST(test_nobody_waits_and_nothing_runs),
        TEST(test_sleepers_wake_by_deadline),
        TEST(test_same_deadline_first_come_first_to_run),
        TEST(test_dead_sleeper_gives_its_slot_back),
        TEST(test_more_sleepers_than_slots),
        TEST(test_deadline_beyond_the_end_of_time),
        TEST(test_stray_interrupts),
        TEST(test_server_that_is_kept_from_running),
        TEST(test_periods_do_not_drift),
        TEST(test_missed_periods_become_one),
        TEST(test_stalled_for_exactly_some_periods),
        TEST(test_cancel),
        TEST(test_a_sleep_is_no_timer_to_cancel),
        TEST(test_dead_endpoint_ends_its_timer),
        TEST(test_period_without_end),
        TEST(test_second_period_beyond_the_end_of_time),
        TEST(test_periods_that_are_too_short),
        TEST(test_how_many_timers_there_can_be),
        TEST(test_handle_without_the_right),
        TEST(test_no_slot_for_a_handle),
        TEST(test_unknown_labels),
        TEST(test_fields_that_are_not_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
