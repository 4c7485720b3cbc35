/* The SYSCALL instruction with a call's registers around it: <ipc.h> and <mmu.h>
 * are built from these, programs use those.
 *
 * All of it is inlined into the program, so that no call costs a function call
 * and a message that was just put together goes from registers to registers. */
#pragma once

#include <handoff/call.h>
#include <handoff/message.h>
#include <handoff/status.h>

#define HF_STUB static inline __attribute__((always_inline))

/* The first eight bytes of a message, as the one register that they travel in. */
typedef uint64_t __attribute__((may_alias)) hf_stub_tag;
_Static_assert(offsetof(struct hf_message, word) == sizeof(hf_stub_tag), "the tag is one register");

HF_STUB uint64_t hf_stub_tag_of(const struct hf_message *message) { return *(const hf_stub_tag *)message; }

/* Stores what came back, in the scope of the functions below: their variables
 * are the registers. Written out word by word, since a loop over an array would
 * go through memory. */
#define HF_STUB_DELIVER(message, sender) \
    do { \
        if ((message) != NULL) { \
            *(hf_stub_tag *)(message) = tag; \
            (message)->word[0] = word0; \
            (message)->word[1] = word1; \
            (message)->word[2] = word2; \
            (message)->word[3] = word3; \
            (message)->word[4] = word4; \
            (message)->word[5] = word5; \
        } \
        if ((sender) != NULL) { \
            (sender)->badge = badge; \
            (sender)->serial = serial; \
        } \
    } while (0)

/* A call that sends `in` and, unless `out` is NULL, brings another message.
 * *out and *sender are left alone unless the answer is HF_OK. */
HF_STUB hf_status_t hf_stub_exchange(uint64_t number, hf_handle_t handle, const struct hf_message *in,
                                     struct hf_message *out, struct hf_sender *sender) {
    uint64_t status = number, badge = handle, tag = hf_stub_tag_of(in), serial;
    uint64_t word0 = in->word[0];
    register uint64_t word1 __asm__("r10") = in->word[1];
    register uint64_t word2 __asm__("r8") = in->word[2];
    register uint64_t word3 __asm__("r9") = in->word[3];
    register uint64_t word4 __asm__("r12") = in->word[4];
    register uint64_t word5 __asm__("r13") = in->word[5];

    __asm__ volatile("syscall"
                     : "+a"(status), "+D"(badge), "+S"(tag), "+d"(word0), "+r"(word1), "+r"(word2), "+r"(word3),
                       "+r"(word4), "+r"(word5), "=b"(serial)
                     :
                     : "rcx", "r11", "r14", "r15", "cc", "memory");
    hf_status_t answer = (hf_status_t)status;
    if (answer == HF_OK) {
        HF_STUB_DELIVER(out, sender);
    }
    return answer;
}

/* A call that sends nothing and brings a message. */
HF_STUB hf_status_t hf_stub_take(uint64_t number, hf_handle_t handle, struct hf_message *out,
                                 struct hf_sender *sender) {
    uint64_t status = number, badge = handle, tag, word0, serial;
    register uint64_t word1 __asm__("r10");
    register uint64_t word2 __asm__("r8");
    register uint64_t word3 __asm__("r9");
    register uint64_t word4 __asm__("r12");
    register uint64_t word5 __asm__("r13");

    __asm__ volatile("syscall"
                     : "+a"(status), "+D"(badge), "=S"(tag), "=d"(word0), "=r"(word1), "=r"(word2), "=r"(word3),
                       "=r"(word4), "=r"(word5), "=b"(serial)
                     :
                     : "rcx", "r11", "r14", "r15", "cc", "memory");
    hf_status_t answer = (hf_status_t)status;
    if (answer == HF_OK) {
        HF_STUB_DELIVER(out, sender);
    }
    return answer;
}

/* The calls without a message: up to four arguments, and one result in RSI that
 * *result gets on HF_OK. */
HF_STUB hf_status_t hf_stub_plain(uint64_t number, uint64_t rdi, uint64_t rsi, uint64_t rdx, uint64_t argument,
                                  uint64_t *result) {
    uint64_t status = number;
    register uint64_t r10 __asm__("r10") = argument;

    __asm__ volatile("syscall"
                     : "+a"(status), "+D"(rdi), "+S"(rsi), "+d"(rdx), "+r"(r10)
                     :
                     : "rbx", "rcx", "r8", "r9", "r11", "r12", "r13", "r14", "r15", "cc", "memory");
    hf_status_t answer = (hf_status_t)status;
    if (answer == HF_OK && result != NULL) {
        *result = rsi;
    }
    return answer;
}
