/* Handles that travel with messages. */
#include "ipc.h"

/* Calls A with a handle to pass on. */
static hf_status_t pass(hf_handle_t to, hf_handle_t handle) {
    struct hf_message message = pattern(1);
    message.handle = (uint16_t)handle;
    hf_status_t status = hf_call(to, &message);
    if (status == HF_OK) {
        WANT_PATTERN(&message, 2);
    }
    return status;
}

/* Passes B on. */
static int passer(uint64_t unused) {
    (void)unused;
    return (int)pass(SLOT_A, SLOT_B);
}

/* Receives pattern 1 with a handle: the slot it got, 0 or HF_LOST. */
static hf_handle_t take_handle(hf_handle_t endpoint, hf_handle_t receive_slot) {
    struct hf_message message = {0};
    hf_buffer()->receive_slot = receive_slot;
    WANT_OK(hf_receive(endpoint, &message, NULL));
    hf_buffer()->receive_slot = 0;
    hf_handle_t got = message.handle;
    note("handle %u", got);
    message.handle = 0;
    WANT_PATTERN(&message, 1);
    return got;
}

static void passed_handle_works(void) {
    hf_handle_t endpoint = new_endpoint(), passed = new_endpoint();
    unsigned other = START(server, 1, passed);
    unsigned client = START(passer, 0, endpoint, new_handle(passed, RIGHTS_CALL, 0));
    hf_handle_t got = take_handle(endpoint, HF_SLOT_ANY);
    answer(1);
    WANT_CODE(client, HF_OK);
    call_server(got, 7);
    WANT_CODE(other, HF_OK);
    WANT_OK(hf_handle_close(got));
}

/* The sender keeps its own. */
static int pass_twice(uint64_t unused) {
    (void)unused;
    WANT_OK(pass(SLOT_A, SLOT_B));
    WANT_OK(pass(SLOT_A, SLOT_B));
    return 0;
}

static void passed_handle_is_a_copy(void) {
    hf_handle_t endpoint = new_endpoint(), passed = new_endpoint();
    unsigned client = START(pass_twice, 0, endpoint, passed);
    hf_handle_t first = take_handle(endpoint, HF_SLOT_ANY);
    answer(1);
    hf_handle_t second = take_handle(endpoint, HF_SLOT_ANY);
    answer(1);
    WANT(first != second);
    WANT_CODE(client, 0);
}

static void handle_without_grant_is_not_passed(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned other = START(server, 1, endpoint);
    settle();
    WANT_STATUS(pass(endpoint, new_handle(endpoint, RIGHTS_ENDPOINT & ~HF_RIGHT_GRANT, 0)), HF_DENIED);
    WANT_STATE(other, HF_INFO_RECEIVING);
}

static void what_is_no_handle_is_not_passed(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned other = START(server, 1, endpoint);
    settle();
    WANT_STATUS(pass(endpoint, 70), HF_BAD_HANDLE);
    WANT_STATUS(pass(endpoint, HF_HANDLE_COUNT), HF_BAD_HANDLE);
    WANT_STATUS(pass(endpoint, HF_LOST), HF_BAD_HANDLE);
    WANT_STATUS(pass(endpoint, 0xffff), HF_BAD_HANDLE);
    WANT_STATE(other, HF_INFO_RECEIVING);
}

static void passed_into_a_chosen_slot(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned client = START(passer, 0, endpoint, endpoint);
    WANT_NUMBER(take_handle(endpoint, 60), 60);
    answer(1);
    WANT_CODE(client, HF_OK);
    WANT_OK(hf_handle_close(60));
}

static void passed_into_a_taken_slot(void) {
    hf_handle_t endpoint = new_endpoint(), taken = new_handle(HF_SLOT_MEMSRV, HF_RIGHT_CALL, 0);
    struct hf_message message = {0};
    unsigned client = START(passer, 0, endpoint, endpoint);
    WANT_NUMBER(take_handle(endpoint, taken), HF_LOST);
    answer(1);
    WANT_CODE(client, HF_OK);
    WANT_STATUS(hf_receive_nowait(taken, &message, NULL), HF_DENIED); /* it still names memsrv */
}

static void passed_to_one_who_takes_none(void) {
    hf_handle_t endpoint = new_endpoint(), all[HF_HANDLE_COUNT];
    unsigned before = fill_handles(all);
    close_handles(all, before);
    unsigned client = START(passer, 0, endpoint, endpoint);
    WANT_NUMBER(take_handle(endpoint, 0), HF_LOST);
    answer(1);
    WANT_CODE(client, HF_OK);
    unsigned after = fill_handles(all);
    close_handles(all, after);
    WANT(after == before);
}

static void passed_into_no_slot(void) {
    static const hf_handle_t impossible[] = {HF_HANDLE_COUNT, HF_SLOT_ANY - 1, HF_SLOT_ANY + 1, ~0u};
    hf_handle_t endpoint = new_endpoint();
    for (unsigned i = 0; i < sizeof impossible / sizeof *impossible; i++) {
        unsigned client = START(passer, 0, endpoint, endpoint);
        WANT_NUMBER(take_handle(endpoint, impossible[i]), HF_LOST);
        answer(1);
        WANT_CODE(client, HF_OK);
    }
}

static void passed_into_a_full_table(void) {
    hf_handle_t endpoint = new_endpoint(), all[HF_HANDLE_COUNT];
    unsigned client = START(passer, 0, endpoint, endpoint);
    unsigned count = fill_handles(all);
    WANT_NUMBER(take_handle(endpoint, HF_SLOT_ANY), HF_LOST);
    answer(1);
    WANT_CODE(client, HF_OK);
    close_handles(all, count);
}

static void badge_and_rights_are_passed(void) {
    hf_handle_t endpoint = new_endpoint(), copy = HF_SLOT_ANY;
    struct hf_message message = {0};
    struct hf_sender sender = {0};
    unsigned client = START(passer, 0, endpoint, new_handle(endpoint, HF_RIGHT_NOTIFY | HF_RIGHT_GRANT, 0x50));
    hf_handle_t got = take_handle(endpoint, HF_SLOT_ANY);
    answer(1);
    WANT_CODE(client, HF_OK);
    WANT_STATUS(hf_call_nowait(got, &message), HF_DENIED);
    WANT_STATUS(hf_receive_nowait(got, &message, NULL), HF_DENIED);
    WANT_STATUS(hf_handle_copy(got, HF_RIGHT_NOTIFY, 1, &copy), HF_DENIED);
    WANT_OK(hf_notify(got));
    WANT_OK(hf_receive_nowait(endpoint, &message, &sender));
    WANT_NUMBER(message.word[0], 0x50);
}

/* Wants a handle with the reply, and calls through it. */
static int call_what_is_replied(uint64_t unused) {
    struct hf_message message = pattern(1);
    (void)unused;
    hf_buffer()->receive_slot = HF_SLOT_ANY;
    WANT_OK(hf_call(SLOT_A, &message));
    if (!WANT(message.handle != 0 && message.handle != HF_LOST)) return 1;
    call_server(message.handle, 5);
    return 0;
}

static void passed_with_a_reply(void) {
    hf_handle_t endpoint = new_endpoint(), passed = new_endpoint();
    struct hf_message message = {.handle = (uint16_t)passed};
    unsigned client = START(call_what_is_replied, 0, endpoint);
    take(endpoint, 1);
    WANT_OK(hf_reply(&message));
    take(passed, 5);
    answer(5);
    WANT_CODE(client, 0);
}

static void passed_with_reply_and_receive(void) {
    hf_handle_t endpoint = new_endpoint(), passed = new_endpoint();
    struct hf_message message = {.handle = (uint16_t)passed};
    unsigned client = START(call_what_is_replied, 0, endpoint);
    take(endpoint, 1);
    WANT_OK(hf_reply_receive(passed, &message, NULL));
    WANT_PATTERN(&message, 5);
    answer(5);
    WANT_CODE(client, 0);
}

static void passed_with_a_held_reply(void) {
    hf_handle_t endpoint = new_endpoint(), passed = new_endpoint(), slot = HF_SLOT_ANY;
    struct hf_message message = {.handle = (uint16_t)passed};
    unsigned client = START(call_what_is_replied, 0, endpoint);
    take(endpoint, 1);
    WANT_OK(hf_hold(&slot));
    WANT_OK(hf_reply_held(slot, &message));
    take(passed, 5);
    answer(5);
    WANT_CODE(client, 0);
}

/* Nobody can refuse a reply: it arrives without the handle. */
static int call_and_take_no_handle(uint64_t unused) {
    struct hf_message message = pattern(1);
    (void)unused;
    WANT_OK(hf_call(SLOT_A, &message));
    WANT(message.handle == HF_LOST);
    message.handle = 0;
    WANT_PATTERN(&message, 2);
    return 0;
}

static void reply_to_one_who_takes_no_handle(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = pattern(2);
    unsigned client = START(call_and_take_no_handle, 0, endpoint);
    take(endpoint, 1);
    message.handle = (uint16_t)endpoint;
    WANT_OK(hf_reply(&message));
    WANT_CODE(client, 0);
}

static void passed_handle_dies_with_its_endpoint(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned maker = START(owner, 0);
    unsigned client = START(passer, 0, endpoint, take_endpoint(maker));
    hf_handle_t got = take_handle(endpoint, HF_SLOT_ANY);
    answer(1);
    WANT_CODE(client, HF_OK);
    WANT_STATUS(hf_call_nowait(got, &(struct hf_message){0}), HF_WOULD_BLOCK);
    KILL(maker);
    WANT_STATUS(hf_call_nowait(got, &(struct hf_message){0}), HF_DEAD);
}

/* A right to receive makes a server of whoever gets it. */
static int serve_what_is_replied(uint64_t unused) {
    struct hf_message message = pattern(1);
    (void)unused;
    hf_buffer()->receive_slot = HF_SLOT_ANY;
    WANT_OK(hf_call(SLOT_A, &message));
    hf_handle_t from = message.handle;
    WANT_OK(hf_receive(from, &message, NULL));
    WANT_PATTERN(&message, 5);
    message = pattern(6);
    WANT_OK(hf_reply(&message));
    return 0;
}

static void right_to_receive_is_passed(void) {
    hf_handle_t endpoint = new_endpoint(), passed = new_endpoint();
    struct hf_message message = {.handle = (uint16_t)new_handle(passed, HF_RIGHT_RECEIVE | HF_RIGHT_GRANT, 0)};
    unsigned other = START(serve_what_is_replied, 0, endpoint);
    take(endpoint, 1);
    WANT_OK(hf_reply(&message));
    call_server(passed, 5);
    WANT_CODE(other, 0);
}

const struct suite_test pass_tests[] = {
    TEST(passed_handle_works),
    TEST(passed_handle_is_a_copy),
    TEST(handle_without_grant_is_not_passed),
    TEST(what_is_no_handle_is_not_passed),
    TEST(passed_into_a_chosen_slot),
    TEST(passed_into_a_taken_slot),
    TEST(passed_to_one_who_takes_none),
    TEST(passed_into_no_slot),
    TEST(passed_into_a_full_table),
    TEST(badge_and_rights_are_passed),
    TEST(passed_with_a_reply),
    TEST(passed_with_reply_and_receive),
    TEST(passed_with_a_held_reply),
    TEST(reply_to_one_who_takes_no_handle),
    TEST(passed_handle_dies_with_its_endpoint),
    TEST(right_to_receive_is_passed),
    TESTS_END,
};
