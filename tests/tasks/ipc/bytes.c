/* Bytes that travel with messages, in the IPC buffers. Nothing may print in between:
 * that would use the buffer. */
#include "ipc.h"

static const unsigned lengths[] = {1, 7, 8, 9, 800, HF_MESSAGE_BYTES - 1, HF_MESSAGE_BYTES};
#define LENGTHS (sizeof lengths / sizeof *lengths)

/* What stands behind the bytes, in the buffers of those who send and of those who only receive. */
enum { SENT = 0x5a, UNTOUCHED = 0xa5 };

static void fill_bytes(unsigned seed, unsigned length) {
    uint8_t *bytes = hf_buffer()->bytes;
    memset(bytes, length > 0 ? SENT : UNTOUCHED, HF_MESSAGE_BYTES);
    for (unsigned i = 0; i < length; i++) {
        bytes[i] = pattern_byte(seed, i);
    }
}

/* The buffer has these bytes, and behind them nothing but that. */
static bool has_bytes(unsigned seed, unsigned length, uint8_t behind) {
    const uint8_t *bytes = hf_buffer()->bytes;
    for (unsigned i = 0; i < HF_MESSAGE_BYTES; i++) {
        if (bytes[i] != (i < length ? pattern_byte(seed, i) : behind)) return false;
    }
    return true;
}

static int call_with_bytes(uint64_t unused) {
    (void)unused;
    for (unsigned i = 0; i < LENGTHS; i++) {
        struct hf_message message = pattern(i);
        message.bytes = (uint16_t)lengths[i];
        fill_bytes(i, lengths[i]);
        if (!WANT_OK(hf_call(SLOT_A, &message))) return 1;
        WANT(has_bytes(i, lengths[i], SENT)); /* the reply brought none */
        WANT_PATTERN(&message, i + 1);
    }
    return 0;
}

/* Each length arrives whole, and no byte beyond it is touched. */
static void bytes_of_a_call(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = {0};
    unsigned client = START(call_with_bytes, 0, endpoint);
    for (unsigned i = 0; i < LENGTHS; i++) {
        fill_bytes(0, 0);
        WANT_OK(hf_receive(endpoint, &message, NULL));
        WANT(message.bytes == lengths[i]);
        WANT(has_bytes(i, lengths[i], UNTOUCHED));
        message.bytes = 0;
        WANT_PATTERN(&message, i);
        answer(i);
    }
    WANT_CODE(client, 0);
}

static int call_for_bytes(uint64_t unused) {
    (void)unused;
    for (unsigned i = 0; i < LENGTHS; i++) {
        struct hf_message message = pattern(i);
        fill_bytes(0, 0);
        if (!WANT_OK(hf_call(SLOT_A, &message))) return 1;
        WANT(message.bytes == lengths[i]);
        WANT(has_bytes(i, lengths[i], UNTOUCHED));
        message.bytes = 0;
        WANT_PATTERN(&message, i + 1);
    }
    return 0;
}

static void bytes_of_a_reply(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned client = START(call_for_bytes, 0, endpoint);
    for (unsigned i = 0; i < LENGTHS; i++) {
        take(endpoint, i);
        struct hf_message message = pattern(i + 1);
        message.bytes = (uint16_t)lengths[i];
        fill_bytes(i, lengths[i]);
        WANT_OK(hf_reply(&message));
        WANT(has_bytes(i, lengths[i], SENT));
    }
    WANT_CODE(client, 0);
}

static void bytes_of_a_held_reply(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned client = START(call_for_bytes, 0, endpoint);
    for (unsigned i = 0; i < LENGTHS; i++) {
        hf_handle_t slot = HF_SLOT_ANY;
        take(endpoint, i);
        WANT_OK(hf_hold(&slot));
        struct hf_message message = pattern(i + 1);
        message.bytes = (uint16_t)lengths[i];
        fill_bytes(i, lengths[i]);
        WANT_OK(hf_reply_held(slot, &message));
    }
    WANT_CODE(client, 0);
}

/* Replies and takes the next one in one call: bytes go out, then bytes come in. */
static int call_with_and_for_bytes(uint64_t unused) {
    (void)unused;
    for (unsigned i = 0; i < LENGTHS; i++) {
        struct hf_message message = {.bytes = (uint16_t)lengths[i]};
        fill_bytes(i, lengths[i]);
        if (!WANT_OK(hf_call(SLOT_A, &message))) return 1;
        WANT(message.bytes == lengths[LENGTHS - 1 - i]);
        for (unsigned at = 0; at < message.bytes; at++) {
            if (!WANT(hf_buffer()->bytes[at] == pattern_byte(i + 50, at))) return 1;
        }
    }
    return 0;
}

static void bytes_of_reply_and_receive(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = {0};
    unsigned client = START(call_with_and_for_bytes, 0, endpoint);
    fill_bytes(0, 0);
    hf_status_t status = hf_receive(endpoint, &message, NULL);
    WANT_STATUS(status, HF_OK);
    for (unsigned i = 0; status == HF_OK && i < LENGTHS; i++) {
        WANT(message.bytes == lengths[i]);
        WANT(hf_buffer()->bytes[0] == pattern_byte(i, 0));
        WANT(hf_buffer()->bytes[lengths[i] - 1] == pattern_byte(i, lengths[i] - 1));
        message.bytes = (uint16_t)lengths[LENGTHS - 1 - i];
        fill_bytes(i + 50, message.bytes);
        if (i == LENGTHS - 1) break;
        status = hf_reply_receive(endpoint, &message, NULL);
    }
    WANT_OK(hf_reply(&message));
    WANT_CODE(client, 0);
}

static void too_many_bytes(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned other = START(server, 1, endpoint);
    settle();
    for (unsigned bytes = HF_MESSAGE_BYTES + 1; bytes <= 0xffff; bytes = bytes * 2 + 1) {
        struct hf_message message = {.bytes = (uint16_t)bytes};
        if (!WANT(hf_call(endpoint, &message) == HF_TOO_BIG)) return;
    }
    struct hf_message message = {.bytes = 0xffff};
    WANT_STATUS(hf_call(endpoint, &message), HF_TOO_BIG);
    WANT_STATE(other, HF_INFO_RECEIVING);
    call_server(endpoint, 1);
    WANT_CODE(other, HF_OK);
}

static void no_bytes_leave_the_buffer_alone(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned client = START(caller, 1, endpoint);
    fill_bytes(3, 100);
    take(endpoint, 1);
    WANT(has_bytes(3, 100, SENT));
    answer(1);
    WANT(has_bytes(3, 100, SENT));
    WANT_CODE(client, HF_OK);
}

/* The sender waits in the queue meanwhile, and others come and go with bytes of their own. */
static int call_with_some_bytes(uint64_t seed) {
    struct hf_message message = pattern((unsigned)seed);
    message.bytes = (uint16_t)(100 * seed);
    fill_bytes((unsigned)seed, message.bytes);
    WANT_OK(hf_call(SLOT_A, &message));
    WANT(has_bytes((unsigned)seed, (unsigned)(100 * seed), SENT));
    return 0;
}

static void bytes_wait_with_their_message(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = {0};
    unsigned client[4];
    for (unsigned i = 1; i <= 3; i++) {
        client[i] = START(call_with_some_bytes, i, endpoint);
        settle();
    }
    for (unsigned i = 1; i <= 3; i++) {
        fill_bytes(0, 0);
        WANT_OK(hf_receive(endpoint, &message, NULL));
        WANT(message.bytes == 100 * i);
        WANT(has_bytes(i, 100 * i, UNTOUCHED));
        WANT_OK(hf_reply(&(struct hf_message){0}));
        WANT_CODE(client[i], 0);
    }
}

/* Words, bytes and a handle in one message, and in its reply. */
static int call_with_everything(uint64_t unused) {
    struct hf_message message = pattern(1);
    hf_handle_t endpoint = new_endpoint();
    (void)unused;
    message.bytes = 1000;
    message.handle = (uint16_t)endpoint;
    fill_bytes(1, 1000);
    hf_buffer()->receive_slot = HF_SLOT_ANY;
    WANT_OK(hf_call(SLOT_A, &message));
    WANT(message.bytes == 2000 && has_bytes(2, 2000, SENT));
    WANT(message.handle != 0 && message.handle != HF_LOST && message.handle != endpoint);
    message.bytes = message.handle = 0;
    WANT_PATTERN(&message, 2);
    return 0;
}

static void words_bytes_and_a_handle(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = {0};
    unsigned client = START(call_with_everything, 0, endpoint);
    fill_bytes(0, 0);
    hf_buffer()->receive_slot = HF_SLOT_ANY;
    WANT_OK(hf_receive(endpoint, &message, NULL));
    WANT(message.bytes == 1000 && has_bytes(1, 1000, UNTOUCHED));
    WANT(message.handle != 0 && message.handle != HF_LOST);
    hf_handle_t received = message.handle;
    message.bytes = message.handle = 0;
    WANT_PATTERN(&message, 1);
    message = pattern(2);
    message.bytes = 2000;
    message.handle = (uint16_t)received;
    fill_bytes(2, 2000);
    WANT_OK(hf_reply(&message));
    WANT_CODE(client, 0);
}

const struct suite_test bytes_tests[] = {
    TEST(bytes_of_a_call),
    TEST(bytes_of_a_reply),
    TEST(bytes_of_a_held_reply),
    TEST(bytes_of_reply_and_receive),
    TEST(too_many_bytes),
    TEST(no_bytes_leave_the_buffer_alone),
    TEST(bytes_wait_with_their_message),
    TEST(words_bytes_and_a_handle),
    TESTS_END,
};
