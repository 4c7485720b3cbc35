/* Periodic timers. */
#include "timers.h"

#define PERIOD (5 * MILLISECOND)
#define PERIODS 200u
#define BITS 0x14ul

static hf_handle_t endpoint;
static uint64_t number;

static void begin(void) {
    must(mem_endpoint_create(&endpoint), "making an endpoint");
    hf_handle_t notify = notify_handle(endpoint, BITS);
    must(timer_periodic(PERIOD, notify, &number), "making a timer");
    must(hf_handle_close(notify), "closing a handle");
}

static bool receive_bits(void) {
    struct hf_message message = {0};
    must(hf_receive(endpoint, &message, NULL), "receiving");
    return message.label == HF_LABEL_NOTIFICATION && message.word[0] == BITS;
}

static bool nothing_comes(void) {
    struct hf_message message = {0};
    return hf_receive_nowait(endpoint, &message, NULL) == HF_WOULD_BLOCK;
}

void test_periodic(void) {
    uint64_t before = hf_clock();
    begin();
    uint64_t after = hf_clock(), latest = 0;
    bool bits = true, early = false;
    for (unsigned i = 1; i <= PERIODS; i++) {
        bits &= receive_bits();
        uint64_t now = hf_clock();
        early |= now < before + i * PERIOD;
        uint64_t late = now > after + i * PERIOD ? now - after - i * PERIOD : 0;
        latest = late > latest ? late : latest;
    }
    hf_status_t cancelled = timer_cancel(number); /* before anything is printed, which takes its time */
    bool quiet = timer_sleep(3 * PERIOD) == HF_OK && nothing_comes();
    check(bits, "the bits of the handle are set");
    check(!early, "no tick is early");
    check(latest < PERIOD, "none is left out in 200 periods, and they don't drift");
    printf("# late by at most %lu ns\n", latest);
    check_status(cancelled, HF_OK, "cancel it");
    check(quiet, "no tick comes after that");
    check(server_stat().periodics == 0, "nor is it counted any more");
}

void test_missed(void) {
    begin();
    must(timer_sleep(10 * PERIOD + PERIOD / 2), "sleeping");
    check(receive_bits() && nothing_comes(), "ticks that nobody received become one");
    uint64_t start = hf_clock();
    check(receive_bits() && hf_clock() - start < PERIOD, "the next one comes when it should");
    check_status(timer_cancel(number), HF_OK, "cancel it");
}

int role_cancel(uint64_t others) { return (int)timer_cancel(others); }

int role_leave(uint64_t period) {
    must(mem_endpoint_create(&endpoint), "making an endpoint");
    must(timer_periodic(period, notify_handle(endpoint, 1), &number), "making a timer");
    return server_stat().periodics == 2 ? 0 : 1; /* the parent's, and this */
}

void test_owner(void) {
    begin();
    struct mem_task other = start_role("cancel", number, 0);
    check(finish_role(&other) == HF_DENIED, "another task can't cancel it");
    check(receive_bits(), "it goes on");
    other = start_role("leave", PERIOD, 0);
    check(finish_role(&other) == 0, "another task makes one and ends");
    must(timer_sleep(2 * PERIOD), "sleeping");
    check(server_stat().periodics == 1, "which ends with the endpoint");
    check_status(timer_cancel(number), HF_OK, "cancel it");
}
