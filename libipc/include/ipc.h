/* The core's calls that every task has, as functions that cost a SYSCALL.
 *
 * Each answers a status that must be looked at. A slot out of range, a handle that
 * doesn't exist, and one that names something else than the call needs are
 * HF_BAD_HANDLE everywhere; one that lacks the right for it is HF_DENIED. Only
 * what else can go wrong is listed below.
 *
 * A call that answers anything but HF_OK leaves *message, *sender and results
 * as they were, so that it can be made again with the same message. */
#pragma once

#include <handoff/handle.h>
#include <stub.h>

/* Set before main; NULL as soon as there are threads (mem_thread): then each task of the
 * program has the address of its IPC buffer at FS:0. */
extern struct hf_buffer *hf_own_buffer;

/* The task's IPC buffer: bytes of long messages stand there, and the slot for an
 * arriving handle. The next message overwrites what came with the last one, and so
 * does everything that sends messages: printf, malloc. */
HF_STUB struct hf_buffer *hf_buffer(void) {
    struct hf_buffer *buffer = hf_own_buffer;
    if (buffer == NULL) {
        __asm__ volatile("mov %%fs:0, %0" : "=r"(buffer));
    }
    return buffer;
}

/* ---- messages ---- */

/* Sends *message to the endpoint `to` and waits for the reply, which replaces it.
 * Needs the CALL right, and GRANT on a handle that is sent along.
 * HF_DEAD: the endpoint is gone, or whoever had the call ended without a reply.
 * HF_CANCELLED: the task was stopped meanwhile; the call may have been served.
 * HF_BAD_ARGUMENT: a label of the core's. HF_TOO_BIG: more than HF_MESSAGE_BYTES.
 * HF_NOT_READY: bytes from a task without an IPC buffer. */
HF_STUB HF_MUST_CHECK hf_status_t hf_call(hf_handle_t to, struct hf_message *message) {
    return hf_stub_exchange(HF_CALL_CALL, to, message, message, (struct hf_sender *)NULL);
}

/* The same, but HF_WOULD_BLOCK when nobody is receiving there just now. Once
 * delivered, it waits for the reply like hf_call. */
HF_STUB HF_MUST_CHECK hf_status_t hf_call_nowait(hf_handle_t to, struct hf_message *message) {
    return hf_stub_exchange(HF_CALL_CALL | HF_NOWAIT, to, message, message, (struct hf_sender *)NULL);
}

/* Waits for a message at the endpoint `from`; needs the RECEIVE right. A call is
 * then in hand until it is answered (hf_reply, hf_reply_receive) or set aside
 * (hf_hold). HF_LABEL_NOTIFICATION is no call and wants no reply. `sender` may be
 * NULL here and below.
 * HF_BAD_CALL: a call is in hand still. HF_DEAD: the endpoint is gone.
 * HF_CANCELLED: the task was stopped meanwhile. */
HF_STUB HF_MUST_CHECK hf_status_t hf_receive(hf_handle_t from, struct hf_message *message, struct hf_sender *sender) {
    return hf_stub_take(HF_CALL_RECEIVE, from, message, sender);
}

/* The same, but HF_WOULD_BLOCK when there is no message yet. */
HF_STUB HF_MUST_CHECK hf_status_t hf_receive_nowait(hf_handle_t from, struct hf_message *message,
                                                    struct hf_sender *sender) {
    return hf_stub_take(HF_CALL_RECEIVE | HF_NOWAIT, from, message, sender);
}

/* Answers the call in hand. That its caller has ended meanwhile is no error.
 * HF_BAD_CALL: there is no call in hand. HF_DENIED, HF_BAD_HANDLE and
 * HF_BAD_ARGUMENT like hf_call's: the call is still in hand. */
HF_STUB HF_MUST_CHECK hf_status_t hf_reply(const struct hf_message *message) {
    return hf_stub_exchange(HF_CALL_REPLY, 0, message, (struct hf_message *)NULL, (struct hf_sender *)NULL);
}

/* hf_reply with *message, then hf_receive into it: a server's loop. `from` is
 * checked first: on an error the call in hand has not been answered. Only what
 * happens while waiting comes after the reply: HF_CANCELLED, and HF_DEAD when the
 * endpoint is destroyed; hf_reply then says HF_BAD_CALL, since no call is in hand. */
HF_STUB HF_MUST_CHECK hf_status_t hf_reply_receive(hf_handle_t from, struct hf_message *message,
                                                   struct hf_sender *sender) {
    return hf_stub_exchange(HF_CALL_REPLY_RECEIVE, from, message, message, sender);
}

/* The same, but HF_WOULD_BLOCK, after the reply, when there is no message yet. */
HF_STUB HF_MUST_CHECK hf_status_t hf_reply_receive_nowait(hf_handle_t from, struct hf_message *message,
                                                          struct hf_sender *sender) {
    return hf_stub_exchange(HF_CALL_REPLY_RECEIVE | HF_NOWAIT, from, message, message, sender);
}

/* Sets the call in hand aside, so that others can be received before it is
 * answered. *reply: the free slot to use or HF_SLOT_ANY, then the slot used.
 * HF_BAD_CALL: there is no call in hand. HF_EXISTS: that slot is in use.
 * HF_NO_MEMORY: all slots are. */
HF_STUB HF_MUST_CHECK hf_status_t hf_hold(hf_handle_t *reply) {
    uint64_t slot = *reply;
    hf_status_t status = hf_stub_plain(HF_CALL_HOLD, slot, 0, 0, 0, &slot);
    *reply = (hf_handle_t)slot;
    return status;
}

/* Answers a call that was set aside, and frees its slot.
 * HF_DEAD: its caller has ended or was stopped; the slot is free then too.
 * HF_DENIED: another task set it aside. */
HF_STUB HF_MUST_CHECK hf_status_t hf_reply_held(hf_handle_t reply, const struct hf_message *message) {
    return hf_stub_exchange(HF_CALL_REPLY_HELD, reply, message, (struct hf_message *)NULL, (struct hf_sender *)NULL);
}

/* Sets the notification bits that the handle's badge names; never waits.
 * HF_DEAD: the endpoint is gone. */
HF_STUB HF_MUST_CHECK hf_status_t hf_notify(hf_handle_t to) {
    return hf_stub_plain(HF_CALL_NOTIFY, to, 0, 0, 0, (uint64_t *)NULL);
}

/* ---- time ---- */

/* Lets another task of the same priority run. */
HF_STUB void hf_yield(void) { (void)hf_stub_plain(HF_CALL_YIELD, 0, 0, 0, 0, (uint64_t *)NULL); }

/* Nanoseconds since boot. */
HF_STUB uint64_t hf_clock(void) {
    uint64_t now = 0;
    (void)hf_stub_plain(HF_CALL_CLOCK, 0, 0, 0, 0, &now);
    return now;
}

/* ---- handles ---- */

/* Another handle to the same thing, with a subset of the rights. A badge other
 * than 0 replaces the old one, which needs the MINT right; 0 keeps it.
 * *copy: the free slot to use or HF_SLOT_ANY, then the slot used.
 * HF_EXISTS: that slot is in use. HF_NO_MEMORY: all slots are.
 * HF_BAD_ARGUMENT: no such rights. A held call can't be copied. */
HF_STUB HF_MUST_CHECK hf_status_t hf_handle_copy(hf_handle_t handle, unsigned rights, hf_badge_t badge,
                                                 hf_handle_t *copy) {
    uint64_t slot = *copy;
    hf_status_t status = hf_stub_plain(HF_CALL_HANDLE_COPY, handle, rights, badge, slot, &slot);
    *copy = (hf_handle_t)slot;
    return status;
}

/* Frees the slot. What it named lives on. Closing a held call gives its caller
 * HF_DEAD. */
HF_STUB HF_MUST_CHECK hf_status_t hf_handle_close(hf_handle_t handle) {
    return hf_stub_plain(HF_CALL_HANDLE_CLOSE, handle, 0, 0, 0, (uint64_t *)NULL);
}

/* ---- devices ---- */

/* Reads `size` (1, 2 or 4) bytes from an I/O port. HF_DENIED also: not wholly
 * within the handle's ports. HF_BAD_ARGUMENT: another size. */
HF_STUB HF_MUST_CHECK hf_status_t hf_port_in(hf_handle_t handle, uint16_t port, unsigned size, uint32_t *value) {
    uint64_t result = *value;
    hf_status_t status = hf_stub_plain(HF_CALL_PORT_IN, handle, port, size, 0, &result);
    *value = (uint32_t)result;
    return status;
}

/* Writes `size` (1, 2 or 4) bytes to an I/O port; errors like hf_port_in. */
HF_STUB HF_MUST_CHECK hf_status_t hf_port_out(hf_handle_t handle, uint16_t port, unsigned size, uint32_t value) {
    return hf_stub_plain(HF_CALL_PORT_OUT, handle, port, size, value, (uint64_t *)NULL);
}

/* Lets the interrupt come again: it is masked from when it comes until this. */
HF_STUB HF_MUST_CHECK hf_status_t hf_irq_ack(hf_handle_t irq) {
    return hf_stub_plain(HF_CALL_IRQ_ACK, irq, 0, 0, 0, (uint64_t *)NULL);
}

/* From now on the interrupt sets the bits that the NOTIFY handle `to` names; an
 * earlier binding ends. It comes unmasked. */
HF_STUB HF_MUST_CHECK hf_status_t hf_irq_bind(hf_handle_t irq, hf_handle_t to) {
    return hf_stub_plain(HF_CALL_IRQ_BIND, irq, to, 0, 0, (uint64_t *)NULL);
}

/* Ends the machine; under an emulator its exit status has the code, 0 to 63.
 * Comes back only with an error. */
HF_STUB HF_MUST_CHECK hf_status_t hf_power(hf_handle_t power, unsigned code) {
    return hf_stub_plain(HF_CALL_POWER, power, code, 0, 0, (uint64_t *)NULL);
}

/* ---- the task itself ---- */

/* Sets the FS base, for a program that keeps data of its own there and makes no threads.
 * HF_BAD_ADDRESS: not in the user half. */
HF_STUB HF_MUST_CHECK hf_status_t hf_fs_base(uint64_t address) {
    return hf_stub_plain(HF_CALL_FS_BASE, address, 0, 0, 0, (uint64_t *)NULL);
}
