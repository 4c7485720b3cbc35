/* Synchronous messages, beyond the calls themselves (call.h); and what travels with a
 * message beyond the registers: bytes and a handle (transfer.c). */
#pragma once

#include "call.h"
#include "handle.h"
#include "schedule.h"

/* What call_reply_receive would refuse, before anything is done. */
hf_status_t ipc_check_reply_receive(const struct task *task, const struct handle **from);

/* Sets notification bits and wakes a receiver. */
void ipc_set_bits(struct endpoint *endpoint, uint64_t bits);

/* Words HF_FAULT_ENTRY and HF_FAULT_FRAME of a page fault's message. */
struct fault_words {
    uint64_t entry, frame;
};
struct fault_words ipc_fault_words(const struct task *task);

/* A page fault or another exception of the current task, described by its saved
 * registers: a call to its pager. A task whose pager is gone is stopped; the
 * exception comes again when it is started. False when it never had a pager. */
bool ipc_raise(struct task *task);

/* Lets a task that is in no queue go on: its call or receive answers `status`; a
 * fault is raised again, if its reason is still there, by running the instruction. */
void ipc_wake(struct task *task, hf_status_t status);

/* Takes a task that waits out of its queue or call, since it is being stopped: it
 * will find HF_CANCELLED. */
void ipc_cancel(struct task *task);

/* Closes a REPLY handle: its caller gets HF_DEAD. HF_DENIED when another task holds the call. */
hf_status_t ipc_drop_held(struct task *task, struct handle *handle);

/* Ends up to `limit` of the calls that `task` has in hand or held, with HF_DEAD.
 * False when there are more. */
bool ipc_abandon(struct task *task, unsigned limit);

/* A tag: label in bits 0-31, bytes in 32-47, handle in 48-63. */
#define TAG_LABEL 0xffffffffull
#define TAG_CORE_LABEL 0x80000000ull
#define TAG_BYTES_SHIFT 32
#define TAG_HANDLE_SHIFT 48

static inline unsigned tag_bytes(uint64_t tag) { return (unsigned)(tag >> TAG_BYTES_SHIFT) & 0xffff; }
static inline unsigned tag_handle(uint64_t tag) { return (unsigned)(tag >> TAG_HANDLE_SHIFT); }

/* The same two for whatever is more than a label and words. */
hf_status_t transfer_check_more(const struct task *task, uint64_t tag);
uint64_t transfer_more(const struct task *from, struct task *to, uint64_t tag);

/* Whether `task` may send a message with this tag: HF_BAD_ARGUMENT (label is the
 * core's), HF_TOO_BIG (bytes), HF_NOT_READY (bytes, but it has no buffer),
 * HF_BAD_HANDLE, HF_DENIED (handle without GRANT). */
static inline hf_status_t transfer_check(const struct task *task, uint64_t tag) {
    return tag < TAG_CORE_LABEL ? HF_OK : transfer_check_more(task, tag);
}

/* Copies the registers' words, and what the tag says besides, from one task to
 * another; the tag arrives changed where something could not be delivered. */
static inline void transfer(const struct task *from, struct task *to) {
    const struct frame_registers *words = &from->registers;
    to->registers.rsi = words->rsi <= TAG_LABEL ? words->rsi : transfer_more(from, to, words->rsi);
    to->registers.rdx = words->rdx;
    to->registers.r10 = words->r10;
    to->registers.r8 = words->r8;
    to->registers.r9 = words->r9;
    to->registers.r12 = words->r12;
    to->registers.r13 = words->r13;
}
