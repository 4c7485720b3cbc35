/* Exceptions and page faults of tasks that have to do with calls. */
#include "faults.h"

/* Clients end with 0 when their call ends as they were told. */
static int call_and_lose(uint64_t argument) {
    struct hf_message message = pattern((unsigned)argument);
    WANT_STATUS(hf_call(SLOT_A, &message), HF_DEAD);
    WANT_PATTERN(&message, (unsigned)argument);
    return 0;
}

static int call_and_win(uint64_t argument) {
    struct hf_message message = pattern((unsigned)argument);
    WANT_OK(hf_call(SLOT_A, &message));
    WANT_PATTERN(&message, (unsigned)argument + 1);
    return 0;
}

static int take_call_and(role_function *end, uint64_t argument) {
    struct hf_message message = {0};
    WANT_OK(hf_receive(SLOT_A, &message, NULL));
    return end(argument);
}

static int fault_with_a_call_in_hand(uint64_t address) { return take_call_and(write_at, address); }

static int trap_with_a_call_in_hand(uint64_t argument) { return take_call_and(invalid_opcode, argument); }

static void caller_of_one_that_faults(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned server = START(fault_with_a_call_in_hand, 16, endpoint), client = START(call_and_lose, 1, endpoint);
    WANT_CODE(client, 0);
    WANT_FAULT(server, NULL_PAGE, 16, HF_FAULT_USER | HF_FAULT_WRITE, write_at_at);
}

static void caller_of_one_that_traps(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned server = START(trap_with_a_call_in_hand, 0, endpoint), client = START(call_and_lose, 1, endpoint);
    WANT_CODE(client, 0);
    WANT_EXCEPTION(server, INVALID_OPCODE, 0, invalid_opcode_at);
}

static int hold_calls_and_fault(uint64_t count) {
    struct hf_message message = {0};
    for (; count > 1; count--) {
        hf_handle_t held = HF_SLOT_ANY;
        WANT_OK(hf_receive(SLOT_A, &message, NULL));
        WANT_OK(hf_hold(&held));
    }
    return take_call_and(write_at, 0);
}

static void callers_of_one_that_faults_with_held_calls(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned clients[5], server = START(hold_calls_and_fault, 5, endpoint);
    for (unsigned i = 0; i < 5; i++) {
        clients[i] = START(call_and_lose, i, endpoint);
    }
    for (unsigned i = 0; i < 5; i++) {
        WANT_CODE(clients[i], 0);
    }
    WANT_FAULT(server, NULL_PAGE, 0, HF_FAULT_USER | HF_FAULT_WRITE, write_at_at);
}

/* Those whose calls weren't taken yet are not concerned: the endpoint isn't the server's. */
static void queue_of_one_that_faults(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = {0};
    unsigned queued, first = START(call_and_lose, 1, endpoint);
    AWAIT_STATE(first, HF_INFO_SENDING);
    queued = START(call_and_win, 2, endpoint);
    AWAIT_STATE(queued, HF_INFO_SENDING);
    WANT_FAULT(START(fault_with_a_call_in_hand, 0, endpoint), NULL_PAGE, 0, HF_FAULT_USER | HF_FAULT_WRITE,
               write_at_at);
    WANT_CODE(first, 0);
    WANT_OK(hf_receive(endpoint, &message, NULL));
    WANT_PATTERN(&message, 2);
    message = pattern(3);
    WANT_OK(hf_reply(&message));
    WANT_CODE(queued, 0);
}

/* A page fault is a call of its own, to memsrv: the one in hand stays there. */
static int touch_between(uint64_t pages) {
    struct hf_message message = {0};
    void *at = NULL;
    WANT_OK(mem_map(pages * HF_PAGE_SIZE, HF_READ | HF_WRITE, 0, &at));
    WANT_OK(hf_receive(SLOT_A, &message, NULL));
    for (uint64_t i = 0; i < pages; i++) {
        ((volatile char *)at)[i * HF_PAGE_SIZE] = 1;
    }
    WANT_PATTERN(&message, 1);
    message = pattern(2);
    WANT_OK(hf_reply(&message));
    return 0;
}

static void call_in_hand_stays_over_served_faults(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned server = START(touch_between, 20, endpoint), client = START(call_and_win, 1, endpoint);
    WANT_CODE(client, 0);
    WANT_CODE(server, 0);
}

static int call_one_that_ends(uint64_t argument) {
    struct hf_message message = {0};
    WANT_STATUS(hf_call(SLOT_A, &message), HF_DEAD);
    WANT_STATUS(hf_call_nowait(SLOT_A, &message), HF_WOULD_BLOCK);
    return (int)argument;
}

static void caller_can_call_again(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned server = START(trap_with_a_call_in_hand, 0, endpoint), client = START(call_one_that_ends, 5, endpoint);
    WANT_CODE(client, 5);
    WANT_EXCEPTION(server, INVALID_OPCODE, 0, invalid_opcode_at);
}

const struct suite_test call_tests[] = {
    TEST(caller_of_one_that_faults),
    TEST(caller_of_one_that_traps),
    TEST(callers_of_one_that_faults_with_held_calls),
    TEST(queue_of_one_that_faults),
    TEST(call_in_hand_stays_over_served_faults),
    TEST(caller_can_call_again),
    TESTS_END,
};
