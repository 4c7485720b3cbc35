/* Registers: a message brings those of the message, and nothing else of anybody's. */
#include <handoff/call.h>

#include "../raw.h"
#include "ipc.h"

#define SECRET 0x5ec2e75ec2e70000ul /* of callers, and who notifies */
#define SERVERS_SECRET 0x5e47e45ec2e70000ul
#define WORD(at) (0x1122334455667700ul + (at))
#define CORE_HALF 0xffff800000000000ul /* no word of these tests lies there */

static bool is_secret(uint64_t value, uint64_t secret) { return (value & ~0xfffful) == secret || value >= CORE_HALF; }

/* Anything of the other side's, which has this secret, or of the core's. */
static bool has_secrets(const struct raw *raw, uint64_t secret) {
    const uint64_t all[] = {raw->rax, raw->rbx, raw->rcx, raw->rdx, raw->rsi, raw->rdi, raw->r8,
                            raw->r9,  raw->r10, raw->r11, raw->r12, raw->r13, raw->r14, raw->r15};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (is_secret(all[i], secret)) return true;
    }
    return false;
}

/* A message with all words, and secrets in all registers that are no part of it. */
static struct raw raw_message(uint64_t number, hf_handle_t handle, uint64_t secret) {
    return (struct raw){.rax = number,
                        .rbx = secret + 1,
                        .rcx = secret + 2,
                        .rdx = WORD(0),
                        .rsi = 5,
                        .rdi = handle,
                        .r8 = WORD(2),
                        .r9 = WORD(3),
                        .r10 = WORD(1),
                        .r11 = secret + 3,
                        .r12 = WORD(4),
                        .r13 = WORD(5),
                        .r14 = secret + 4,
                        .r15 = secret + 5,
                        .flags = RAW_FLAGS};
}

static bool has_message(const struct raw *raw) {
    return raw->rax == HF_OK && raw->rsi == 5 && raw->rdx == WORD(0) && raw->r10 == WORD(1) && raw->r8 == WORD(2) &&
           raw->r9 == WORD(3) && raw->r12 == WORD(4) && raw->r13 == WORD(5);
}

static int call_with_secrets(uint64_t unused) {
    struct raw raw = raw_message(HF_CALL_CALL, SLOT_A, SECRET);
    (void)unused;
    raw_call(&raw);
    WANT(raw.rax == HF_OK);
    return 0;
}

static void call_brings_no_other_registers(void) {
    hf_handle_t endpoint = new_endpoint();
    for (unsigned waits = 0; waits < 2; waits++) {
        struct raw raw = {.rax = HF_CALL_RECEIVE, .rdi = endpoint, .flags = RAW_FLAGS};
        unsigned client = START(call_with_secrets, 0, new_handle(endpoint, RIGHTS_CALL, 0x77));
        if (waits) settle();
        raw_call(&raw);
        WANT(has_message(&raw));
        WANT_NUMBER(raw.rdi, 0x77);
        WANT(!has_secrets(&raw, SECRET));
        WANT_OK(hf_reply(&(struct hf_message){0}));
        WANT_CODE(client, 0);
    }
}

static int call_without_secrets(uint64_t unused) {
    struct raw raw = {.rax = HF_CALL_CALL, .rdi = SLOT_A, .flags = RAW_FLAGS};
    (void)unused;
    raw_call(&raw);
    WANT(has_message(&raw));
    WANT(!has_secrets(&raw, SERVERS_SECRET));
    return 0;
}

static void reply_brings_no_other_registers(void) {
    hf_handle_t endpoint = new_endpoint(), slot = HF_SLOT_ANY;
    struct hf_message message = {0};
    struct raw raw = raw_message(HF_CALL_REPLY, 0, SERVERS_SECRET);
    unsigned first = START(call_without_secrets, 0, endpoint);
    WANT_OK(hf_receive(endpoint, &message, NULL));
    raw_call(&raw);
    WANT_CODE(first, 0);
    unsigned second = START(call_without_secrets, 0, endpoint);
    WANT_OK(hf_receive(endpoint, &message, NULL));
    raw = raw_message(HF_CALL_REPLY_RECEIVE | HF_NOWAIT, endpoint, SERVERS_SECRET);
    raw_call(&raw);
    WANT_NUMBER(raw.rax, HF_WOULD_BLOCK);
    WANT_CODE(second, 0);
    unsigned third = START(call_without_secrets, 0, endpoint);
    WANT_OK(hf_receive(endpoint, &message, NULL));
    WANT_OK(hf_hold(&slot));
    raw = raw_message(HF_CALL_REPLY_HELD, slot, SERVERS_SECRET);
    raw_call(&raw);
    WANT_CODE(third, 0);
}

/* The server waits again in the same step, and is given the next call there. */
static void reply_receive_brings_no_other_registers(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = {0};
    struct raw raw = raw_message(HF_CALL_REPLY_RECEIVE, endpoint, SERVERS_SECRET);
    unsigned first = START_AT(own_priority() - 1, call_without_secrets, 0, endpoint);
    WANT_OK(hf_receive(endpoint, &message, NULL));
    unsigned second = START_AT(own_priority() - 2, call_with_secrets, 0, endpoint);
    raw_call(&raw);
    WANT(has_message(&raw));
    WANT(!has_secrets(&raw, SECRET));
    WANT_OK(hf_reply(&(struct hf_message){0}));
    WANT_CODE(first, 0);
    WANT_CODE(second, 0);
}

static int notify_with_secrets(uint64_t unused) {
    struct raw raw = raw_message(HF_CALL_NOTIFY, SLOT_A, SECRET);
    (void)unused;
    raw_call(&raw);
    return (int)raw.rax;
}

static void notification_brings_no_other_registers(void) {
    hf_handle_t endpoint = new_endpoint();
    struct raw raw = {.rax = HF_CALL_RECEIVE, .rdi = endpoint, .flags = RAW_FLAGS};
    unsigned other = START(notify_with_secrets, 0, new_handle(endpoint, HF_RIGHT_NOTIFY | HF_RIGHT_GRANT, 9));
    raw_call(&raw);
    WANT_NUMBER(raw.rax, HF_OK);
    WANT_NUMBER(raw.rdx, 9);
    WANT(!has_secrets(&raw, SECRET));
    WANT(raw.r10 == 0 && raw.r8 == 0 && raw.r9 == 0 && raw.r12 == 0 && raw.r13 == 0 && raw.rdi == 0 && raw.rbx == 0);
    WANT_CODE(other, HF_OK);
}

/* The end of a server brings nothing of its registers either. */
static int receive_and_trap(uint64_t unused) {
    struct raw raw = raw_message(HF_CALL_RECEIVE, SLOT_A, SERVERS_SECRET);
    (void)unused;
    raw_call(&raw);
    __asm__ volatile("ud2"
                     :
                     : "b"(SERVERS_SECRET), "d"(SERVERS_SECRET), "S"(SERVERS_SECRET), "D"(SERVERS_SECRET),
                       "c"(SERVERS_SECRET));
    return 0;
}

static void end_brings_no_registers(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned other = START(receive_and_trap, 0, endpoint);
    struct raw raw = {.rax = HF_CALL_CALL, .rdi = endpoint, .flags = RAW_FLAGS};
    settle();
    raw_call(&raw);
    WANT_NUMBER(raw.rax, HF_DEAD);
    WANT(!has_secrets(&raw, SERVERS_SECRET));
    WANT(role_end(other).how == HF_EXIT_EXCEPTION);
}

const struct suite_test register_tests[] = {
    TEST(call_brings_no_other_registers),
    TEST(reply_brings_no_other_registers),
    TEST(reply_receive_brings_no_other_registers),
    TEST(notification_brings_no_other_registers),
    TEST(end_brings_no_registers),
    TESTS_END,
};
