/* Endpoints' queues: first come, first served. */
#include "ipc.h"

/* Callers with seeds 0, 10, 20 ... that all wait in the endpoint's queue, in this order. */
static void queue_callers(hf_handle_t endpoint, unsigned *client, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        client[i] = START(caller, 10 * i, endpoint);
        settle();
        WANT_STATE(client[i], HF_INFO_SENDING);
    }
}

static void senders_in_order(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned client[3];
    queue_callers(endpoint, client, 3);
    for (unsigned i = 0; i < 3; i++) {
        take(endpoint, 10 * i);
        answer(10 * i);
        WANT_CODE(client[i], HF_OK);
    }
}

static void senders_in_order_by_reply_receive(void) {
    enum { COUNT = 5 };
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = {0};
    unsigned client[COUNT];
    queue_callers(endpoint, client, COUNT);
    take(endpoint, 0);
    for (unsigned i = 1; i < COUNT; i++) {
        message = pattern(10 * (i - 1) + 1);
        WANT_OK(hf_reply_receive(endpoint, &message, NULL));
        WANT_PATTERN(&message, 10 * i);
    }
    message = pattern(10 * (COUNT - 1) + 1);
    WANT_STATUS(hf_reply_receive_nowait(endpoint, &message, NULL), HF_WOULD_BLOCK);
    for (unsigned i = 0; i < COUNT; i++) {
        WANT_CODE(client[i], HF_OK);
    }
}

/* Whoever leaves a queue, at its start, middle or end: the others keep their order. */
static void sender_leaves(unsigned leaver) {
    hf_handle_t endpoint = new_endpoint();
    unsigned client[3];
    queue_callers(endpoint, client, 3);
    KILL(client[leaver]);
    for (unsigned i = 0; i < 3; i++) {
        if (i == leaver) continue;
        take(endpoint, 10 * i);
        answer(10 * i);
        WANT_CODE(client[i], HF_OK);
    }
    WANT_STATUS(hf_receive_nowait(endpoint, &(struct hf_message){0}, NULL), HF_WOULD_BLOCK);
}

static void first_sender_is_killed(void) { sender_leaves(0); }
static void sender_in_the_middle_is_killed(void) { sender_leaves(1); }
static void last_sender_is_killed(void) { sender_leaves(2); }

static void sender_queues_again_at_the_end(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned client[3];
    queue_callers(endpoint, client, 2);
    KILL(client[0]);
    client[2] = START(caller, 20, endpoint);
    settle();
    take(endpoint, 10);
    answer(10);
    take(endpoint, 20);
    answer(20);
    WANT_CODE(client[1], HF_OK);
    WANT_CODE(client[2], HF_OK);
}

static void receivers_in_order(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned other[3], client[3];
    for (unsigned i = 0; i < 3; i++) {
        other[i] = START(taker, 0, endpoint);
        settle();
    }
    for (unsigned i = 0; i < 3; i++) {
        client[i] = START(caller, 10 * i, endpoint);
        WANT_REPORT(other[i], 0x1000 + 10 * i, pattern(10 * i).word[0]);
        WANT_STATE(client[i], HF_INFO_WAITING);
    }
}

static void killed_receiver_is_left_out(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned other[3];
    for (unsigned i = 0; i < 3; i++) {
        other[i] = START(server, 1, endpoint);
        settle();
    }
    KILL(other[0]);
    call_server(endpoint, 1);
    WANT_CODE(other[1], HF_OK);
    WANT_STATE(other[2], HF_INFO_RECEIVING);
    call_server(endpoint, 1);
    WANT_CODE(other[2], HF_OK);
}

/* Four receivers wait, the first gets a call, one of the others leaves, and another one
 * comes: calls find those that are left, in order. */
static void receiver_leaves(unsigned leaver) {
    hf_handle_t endpoint = new_endpoint();
    unsigned other[5];
    for (unsigned i = 0; i < 4; i++) {
        other[i] = START(server, 1, endpoint);
        settle();
    }
    call_server(endpoint, 1);
    KILL(other[leaver]);
    other[4] = START(server, 1, endpoint);
    settle();
    for (unsigned i = 1; i < 5; i++) {
        if (i == leaver) continue;
        call_server(endpoint, 10 * i);
        WANT_CODE(other[i], HF_OK);
    }
    WANT_STATUS(hf_call_nowait(endpoint, &(struct hf_message){0}), HF_WOULD_BLOCK);
}

static void receiver_that_came_first_is_killed(void) { receiver_leaves(1); }
static void receiver_in_the_middle_is_killed(void) { receiver_leaves(2); }
static void last_receiver_is_killed(void) { receiver_leaves(3); }

/* A server waits again by its reply, others come behind it, and it leaves, or they do. */
static void server_is_killed_in_front_of_receivers(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned first = START(server, 0, endpoint);
    settle();
    call_server(endpoint, 1);
    unsigned second = START(server, 0, endpoint);
    settle();
    unsigned third = START(server, 1, endpoint);
    settle();
    KILL(first);
    call_server(endpoint, 5);
    call_server(endpoint, 9);
    WANT_CODE(third, HF_OK);
    KILL(second);
    WANT_STATUS(hf_call_nowait(endpoint, &(struct hf_message){0}), HF_WOULD_BLOCK);
}

/* Queues don't look at priorities. */
static void more_important_sender_waits_its_turn(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned lower = START_AT(own_priority() - 2, caller, 1, endpoint);
    settle();
    WANT_STATE(lower, HF_INFO_SENDING);
    unsigned higher = START(caller, 5, endpoint);
    settle();
    WANT_STATE(higher, HF_INFO_SENDING);
    take(endpoint, 1);
    answer(1);
    WANT_CODE(lower, HF_OK);
    take(endpoint, 5);
    answer(5);
    WANT_CODE(higher, HF_OK);
}

static void more_important_receiver_waits_its_turn(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned lower = START_AT(own_priority() - 2, server, 1, endpoint);
    settle();
    unsigned higher = START(server, 1, endpoint);
    settle();
    call_server(endpoint, 1);
    WANT_CODE(lower, HF_OK);
    WANT_STATE(higher, HF_INFO_RECEIVING);
    call_server(endpoint, 5);
    WANT_CODE(higher, HF_OK);
}

/* Receivers and senders take turns in the same two links of the endpoint. */
static void queues_of_both_kinds_one_after_another(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned client[3];
    for (unsigned round = 0; round < 2; round++) {
        queue_callers(endpoint, client, 3);
        unsigned other = START(server, 3, endpoint);
        WANT_CODE(other, HF_OK);
        for (unsigned i = 0; i < 3; i++) {
            WANT_CODE(client[i], HF_OK);
        }
        other = START(server, 1, endpoint);
        settle();
        WANT_STATE(other, HF_INFO_RECEIVING);
        call_server(endpoint, 1);
        WANT_CODE(other, HF_OK);
    }
}

/* The badge is that of the handle used, also when its message has waited. */
static void badge_waits_with_its_message(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = {0};
    struct hf_sender sender = {0};
    unsigned first = START(caller, 1, new_handle(endpoint, RIGHTS_CALL, 21));
    settle();
    unsigned second = START(caller, 5, new_handle(endpoint, RIGHTS_CALL, 22));
    settle();
    WANT_OK(hf_receive(endpoint, &message, &sender));
    WANT_NUMBER(sender.badge, 21);
    message = pattern(2);
    WANT_OK(hf_reply_receive(endpoint, &message, &sender));
    WANT_NUMBER(sender.badge, 22);
    answer(5);
    WANT_CODE(first, HF_OK);
    WANT_CODE(second, HF_OK);
}

const struct suite_test queue_tests[] = {
    TEST(senders_in_order),
    TEST(senders_in_order_by_reply_receive),
    TEST(first_sender_is_killed),
    TEST(sender_in_the_middle_is_killed),
    TEST(last_sender_is_killed),
    TEST(sender_queues_again_at_the_end),
    TEST(receivers_in_order),
    TEST(killed_receiver_is_left_out),
    TEST(receiver_that_came_first_is_killed),
    TEST(receiver_in_the_middle_is_killed),
    TEST(last_receiver_is_killed),
    TEST(server_is_killed_in_front_of_receivers),
    TEST(more_important_sender_waits_its_turn),
    TEST(more_important_receiver_waits_its_turn),
    TEST(queues_of_both_kinds_one_after_another),
    TEST(badge_waits_with_its_message),
    TESTS_END,
};
