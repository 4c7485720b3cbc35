/* Stands in for libipc's <ipc.h>: the calls are functions that the test defines, so
 * that servers and clients run without a core. */
#ifndef FAKE_IPC_H
#define FAKE_IPC_H

#include <handoff/handle.h>
#include <handoff/message.h>
#include <handoff/status.h>

struct hf_buffer *hf_buffer(void);
hf_status_t hf_call(hf_handle_t to, struct hf_message *message);
hf_status_t hf_call_nowait(hf_handle_t to, struct hf_message *message);
hf_status_t hf_hold(hf_handle_t *reply);
hf_status_t hf_reply_held(hf_handle_t reply, const struct hf_message *message);
hf_status_t hf_notify(hf_handle_t to);
hf_status_t hf_handle_copy(hf_handle_t handle, unsigned rights, hf_badge_t badge, hf_handle_t *copy);
hf_status_t hf_handle_close(hf_handle_t handle);
uint64_t hf_clock(void);
void hf_yield(void);
hf_status_t hf_receive(hf_handle_t from, struct hf_message *message, struct hf_sender *sender);
hf_status_t hf_receive_nowait(hf_handle_t from, struct hf_message *message, struct hf_sender *sender);
hf_status_t hf_reply_receive(hf_handle_t from, struct hf_message *message, struct hf_sender *sender);
hf_status_t hf_reply(const struct hf_message *message);
hf_status_t hf_port_in(hf_handle_t handle, uint16_t port, unsigned size, uint32_t *value);
hf_status_t hf_port_out(hf_handle_t handle, uint16_t port, unsigned size, uint32_t value);
hf_status_t hf_irq_ack(hf_handle_t irq);
hf_status_t hf_power(hf_handle_t power, unsigned code);

#endif
