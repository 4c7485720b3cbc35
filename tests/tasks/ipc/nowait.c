/* The forms of calls that don't wait for the other side. */
#include "ipc.h"

static void call_nowait_without_a_receiver(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = pattern(1);
    WANT_STATUS(hf_call_nowait(endpoint, &message), HF_WOULD_BLOCK);
    WANT_PATTERN(&message, 1);
    WANT_STATUS(hf_receive_nowait(endpoint, &message, NULL), HF_WOULD_BLOCK); /* nothing was queued */
}

static void call_nowait_with_a_receiver(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = pattern(1);
    unsigned other = START(server, 1, endpoint);
    settle();
    WANT_STATE(other, HF_INFO_RECEIVING);
    WANT_OK(hf_call_nowait(endpoint, &message));
    WANT_PATTERN(&message, 2);
    WANT_CODE(other, HF_OK);
}

static int call_nowait(uint64_t seed) {
    struct hf_message message = pattern((unsigned)seed);
    hf_status_t status = hf_call_nowait(SLOT_A, &message);
    if (status == HF_OK) {
        WANT_PATTERN(&message, (unsigned)seed + 1);
    }
    return (int)status;
}

/* Once it was delivered, such a call waits for its reply like any other. */
static void call_nowait_waits_for_the_reply(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned client = START_AT(own_priority() - 1, call_nowait, 1, endpoint); /* runs when the test receives */
    take(endpoint, 1);
    WANT_STATE(client, HF_INFO_WAITING);
    answer(1);
    WANT_CODE(client, HF_OK);
}

static void call_nowait_behind_a_sender(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = pattern(5);
    unsigned client = START(caller, 1, endpoint);
    settle();
    WANT_STATUS(hf_call_nowait(endpoint, &message), HF_WOULD_BLOCK);
    WANT_STATE(client, HF_INFO_SENDING);
    take(endpoint, 1);
    answer(1);
    WANT_CODE(client, HF_OK);
}

static void call_nowait_to_a_busy_server(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = pattern(5);
    unsigned busy = START(taker, 0, endpoint);
    settle();
    unsigned client = START(caller, 1, endpoint);
    WANT_REPORT(busy, 0x1001, pattern(1).word[0]);
    WANT_STATUS(hf_call_nowait(endpoint, &message), HF_WOULD_BLOCK);
    WANT_STATE(client, HF_INFO_WAITING);
}

static void call_nowait_after_the_receiver_was_killed(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = pattern(5);
    unsigned other = START(server, 0, endpoint);
    settle();
    WANT_STATE(other, HF_INFO_RECEIVING);
    KILL(other);
    WANT_STATUS(hf_call_nowait(endpoint, &message), HF_WOULD_BLOCK);
}

static void receive_nowait_of_nothing(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = pattern(5);
    WANT_STATUS(hf_receive_nowait(endpoint, &message, NULL), HF_WOULD_BLOCK);
    WANT_PATTERN(&message, 5);
    WANT_STATUS(hf_call_nowait(endpoint, &message), HF_WOULD_BLOCK); /* nobody was queued */
}

static void receive_nowait_of_a_call(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = {0};
    struct hf_sender sender = {0};
    unsigned client = START(caller, 1, new_handle(endpoint, RIGHTS_CALL, 6));
    settle();
    WANT_OK(hf_receive_nowait(endpoint, &message, &sender));
    WANT_PATTERN(&message, 1);
    WANT_NUMBER(sender.badge, 6);
    WANT_STATUS(hf_receive_nowait(endpoint, &message, NULL), HF_BAD_CALL);
    answer(1);
    WANT_CODE(client, HF_OK);
}

static void receive_nowait_of_bits(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = {0};
    WANT_OK(hf_notify(new_handle(endpoint, HF_RIGHT_NOTIFY, 12)));
    WANT_OK(hf_receive_nowait(endpoint, &message, NULL));
    WANT_NUMBER(message.label, HF_LABEL_NOTIFICATION);
    WANT_NUMBER(message.word[0], 12);
    WANT_STATUS(hf_receive_nowait(endpoint, &message, NULL), HF_WOULD_BLOCK);
}

/* The reply is made all the same. */
static void reply_receive_nowait_of_nothing(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = pattern(2);
    struct hf_sender sender = {.badge = 11, .serial = 12};
    unsigned client = START(caller, 1, endpoint);
    take(endpoint, 1);
    WANT_STATUS(hf_reply_receive_nowait(endpoint, &message, &sender), HF_WOULD_BLOCK);
    WANT_PATTERN(&message, 2);
    WANT(sender.badge == 11 && sender.serial == 12);
    WANT_CODE(client, HF_OK);
    WANT_STATUS(hf_reply(&message), HF_BAD_CALL);
}

static void reply_receive_nowait_of_a_call(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = pattern(2);
    unsigned first = START(caller, 1, endpoint);
    settle();
    unsigned second = START(caller, 5, endpoint);
    settle();
    take(endpoint, 1);
    WANT_OK(hf_reply_receive_nowait(endpoint, &message, NULL));
    WANT_PATTERN(&message, 5);
    WANT_CODE(first, HF_OK);
    answer(5);
    WANT_CODE(second, HF_OK);
}

static void reply_receive_nowait_of_bits(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = pattern(2);
    unsigned client = START(caller, 1, endpoint);
    take(endpoint, 1);
    WANT_OK(hf_notify(new_handle(endpoint, HF_RIGHT_NOTIFY, 12)));
    WANT_OK(hf_reply_receive_nowait(endpoint, &message, NULL));
    WANT_NUMBER(message.word[0], 12);
    WANT_CODE(client, HF_OK);
    WANT_STATUS(hf_reply(&message), HF_BAD_CALL);
}

const struct suite_test nowait_tests[] = {
    TEST(call_nowait_without_a_receiver),
    TEST(call_nowait_with_a_receiver),
    TEST(call_nowait_waits_for_the_reply),
    TEST(call_nowait_behind_a_sender),
    TEST(call_nowait_to_a_busy_server),
    TEST(call_nowait_after_the_receiver_was_killed),
    TEST(receive_nowait_of_nothing),
    TEST(receive_nowait_of_a_call),
    TEST(receive_nowait_of_bits),
    TEST(reply_receive_nowait_of_nothing),
    TEST(reply_receive_nowait_of_a_call),
    TEST(reply_receive_nowait_of_bits),
    TESTS_END,
};
