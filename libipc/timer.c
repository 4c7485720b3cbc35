/* The timer server's client. */
#include <handoff/timer.h>
#include <ipc.h>
#include <mem.h>
#include <timer.h>
#include <unistd.h>

/* Sends *message to the server. */
static hf_status_t ask(struct hf_message *message) {
    static hf_handle_t server;
    hf_status_t status = server == 0 ? mem_lookup(HF_TIMER_NAME, &server) : HF_OK;
    if (status == HF_OK) {
        status = hf_call(server, message);
    }
    return status == HF_OK ? (hf_status_t)message->label : status;
}

/* At most HF_TIMER_SLEEP_MAX, and less when the server has no slot for it. */
static hf_status_t sleep_part(uint64_t nanoseconds) {
    uint64_t part = nanoseconds < HF_TIMER_SLEEP_MAX ? nanoseconds : HF_TIMER_SLEEP_MAX;
    struct hf_message message = {.label = HF_TIMER_SLEEP, .word = {part}};
    hf_status_t status = ask(&message);
    if (status != HF_NO_MEMORY) return status;
    hf_yield();
    return HF_OK;
}

hf_status_t timer_sleep(uint64_t nanoseconds) {
    uint64_t start = hf_clock(), passed = 0;
    hf_status_t status;
    do {
        status = sleep_part(nanoseconds - passed);
        passed = hf_clock() - start;
    } while (status == HF_OK && passed < nanoseconds);
    return status;
}

hf_status_t timer_periodic(uint64_t period, hf_handle_t notify, uint64_t *number) {
    struct hf_message message = {.label = HF_TIMER_PERIODIC, .handle = (uint16_t)notify, .word = {period}};
    if (notify == 0 || notify >= HF_HANDLE_COUNT) return HF_BAD_HANDLE;
    hf_status_t status = ask(&message);
    if (status == HF_OK) {
        *number = message.word[0];
    }
    return status;
}

hf_status_t timer_cancel(uint64_t number) {
    struct hf_message message = {.label = HF_TIMER_CANCEL, .word = {number}};
    return ask(&message);
}

unsigned sleep(unsigned seconds) { return timer_sleep(seconds * TIMER_SECOND) == HF_OK ? 0 : seconds; }

int usleep(unsigned microseconds) { return timer_sleep(microseconds * 1000ul) == HF_OK ? 0 : -1; }
