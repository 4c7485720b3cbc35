/* What makes no sense gets a named error, and costs the server nothing. */
#include "timers.h"

/* More than the server has handle slots: what it kept each time would be missing. */
#define OFTEN 130

static hf_handle_t endpoint;

/* Sends the same message often; the status, if it is always the same one. */
static hf_status_t often(const struct hf_message *message) {
    hf_status_t first = HF_OK;
    for (unsigned i = 0; i < OFTEN; i++) {
        struct hf_message copy = *message;
        must(hf_call(server, &copy), "calling the server");
        if (i == 0) first = (hf_status_t)copy.label;
        if (copy.label != first) return HF_STATUS_COUNT;
    }
    return first;
}

static void expect(struct hf_message message, hf_status_t wanted, const char *name) {
    check_status(often(&message), wanted, name);
}

static void bad_labels(void) {
    static const uint32_t labels[] = {HF_TIMER_NONE, HF_TIMER_COUNT, HF_TIMER_STARTED, 1000, 0x7fffffff};
    hf_handle_t handle = notify_handle(endpoint, 1);
    bool good = true;
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        struct hf_message message = {.label = labels[i]};
        good &= often(&message) == HF_BAD_CALL;
        message.handle = (uint16_t)handle;
        message.bytes = 100;
        good &= often(&message) == HF_BAD_CALL;
    }
    check(good, "labels that don't exist");
    must(hf_handle_close(handle), "closing a handle");
}

static void bad_fields(void) {
    static const struct {
        uint32_t label;
        unsigned words;
        bool handle;
    } all[] = {{HF_TIMER_SLEEP, 1, false},
               {HF_TIMER_PERIODIC, 1, true},
               {HF_TIMER_CANCEL, 1, false},
               {HF_TIMER_STAT, 0, false}};
    hf_handle_t handle = notify_handle(endpoint, 1);
    bool words = true, bytes = true, handles = true;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct hf_message good = {.label = all[i].label, .handle = (uint16_t)(all[i].handle ? handle : 0)};
        good.word[0] = all[i].words ? MILLISECOND : 0;
        for (unsigned word = all[i].words; word < HF_MESSAGE_WORDS; word++) {
            struct hf_message message = good;
            message.word[word] = 1ul << 63;
            words &= often(&message) == HF_BAD_ARGUMENT;
        }
        struct hf_message message = good;
        message.bytes = HF_MESSAGE_BYTES;
        bytes &= often(&message) == HF_BAD_ARGUMENT;
        message = good;
        message.handle = (uint16_t)(all[i].handle ? 0 : handle);
        handles &= often(&message) == HF_BAD_ARGUMENT;
    }
    check(words, "words that a label doesn't use");
    check(bytes, "bytes that come along");
    check(handles, "handles that are not wanted, or missing");
    must(hf_handle_close(handle), "closing a handle");
}

static void bad_lengths(void) {
    check_status(ask(HF_TIMER_SLEEP, HF_TIMER_SLEEP_MAX + 1), HF_BAD_ARGUMENT, "a sleep that is too long");
    check_status(ask(HF_TIMER_SLEEP, UINT64_MAX), HF_BAD_ARGUMENT, "a sleep without end");
    check_status(ask(HF_TIMER_SLEEP, 0), HF_OK, "no sleep at all");
    uint16_t handle = (uint16_t)notify_handle(endpoint, 1);
    expect((struct hf_message){.label = HF_TIMER_PERIODIC, .handle = handle, .word = {HF_TIMER_PERIOD_MIN - 1}},
           HF_BAD_ARGUMENT, "a period that is too short");
    expect((struct hf_message){.label = HF_TIMER_PERIODIC, .handle = handle}, HF_BAD_ARGUMENT, "no period");
    must(hf_handle_close(handle), "closing a handle");
}

static void bad_handles(void) {
    hf_handle_t handle = HF_SLOT_ANY;
    uint64_t number;
    must(hf_handle_copy(endpoint, HF_RIGHT_CALL | HF_RIGHT_RECEIVE | HF_RIGHT_GRANT, 1, &handle), "copying a handle");
    expect((struct hf_message){.label = HF_TIMER_PERIODIC, .handle = (uint16_t)handle, .word = {MILLISECOND}},
           HF_DENIED, "a handle that can't notify");
    must(hf_handle_close(handle), "closing a handle");
    check_status(timer_periodic(MILLISECOND, handle, &number), HF_BAD_HANDLE, "a handle that is closed");
    check_status(timer_periodic(MILLISECOND, 0, &number), HF_BAD_HANDLE, "no handle");
    handle = HF_SLOT_ANY;
    must(hf_handle_copy(endpoint, HF_RIGHT_NOTIFY, 1, &handle), "copying a handle");
    check_status(timer_periodic(MILLISECOND, handle, &number), HF_DENIED, "a handle that can't be passed on");
    must(hf_handle_close(handle), "closing a handle");
}

static void too_many(void) {
    uint64_t numbers[HF_TIMER_PERIODICS_EACH], number;
    hf_handle_t handle = notify_handle(endpoint, 1);
    for (unsigned i = 0; i < HF_TIMER_PERIODICS_EACH; i++) {
        must(timer_periodic(SECOND, handle, &numbers[i]), "making a timer");
    }
    expect((struct hf_message){.label = HF_TIMER_PERIODIC, .handle = (uint16_t)handle, .word = {SECOND}}, HF_NO_MEMORY,
           "one timer too many");
    bool good = true;
    for (unsigned i = 0; i < HF_TIMER_PERIODICS_EACH; i++) {
        good &= timer_cancel(numbers[i]) == HF_OK;
        good &= timer_cancel(numbers[i]) == HF_NOT_FOUND;
    }
    check(good, "each can be cancelled, once");
    check_status(timer_cancel(UINT64_MAX), HF_NOT_FOUND, "cancel a number that was never given");
    check_status(timer_periodic(UINT64_MAX, handle, &number), HF_OK, "a period without end");
    check_status(timer_cancel(number), HF_OK, "which can be cancelled");
    must(hf_handle_close(handle), "closing a handle");
}

void test_bad(void) {
    must(mem_endpoint_create(&endpoint), "making an endpoint");
    check_status(timer_cancel(0), HF_NOT_FOUND, "cancel number 0");
    bad_labels();
    bad_fields();
    bad_lengths();
    bad_handles();
    too_many();
    check_status(timer_sleep(MILLISECOND), HF_OK, "the server still works");
    struct server_stat stat = server_stat();
    check(stat.sleepers == 0 && stat.periodics == 0, "and nothing is left of all this");
}
