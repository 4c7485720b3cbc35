#include "serve.h"

#include <handoff/handle.h>
#include <handoff/timer.h>
#include <ipc.h>
#include <stdbool.h>
#include <stdlib.h>

#include "pit.h"
#include "timers.h"

struct request {
    const struct hf_message *message;
    hf_serial_t sender;
    hf_handle_t handle; /* that came along; 0 once it is used */
    bool held;          /* the answer comes later */
    struct hf_message reply;
};

static hf_handle_t irq_handle;
static uint64_t interrupts;

void serve_start(hf_handle_t irq) { irq_handle = irq; }

static hf_status_t serve_sleep(struct request *request) {
    uint64_t nanoseconds = request->message->word[0];
    if (nanoseconds > HF_TIMER_SLEEP_MAX) return HF_BAD_ARGUMENT;
    hf_status_t status = timers_sleep(hf_clock(), nanoseconds);
    request->held = status == HF_OK;
    return status;
}

/* Keeps no more of the handle than is needed. HF_DENIED: it can't notify. */
static hf_status_t take_notify(struct request *request, hf_handle_t *notify) {
    *notify = HF_SLOT_ANY;
    return hf_handle_copy(request->handle, HF_RIGHT_NOTIFY, 0, notify);
}

static hf_status_t serve_periodic(struct request *request) {
    uint64_t period = request->message->word[0];
    hf_handle_t notify;
    if (request->message->handle == 0 || period < HF_TIMER_PERIOD_MIN) return HF_BAD_ARGUMENT;
    hf_status_t status = request->handle == 0 ? HF_NO_MEMORY : take_notify(request, &notify);
    if (status != HF_OK) return status;
    status = timers_repeat(hf_clock(), period, notify, request->sender, &request->reply.word[0]);
    if (status != HF_OK) {
        hf_status_t closed = hf_handle_close(notify);
        (void)closed; /* it is there, since it was just made */
    }
    return status;
}

static hf_status_t serve_cancel(struct request *request) {
    return timers_cancel(request->message->word[0], request->sender);
}

static hf_status_t serve_stat(struct request *request) {
    struct timers_stat stat = timers_count();
    request->reply.word[0] = stat.sleepers;
    request->reply.word[1] = stat.periodics;
    request->reply.word[2] = interrupts;
    return HF_OK;
}

static const struct {
    hf_status_t (*serve)(struct request *request);
    unsigned words, handles;
} handlers[HF_TIMER_COUNT] = {
#define X(upper, lower, words, handles, text) [HF_TIMER_##upper] = {serve_##lower, words, handles},
    HF_TIMER_LABEL_LIST(X)
#undef X
};

/* Nothing is there that the label doesn't take. */
static bool is_well_formed(const struct hf_message *message) {
    uint64_t beyond = message->bytes | (handlers[message->label].handles == 0 ? message->handle : 0u);
    for (unsigned word = handlers[message->label].words; word < HF_MESSAGE_WORDS; word++) {
        beyond |= message->word[word];
    }
    return beyond == 0;
}

static hf_status_t serve_label(struct request *request) {
    uint32_t label = request->message->label;
    if (label >= HF_TIMER_COUNT || handlers[label].serve == NULL) return HF_BAD_CALL;
    return is_well_formed(request->message) ? handlers[label].serve(request) : HF_BAD_ARGUMENT;
}

/* A server that can't answer, or is told of no more interrupts, has nothing left to do. */
static void insist(hf_status_t status) {
    if (status != HF_OK) {
        exit(EXIT_FAILURE);
    }
}

static void serve_call(const struct hf_message *message, const struct hf_sender *sender) {
    bool arrived = message->handle != 0 && !(message->handle & HF_LOST);
    struct request request = {.message = message, .sender = sender->serial, .handle = arrived ? message->handle : 0};
    hf_status_t status = serve_label(&request);
    if (arrived) {
        insist(hf_handle_close(message->handle));
    }
    if (!request.held) {
        request.reply.label = status;
        insist(hf_reply(&request.reply));
    }
}

void serve(const struct hf_message *message, const struct hf_sender *sender) {
    if (message->label == HF_LABEL_NOTIFICATION) {
        insist(hf_irq_ack(irq_handle));
        interrupts++;
        pit_came();
    } else {
        serve_call(message, sender);
    }
    timers_expire(hf_clock());
    pit_wake(timers_next());
}
