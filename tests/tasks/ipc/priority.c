/* Priorities, as far as messages change them and who runs next. */
#include "ipc.h"

static int report_once(uint64_t word) {
    report(word, 0);
    return 0;
}

static int call_and_report(uint64_t seed) {
    call_server(SLOT_A, (unsigned)seed);
    report(seed, 0);
    return 0;
}

static int serve_and_report(uint64_t word) {
    struct hf_message message = {0};
    WANT_OK(hf_receive(SLOT_A, &message, NULL));
    message = pattern(2);
    WANT_OK(hf_reply(&message));
    report(word, 0);
    return 0;
}

/* A server runs for its caller before one whose priority lies between theirs, and
 * after its reply no longer. */
static void server_borrows_its_callers_priority(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned top = own_priority();
    unsigned other = START_AT(top - 6, serve_and_report, 7, endpoint);
    settle();
    WANT_STATE(other, HF_INFO_RECEIVING);
    unsigned between = START_AT(top - 4, report_once, 8);
    unsigned client = START_AT(top - 2, call_and_report, 1, endpoint);
    WANT_REPORT(client, 1, 0);
    WANT_REPORT(between, 8, 0);
    WANT_REPORT(other, 7, 0);
}

/* The same when the call had to wait for its server. */
static void server_borrows_from_a_queued_caller(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned top = own_priority();
    unsigned client = START_AT(top - 2, call_and_report, 1, endpoint);
    settle();
    WANT_STATE(client, HF_INFO_SENDING);
    unsigned other = START_AT(top - 6, serve_and_report, 7, endpoint);
    WANT_REPORT(client, 1, 0);
    WANT_REPORT(other, 7, 0);
}

/* A caller of less importance does not make its server less important. */
static void server_above_its_caller_stays_there(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned top = own_priority();
    unsigned other = START_AT(top - 2, serve_and_report, 7, endpoint);
    settle();
    unsigned client = START_AT(top - 6, call_and_report, 1, endpoint);
    unsigned between = START_AT(top - 4, report_once, 8);
    WANT_REPORT(between, 8, 0);
    WANT_REPORT(other, 7, 0);
    WANT_REPORT(client, 1, 0);
}

static void less_important_caller_waits_for_the_processor(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned client = START_AT(own_priority() - 2, caller, 1, endpoint);
    take(endpoint, 1);
    answer(1);
    WANT_STATE(client, HF_INFO_RUNNING);
    WANT_CODE(client, HF_OK);
}

/* A thousand calls between every two of three priorities. */
static void calls_between_all_priorities(void) {
    unsigned top = own_priority();
    for (unsigned below = 2; below <= 6; below += 4) {
        hf_handle_t up = new_endpoint(), down = new_endpoint();
        unsigned lower = START_AT(top - below, server, 100, up);
        unsigned higher = START_AT(top - 4, server, 100, down);
        for (unsigned i = 0; i < 100; i++) {
            call_server(up, i);
            call_server(down, i + 1);
        }
        WANT_CODE(lower, HF_OK);
        WANT_CODE(higher, HF_OK);
    }
}

/* Serves by reply_receive, and reports what comes after the first call: bits. */
static int serve_and_report_bits(uint64_t word) {
    struct hf_message message = {0};
    WANT_OK(hf_receive(SLOT_A, &message, NULL));
    message = pattern(2);
    WANT_OK(hf_reply_receive(SLOT_A, &message, NULL));
    report(word, message.word[0]);
    return 0;
}

static void borrowed_priority_ends_with_reply_receive(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned top = own_priority();
    unsigned other = START_AT(top - 6, serve_and_report_bits, 7, endpoint);
    settle();
    unsigned client = START_AT(top - 2, call_and_report, 1, endpoint);
    WANT_REPORT(client, 1, 0);
    settle();
    WANT_STATE(other, HF_INFO_RECEIVING);
    unsigned between = START_AT(top - 4, report_once, 8);
    WANT_OK(hf_notify(new_handle(endpoint, HF_RIGHT_NOTIFY, 3)));
    WANT_REPORT(between, 8, 0);
    WANT_REPORT(other, 7, 3);
}

/* Before it replies, it wakes who waits at B. */
static int notify_and_serve(uint64_t unused) {
    struct hf_message message = {0};
    (void)unused;
    WANT_OK(hf_receive(SLOT_A, &message, NULL));
    WANT_OK(hf_notify(SLOT_B));
    message = pattern(2);
    return (int)hf_reply_receive(SLOT_A, &message, NULL);
}

static int wait_and_report(uint64_t word) {
    struct hf_message message = {0};
    WANT_OK(hf_receive(SLOT_A, &message, NULL));
    report(word, 0);
    return 0;
}

/* A server replies while another task is ready that is as important as its caller plus
 * `above`: whether the caller runs first. */
static bool caller_runs_first(int above) {
    hf_handle_t endpoint = new_endpoint(), wake = new_endpoint();
    hf_handle_t notify = new_handle(wake, HF_RIGHT_NOTIFY | HF_RIGHT_GRANT, 1);
    struct hf_message first = {0}, second = {0};
    unsigned top = own_priority();
    START_AT(top - 2, notify_and_serve, 0, endpoint, notify);
    unsigned other = START_AT(top - 5 + (unsigned)above, wait_and_report, 8, wake);
    settle();
    unsigned client = START_AT(top - 5, call_and_report, 1, endpoint);
    unsigned one = take_report(&first), two = take_report(&second);
    WANT((one == client && two == other) || (one == other && two == client));
    return one == client;
}

static void reply_with_one_less_important_ready(void) { WANT(caller_runs_first(-1)); }
static void reply_with_one_more_important_ready(void) { WANT(!caller_runs_first(1)); }

/* A tick may come just then, and give the processor to the other: hardly every time. */
static void reply_with_one_as_important_ready(void) {
    unsigned times = 1;
    while (times < 10 && !caller_runs_first(0)) {
        times++;
    }
    WANT(times < 10);
}

const struct suite_test priority_tests[] = {
    TEST(server_borrows_its_callers_priority), TEST(server_borrows_from_a_queued_caller),
    TEST(server_above_its_caller_stays_there), TEST(less_important_caller_waits_for_the_processor),
    TEST(calls_between_all_priorities),        TEST(borrowed_priority_ends_with_reply_receive),
    TEST(reply_with_one_less_important_ready), TEST(reply_with_one_as_important_ready),
    TEST(reply_with_one_more_important_ready), TESTS_END,
};
