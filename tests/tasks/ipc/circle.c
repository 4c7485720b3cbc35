/* Calls that lead to further calls: chains, and circles that wait for ever. */
#include "ipc.h"

/* Passes each call at A on to B, as long as there are any. */
static int middle(uint64_t unused) {
    struct hf_message message = {0};
    (void)unused;
    hf_status_t status = hf_receive(SLOT_A, &message, NULL);
    while (status == HF_OK) {
        hf_status_t answer = hf_call(SLOT_B, &message);
        if (answer != HF_OK) {
            message = (struct hf_message){.label = (uint32_t)answer};
        }
        status = hf_reply_receive(SLOT_A, &message, NULL);
    }
    return (int)status;
}

static void call_passed_on(void) {
    hf_handle_t front = new_endpoint(), back = new_endpoint();
    unsigned between = START(middle, 0, front, back), client = START(caller, 1, front);
    take(back, 1);
    WANT_STATE(between, HF_INFO_WAITING);
    WANT_STATE(client, HF_INFO_WAITING);
    WANT(role_info(client).waits_for == role_number(between));
    answer(1);
    WANT_CODE(client, HF_OK);
}

#define LINKS 4

static void chain_of_four(void) {
    hf_handle_t at[LINKS + 1];
    unsigned link[LINKS];
    for (unsigned i = 0; i <= LINKS; i++) {
        at[i] = new_endpoint();
    }
    for (unsigned i = 0; i < LINKS; i++) {
        link[i] = START(middle, 0, at[i], at[i + 1]);
    }
    unsigned last = START(server, 3, at[LINKS]);
    for (unsigned i = 0; i < 3; i++) {
        call_server(at[0], i);
    }
    WANT_CODE(last, HF_OK);
    for (unsigned i = 0; i < LINKS; i++) {
        WANT_STATE(link[i], HF_INFO_RECEIVING);
    }
}

static void chain_shows_who_waits_for_whom(void) {
    hf_handle_t at[LINKS + 1];
    unsigned link[LINKS];
    for (unsigned i = 0; i <= LINKS; i++) {
        at[i] = new_endpoint();
    }
    for (unsigned i = 0; i < LINKS; i++) {
        link[i] = START(middle, 0, at[i], at[i + 1]);
    }
    unsigned client = START(caller, 1, at[0]);
    take(at[LINKS], 1);
    WANT(role_info(client).waits_for == role_number(link[0]));
    for (unsigned i = 0; i + 1 < LINKS; i++) {
        WANT_STATE(link[i], HF_INFO_WAITING);
        WANT(role_info(link[i]).waits_for == role_number(link[i + 1]));
    }
    answer(1);
    WANT_CODE(client, HF_OK);
}

/* Two servers were called in order, and the first one waits again before the second one
 * does: who comes then stands behind the first. */
static void servers_that_wait_again(void) {
    hf_handle_t front = new_endpoint(), back[2] = {new_endpoint(), new_endpoint()};
    unsigned between[2], client[2];
    for (unsigned i = 0; i < 2; i++) {
        between[i] = START(middle, 0, front, back[i]);
        settle();
    }
    for (unsigned i = 0; i < 2; i++) {
        client[i] = START(caller, 10 * i, front);
        settle();
        WANT_STATE(between[i], HF_INFO_SENDING);
    }
    take(back[0], 0);
    answer(0);
    WANT_CODE(client[0], HF_OK);
    unsigned last = START(server, 1, front);
    settle();
    client[0] = START(caller, 20, front);
    settle();
    WANT_STATE(between[0], HF_INFO_SENDING);
    call_server(front, 30);
    WANT_CODE(last, HF_OK);
    for (unsigned i = 0; i < 2; i++) {
        take(back[i], i == 0 ? 20 : 10);
        answer(i == 0 ? 20 : 10);
        WANT_CODE(client[i], HF_OK);
    }
}

/* The middle one learns of the end of the last one, and tells. */
static int caller_of_a_broken_chain(uint64_t unused) {
    struct hf_message message = pattern(1);
    (void)unused;
    WANT_OK(hf_call(SLOT_A, &message));
    return (int)message.label;
}

static void last_of_a_chain_is_killed(void) {
    hf_handle_t front = new_endpoint(), back = new_endpoint();
    unsigned between = START(middle, 0, front, back), last = START(taker, 0, back);
    unsigned client = START(caller_of_a_broken_chain, 0, front);
    WANT_REPORT(last, 0x1001, pattern(1).word[0]);
    KILL(last);
    WANT_CODE(client, HF_DEAD);
    settle();
    WANT_STATE(between, HF_INFO_RECEIVING);
}

static void middle_of_a_chain_is_killed(void) {
    hf_handle_t front = new_endpoint(), back = new_endpoint();
    unsigned between = START(middle, 0, front, back), client = START(caller, 1, front);
    take(back, 1);
    KILL(between);
    WANT_CODE(client, HF_DEAD);
    answer(1); /* nobody waits for it: no error */
    WANT_STATUS(hf_reply(&(struct hf_message){0}), HF_BAD_CALL);
}

static void first_of_a_chain_is_killed(void) {
    hf_handle_t front = new_endpoint(), back = new_endpoint();
    unsigned between = START(middle, 0, front, back), client = START(caller, 1, front);
    take(back, 1);
    KILL(client);
    answer(1);
    settle();
    WANT_STATE(between, HF_INFO_RECEIVING); /* it has replied to nobody, and goes on */
    unsigned next = START(caller, 5, front);
    take(back, 5);
    answer(5);
    WANT_CODE(next, HF_OK);
}

static int call_oneself(uint64_t unused) {
    struct hf_message message = pattern(1);
    (void)unused;
    return (int)hf_call(new_endpoint(), &message);
}

static void call_to_oneself_waits(void) {
    unsigned other = START(call_oneself, 0);
    settle();
    WANT_STATE(other, HF_INFO_SENDING);
    KILL(other);
}

static int call_oneself_nowait(uint64_t unused) {
    struct hf_message message = pattern(1);
    (void)unused;
    return (int)hf_call_nowait(new_endpoint(), &message);
}

static void call_to_oneself_without_waiting(void) {
    unsigned other = START(call_oneself_nowait, 0);
    WANT_CODE(other, HF_WOULD_BLOCK);
}

/* Two who call each other, neither of whom receives. */
static void two_call_each_other(void) {
    hf_handle_t here = new_endpoint(), there = new_endpoint();
    unsigned first = START(middle, 0, here, there), second = START(middle, 0, there, here);
    unsigned client = START(caller_of_a_broken_chain, 1, here);
    settle();
    /* The client's call went to the first, which called the second, which calls the first. */
    WANT_STATE(client, HF_INFO_WAITING);
    WANT(role_info(client).waits_for == role_number(first));
    WANT_STATE(first, HF_INFO_WAITING);
    WANT(role_info(first).waits_for == role_number(second));
    WANT_STATE(second, HF_INFO_SENDING);
    KILL(second);
    settle();
    WANT_STATE(first, HF_INFO_RECEIVING); /* it was told HF_DEAD, and told its caller */
    WANT_CODE(client, HF_DEAD);
}

static void circle_of_three_is_killed(void) {
    hf_handle_t at[3] = {new_endpoint(), new_endpoint(), new_endpoint()};
    unsigned link[3];
    for (unsigned i = 0; i < 3; i++) {
        link[i] = START(middle, 0, at[i], at[(i + 1) % 3]);
    }
    unsigned client = START(caller, 1, at[0]);
    settle();
    WANT_STATE(client, HF_INFO_WAITING);
    WANT_STATE(link[0], HF_INFO_WAITING);
    WANT_STATE(link[1], HF_INFO_WAITING);
    WANT_STATE(link[2], HF_INFO_SENDING);
    KILL(link[0]);
    WANT_CODE(client, HF_DEAD);
    KILL(link[2]);
    KILL(link[1]);
}

/* A server that has a call in hand and further ones held calls another server meanwhile. */
static void calls_while_holding(void) {
    hf_handle_t here = new_endpoint(), there = new_endpoint(), slot = HF_SLOT_ANY;
    struct hf_message message = pattern(2);
    unsigned first = START(caller, 1, here);
    take(here, 1);
    WANT_OK(hf_hold(&slot));
    unsigned second = START(caller, 5, here);
    take(here, 5);
    START(server, 1, there);
    call_server(there, 9);
    answer(5);
    WANT_OK(hf_reply_held(slot, &message));
    WANT_CODE(first, HF_OK);
    WANT_CODE(second, HF_OK);
}

/* Each is the other's client in turn. */
static int turn_about(uint64_t rounds) {
    for (unsigned i = 0; i < rounds; i++) {
        struct hf_message message = {0};
        WANT_OK(hf_receive(SLOT_A, &message, NULL));
        WANT_PATTERN(&message, i);
        message = pattern(i + 1);
        WANT_OK(hf_reply(&message));
        call_server(SLOT_B, i + 100);
    }
    return 0;
}

static void clients_of_each_other_in_turn(void) {
    hf_handle_t here = new_endpoint(), there = new_endpoint();
    unsigned other = START(turn_about, 5, there, here);
    for (unsigned i = 0; i < 5; i++) {
        call_server(there, i);
        take(here, i + 100);
        answer(i + 100);
    }
    WANT_CODE(other, 0);
}

/* Only who has the call can answer it, not its child, nor who made the endpoint. */
static int reply_and_tell(uint64_t unused) {
    struct hf_message message = pattern(2);
    (void)unused;
    return (int)hf_reply(&message);
}

static void nobody_else_can_reply(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned client = START(caller, 1, endpoint), other = START(taker, 0, endpoint);
    WANT_REPORT(other, 0x1001, pattern(1).word[0]);
    struct hf_message message = pattern(2);
    WANT_STATUS(hf_reply(&message), HF_BAD_CALL);
    WANT_CODE(START(reply_and_tell, 0, endpoint), HF_BAD_CALL);
    WANT_STATE(client, HF_INFO_WAITING);
}

const struct suite_test circle_tests[] = {
    TEST(call_passed_on),
    TEST(chain_of_four),
    TEST(chain_shows_who_waits_for_whom),
    TEST(servers_that_wait_again),
    TEST(last_of_a_chain_is_killed),
    TEST(middle_of_a_chain_is_killed),
    TEST(first_of_a_chain_is_killed),
    TEST(call_to_oneself_waits),
    TEST(call_to_oneself_without_waiting),
    TEST(two_call_each_other),
    TEST(circle_of_three_is_killed),
    TEST(calls_while_holding),
    TEST(clients_of_each_other_in_turn),
    TEST(nobody_else_can_reply),
    TESTS_END,
};
