/* The console server: owns COM1, writes for all tasks, and gives what is typed to
 * those who ask for it. There is no echo and no line editing here: that is the
 * reader's. */
#include <handoff/console.h>
#include <handoff/mem.h>
#include <ipc.h>
#include <mem.h>
#include <stdlib.h>

#include "input.h"
#include "output.h"
#include "uart.h"

#define SLOT(name) (HF_SLOT_GIVEN + HF_CONSOLE_GIVEN_##name)
#define INTERRUPT_BIT 1u

static hf_handle_t endpoint;

/* Moves bytes both ways until the UART has nothing to tell: its interrupt is an
 * edge, which comes again only after that. */
static void service(void) {
    do {
        input_collect();
        input_deliver();
        if (uart_has_lost()) {
            output_note("\nconsole: input came too fast, some is lost\n");
        }
        output_advance();
        uart_interrupt_on(input_has_room(), output_is_waiting());
    } while (uart_wants_attention());
}

/* Unmasked first: an edge that comes during the service must not get lost. */
static hf_status_t on_interrupt(const struct hf_message *message) {
    (void)message;
    return hf_irq_ack(SLOT(IRQ));
}

static hf_status_t on_read(const struct hf_message *message) {
    (void)message;
    return input_take_reader();
}

static const struct {
    uint32_t label;
    hf_status_t (*handle)(const struct hf_message *message);
} handlers[] = {
    {HF_LABEL_NOTIFICATION, on_interrupt},
    {HF_CONSOLE_WRITE, output_take},
    {HF_CONSOLE_READ, on_read},
};

/* HF_OK: nothing is to be answered, or not now. */
static hf_status_t handle(const struct hf_message *message) {
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++) {
        if (handlers[i].label == message->label) {
            return handlers[i].handle(message);
        }
    }
    return HF_BAD_CALL;
}

static hf_status_t bind_interrupt(void) {
    hf_handle_t notify = HF_SLOT_ANY;
    hf_status_t status = hf_handle_copy(endpoint, HF_RIGHT_NOTIFY, INTERRUPT_BIT, &notify);
    return status == HF_OK ? hf_irq_bind(SLOT(IRQ), notify) : status;
}

/* Tells who started this where to call. */
static hf_status_t introduce(void) {
    hf_handle_t offer = HF_SLOT_ANY;
    hf_status_t status = hf_handle_copy(endpoint, HF_RIGHT_CALL | HF_RIGHT_GRANT | HF_RIGHT_MINT, 0, &offer);
    if (status != HF_OK) return status;
    struct hf_message message = {.label = HF_CONSOLE_STARTED, .handle = (uint16_t)offer};
    status = hf_call(SLOT(STARTER), &message);
    hf_status_t closed = hf_handle_close(offer);
    return status == HF_OK ? closed : status;
}

static bool start(void) {
    if (mem_given() != HF_CONSOLE_GIVEN_COUNT || mem_endpoint_create(&endpoint) != HF_OK || bind_interrupt() != HF_OK) {
        return false;
    }
    output_start();
    uart_start(SLOT(PORTS));
    service();
    return introduce() == HF_OK;
}

int main(void) {
    struct hf_message message;
    struct hf_sender sender;
    if (!start()) return EXIT_FAILURE;
    while (hf_receive(endpoint, &message, &sender) == HF_OK) {
        hf_status_t status = handle(&message);
        if (status != HF_OK && hf_reply(&(struct hf_message){.label = status}) != HF_OK) {
            return EXIT_FAILURE;
        }
        service();
    }
    return EXIT_FAILURE;
}
