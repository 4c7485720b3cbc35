/* Sleeping: alone, many at once, and killed meanwhile. */
#include <unistd.h>

#include "timers.h"

static uint64_t most(uint64_t a, uint64_t b) { return a > b ? a : b; }

/* Sleeps for each of the lengths. */
static void sleep_all(const uint64_t *lengths, size_t count) {
    uint64_t latest = 0;
    bool early = false, good = true;
    must(timer_sleep(0), "the first sleep"); /* it looks the server up */
    for (size_t i = 0; i < count; i++) {
        uint64_t start = hf_clock();
        good &= timer_sleep(lengths[i]) == HF_OK;
        uint64_t passed = hf_clock() - start;
        early |= passed < lengths[i];
        latest = most(latest, passed - lengths[i]);
    }
    check(good, "sleeping");
    check(!early, "no sleep ends early");
    printf("# late by at most %lu ns\n", latest);
}

void test_sleep(void) {
    static const uint64_t lengths[] = {0, 1, 999, 1000, 50000, 1000000, 54000000, 55000000, 56000000, 123456789};
    sleep_all(lengths, sizeof lengths / sizeof *lengths);
    uint64_t start = hf_clock();
    check(usleep(2500) == 0 && hf_clock() - start >= 2500000, "usleep");
}

void test_long(void) {
    static const uint64_t lengths[] = {SECOND, HF_TIMER_SLEEP_MAX + MILLISECOND};
    sleep_all(lengths, sizeof lengths / sizeof *lengths);
    uint64_t start = hf_clock();
    check(sleep(1) == 0 && hf_clock() - start >= SECOND, "sleep");
}

/* ---- many at once ---- */

enum { ROLE_SLEPT = 1 };

/* Tells when it should have woken, and when it did. */
int role_sleeper(uint64_t until) {
    uint64_t now = hf_clock();
    hf_status_t status = timer_sleep(until > now ? until - now : 0);
    struct hf_message message = {.label = ROLE_SLEPT, .word = {until, hf_clock()}};
    return status == HF_OK ? (int)hf_call(HF_SLOT_GIVEN, &message) : (int)status;
}

struct wakings {
    bool early;
    uint64_t latest;
    uint64_t behind; /* the longest time by which a deadline came after a later one */
};

/* Takes what so many sleepers tell. */
static struct wakings wakings(hf_handle_t endpoint, unsigned count) {
    struct wakings wakings = {0};
    struct hf_message message = {0};
    uint64_t last = 0;
    for (unsigned i = 0; i < count; i++) {
        must(hf_receive(endpoint, &message, NULL), "receiving");
        uint64_t until = message.word[0], woken = message.word[1];
        must(hf_reply(&(struct hf_message){.label = HF_OK}), "replying");
        wakings.behind = most(wakings.behind, until < last ? last - until : 0);
        wakings.early |= woken < until;
        wakings.latest = most(wakings.latest, woken - until);
        last = most(last, until);
    }
    return wakings;
}

/* When so many can be there, with time to spare. */
static uint64_t time_to_start(unsigned count) {
    uint64_t start = hf_clock();
    struct mem_task task = start_role("cancel", 0, 0);
    check(finish_role(&task) == HF_NOT_FOUND, "starting a task");
    return hf_clock() + 2 * count * (hf_clock() - start) + 50 * MILLISECOND;
}

static void wait_for_sleepers(uint64_t count) {
    uint64_t start = hf_clock();
    while (server_stat().sleepers < count && hf_clock() - start < 5 * SECOND) {
        hf_yield();
    }
    check(server_stat().sleepers >= count, "as many sleep as there should");
}

#define SLEEPERS 100u
#define STEP (3 * MILLISECOND)

void test_order(void) {
    struct mem_task tasks[SLEEPERS];
    hf_handle_t endpoint;
    bool good = true;
    must(mem_endpoint_create(&endpoint), "making an endpoint");
    uint64_t first = time_to_start(SLEEPERS);
    for (unsigned i = 0; i < SLEEPERS; i++) {
        tasks[i] = start_role("sleeper", first + i * 37 % SLEEPERS * STEP, endpoint);
    }
    wait_for_sleepers(SLEEPERS);
    check(hf_clock() < first, "all of them before the first wakes");
    struct wakings said = wakings(endpoint, SLEEPERS);
    for (unsigned i = 0; i < SLEEPERS; i++) {
        good &= finish_role(&tasks[i]) == 0;
    }
    check(good, "all of them ended well");
    /* Of those that are woken together, one may lose its turn before it can tell. */
    bool together = said.latest >= STEP;
    check(said.behind <= (together ? said.latest + STEP : 0), "they woke in the order of their deadlines");
    check(!said.early, "none of them early");
    printf("# late by at most %lu ns\n", said.latest);
}

/* ---- more than there are slots ---- */

#define TOO_MANY 135u

void test_slots(void) {
    hf_handle_t endpoint;
    must(mem_endpoint_create(&endpoint), "making an endpoint");
    uint64_t until = time_to_start(TOO_MANY);
    for (unsigned i = 0; i < TOO_MANY; i++) {
        struct mem_task task = start_role("sleeper", until, endpoint);
        must(hf_handle_close(task.handle), "closing a task's handle");
    }
    wait_for_sleepers(115);
    hf_status_t status = HF_OK;
    for (unsigned i = 0; i < 100 && status != HF_NO_MEMORY && hf_clock() < until; i++) {
        status = ask(HF_TIMER_SLEEP, MILLISECOND); /* until those who are left have asked too */
    }
    check_status(status, HF_NO_MEMORY, "the server has no more slots");
    struct wakings said = wakings(endpoint, TOO_MANY);
    check(!said.early, "135 sleepers, and none of them early");
    check(server_stat().sleepers == 0, "nobody is left");
    printf("# late by at most %lu ns\n", said.latest);
}

/* ---- killed ---- */

int role_forever(uint64_t unused) {
    (void)unused;
    return (int)timer_sleep(UINT64_MAX);
}

void test_killed(void) {
    struct hf_exit how;
    struct mem_task tasks[100];
    for (unsigned i = 0; i < 100; i++) {
        tasks[i] = start_role("forever", 0, 0);
    }
    wait_for_sleepers(100);
    bool good = true;
    for (unsigned i = 0; i < 100; i++) {
        good &= mem_kill(tasks[i].handle) == HF_OK && mem_wait(tasks[i].handle, &how) == HF_OK &&
                hf_handle_close(tasks[i].handle) == HF_OK;
    }
    check(good, "sleepers can be killed");
    printf("# %lu slots are still in use\n", server_stat().sleepers);
    check_status(timer_sleep(HF_TIMER_SLEEP_MAX), HF_OK, "others can sleep meanwhile");
    check(server_stat().sleepers == 0, "and then their slots are free");
}
