/* Where the common case ends: calls with a receiver waiting that are just good
 * enough, or just not. */
#include <handoff/call.h>

#include "../raw.h"
#include "ipc.h"

static hf_status_t raw_status(uint64_t number, uint64_t handle, uint64_t tag) {
    struct raw raw = {.rax = number, .rdi = handle, .rsi = tag, .flags = RAW_FLAGS};
    raw_call(&raw);
    return (hf_status_t)raw.rax;
}

/* An endpoint with a receiver that waits. */
static unsigned start_server(hf_handle_t endpoint, uint64_t count) {
    unsigned other = START(server, count, endpoint);
    settle();
    WANT_STATE(other, HF_INFO_RECEIVING);
    return other;
}

static void slots_that_are_none(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned other = start_server(endpoint, 1);
    WANT_STATUS(raw_status(HF_CALL_CALL, 0, 0), HF_BAD_HANDLE);
    WANT_STATUS(raw_status(HF_CALL_CALL, HF_HANDLE_COUNT, 0), HF_BAD_HANDLE);
    WANT_STATUS(raw_status(HF_CALL_CALL, HF_HANDLE_COUNT + endpoint, 0), HF_BAD_HANDLE);
    WANT_STATUS(raw_status(HF_CALL_CALL, 1ul << 32 | endpoint, 0), HF_BAD_HANDLE);
    WANT_STATUS(raw_status(HF_CALL_CALL, 1ul << 63 | endpoint, 0), HF_BAD_HANDLE);
    WANT_STATUS(raw_status(HF_CALL_CALL, ~0ul, 0), HF_BAD_HANDLE);
    WANT_STATE(other, HF_INFO_RECEIVING);
    call_server(endpoint, 1);
    WANT_CODE(other, HF_OK);
}

/* A role has nothing there yet. */
static int call_through_the_last_slot(uint64_t count) {
    hf_handle_t last = HF_HANDLE_COUNT - 1;
    WANT_OK(hf_handle_copy(SLOT_A, HF_RIGHT_CALL, 0, &last));
    for (unsigned i = 0; i < count; i++) {
        call_server(last, i);
    }
    return 0;
}

static void last_slot(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned other = start_server(endpoint, 3);
    WANT_CODE(START(call_through_the_last_slot, 3, endpoint), 0);
    WANT_CODE(other, HF_OK);
}

static void last_label(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned other = START(taker, 0, endpoint);
    settle();
    WANT_STATUS(raw_status(HF_CALL_CALL, endpoint, HF_LABEL_CORE), HF_BAD_ARGUMENT);
    WANT_STATUS(raw_status(HF_CALL_CALL, endpoint, HF_LABEL_NOTIFICATION), HF_BAD_ARGUMENT);
    WANT_STATUS(raw_status(HF_CALL_CALL, endpoint, ~0u), HF_BAD_ARGUMENT);
    WANT_STATUS(raw_status(HF_CALL_CALL | HF_NOWAIT, endpoint, HF_LABEL_CORE), HF_BAD_ARGUMENT);
    WANT_STATE(other, HF_INFO_RECEIVING);
}

static int reply_core_label(uint64_t unused) {
    struct hf_message message = {0};
    (void)unused;
    WANT_OK(hf_receive(SLOT_A, &message, NULL));
    WANT(raw_status(HF_CALL_REPLY_RECEIVE, SLOT_A, HF_LABEL_CORE) == HF_BAD_ARGUMENT);
    WANT(raw_status(HF_CALL_REPLY_RECEIVE, SLOT_A, ~0u) == HF_BAD_ARGUMENT);
    WANT(raw_status(HF_CALL_REPLY_RECEIVE, HF_HANDLE_COUNT, 0) == HF_BAD_HANDLE);
    WANT(raw_status(HF_CALL_REPLY_RECEIVE, 0, 0) == HF_BAD_HANDLE);
    WANT(raw_status(HF_CALL_REPLY_RECEIVE, 1ul << 32 | SLOT_A, 0) == HF_BAD_HANDLE);
    WANT(raw_status(HF_CALL_REPLY, 0, 0x7fffffff) == HF_OK);
    return 0;
}

static void last_label_of_a_reply(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = pattern(1);
    unsigned other = START(reply_core_label, 0, endpoint);
    WANT_OK(hf_call(endpoint, &message));
    WANT_NUMBER(message.label, 0x7fffffff);
    WANT_CODE(other, 0);
}

static void reserved_bits_of_the_number(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned other = start_server(endpoint, 1);
    for (unsigned bit = 5; bit < 64; bit++) {
        if (1ul << bit == HF_NOWAIT) continue;
        WANT(raw_status(1ul << bit | HF_CALL_CALL, endpoint, 0x1000) == HF_BAD_CALL);
        WANT(raw_status(1ul << bit | HF_CALL_CALL | HF_NOWAIT, endpoint, 0x1000) == HF_BAD_CALL);
    }
    WANT_STATE(other, HF_INFO_RECEIVING);
    call_server(endpoint, 1);
    WANT_CODE(other, HF_OK);
}

static void receiver_behind_the_first(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned first = start_server(endpoint, 2), second = start_server(endpoint, 2);
    call_server(endpoint, 1);
    settle();
    WANT_STATE(second, HF_INFO_RECEIVING);
    call_server(endpoint, 5); /* the first one stands behind the second now */
    call_server(endpoint, 9);
    WANT_CODE(first, HF_OK);
    call_server(endpoint, 13);
    WANT_CODE(second, HF_OK);
}

const struct suite_test boundary_tests[] = {
    TEST(slots_that_are_none),
    TEST(last_slot),
    TEST(last_label),
    TEST(last_label_of_a_reply),
    TEST(reserved_bits_of_the_number),
    TEST(receiver_behind_the_first),
    TESTS_END,
};
