/* Roles and steps that many tests need. */
#include "ipc.h"

#define SEED_OF(message) ((message).label - pattern(0).label)

int caller(uint64_t seed) {
    struct hf_message message = pattern((unsigned)seed);
    hf_status_t status = hf_call(SLOT_A, &message);
    if (status == HF_OK) {
        WANT_PATTERN(&message, (unsigned)seed + 1);
    }
    return (int)status;
}

int server(uint64_t count) {
    struct hf_message message = {0};
    hf_status_t status = hf_receive(SLOT_A, &message, NULL);
    while (status == HF_OK && --count != 0) {
        message = pattern(SEED_OF(message) + 1);
        status = hf_reply_receive(SLOT_A, &message, NULL);
    }
    if (status == HF_OK) {
        message = pattern(SEED_OF(message) + 1);
        status = hf_reply(&message);
    }
    return (int)status;
}

int taker(uint64_t unused) {
    struct hf_message message = {0};
    (void)unused;
    hf_status_t status = hf_receive(SLOT_A, &message, NULL);
    if (status != HF_OK) return (int)status;
    report(message.label, message.word[0]);
    wait_for_ever();
}

_Noreturn void wait_for_ever(void) {
    struct hf_message message = {0};
    hf_handle_t nobody = new_endpoint();
    for (;;) {
        WANT_OK(hf_call(nobody, &message));
    }
}

int owner(uint64_t unused) {
    struct hf_message message = {.handle = (uint16_t)new_endpoint()};
    (void)unused;
    WANT_OK(report_message(&message));
    wait_for_ever();
}

hf_handle_t take_endpoint(unsigned role) {
    struct hf_message message = {0};
    hf_buffer()->receive_slot = HF_SLOT_ANY;
    WANT(take_report(&message) == role);
    hf_buffer()->receive_slot = 0;
    WANT(message.handle != 0 && message.handle != HF_LOST);
    return message.handle;
}

void take(hf_handle_t endpoint, unsigned seed) {
    struct hf_message message = {0};
    WANT_OK(hf_receive(endpoint, &message, NULL));
    note("received label 0x%x", message.label);
    WANT_PATTERN(&message, seed);
}

void answer(unsigned seed) {
    struct hf_message message = pattern(seed + 1);
    WANT_OK(hf_reply(&message));
}

hf_handle_t take_and_hold(hf_handle_t endpoint, unsigned seed) {
    hf_handle_t slot = HF_SLOT_ANY;
    take(endpoint, seed);
    WANT_OK(hf_hold(&slot));
    return slot;
}

void answer_held(hf_handle_t slot, unsigned seed) {
    struct hf_message message = pattern(seed + 1);
    WANT_OK(hf_reply_held(slot, &message));
}

void call_server(hf_handle_t endpoint, unsigned seed) {
    struct hf_message message = pattern(seed);
    WANT(hf_call(endpoint, &message) == HF_OK);
    WANT_PATTERN(&message, seed + 1);
}

unsigned fill_handles(hf_handle_t handles[HF_HANDLE_COUNT]) {
    unsigned count = 0;
    hf_status_t status;
    do {
        handles[count] = HF_SLOT_ANY;
        status = hf_handle_copy(HF_SLOT_MEMSRV, HF_RIGHT_CALL, 0, &handles[count]);
        count += status == HF_OK;
    } while (status == HF_OK && count < HF_HANDLE_COUNT);
    WANT_STATUS(status, HF_NO_MEMORY);
    return count;
}

void close_handles(const hf_handle_t *handles, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        WANT(hf_handle_close(handles[i]) == HF_OK);
    }
}
