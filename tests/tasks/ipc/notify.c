/* Notifications: bits that are set without waiting, and are never lost. */
#include "ipc.h"

/* Wants exactly these bits, now. */
static void take_bits(hf_handle_t endpoint, uint64_t bits) {
    struct hf_message message = pattern(1);
    WANT_OK(hf_receive_nowait(endpoint, &message, NULL));
    WANT_NUMBER(message.label, HF_LABEL_NOTIFICATION);
    WANT_NUMBER(message.word[0], bits);
}

static void take_nothing(hf_handle_t endpoint) {
    WANT_STATUS(hf_receive_nowait(endpoint, &(struct hf_message){0}, NULL), HF_WOULD_BLOCK);
}

static void notifier(hf_handle_t handle) { WANT_OK(hf_notify(handle)); }

/* Nothing else comes with them, and nobody in particular sent them. */
static void bits_arrive(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = pattern(1);
    struct hf_sender sender = {.badge = 7, .serial = 7};
    WANT_OK(hf_notify(new_handle(endpoint, HF_RIGHT_NOTIFY, 0x8000000000000005)));
    WANT_OK(hf_receive(endpoint, &message, &sender));
    WANT_NUMBER(message.label, HF_LABEL_NOTIFICATION);
    WANT_NUMBER(message.word[0], 0x8000000000000005);
    WANT(message.bytes == 0 && message.handle == 0);
    for (unsigned i = 1; i < HF_MESSAGE_WORDS; i++) {
        WANT_NUMBER(message.word[i], 0);
    }
    WANT_NUMBER(sender.badge, 0);
    WANT_NUMBER(sender.serial, 0);
    WANT_STATUS(hf_reply(&message), HF_BAD_CALL); /* they want no reply */
    take_nothing(endpoint);
}

static void bits_of_several_handles_merge(void) {
    hf_handle_t endpoint = new_endpoint();
    for (unsigned bit = 0; bit < 3; bit++) {
        hf_handle_t handle = new_handle(endpoint, HF_RIGHT_NOTIFY, 1ul << (20 * bit));
        WANT_OK(hf_notify(handle));
        WANT_OK(hf_notify(handle));
    }
    take_bits(endpoint, 1 | 1ul << 20 | 1ul << 40);
    take_nothing(endpoint);
}

static void all_64_bits(void) {
    hf_handle_t endpoint = new_endpoint();
    for (unsigned bit = 0; bit < 64; bit++) {
        hf_handle_t handle = new_handle(endpoint, HF_RIGHT_NOTIFY, 1ul << bit);
        WANT(hf_notify(handle) == HF_OK);
        take_bits(endpoint, 1ul << bit);
        WANT(hf_handle_close(handle) == HF_OK);
    }
    WANT_OK(hf_notify(new_handle(endpoint, HF_RIGHT_NOTIFY, ~0ul)));
    take_bits(endpoint, ~0ul);
}

/* Sets a bit at A and calls there, so many times, with the processor given away in between. */
static int notify_and_call(uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        struct hf_message message = {.label = (uint32_t)i};
        if (!WANT_OK(hf_notify(SLOT_B)) || !WANT_OK(hf_call(SLOT_A, &message))) return 1;
    }
    return 0;
}

static void none_of_1000_is_lost(void) {
    enum { COUNT = 1000 };
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = {0};
    START(notify_and_call, COUNT, endpoint, new_handle(endpoint, HF_RIGHT_NOTIFY | HF_RIGHT_GRANT, 4));
    bool good = true;
    for (unsigned i = 0; good && i < COUNT; i++) {
        good = hf_receive(endpoint, &message, NULL) == HF_OK && message.label == HF_LABEL_NOTIFICATION &&
               message.word[0] == 4;
        good = good && hf_receive(endpoint, &message, NULL) == HF_OK && message.label == i;
        good = good && hf_reply(&message) == HF_OK;
        if (i % 3 == 0) hf_yield();
    }
    WANT(good);
    note("last label %u", message.label);
}

static void bits_come_before_messages(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned client = START(caller, 1, endpoint);
    settle();
    WANT_STATE(client, HF_INFO_SENDING);
    WANT_OK(hf_notify(new_handle(endpoint, HF_RIGHT_NOTIFY, 2)));
    take_bits(endpoint, 2);
    take(endpoint, 1);
    answer(1);
    WANT_CODE(client, HF_OK);
}

/* They wait there, and nothing else does: the reply must not make the server wait beside them. */
static void bits_at_reply_receive(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = pattern(2);
    unsigned client = START(caller, 1, endpoint);
    take(endpoint, 1);
    notifier(new_handle(endpoint, HF_RIGHT_NOTIFY, 2));
    WANT_OK(hf_reply_receive(endpoint, &message, NULL));
    WANT_NUMBER(message.label, HF_LABEL_NOTIFICATION);
    WANT_NUMBER(message.word[0], 2);
    WANT_CODE(client, HF_OK);
}

static void bits_before_messages_at_reply_receive(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = pattern(2);
    unsigned first = START(caller, 1, endpoint);
    settle();
    unsigned second = START(caller, 5, endpoint);
    settle();
    take(endpoint, 1);
    WANT_OK(hf_notify(new_handle(endpoint, HF_RIGHT_NOTIFY, 2)));
    WANT_OK(hf_reply_receive(endpoint, &message, NULL));
    WANT_NUMBER(message.label, HF_LABEL_NOTIFICATION);
    WANT_NUMBER(message.word[0], 2);
    WANT_CODE(first, HF_OK);
    take(endpoint, 5);
    answer(5);
    WANT_CODE(second, HF_OK);
}

static void bits_wake_a_receiver(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned other = START(taker, 0, endpoint);
    settle();
    WANT_STATE(other, HF_INFO_RECEIVING);
    WANT_OK(hf_notify(new_handle(endpoint, HF_RIGHT_NOTIFY, 6)));
    WANT_REPORT(other, HF_LABEL_NOTIFICATION, 6);
    take_nothing(endpoint); /* they came once */
}

static void bits_wake_one_receiver(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned first = START(taker, 0, endpoint);
    settle();
    unsigned second = START(taker, 0, endpoint);
    settle();
    WANT_OK(hf_notify(new_handle(endpoint, HF_RIGHT_NOTIFY, 6)));
    WANT_REPORT(first, HF_LABEL_NOTIFICATION, 6);
    WANT_STATE(second, HF_INFO_RECEIVING);
    WANT_OK(hf_notify(new_handle(endpoint, HF_RIGHT_NOTIFY, 8)));
    WANT_REPORT(second, HF_LABEL_NOTIFICATION, 8);
}

/* A badge of 0 names no bits: nobody is woken for nothing. */
static void no_bits_wake_nobody(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned other = START(taker, 0, endpoint);
    settle();
    WANT_OK(hf_notify(endpoint));
    settle();
    WANT_STATE(other, HF_INFO_RECEIVING);
}

static int notify_and_end(uint64_t unused) {
    (void)unused;
    notifier(SLOT_A);
    return 0;
}

static void bits_outlive_who_set_them(void) {
    hf_handle_t endpoint = new_endpoint();
    for (unsigned i = 0; i < 2; i++) {
        unsigned other = START(notify_and_end, 0, new_handle(endpoint, HF_RIGHT_NOTIFY | HF_RIGHT_GRANT, 1ul << i));
        WANT_CODE(other, 0);
    }
    take_bits(endpoint, 3);
}

static void bits_outlive_who_waited_for_them(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned other = START(taker, 0, endpoint);
    settle();
    WANT_STATE(other, HF_INFO_RECEIVING);
    KILL(other);
    notifier(new_handle(endpoint, HF_RIGHT_NOTIFY, 5));
    take_bits(endpoint, 5);
}

static void bits_while_a_call_is_in_hand(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned client = START(caller, 1, endpoint);
    take(endpoint, 1);
    notifier(new_handle(endpoint, HF_RIGHT_NOTIFY, 5));
    WANT_STATE(client, HF_INFO_WAITING);
    answer(1);
    WANT_CODE(client, HF_OK);
    take_bits(endpoint, 5);
}

static void bits_while_a_call_is_held(void) {
    hf_handle_t endpoint = new_endpoint(), slot = HF_SLOT_ANY;
    unsigned client = START(caller, 1, endpoint);
    take(endpoint, 1);
    WANT_OK(hf_hold(&slot));
    notifier(new_handle(endpoint, HF_RIGHT_NOTIFY, 5));
    take_bits(endpoint, 5);
    struct hf_message message = pattern(2);
    WANT_OK(hf_reply_held(slot, &message));
    WANT_CODE(client, HF_OK);
}

static void bits_do_not_wake_who_calls(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned client = START(caller, 1, endpoint);
    settle();
    notifier(new_handle(endpoint, HF_RIGHT_NOTIFY, 5));
    settle();
    WANT_STATE(client, HF_INFO_SENDING);
}

/* Bits are the endpoint's, not the table's or the handle's. */
static void bits_stay_when_handles_are_closed(void) {
    hf_handle_t endpoint = new_endpoint(), notify = new_handle(endpoint, HF_RIGHT_NOTIFY, 5);
    hf_handle_t receive = new_handle(endpoint, HF_RIGHT_RECEIVE, 0);
    notifier(notify);
    WANT_OK(hf_handle_close(notify));
    WANT_OK(hf_handle_close(endpoint));
    take_bits(receive, 5);
}

static void notify_handle_is_for_nothing_else(void) {
    hf_handle_t notify = new_handle(new_endpoint(), HF_RIGHT_NOTIFY, 5);
    struct hf_message message = {0};
    WANT_STATUS(hf_call(notify, &message), HF_DENIED);
    WANT_STATUS(hf_receive(notify, &message, NULL), HF_DENIED);
    WANT_OK(hf_notify(notify));
}

static void notify_through_no_handle(void) {
    WANT_STATUS(hf_notify(0), HF_BAD_HANDLE);
    WANT_STATUS(hf_notify(70), HF_BAD_HANDLE);
    WANT_STATUS(hf_notify(HF_HANDLE_COUNT), HF_BAD_HANDLE);
    WANT_STATUS(hf_notify(HF_SLOT_MEMSRV), HF_DENIED);
}

const struct suite_test notify_tests[] = {
    TEST(bits_arrive),
    TEST(bits_of_several_handles_merge),
    TEST(all_64_bits),
    TEST(none_of_1000_is_lost),
    TEST(bits_come_before_messages),
    TEST(bits_at_reply_receive),
    TEST(bits_before_messages_at_reply_receive),
    TEST(bits_wake_a_receiver),
    TEST(bits_wake_one_receiver),
    TEST(no_bits_wake_nobody),
    TEST(bits_outlive_who_set_them),
    TEST(bits_outlive_who_waited_for_them),
    TEST(bits_while_a_call_is_in_hand),
    TEST(bits_while_a_call_is_held),
    TEST(bits_do_not_wake_who_calls),
    TEST(bits_stay_when_handles_are_closed),
    TEST(notify_handle_is_for_nothing_else),
    TEST(notify_through_no_handle),
    TESTS_END,
};
