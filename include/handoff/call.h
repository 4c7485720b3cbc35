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
#ifndef HANDOFF_CALL_H
#define HANDOFF_CALL_H

#define HF_CALL_LIST(X) \
    X(CALL, call) \
    X(REPLY_RECEIVE, reply_receive) \
    X(RECEIVE, receive) \
    X(REPLY, reply) \
    X(HOLD, hold) \
    X(REPLY_HELD, reply_held) \
    X(NOTIFY, notify) \
    X(YIELD, yield) \
    X(CLOCK, clock) \
    X(HANDLE_COPY, handle_copy) \
    X(HANDLE_CLOSE, handle_close) \
    X(PORT_IN, port_in) \
    X(PORT_OUT, port_out) \
    X(IRQ_ACK, irq_ack) \
    X(IRQ_BIND, irq_bind) \
    X(FS_BASE, fs_base) \
    X(POWER, power) \
    X(MMU, mmu) \
    X(MMU_ONE, mmu_one) \
    X(MMU_REPLY_RECEIVE, mmu_reply_receive)

enum hf_call_number {
    HF_CALL_NONE, /* a zeroed register is no call */
#define X(upper, lower) HF_CALL_##upper,
    HF_CALL_LIST(X)
#undef X
    HF_CALL_COUNT
};

/* With CALL, RECEIVE and REPLY_RECEIVE: answer HF_WOULD_BLOCK instead of waiting
 * for the other side. (A call that was delivered still waits for its reply.) */
#define HF_NOWAIT 0x100u

#endif
