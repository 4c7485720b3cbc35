/* Calls that are set aside and answered later. */
#include "ipc.h"

static void hold_and_reply_later(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = pattern(2);
    unsigned client = START(caller, 1, endpoint);
    hf_handle_t slot = take_and_hold(endpoint, 1);
    WANT_STATUS(hf_reply(&message), HF_BAD_CALL); /* it isn't in hand any more */
    WANT_STATUS(hf_receive_nowait(endpoint, &message, NULL), HF_WOULD_BLOCK);
    WANT_STATE(client, HF_INFO_WAITING);
    answer_held(slot, 1);
    WANT_CODE(client, HF_OK);
    WANT_STATUS(hf_handle_close(slot), HF_BAD_HANDLE);
}

static void held_are_answered_in_another_order(void) {
    static const unsigned order[] = {2, 0, 3, 1};
    hf_handle_t endpoint = new_endpoint(), slot[4];
    unsigned client[4];
    for (unsigned i = 0; i < 4; i++) {
        client[i] = START(caller, 10 * i, endpoint);
        slot[i] = take_and_hold(endpoint, 10 * i);
    }
    for (unsigned i = 0; i < 4; i++) {
        unsigned next = order[i];
        WANT_STATE(client[next], HF_INFO_WAITING);
        answer_held(slot[next], 10 * next);
        WANT_CODE(client[next], HF_OK);
    }
}

static void held_and_in_hand(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned first = START(caller, 1, endpoint);
    hf_handle_t slot = take_and_hold(endpoint, 1);
    unsigned second = START(caller, 5, endpoint);
    take(endpoint, 5);
    answer_held(slot, 1);
    WANT_CODE(first, HF_OK);
    WANT_STATE(second, HF_INFO_WAITING);
    answer(5);
    WANT_CODE(second, HF_OK);
}

static void in_hand_and_held(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned first = START(caller, 1, endpoint);
    hf_handle_t slot = take_and_hold(endpoint, 1);
    unsigned second = START(caller, 5, endpoint);
    take(endpoint, 5);
    answer(5);
    WANT_CODE(second, HF_OK);
    WANT_STATE(first, HF_INFO_WAITING);
    answer_held(slot, 1);
    WANT_CODE(first, HF_OK);
}

static void hold_in_a_chosen_slot(void) {
    hf_handle_t endpoint = new_endpoint(), slot = 60;
    unsigned client = START(caller, 1, endpoint);
    take(endpoint, 1);
    WANT_OK(hf_hold(&slot));
    WANT_NUMBER(slot, 60);
    answer_held(60, 1);
    WANT_CODE(client, HF_OK);
}

static void hold_in_a_taken_slot(void) {
    hf_handle_t endpoint = new_endpoint(), slot = endpoint;
    unsigned client = START(caller, 1, endpoint);
    take(endpoint, 1);
    WANT_STATUS(hf_hold(&slot), HF_EXISTS);
    slot = HF_SLOT_MEMSRV;
    WANT_STATUS(hf_hold(&slot), HF_EXISTS);
    answer(1); /* it is in hand still */
    WANT_CODE(client, HF_OK);
}

static void hold_in_no_slot(void) {
    static const hf_handle_t impossible[] = {0, HF_HANDLE_COUNT, HF_SLOT_ANY - 1, HF_SLOT_ANY + 1, ~0u};
    hf_handle_t endpoint = new_endpoint();
    unsigned client = START(caller, 1, endpoint);
    take(endpoint, 1);
    for (size_t i = 0; i < sizeof impossible / sizeof *impossible; i++) {
        hf_handle_t slot = impossible[i];
        WANT_STATUS(hf_hold(&slot), HF_BAD_HANDLE);
    }
    answer(1);
    WANT_CODE(client, HF_OK);
}

static void hold_with_a_full_table(void) {
    hf_handle_t endpoint = new_endpoint(), slot = HF_SLOT_ANY, all[HF_HANDLE_COUNT];
    unsigned client = START(caller, 1, endpoint);
    take(endpoint, 1);
    unsigned count = fill_handles(all);
    WANT_STATUS(hf_hold(&slot), HF_NO_MEMORY);
    close_handles(&all[count / 2], 1);
    slot = HF_SLOT_ANY;
    WANT_OK(hf_hold(&slot));
    WANT(slot == all[count / 2]);
    answer_held(slot, 1);
    WANT_CODE(client, HF_OK);
}

static void held_is_answered_once(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = pattern(2);
    unsigned client = START(caller, 1, endpoint);
    hf_handle_t slot = take_and_hold(endpoint, 1);
    answer_held(slot, 1);
    WANT_STATUS(hf_reply_held(slot, &message), HF_BAD_HANDLE);
    WANT_CODE(client, HF_OK);
}

static void refused_held_reply_can_be_made_again(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = {.label = HF_LABEL_CORE};
    unsigned client = START(caller, 1, endpoint);
    hf_handle_t slot = take_and_hold(endpoint, 1);
    WANT_STATUS(hf_reply_held(slot, &message), HF_BAD_ARGUMENT);
    message = (struct hf_message){.bytes = HF_MESSAGE_BYTES + 1};
    WANT_STATUS(hf_reply_held(slot, &message), HF_TOO_BIG);
    message = (struct hf_message){.handle = (uint16_t)slot};
    WANT_STATUS(hf_reply_held(slot, &message), HF_BAD_HANDLE);
    WANT_STATE(client, HF_INFO_WAITING);
    answer_held(slot, 1);
    WANT_CODE(client, HF_OK);
}

static void reply_held_through_what_holds_nothing(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = pattern(1);
    WANT_STATUS(hf_reply_held(endpoint, &message), HF_BAD_HANDLE);
    WANT_STATUS(hf_reply_held(70, &message), HF_BAD_HANDLE);
    WANT_STATUS(hf_reply_held(0, &message), HF_BAD_HANDLE);
    WANT_STATUS(hf_reply_held(HF_HANDLE_COUNT, &message), HF_BAD_HANDLE);
}

const struct suite_test hold_tests[] = {
    TEST(hold_and_reply_later),
    TEST(held_are_answered_in_another_order),
    TEST(held_and_in_hand),
    TEST(in_hand_and_held),
    TEST(hold_in_a_chosen_slot),
    TEST(hold_in_a_taken_slot),
    TEST(hold_in_no_slot),
    TEST(hold_with_a_full_table),
    TEST(held_is_answered_once),
    TEST(refused_held_reply_can_be_made_again),
    TEST(reply_held_through_what_holds_nothing),
    TESTS_END,
};
