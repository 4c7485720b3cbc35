/* What others find when a task ends, in each state that it can be in. */
#include "ipc.h"

static void killed_while_queued(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned client = START(caller, 1, endpoint);
    settle();
    WANT_STATE(client, HF_INFO_SENDING);
    KILL(client);
    WANT_STATUS(hf_receive_nowait(endpoint, &(struct hf_message){0}, NULL), HF_WOULD_BLOCK);
}

static void killed_while_its_call_is_in_hand(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = pattern(2);
    unsigned client = START(caller, 1, endpoint);
    take(endpoint, 1);
    KILL(client);
    WANT_STATUS(hf_receive_nowait(endpoint, &message, NULL), HF_BAD_CALL); /* the call is in hand still */
    WANT_OK(hf_reply(&message));
    WANT_STATUS(hf_reply(&message), HF_BAD_CALL);
}

static void reply_receive_after_the_caller_was_killed(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = pattern(2);
    unsigned client = START(caller, 1, endpoint);
    take(endpoint, 1);
    KILL(client);
    unsigned next = START(caller, 5, endpoint);
    WANT_OK(hf_reply_receive(endpoint, &message, NULL));
    WANT_PATTERN(&message, 5);
    answer(5);
    WANT_CODE(next, HF_OK);
}

static void killed_while_receiving(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned other = START(server, 0, endpoint);
    settle();
    WANT_STATE(other, HF_INFO_RECEIVING);
    KILL(other);
    unsigned client = START(caller, 1, endpoint);
    settle();
    WANT_STATE(client, HF_INFO_SENDING); /* it waits for the next receiver */
    take(endpoint, 1);
    answer(1);
    WANT_CODE(client, HF_OK);
}

/* Takes a call at A and ends in some other way than by a reply. */
enum ending { EXITS, FAULTS, TRAPS, HOLDS_AND_EXITS };

static int server_that_ends(uint64_t how) {
    struct hf_message message = {0};
    hf_handle_t slot = HF_SLOT_ANY;
    WANT_OK(hf_receive(SLOT_A, &message, NULL));
    if (how == FAULTS) {
        __asm__ volatile("movl $1, 0x10" ::: "memory");
    } else if (how == TRAPS) {
        __builtin_trap();
    } else if (how == HOLDS_AND_EXITS) {
        WANT_OK(hf_hold(&slot));
    }
    return 0;
}

static void server_ends(enum ending how, enum hf_exit_how wanted) {
    hf_handle_t endpoint = new_endpoint();
    unsigned other = START(server_that_ends, how, endpoint);
    unsigned client = START(caller, 1, endpoint);
    WANT_CODE(client, HF_DEAD);
    WANT_NUMBER(role_end(other).how, wanted);
    /* The endpoint isn't the server's, so it is still good. */
    unsigned next = START(caller, 5, endpoint);
    take(endpoint, 5);
    answer(5);
    WANT_CODE(next, HF_OK);
}

static void server_exits_instead_of_replying(void) { server_ends(EXITS, HF_EXIT_CODE); }
static void server_faults_instead_of_replying(void) { server_ends(FAULTS, HF_EXIT_FAULT); }
static void server_traps_instead_of_replying(void) { server_ends(TRAPS, HF_EXIT_EXCEPTION); }
static void server_exits_with_a_held_call(void) { server_ends(HOLDS_AND_EXITS, HF_EXIT_CODE); }

static void server_is_killed_with_a_call_in_hand(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned other = START(taker, 0, endpoint);
    unsigned client = START(caller, 1, endpoint);
    WANT_REPORT(other, 0x1001, pattern(1).word[0]);
    WANT_STATE(client, HF_INFO_WAITING);
    KILL(other);
    WANT_CODE(client, HF_DEAD);
}

/* Holds so many calls of A, reports, and waits for ever. */
static int holder(uint64_t count) {
    struct hf_message message = {0};
    for (uint64_t i = 0; i < count; i++) {
        hf_handle_t slot = HF_SLOT_ANY;
        WANT_OK(hf_receive(SLOT_A, &message, NULL));
        WANT_OK(hf_hold(&slot));
    }
    report(count, 0);
    wait_for_ever();
}

static void server_is_killed_with_held_calls(void) {
    enum { COUNT = 6 };
    hf_handle_t endpoint = new_endpoint();
    unsigned client[COUNT], other = START(holder, COUNT, endpoint);
    for (unsigned i = 0; i < COUNT; i++) {
        client[i] = START(caller, 10 * i, endpoint);
    }
    WANT_REPORT(other, COUNT, 0);
    KILL(other);
    for (unsigned i = 0; i < COUNT; i++) {
        WANT_CODE(client[i], HF_DEAD);
    }
}

/* One call in hand, one held, one queued, and the endpoint goes with its maker. */
static int owner_with_calls(uint64_t unused) {
    struct hf_message message = {0};
    hf_handle_t slot = HF_SLOT_ANY, endpoint = new_endpoint();
    (void)unused;
    message.handle = (uint16_t)endpoint;
    WANT_OK(report_message(&message));
    WANT_OK(hf_receive(endpoint, &message, NULL));
    WANT_OK(hf_hold(&slot));
    WANT_OK(hf_receive(endpoint, &message, NULL));
    report(1, 2);
    wait_for_ever();
}

static void owner_is_killed_with_calls_everywhere(void) {
    unsigned client[4], other = START(owner_with_calls, 0);
    hf_handle_t endpoint = take_endpoint(other);
    for (unsigned i = 0; i < 4; i++) {
        client[i] = START(caller, 10 * i, endpoint);
        if (i == 1) WANT_REPORT(other, 1, 2);
    }
    settle();
    WANT_STATE(client[0], HF_INFO_WAITING);
    WANT_STATE(client[1], HF_INFO_WAITING);
    WANT_STATE(client[2], HF_INFO_SENDING);
    WANT_STATE(client[3], HF_INFO_SENDING);
    KILL(other);
    for (unsigned i = 0; i < 4; i++) {
        WANT_CODE(client[i], HF_DEAD);
    }
}

/* More than the core lets go on at once: 64 tasks an operation. */
static void owner_is_killed_with_many_callers_queued(void) {
    enum { COUNT = 70 };
    unsigned client[COUNT], other = START(owner, 0);
    hf_handle_t endpoint = take_endpoint(other);
    for (unsigned i = 0; i < COUNT; i++) {
        client[i] = START(caller, 1, endpoint);
    }
    settle();
    KILL(other);
    for (unsigned i = 0; i < COUNT; i++) {
        WANT(role_end(client[i]).code == HF_DEAD);
    }
}

static void owner_is_killed_with_receivers_waiting(void) {
    unsigned other = START(owner, 0), waiting[3];
    hf_handle_t endpoint = take_endpoint(other);
    for (unsigned i = 0; i < 3; i++) {
        waiting[i] = START(server, 1, endpoint);
    }
    settle();
    WANT_STATE(waiting[2], HF_INFO_RECEIVING);
    KILL(other);
    for (unsigned i = 0; i < 3; i++) {
        WANT_CODE(waiting[i], HF_DEAD);
    }
}

/* A call that another task has in hand is not the endpoint's any more. */
static void call_outlives_its_endpoint(void) {
    unsigned other = START(owner, 0);
    hf_handle_t endpoint = take_endpoint(other);
    unsigned client = START(caller, 1, endpoint);
    take(endpoint, 1);
    KILL(other);
    WANT_STATE(client, HF_INFO_WAITING);
    answer(1);
    WANT_CODE(client, HF_OK);
}

static void held_call_outlives_its_endpoint(void) {
    unsigned other = START(owner, 0);
    hf_handle_t endpoint = take_endpoint(other), slot = HF_SLOT_ANY;
    struct hf_message message = pattern(2);
    unsigned client = START(caller, 1, endpoint);
    take(endpoint, 1);
    WANT_OK(hf_hold(&slot));
    KILL(other);
    WANT_OK(hf_reply_held(slot, &message));
    WANT_CODE(client, HF_OK);
}

/* Replies, and finds out while it waits for the next call. */
static void endpoint_dies_during_reply_receive(void) {
    unsigned maker = START(owner, 0);
    hf_handle_t endpoint = take_endpoint(maker);
    unsigned other = START(server, 0, endpoint);
    settle();
    call_server(endpoint, 1);
    settle();
    WANT_STATE(other, HF_INFO_RECEIVING);
    KILL(maker);
    WANT_CODE(other, HF_DEAD);
}

static void endpoint_without_a_receiver_any_more(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned other = START(server, 1, endpoint);
    call_server(endpoint, 1);
    WANT_CODE(other, HF_OK);
    unsigned client = START(caller, 5, endpoint);
    settle();
    WANT_STATE(client, HF_INFO_SENDING);
    KILL(client);
}

static void killed_before_it_runs(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned client = START_AT(2, caller, 1, endpoint);
    KILL(client);
    WANT_STATUS(hf_receive_nowait(endpoint, &(struct hf_message){0}, NULL), HF_WOULD_BLOCK);
}

static void killed_while_it_has_bits_pending(void) {
    unsigned other = START(owner, 0);
    hf_handle_t endpoint = take_endpoint(other);
    WANT_OK(hf_notify(new_handle(endpoint, HF_RIGHT_NOTIFY, 5)));
    KILL(other);
    WANT_STATUS(hf_receive_nowait(endpoint, &(struct hf_message){0}, NULL), HF_DEAD);
}

const struct suite_test death_tests[] = {
    TEST(killed_while_queued),
    TEST(killed_while_its_call_is_in_hand),
    TEST(reply_receive_after_the_caller_was_killed),
    TEST(killed_while_receiving),
    TEST(server_exits_instead_of_replying),
    TEST(server_faults_instead_of_replying),
    TEST(server_traps_instead_of_replying),
    TEST(server_exits_with_a_held_call),
    TEST(server_is_killed_with_a_call_in_hand),
    TEST(server_is_killed_with_held_calls),
    TEST(owner_is_killed_with_calls_everywhere),
    TEST(owner_is_killed_with_many_callers_queued),
    TEST(owner_is_killed_with_receivers_waiting),
    TEST(call_outlives_its_endpoint),
    TEST(held_call_outlives_its_endpoint),
    TEST(endpoint_dies_during_reply_receive),
    TEST(endpoint_without_a_receiver_any_more),
    TEST(killed_before_it_runs),
    TEST(killed_while_it_has_bits_pending),
    TESTS_END,
};
