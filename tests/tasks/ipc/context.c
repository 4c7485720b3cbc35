/* What of a task stays as it is over calls: RBP, RSP, the FS base; and its flags, which do not. */
#include <handoff/call.h>

#include "../raw.h"
#include "ipc.h"

static uint64_t stack_before __attribute__((used));

/* Makes a call (RAX, RDI) with this RBP: bit 0: it changed RBP, bit 1: RSP. */
__attribute__((naked, noinline)) static uint64_t change_of_frame(uint64_t /* rax */, uint64_t /* rdi */,
                                                                 uint64_t /* rbp */) {
    __asm__("push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
            "push %rdx\n"
            "mov %rsp, stack_before(%rip)\n"
            "mov %rdx, %rbp\n"
            "mov %rdi, %rax\n"
            "mov %rsi, %rdi\n"
            "xor %esi, %esi\n"
            "syscall\n"
            "xor %eax, %eax; xor %ecx, %ecx\n"
            "cmp stack_before(%rip), %rsp; setne %cl\n"
            "mov stack_before(%rip), %rsp\n"
            "cmp (%rsp), %rbp; setne %al\n"
            "lea (%rax, %rcx, 2), %rax\n"
            "pop %rdx\n"
            "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
            "ret");
}

static int call_and_keep_frame(uint64_t count) {
    uint64_t changed = 0;
    for (uint64_t i = 0; i < count; i++) {
        changed |= change_of_frame(HF_CALL_CALL, SLOT_A, 0x8000000000000000 + i);
    }
    return (int)changed;
}

/* Calls whose receiver waits, and calls that have to wait; receives of both kinds. */
static void frame_registers_stay(void) {
    enum { COUNT = 20 };
    hf_handle_t endpoint = new_endpoint();
    unsigned client = START(call_and_keep_frame, COUNT, endpoint);
    uint64_t changed = change_of_frame(HF_CALL_RECEIVE, endpoint, 0x123456789abcdef);
    for (unsigned i = 1; i < COUNT; i++) {
        if (i % 3 == 0) {
            WANT(hf_reply(&(struct hf_message){0}) == HF_OK);
            hf_yield(); /* it calls again, and finds nobody */
            changed |= change_of_frame(HF_CALL_RECEIVE, endpoint, i);
        } else {
            changed |= change_of_frame(HF_CALL_REPLY_RECEIVE, endpoint, ~0ul - i);
        }
    }
    changed |= change_of_frame(HF_CALL_REPLY, 0, 1);
    WANT_NUMBER(changed, 0);
    WANT_CODE(client, 0);
    WANT_NUMBER(change_of_frame(HF_CALL_CALL | HF_NOWAIT, endpoint, 7), 0);
    WANT_NUMBER(change_of_frame(HF_CALL_CALL, 99, 7), 0);
}

#define ODD_FLAGS \
    (RAW_FLAGS | RAW_TRAP | RAW_DIRECTION | RAW_NESTED | RAW_ALIGNMENT | RAW_IDENTIFICATION | 0x8d5 /* results */)

static int call_with_odd_flags(uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        struct raw raw = {.rax = HF_CALL_CALL, .rdi = SLOT_A, .rsi = 5, .flags = ODD_FLAGS};
        raw_call(&raw);
        WANT(raw.rax == HF_OK && raw.flags_back == RAW_FLAGS);
    }
    return 0;
}

/* Flags are no way to tell anybody anything, and none of a caller's reaches its server. */
static void flags_come_back_clear(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned client = START(call_with_odd_flags, 3, endpoint);
    struct raw raw = {.rax = HF_CALL_RECEIVE, .rdi = endpoint, .flags = ODD_FLAGS};
    raw_call(&raw);
    WANT_NUMBER(raw.flags_back, RAW_FLAGS);
    for (unsigned i = 0; i < 2; i++) {
        raw = (struct raw){.rax = HF_CALL_REPLY_RECEIVE, .rdi = endpoint, .rsi = 5, .flags = ODD_FLAGS};
        raw_call(&raw);
        WANT_NUMBER(raw.rax, HF_OK);
        WANT_NUMBER(raw.flags_back, RAW_FLAGS);
    }
    WANT_OK(hf_reply(&(struct hf_message){0}));
    WANT_CODE(client, 0);
}

/* ---- the FS base ---- */

static uint64_t read_fs(uint64_t offset) {
    uint64_t value;
    __asm__ volatile("mov %%fs:(%1), %0" : "=r"(value) : "r"(offset));
    return value;
}

static uint64_t word_at_fs;

/* Takes an FS base of one's own, where this word is. */
static void take_fs_base(uint64_t word) {
    word_at_fs = word;
    WANT_OK(hf_fs_base((uint64_t)&word_at_fs));
    WANT(read_fs(0) == word);
}

enum { FS_CALLS = 20 };

static int call_with_fs_base(uint64_t word) {
    if (word != 0) take_fs_base(word);
    for (unsigned i = 0; i < FS_CALLS; i++) {
        call_server(SLOT_A, i);
        WANT(read_fs(word != 0 ? 0 : (uint64_t)&word_at_fs) == word);
    }
    return 0;
}

/* Each word is 0 for a task that has no FS base. */
static void calls_with_fs_bases(uint64_t of_caller, uint64_t of_server) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = {0};
    unsigned client = START(call_with_fs_base, of_caller, endpoint);
    if (of_server != 0) take_fs_base(of_server);
    WANT_OK(hf_receive(endpoint, &message, NULL));
    for (unsigned i = 0; i < FS_CALLS; i++) {
        WANT(read_fs(of_server != 0 ? 0 : (uint64_t)&word_at_fs) == of_server);
        WANT_PATTERN(&message, i);
        message = pattern(i + 1);
        if (i + 1 < FS_CALLS && !WANT(hf_reply_receive(endpoint, &message, NULL) == HF_OK)) return;
    }
    WANT_OK(hf_reply(&message));
    WANT_CODE(client, 0);
}

static void caller_with_fs_base(void) { calls_with_fs_bases(0xca11e4, 0); }
static void server_with_fs_base(void) { calls_with_fs_bases(0, 0x5e47e4); }
static void both_with_fs_bases(void) { calls_with_fs_bases(0xca11e4, 0x5e47e4); }

const struct suite_test context_tests[] = {
    TEST(frame_registers_stay), TEST(flags_come_back_clear), TEST(caller_with_fs_base),
    TEST(server_with_fs_base),  TEST(both_with_fs_bases),    TESTS_END,
};
