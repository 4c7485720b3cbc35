/* Handles whose endpoint is gone, because the task that made it has ended. */
#include "ipc.h"

/* Its maker ended long ago. */
static hf_handle_t dead_endpoint(void) {
    unsigned maker = START(owner, 0);
    hf_handle_t endpoint = take_endpoint(maker);
    KILL(maker);
    return endpoint;
}

static void call_to_the_dead(void) {
    hf_handle_t dead = dead_endpoint();
    struct hf_message message = pattern(1);
    WANT_STATUS(hf_call(dead, &message), HF_DEAD);
    WANT_STATUS(hf_call_nowait(dead, &message), HF_DEAD);
    WANT_PATTERN(&message, 1);
}

static void receive_from_the_dead(void) {
    hf_handle_t dead = dead_endpoint();
    struct hf_message message = pattern(1);
    WANT_STATUS(hf_receive(dead, &message, NULL), HF_DEAD);
    WANT_STATUS(hf_receive_nowait(dead, &message, NULL), HF_DEAD);
    WANT_PATTERN(&message, 1);
}

static void notify_the_dead(void) { WANT_STATUS(hf_notify(dead_endpoint()), HF_DEAD); }

static void reply_and_receive_from_the_dead(void) {
    hf_handle_t endpoint = new_endpoint(), dead = dead_endpoint();
    struct hf_message message = pattern(2);
    unsigned client = START(caller, 1, endpoint);
    take(endpoint, 1);
    WANT_STATUS(hf_reply_receive(dead, &message, NULL), HF_DEAD);
    WANT_STATE(client, HF_INFO_WAITING); /* nothing was replied */
    answer(1);
    WANT_CODE(client, HF_OK);
}

/* A right that is missing counts before the death of the endpoint. */
static void dead_without_the_right(void) {
    hf_handle_t dead = new_handle(dead_endpoint(), HF_RIGHT_GRANT, 0);
    struct hf_message message = {0};
    WANT_STATUS(hf_call(dead, &message), HF_DENIED);
    WANT_STATUS(hf_receive(dead, &message, NULL), HF_DENIED);
    WANT_STATUS(hf_notify(dead), HF_DENIED);
}

static void dead_handle_is_copied_and_closed(void) {
    hf_handle_t dead = dead_endpoint();
    hf_handle_t copy = new_handle(dead, RIGHTS_ENDPOINT, 4);
    WANT_OK(hf_handle_close(dead));
    WANT_STATUS(hf_notify(copy), HF_DEAD);
    WANT_OK(hf_handle_close(copy));
    WANT_STATUS(hf_notify(copy), HF_BAD_HANDLE);
}

static int call_what_is_replied(uint64_t unused) {
    struct hf_message message = pattern(1);
    (void)unused;
    hf_buffer()->receive_slot = HF_SLOT_ANY;
    WANT_OK(hf_call(SLOT_A, &message));
    return (int)hf_call(message.handle, &message);
}

static void dead_handle_is_passed_on(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = {.handle = (uint16_t)dead_endpoint()};
    unsigned client = START(call_what_is_replied, 0, endpoint);
    take(endpoint, 1);
    WANT_OK(hf_reply(&message));
    WANT_CODE(client, HF_DEAD);
}

/* The frame of a dead endpoint is soon another endpoint: an old handle is not one to it,
 * whatever waits or doesn't wait there. */
static void dead_handle_is_none_to_a_new_endpoint(void) {
    enum { COUNT = 16 };
    hf_handle_t here = new_endpoint(), dead = dead_endpoint(), endpoint[COUNT];
    struct hf_message message = pattern(2);
    unsigned other[COUNT];
    for (unsigned i = 0; i < COUNT; i++) {
        endpoint[i] = new_endpoint();
    }
    unsigned client = START(caller, 1, here);
    take(here, 1);
    WANT_STATUS(hf_reply_receive(dead, &message, NULL), HF_DEAD);
    answer(1);
    WANT_CODE(client, HF_OK);
    for (unsigned i = 0; i < COUNT; i++) {
        other[i] = START(server, 1, endpoint[i]);
    }
    settle();
    WANT_STATUS(hf_call(dead, &message), HF_DEAD);
    WANT_STATUS(hf_call_nowait(dead, &message), HF_DEAD);
    WANT_STATUS(hf_notify(dead), HF_DEAD);
    for (unsigned i = 0; i < COUNT; i++) {
        WANT_STATE(other[i], HF_INFO_RECEIVING);
    }
}

static void given_to_a_role_when_dead(void) {
    unsigned client = START(caller, 1, dead_endpoint());
    WANT_CODE(client, HF_DEAD);
}

const struct suite_test stale_tests[] = {
    TEST(call_to_the_dead),          TEST(receive_from_the_dead),
    TEST(notify_the_dead),           TEST(reply_and_receive_from_the_dead),
    TEST(dead_without_the_right),    TEST(dead_handle_is_copied_and_closed),
    TEST(dead_handle_is_passed_on),  TEST(dead_handle_is_none_to_a_new_endpoint),
    TEST(given_to_a_role_when_dead), TESTS_END,
};
