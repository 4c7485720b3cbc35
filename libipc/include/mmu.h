/* The calls of the MEMORY privilege: how memsrv asks the core for MMU operations.
 * To every other task they answer HF_DENIED. <handoff/mmu.h> has the operations. */
#pragma once

#include <handoff/mmu.h>
#include <ipc.h>

/* Runs the first `count` operations (at most HF_OPERATIONS) of the operation page
 * in order, until one is refused or answers HF_AGAIN. *done: how many were
 * completed; the status is that of the one after those, or HF_OK. Each
 * operation that was looked at is replaced by its struct hf_result.
 * HF_BAD_ARGUMENT with *done 0: too many. HF_NOT_READY: no operation page. */
HF_STUB HF_MUST_CHECK hf_status_t hf_mmu(uint64_t count, uint64_t *done) {
    uint64_t status = HF_CALL_MMU;
    register uint64_t r14 __asm__("r14") = count;

    __asm__ volatile("syscall"
                     : "+a"(status), "+r"(r14)
                     :
                     : "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r15", "cc",
                       "memory");
    *done = r14;
    return (hf_status_t)status;
}

/* One operation in registers, for those that need nothing of the operation page's
 * second half. *result is set whatever the status, which it repeats. */
HF_STUB HF_MUST_CHECK hf_status_t hf_mmu_one(const struct hf_operation *operation, struct hf_result *result) {
    const hf_stub_tag *in = (const hf_stub_tag *)operation;
    hf_stub_tag *out = (hf_stub_tag *)result;
    uint64_t status = HF_CALL_MMU_ONE, first = in[0], second = in[1], third = in[2];
    register uint64_t fourth __asm__("r10") = in[3];

    __asm__ volatile("syscall"
                     : "+a"(status), "+D"(first), "+S"(second), "+d"(third), "+r"(fourth)
                     :
                     : "rbx", "rcx", "r8", "r9", "r11", "r12", "r13", "r14", "r15", "cc", "memory");
    out[0] = first;
    out[1] = second;
    out[2] = third;
    out[3] = fourth;
    return (hf_status_t)status;
}

/* hf_mmu, and if all of it was done, hf_reply_receive. `from` is checked before
 * the list and again before the reply; after any error of these or of the list, the
 * call in hand has not been answered and *message is as it was. Only what happens
 * while waiting comes after the reply: HF_CANCELLED, and HF_DEAD when the endpoint
 * is destroyed. */
HF_STUB HF_MUST_CHECK hf_status_t hf_mmu_reply_receive(uint64_t count, uint64_t *done, hf_handle_t from,
                                                       struct hf_message *message, struct hf_sender *sender) {
    uint64_t status = HF_CALL_MMU_REPLY_RECEIVE, badge = from, tag = hf_stub_tag_of(message), serial;
    uint64_t word0 = message->word[0];
    register uint64_t word1 __asm__("r10") = message->word[1];
    register uint64_t word2 __asm__("r8") = message->word[2];
    register uint64_t word3 __asm__("r9") = message->word[3];
    register uint64_t word4 __asm__("r12") = message->word[4];
    register uint64_t word5 __asm__("r13") = message->word[5];
    register uint64_t r14 __asm__("r14") = count;

    __asm__ volatile("syscall"
                     : "+a"(status), "+D"(badge), "+S"(tag), "+d"(word0), "+r"(word1), "+r"(word2), "+r"(word3),
                       "+r"(word4), "+r"(word5), "+r"(r14), "=b"(serial)
                     :
                     : "rcx", "r11", "r15", "cc", "memory");
    hf_status_t answer = (hf_status_t)status;
    *done = r14;
    if (answer == HF_OK) {
        HF_STUB_DELIVER(message, sender);
    }
    return answer;
}
