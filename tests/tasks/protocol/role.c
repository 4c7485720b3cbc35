/* A role: asks what to do, does it, and tells what came of it. */
#include "protocol.h"

static unsigned self;
static uint64_t in_hand;          /* the call that it believes to have in hand */
static uint64_t held[HOLD_SLOTS]; /* the calls that it has set aside */

static struct hf_message call_of(uint64_t number) {
    return (struct hf_message){.label = KIND_CALL, .word = {[WORD_CALL] = CALL_WORD(self, number)}};
}

static struct hf_message answer_to(uint64_t call) {
    return (struct hf_message){.label = KIND_ANSWER, .word = {[WORD_CALL] = call, [WORD_SERVER] = self}};
}

static unsigned role_of(hf_badge_t badge) { return badge ? (unsigned)__builtin_ctzl(badge) : 0; }

static void report(struct hf_message *found, hf_status_t status, enum kind kind, uint64_t badge, uint64_t value) {
    *found = (struct hf_message){
        .label = REPORT_DONE,
        .word = {[WORD_STATUS] = status, [WORD_KIND] = kind, [WORD_BADGE] = badge, [WORD_VALUE] = value}};
}

static void report_call(struct hf_message *found, hf_status_t status) {
    bool answered = status == HF_OK;
    report(found, status, answered ? found->label : KIND_NOTHING, answered ? found->word[WORD_SERVER] : 0,
           answered ? found->word[WORD_CALL] : 0);
}

static void report_receive(struct hf_message *found, const struct hf_sender *sender, hf_status_t status) {
    if (status != HF_OK) {
        report(found, status, KIND_NOTHING, 0, 0);
    } else if (found->label == (uint32_t)HF_LABEL_NOTIFICATION) {
        report(found, status, KIND_NOTIFICATION, role_of(sender->badge), found->word[0]);
    } else {
        in_hand = found->word[WORD_CALL];
        report(found, status, found->label, role_of(sender->badge), in_hand);
    }
}

static hf_status_t hold(uint64_t index) {
    hf_handle_t slot = SLOT_HELD + (hf_handle_t)index;
    hf_status_t status = hf_hold(&slot);
    if (status == HF_OK) held[index] = in_hand;
    return status;
}

/* Messages that do not wait for another role, and the calls that are refused. */
static hf_status_t do_other(enum command command, uint64_t argument, uint64_t number) {
    hf_handle_t slot = SLOT_HELD + (hf_handle_t)argument;
    struct hf_message message = call_of(number), reply = answer_to(in_hand);
    switch (command) {
    case COMMAND_REPLY:
        return hf_reply(&reply);
    case COMMAND_HOLD:
        return hold(argument);
    case COMMAND_REPLY_HELD:
        reply = answer_to(held[argument]);
        return hf_reply_held(slot, &reply);
    case COMMAND_CLOSE:
        return hf_handle_close(slot);
    case COMMAND_NOTIFY:
        return hf_notify(SLOT_ENDPOINT + (hf_handle_t)argument);
    case COMMAND_CALL_WEAK:
        return hf_call(SLOT_WEAK, &message);
    case COMMAND_RECEIVE_WEAK:
        return hf_receive(SLOT_WEAK, &message, NULL);
    default:
        return hf_call(SLOT_EMPTY, &message);
    }
}

/* Replaces the command in *message by what came of it. */
static void obey(struct hf_message *message) {
    enum command command = (enum command)message->label;
    uint64_t argument = message->word[WORD_ARGUMENT], number = message->word[WORD_NUMBER];
    hf_handle_t endpoint = SLOT_ENDPOINT + (hf_handle_t)argument;
    struct hf_sender sender;
    switch (command) {
    case COMMAND_CALL:
        *message = call_of(number);
        return report_call(message, hf_call(endpoint, message));
    case COMMAND_CALL_NOWAIT:
        *message = call_of(number);
        return report_call(message, hf_call_nowait(endpoint, message));
    case COMMAND_RECEIVE:
        return report_receive(message, &sender, hf_receive(endpoint, message, &sender));
    case COMMAND_RECEIVE_NOWAIT:
        return report_receive(message, &sender, hf_receive_nowait(endpoint, message, &sender));
    case COMMAND_REPLY_RECEIVE:
        *message = answer_to(in_hand);
        return report_receive(message, &sender, hf_reply_receive(endpoint, message, &sender));
    case COMMAND_REPLY_RECEIVE_NOWAIT:
        *message = answer_to(in_hand);
        return report_receive(message, &sender, hf_reply_receive_nowait(endpoint, message, &sender));
    default:
        return report(message, do_other(command, argument, number), KIND_NOTHING, 0, 0);
    }
}

int role(unsigned number) {
    self = number;
    struct hf_message message = {.label = REPORT_NEW};
    while (hf_call(SLOT_HOME, &message) == HF_OK) {
        obey(&message);
    }
    return 1;
}

/* Makes an endpoint, gives it to the conductor, and is there until it is ended. */
int owner(void) {
    hf_handle_t endpoint;
    if (mem_endpoint_create(&endpoint) != HF_OK) return 1;
    struct hf_message message = {.label = REPORT_NEW, .handle = (uint16_t)endpoint};
    return hf_call(SLOT_HOME, &message);
}
