/* What a message and its reply bring. */
#include "ipc.h"

static void six_words_both_ways(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned client = START(caller, 7, endpoint);
    take(endpoint, 7);
    answer(7);
    WANT_CODE(client, HF_OK);
}

static int call_empty(uint64_t unused) {
    struct hf_message message = {0};
    (void)unused;
    WANT_OK(hf_call(SLOT_A, &message));
    WANT_PATTERN(&message, 1);
    return 0;
}

static void empty_message(void) {
    static const struct hf_message empty;
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = pattern(9);
    unsigned client = START(call_empty, 0, endpoint);
    WANT_OK(hf_receive(endpoint, &message, NULL));
    WANT(memcmp(&message, &empty, sizeof empty) == 0);
    answer(0);
    WANT_CODE(client, 0);
}

/* Sends every label of interest; the reply must have the same. */
static const uint32_t labels[] = {0, 1, 0xffff, 0x10000, 0x40000000, 0x7fffffff};

static int call_with_labels(uint64_t unused) {
    (void)unused;
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        struct hf_message message = {.label = labels[i]};
        WANT_OK(hf_call(SLOT_A, &message));
        WANT(message.label == labels[i]);
    }
    return 0;
}

static void labels_both_ways(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = {0};
    unsigned client = START(call_with_labels, 0, endpoint);
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        WANT_OK(hf_receive(endpoint, &message, NULL));
        WANT_NUMBER(message.label, labels[i]);
        WANT(message.bytes == 0 && message.handle == 0);
        WANT_OK(hf_reply(&message));
    }
    WANT_CODE(client, 0);
}

/* Calls through each handle that it has. */
static int call_through_all(uint64_t count) {
    for (unsigned i = 0; i < count; i++) {
        struct hf_message message = pattern(i);
        WANT_OK(hf_call(SLOT_A + i, &message));
    }
    return 0;
}

static void badges_arrive(void) {
    static const hf_badge_t badges[] = {0, 1, 0x8000000000000000, ~0ul};
    hf_handle_t endpoint = new_endpoint(), through[4];
    struct hf_message message = {0};
    struct hf_sender sender = {0};
    for (unsigned i = 0; i < 4; i++) {
        through[i] = new_handle(endpoint, RIGHTS_CALL, badges[i]);
    }
    START(call_through_all, 4, through[0], through[1], through[2], through[3]);
    for (unsigned i = 0; i < 4; i++) {
        WANT_OK(hf_receive(endpoint, &message, &sender));
        WANT_NUMBER(sender.badge, badges[i]);
        WANT_PATTERN(&message, i);
        WANT_OK(hf_reply(&message));
    }
}

static void serial_tells_senders_apart(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = {0};
    struct hf_sender sender[4] = {0};
    START(call_through_all, 2, endpoint, endpoint);
    settle();
    for (unsigned i = 0; i < 4; i++) {
        if (i == 2) START(call_through_all, 2, endpoint, endpoint);
        WANT_OK(hf_receive(endpoint, &message, &sender[i]));
        WANT_OK(hf_reply(&message));
    }
    WANT(sender[0].serial != 0 && sender[0].serial == sender[1].serial);
    WANT(sender[2].serial != 0 && sender[2].serial == sender[3].serial);
    WANT(sender[0].serial != sender[2].serial);
}

static void reply_goes_to_its_caller_only(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned first = START(caller, 1, endpoint);
    settle();
    unsigned second = START(caller, 2, endpoint);
    settle();
    take(endpoint, 1);
    answer(1);
    WANT_CODE(first, HF_OK);
    WANT_STATE(second, HF_INFO_SENDING);
    take(endpoint, 2);
    answer(2);
    WANT_CODE(second, HF_OK);
}

static int call_many_times(uint64_t count) {
    for (unsigned i = 0; i < count; i++) {
        call_server(SLOT_A, i);
    }
    return 0;
}

static void reply_receive_loop(void) {
    enum { TIMES = 1000 };
    hf_handle_t endpoint = new_endpoint();
    unsigned client = START(call_many_times, TIMES, endpoint);
    struct hf_message message = {0};
    struct hf_sender sender = {0}, first = {0};
    hf_status_t status = hf_receive(endpoint, &message, &first);
    bool good = status == HF_OK;
    sender = first;
    for (unsigned i = 0; good && i < TIMES - 1; i++) {
        good = is_pattern(&message, i) && sender.serial == first.serial;
        message = pattern(i + 1);
        good = good && hf_reply_receive(endpoint, &message, &sender) == HF_OK;
    }
    WANT(good);
    answer(TIMES - 1);
    WANT_CODE(client, 0);
}

static void reply_without_a_call(void) {
    hf_handle_t endpoint = new_endpoint(), slot = HF_SLOT_ANY;
    struct hf_message message = pattern(1);
    WANT_STATUS(hf_reply(&message), HF_BAD_CALL);
    WANT_STATUS(hf_reply_receive(endpoint, &message, NULL), HF_BAD_CALL);
    WANT_STATUS(hf_reply_receive_nowait(endpoint, &message, NULL), HF_BAD_CALL);
    WANT_STATUS(hf_hold(&slot), HF_BAD_CALL);
    WANT_PATTERN(&message, 1);
}

static void receive_with_a_call_in_hand(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = pattern(9);
    unsigned client = START(caller, 1, endpoint);
    take(endpoint, 1);
    WANT_STATUS(hf_receive(endpoint, &message, NULL), HF_BAD_CALL);
    WANT_STATUS(hf_receive_nowait(endpoint, &message, NULL), HF_BAD_CALL);
    WANT_PATTERN(&message, 9);
    WANT_STATE(client, HF_INFO_WAITING);
    answer(1);
    WANT_CODE(client, HF_OK);
}

static void reply_twice(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = pattern(2);
    unsigned client = START(caller, 1, endpoint);
    take(endpoint, 1);
    WANT_OK(hf_reply(&message));
    WANT_STATUS(hf_reply(&message), HF_BAD_CALL);
    WANT_CODE(client, HF_OK);
}

/* What a call that failed was given is as it was. */
static void message_stays_after_an_error(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = pattern(3);
    struct hf_sender sender = {.badge = 11, .serial = 12};
    WANT_STATUS(hf_call(0, &message), HF_BAD_HANDLE);
    WANT_STATUS(hf_call(new_handle(endpoint, 0, 0), &message), HF_DENIED);
    WANT_STATUS(hf_call_nowait(endpoint, &message), HF_WOULD_BLOCK);
    WANT_STATUS(hf_receive_nowait(endpoint, &message, &sender), HF_WOULD_BLOCK);
    WANT_PATTERN(&message, 3);
    WANT(sender.badge == 11 && sender.serial == 12);
}

/* A refused reply leaves the call in hand, and the caller waiting. */
static void refused_reply_can_be_made_again(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = {.label = HF_LABEL_CORE};
    unsigned client = START(caller, 1, endpoint);
    take(endpoint, 1);
    WANT_STATUS(hf_reply(&message), HF_BAD_ARGUMENT);
    WANT_STATUS(hf_reply_receive(endpoint, &message, NULL), HF_BAD_ARGUMENT);
    message = (struct hf_message){.handle = 77};
    WANT_STATUS(hf_reply(&message), HF_BAD_HANDLE);
    message = (struct hf_message){.handle = HF_SLOT_MEMSRV};
    WANT_STATUS(hf_reply(&message), HF_DENIED);
    message = (struct hf_message){.bytes = HF_MESSAGE_BYTES + 1};
    WANT_STATUS(hf_reply(&message), HF_TOO_BIG);
    message = pattern(5);
    WANT_STATUS(hf_reply_receive(77, &message, NULL), HF_BAD_HANDLE);
    WANT_STATUS(hf_reply_receive(HF_SLOT_MEMSRV, &message, NULL), HF_DENIED);
    WANT_STATE(client, HF_INFO_WAITING);
    answer(1);
    WANT_CODE(client, HF_OK);
}

/* The reply goes where the call came from, wherever is received next. */
static void reply_receive_elsewhere(void) {
    hf_handle_t here = new_endpoint(), there = new_endpoint();
    struct hf_message message = {0};
    unsigned first = START(caller, 1, here);
    unsigned second = START(caller, 5, there);
    settle();
    take(here, 1);
    message = pattern(2);
    WANT_OK(hf_reply_receive(there, &message, NULL));
    WANT_PATTERN(&message, 5);
    answer(5);
    WANT_CODE(first, HF_OK);
    WANT_CODE(second, HF_OK);
}

static void endpoints_are_apart(void) {
    hf_handle_t here = new_endpoint(), there = new_endpoint();
    struct hf_message message = {0};
    unsigned client = START(caller, 1, here);
    settle();
    WANT_STATUS(hf_receive_nowait(there, &message, NULL), HF_WOULD_BLOCK);
    take(here, 1);
    answer(1);
    WANT_CODE(client, HF_OK);
}

const struct suite_test message_tests[] = {
    TEST(six_words_both_ways),
    TEST(empty_message),
    TEST(labels_both_ways),
    TEST(badges_arrive),
    TEST(serial_tells_senders_apart),
    TEST(reply_goes_to_its_caller_only),
    TEST(reply_receive_loop),
    TEST(reply_without_a_call),
    TEST(receive_with_a_call_in_hand),
    TEST(reply_twice),
    TEST(message_stays_after_an_error),
    TEST(refused_reply_can_be_made_again),
    TEST(reply_receive_elsewhere),
    TEST(endpoints_are_apart),
    TESTS_END,
};
