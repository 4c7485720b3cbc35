// sources: tests/host/timer_machine.c servers/timer/serve.c servers/timer/timers.c servers/timer/pit.c libipc/timer.c
// include: tests/host/fake servers/timer libipc/include
#include <handoff/timer.h>
#include <ipc.h>
#include <mem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <timer.h>
#include <unistd.h>

#include <cmocka.h>

#include "timer_machine.h"

/* ---- the client, which calls the server that is tested here ---- */

#define SERVER 77u

static bool registered = true;
static unsigned calls, yields, refusals; /* refusals: how many sleeps get HF_NO_MEMORY first */

hf_status_t mem_lookup(const char *name, hf_handle_t *handle) {
    assert_string_equal(name, "timer");
    if (!registered) return HF_NOT_FOUND;
    *handle = SERVER;
    return HF_OK;
}

void hf_yield(void) {
    yields++;
    advance(MILLISECOND);
}

hf_status_t hf_call(hf_handle_t to, struct hf_message *message) {
    assert_int_equal(to, SERVER);
    calls++;
    if (refusals > 0) {
        refusals--;
        *message = (struct hf_message){.label = HF_NO_MEMORY};
        return HF_OK;
    }
    unsigned endpoint = message->handle;
    message->handle = endpoint != 0 ? arrive(endpoint, HF_RIGHT_NOTIFY | HF_RIGHT_GRANT) : 0;
    hf_status_t status = send_as(1, *message);
    unsigned caller = (next_caller - 1) % CALLERS;
    *message = status == HELD ? (struct hf_message){.label = HF_OK} : last_reply;
    while (!callers[caller].answered) {
        advance(CLOCK_NS);
    }
    return HF_OK;
}

/* First of the client's tests: what it has found it keeps. */
static void test_client_without_a_server(void **state) {
    uint64_t number;
    (void)state;
    registered = false;
    assert_int_equal(timer_sleep(SECOND), HF_NOT_FOUND);
    assert_int_equal(timer_periodic(SECOND, 1, &number), HF_NOT_FOUND);
    assert_int_equal(timer_cancel(1), HF_NOT_FOUND);
    assert_int_equal(sleep(3), 3);
    assert_int_equal(usleep(3), -1);
    registered = true;
}

static void test_client_sleeps_long_in_parts(void **state) {
    static const uint64_t lengths[] = {0, 1, MILLISECOND, 2 * SECOND, 2 * SECOND + 1, 7 * SECOND};
    static const unsigned least[] = {1, 1, 1, 1, 1, 4};
    (void)state;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        uint64_t begin = now;
        calls = 0;
        assert_int_equal(timer_sleep(lengths[i]), HF_OK);
        assert_true(now - begin >= lengths[i] && now - begin <= lengths[i] + 2 * LATE);
        assert_true(calls >= least[i] && calls <= least[i] + 1);
    }
}

static void test_client_waits_for_a_slot(void **state) {
    (void)state;
    uint64_t begin = now;
    refusals = 5;
    yields = 0;
    assert_int_equal(timer_sleep(20 * MILLISECOND), HF_OK);
    assert_int_equal(yields, 5);
    assert_true(now - begin >= 20 * MILLISECOND && now - begin < 21 * MILLISECOND);
    begin = now;
    refusals = 1000;
    assert_int_equal(timer_sleep(20 * MILLISECOND), HF_OK);
    assert_true(now - begin >= 20 * MILLISECOND && now - begin < 22 * MILLISECOND);
    refusals = 0;
}

static void test_client_sleeps_seconds(void **state) {
    (void)state;
    uint64_t begin = now;
    assert_int_equal(sleep(3), 0);
    assert_true(now - begin >= 3 * SECOND && now - begin < 3 * SECOND + MILLISECOND);
    begin = now;
    assert_int_equal(usleep(2500000), 0);
    assert_true(now - begin >= 2500 * MILLISECOND && now - begin < 2501 * MILLISECOND);
}

static void test_client_of_a_periodic_timer(void **state) {
    uint64_t number = 0;
    (void)state;
    assert_int_equal(timer_periodic(MILLISECOND, 5, &number), HF_OK);
    advance(3 * MILLISECOND + LATE);
    assert_int_equal(endpoints[5].notified, 3);
    assert_int_equal(timer_cancel(number), HF_OK);
    assert_int_equal(timer_cancel(number), HF_NOT_FOUND);
    assert_int_equal(timer_periodic(1, 5, &number), HF_BAD_ARGUMENT);
    assert_int_equal(timer_periodic(MILLISECOND, 0, &number), HF_BAD_HANDLE);
    assert_int_equal(timer_periodic(MILLISECOND, 0x10005, &number), HF_BAD_HANDLE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_client_without_a_server), TEST(test_client_sleeps_long_in_parts), TEST(test_client_waits_for_a_slot),
        TEST(test_client_sleeps_seconds),   TEST(test_client_of_a_periodic_timer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
