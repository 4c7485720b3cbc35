/* What becomes of calls that were set aside: who may answer them, and what ends them. */
#include "ipc.h"

/* A held call is good for nothing but its reply, by the task that holds it. */
static void held_cannot_be_passed_on(void) {
    hf_handle_t endpoint = new_endpoint(), copy = HF_SLOT_ANY;
    struct mem_task task;
    unsigned client = START(caller, 1, endpoint);
    hf_handle_t slot = take_and_hold(endpoint, 1);
    struct hf_message message = {.handle = (uint16_t)slot};
    struct mem_spawn_options options = {.handle_count = 1, .handles = {slot}};
    WANT_STATUS(hf_handle_copy(slot, 0, 0, &copy), HF_BAD_HANDLE);
    WANT_STATUS(hf_call_nowait(endpoint, &message), HF_BAD_HANDLE);
    WANT_STATUS(mem_spawn("ipc", NULL, &options, &task), HF_BAD_HANDLE);
    WANT_STATUS(hf_call(slot, &message), HF_BAD_HANDLE);
    WANT_STATUS(hf_receive(slot, &message, NULL), HF_BAD_HANDLE);
    WANT_STATUS(hf_notify(slot), HF_BAD_HANDLE);
    answer_held(slot, 1);
    WANT_CODE(client, HF_OK);
}

/* Tries every slot of its own table. */
static int reply_to_what_others_hold(uint64_t unused) {
    struct hf_message message = pattern(2);
    (void)unused;
    for (hf_handle_t slot = 0; slot <= HF_HANDLE_COUNT; slot++) {
        WANT(hf_reply_held(slot, &message) == HF_BAD_HANDLE);
    }
    return 0;
}

static void nobody_else_can_reply_to_a_held_call(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned client = START(caller, 1, endpoint);
    hf_handle_t slot = take_and_hold(endpoint, 1);
    WANT_CODE(START(reply_to_what_others_hold, 0, endpoint), 0);
    WANT_STATE(client, HF_INFO_WAITING);
    answer_held(slot, 1);
    WANT_CODE(client, HF_OK);
}

static void closing_a_held_call_ends_it(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = pattern(2);
    unsigned client = START(caller, 1, endpoint);
    hf_handle_t slot = take_and_hold(endpoint, 1);
    WANT_OK(hf_handle_close(slot));
    WANT_CODE(client, HF_DEAD);
    WANT_STATUS(hf_reply_held(slot, &message), HF_BAD_HANDLE);
}

static void caller_of_a_held_call_was_killed(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = pattern(2);
    unsigned client = START(caller, 1, endpoint);
    hf_handle_t slot = take_and_hold(endpoint, 1);
    KILL(client);
    WANT_STATUS(hf_reply_held(slot, &message), HF_DEAD);
    WANT_STATUS(hf_reply_held(slot, &message), HF_BAD_HANDLE); /* the slot is free */
}

static void closing_a_held_call_of_a_killed_caller(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned client = START(caller, 1, endpoint);
    hf_handle_t slot = take_and_hold(endpoint, 1);
    KILL(client);
    WANT_OK(hf_handle_close(slot));
    WANT_STATUS(hf_handle_close(slot), HF_BAD_HANDLE);
}

static void one_of_several_held_callers_was_killed(void) {
    hf_handle_t endpoint = new_endpoint(), slot[3];
    struct hf_message message = pattern(2);
    unsigned client[3];
    for (unsigned i = 0; i < 3; i++) {
        client[i] = START(caller, 10 * i, endpoint);
        slot[i] = take_and_hold(endpoint, 10 * i);
    }
    KILL(client[1]);
    answer_held(slot[2], 20);
    WANT_STATUS(hf_reply_held(slot[1], &message), HF_DEAD);
    answer_held(slot[0], 0);
    WANT_CODE(client[0], HF_OK);
    WANT_CODE(client[2], HF_OK);
}

static void hold_after_the_caller_was_killed(void) {
    hf_handle_t endpoint = new_endpoint(), slot = HF_SLOT_ANY;
    struct hf_message message = pattern(2);
    unsigned client = START(caller, 1, endpoint);
    take(endpoint, 1);
    KILL(client);
    WANT_OK(hf_hold(&slot));
    WANT_STATUS(hf_reply_held(slot, &message), HF_DEAD);
    WANT_STATUS(hf_handle_close(slot), HF_BAD_HANDLE);
}

/* A slot whose call was closed names no later call of the same task. */
static int call_until_it_is_answered(uint64_t unused) {
    struct hf_message message = pattern(1);
    unsigned times = 1;
    (void)unused;
    while (hf_call(SLOT_A, &message) == HF_DEAD) {
        times++;
    }
    WANT_PATTERN(&message, 2);
    return (int)times;
}

static void held_again_after_closing(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned client = START(call_until_it_is_answered, 0, endpoint);
    for (unsigned i = 0; i < 3; i++) {
        hf_handle_t slot = take_and_hold(endpoint, 1);
        WANT_OK(hf_handle_close(slot));
    }
    hf_handle_t slot = take_and_hold(endpoint, 1);
    answer_held(slot, 1);
    WANT_CODE(client, 4);
}

enum { CLIENTS = 8, CALLS = 50, HELD = 5 };

static int call_many_times(uint64_t first) {
    for (unsigned i = 0; i < CALLS; i++) {
        call_server(SLOT_A, (unsigned)first + i);
    }
    return 0;
}

struct held {
    hf_handle_t slot;
    unsigned seed;
};

/* The last one first. */
static unsigned answer_all(const struct held *held, unsigned count) {
    while (count > 0) {
        struct hf_message message = pattern(held[--count].seed + 1);
        WANT(hf_reply_held(held[count].slot, &message) == HF_OK);
    }
    return 0;
}

static void many_clients_and_held_calls(void) {
    hf_handle_t endpoint = new_endpoint();
    struct held held[HELD];
    unsigned client[CLIENTS], count = 0, taken = 0;
    for (unsigned i = 0; i < CLIENTS; i++) {
        client[i] = START(call_many_times, 1000 * i, endpoint);
    }
    while (taken < CLIENTS * CALLS) {
        struct hf_message message = {0};
        hf_status_t status = hf_receive_nowait(endpoint, &message, NULL);
        if (status == HF_OK) {
            held[count] = (struct held){.slot = HF_SLOT_ANY, .seed = message.label - pattern(0).label};
            if (!WANT(hf_hold(&held[count++].slot) == HF_OK)) return;
            taken++;
        }
        if (status == HF_WOULD_BLOCK || count == HELD) {
            count = answer_all(held, count);
            hf_yield();
        } else if (!WANT(status == HF_OK)) {
            return;
        }
    }
    answer_all(held, count);
    for (unsigned i = 0; i < CLIENTS; i++) {
        WANT_CODE(client[i], 0);
    }
}

const struct suite_test held_tests[] = {
    TEST(held_cannot_be_passed_on),
    TEST(nobody_else_can_reply_to_a_held_call),
    TEST(closing_a_held_call_ends_it),
    TEST(caller_of_a_held_call_was_killed),
    TEST(closing_a_held_call_of_a_killed_caller),
    TEST(one_of_several_held_callers_was_killed),
    TEST(hold_after_the_caller_was_killed),
    TEST(held_again_after_closing),
    TEST(many_clients_and_held_calls),
    TESTS_END,
};
