/* The core's calls: numbers and the registers they travel in.
 *
 *   in   RAX  call number, with HF_NOWAIT or reserved bits that must be zero
 *        RDI, RSI, RDX, R10, R8, R9   arguments
 *        RDI handle, RSI tag, RDX R10 R8 R9 R12 R13 words 0-5   of a message
 *        R14  count, for the MMU calls that send a message too
 *   out  RAX  status
 *        RDI badge, RSI tag, RDX R10 R8 R9 R12 R13 words, RBX serial   of a message
 *        RSI, RDX, R10   results of the other calls
 *        R14  operations done
 *
 * RSP and RBP survive a call; every other register is overwritten, and RFLAGS
 * comes back with only IF set. SYSCALL itself takes RCX and R11
 * (Intel SDM vol. 2B, SYSCALL). */
#pragma once

/* With the calls that know it: answer HF_WOULD_BLOCK instead of waiting for the other
 * side. (A call that was delivered still waits for its reply.) */
#define HF_NOWAIT 0x100u

/* X(name, function, flags that it knows) */
#define HF_CALL_LIST(X) \
    X(CALL, call, HF_NOWAIT) \
    X(REPLY_RECEIVE, reply_receive, HF_NOWAIT) \
    X(RECEIVE, receive, HF_NOWAIT) \
    X(REPLY, reply, 0) \
    X(HOLD, hold, 0) \
    X(REPLY_HELD, reply_held, 0) \
    X(NOTIFY, notify, 0) \
    X(YIELD, yield, 0) \
    X(CLOCK, clock, 0) \
    X(HANDLE_COPY, handle_copy, 0) \
    X(HANDLE_CLOSE, handle_close, 0) \
    X(PORT_IN, port_in, 0) \
    X(PORT_OUT, port_out, 0) \
    X(IRQ_ACK, irq_ack, 0) \
    X(IRQ_BIND, irq_bind, 0) \
    X(FS_BASE, fs_base, 0) \
    X(POWER, power, 0) \
    X(MMU, mmu, 0) \
    X(MMU_ONE, mmu_one, 0) \
    X(MMU_REPLY_RECEIVE, mmu_reply_receive, 0)

enum hf_call_number {
    HF_CALL_NONE, /* a zeroed register is no call */
#define X(upper, lower, flags) HF_CALL_##upper,
    HF_CALL_LIST(X)
#undef X
        HF_CALL_COUNT
};
