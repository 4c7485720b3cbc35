/* The timer server: owns the PIT, and lets tasks sleep or be notified at intervals.
 * What time it is nobody has to be asked: that is hf_clock. */
#include <handoff/handle.h>
#include <handoff/timer.h>
#include <ipc.h>
#include <mem.h>
#include <stdlib.h>

#include "pit.h"
#include "serve.h"

#define SLOT(name) (HF_SLOT_GIVEN + HF_TIMER_GIVEN_##name)
#define INTERRUPT_BIT 1u

/* The core keeps a copy of the handle that an interrupt is bound to. */
static hf_status_t bind_interrupt(hf_handle_t endpoint) {
    hf_handle_t notify = HF_SLOT_ANY;
    hf_status_t status = hf_handle_copy(endpoint, HF_RIGHT_NOTIFY, INTERRUPT_BIT, &notify);
    if (status != HF_OK) return status;
    status = hf_irq_bind(SLOT(IRQ), notify);
    hf_status_t closed = hf_handle_close(notify);
    return status == HF_OK ? closed : status;
}

static hf_status_t register_name(hf_handle_t endpoint) {
    hf_handle_t offer = HF_SLOT_ANY;
    hf_status_t status = hf_handle_copy(endpoint, HF_RIGHT_CALL | HF_RIGHT_GRANT, 0, &offer);
    if (status != HF_OK) return status;
    status = mem_register(HF_TIMER_NAME, offer);
    hf_status_t closed = hf_handle_close(offer);
    return status == HF_OK ? closed : status;
}

static hf_status_t start(hf_handle_t *endpoint) {
    hf_status_t status = mem_endpoint_create(endpoint);
    if (status != HF_OK) return status;
    pit_start(SLOT(PORTS));
    serve_start(SLOT(IRQ));
    hf_buffer()->receive_slot = HF_SLOT_ANY;
    status = bind_interrupt(*endpoint);
    return status == HF_OK ? register_name(*endpoint) : status;
}

/* Says to who started this how that went. */
static hf_status_t report(hf_status_t status) {
    struct hf_message message = {.label = HF_TIMER_STARTED, .word = {status}};
    hf_status_t told = hf_call(SLOT(STARTER), &message);
    hf_status_t closed = hf_handle_close(SLOT(STARTER));
    return told == HF_OK ? closed : told;
}

int main(void) {
    hf_handle_t endpoint;
    struct hf_message message;
    struct hf_sender sender;
    if (mem_given() != HF_TIMER_GIVEN_COUNT) {
        return EXIT_FAILURE;
    }
    hf_status_t status = start(&endpoint);
    if (report(status) != HF_OK || status != HF_OK) {
        return EXIT_FAILURE;
    }
    while (hf_receive(endpoint, &message, &sender) == HF_OK) {
        serve(&message, &sender);
    }
    return EXIT_FAILURE;
}
