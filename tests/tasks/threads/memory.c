/* Several threads that change their address space at the same time. */
#include <string.h>

#include "../draw.h"
#include "threads.h"

#define PAGE HF_PAGE_SIZE
#define PAGES 600u /* more than memsrv does at once */
#define ROUNDS 12u
#define RW (HF_READ | HF_WRITE)

static bool is_zero(const volatile uint64_t *words, unsigned page) { return words[page * PAGE / 8] == 0; }

/* Every mapping is new: zeroed, and nobody else's. */
static void map_and_unmap(void *argument) {
    uint64_t mark = (uint64_t)argument + 1;
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned flags = (round + mark) % 2 ? HF_MAP_NOW : 0;
        void *at;
        if (mem_map(PAGES * PAGE, RW, flags, &at) != HF_OK) mem_exit(1);
        volatile uint64_t *words = at;
        for (unsigned page = 0; page < PAGES; page++) {
            if (!is_zero(words, page)) mem_exit(2);
            words[page * PAGE / 8] = mark;
        }
        for (unsigned page = 0; page < PAGES; page++) {
            if (words[page * PAGE / 8] != mark) mem_exit(3);
        }
        if (mem_protect(at, PAGES * PAGE / 2, HF_READ) != HF_OK) mem_exit(4);
        if (words[0] != mark || words[(PAGES - 1) * PAGE / 8] != mark) mem_exit(5);
        if (mem_protect(at, PAGES * PAGE, RW) != HF_OK) mem_exit(6);
        words[0] = 0;
        if (mem_unmap(at, PAGES * PAGE) != HF_OK) mem_exit(7);
    }
}

#define PLACE 0x200000000000ul

/* All want the same place: one gets it, and has it for itself until it gives it back. */
static void fight_for_place(void *argument) {
    uint64_t mark = (uint64_t)argument + 1;
    unsigned won = 0;
    while (won < ROUNDS) {
        void *at = (void *)PLACE;
        volatile uint64_t *words = at;
        hf_status_t status = mem_map(PAGES * PAGE, RW, HF_MAP_FIXED | (won % 2 ? HF_MAP_NOW : 0), &at);
        if (status == HF_EXISTS) {
            hf_yield();
            continue;
        }
        if (status != HF_OK) mem_exit(1);
        for (unsigned page = 0; page < PAGES; page++) {
            if (!is_zero(words, page)) mem_exit(2);
            words[page * PAGE / 8] = mark;
        }
        hf_yield();
        for (unsigned page = 0; page < PAGES; page++) {
            if (words[page * PAGE / 8] != mark) mem_exit(3);
        }
        if (mem_unmap(at, PAGES * PAGE) != HF_OK) mem_exit(4);
        won++;
    }
}

/* Rights go back and forth while others read. */
static volatile bool done;
static void *shared_at;
static volatile uint64_t *shared; /* the same */

static void read_all(void *argument) {
    unsigned page = (unsigned)(uint64_t)argument;
    while (!done) {
        if (shared[page * PAGE / 8] != page) mem_exit(1);
        page = (page + 7) % PAGES;
    }
}

static void change_rights(void *argument) {
    (void)argument;
    for (unsigned round = 0; round < ROUNDS; round++) {
        if (mem_protect(shared_at, PAGES * PAGE, round % 2 ? RW : HF_READ) != HF_OK) mem_exit(2);
    }
    if (mem_protect(shared_at, PAGES * PAGE, RW) != HF_OK) mem_exit(3);
    done = true;
}

static struct mem_task tasks[THREADS];

/* How many of `count` threads ended with code 0. */
static unsigned finish(unsigned count) {
    unsigned good = 0;
    for (unsigned i = 0; i < count; i++) {
        struct hf_exit how = finish_thread(&tasks[i]);
        good += how.how == HF_EXIT_CODE && how.code == 0;
        if (how.code != 0 || how.how != HF_EXIT_CODE) {
            char text[HF_EXIT_TEXT_BYTES];
            hf_exit_text(&how, text, sizeof text);
            printf("# thread %u: %s\n", i, text);
        }
    }
    return good;
}

static bool run(unsigned count, void (*entry)(void *)) {
    unsigned started = 0;
    while (started < count && start_thread(started, entry, (void *)(uint64_t)started, &tasks[started]) == HF_OK) {
        started++;
    }
    return finish(started) == count;
}

static void test_rights(void) {
    void *at;
    unsigned started = 0;
    check_status(mem_map(PAGES * PAGE, RW, HF_MAP_NOW, &at), HF_OK, "map what is read and protected");
    shared = shared_at = at;
    for (unsigned page = 0; page < PAGES; page++) {
        shared[page * PAGE / 8] = page;
    }
    for (; started < 4; started++) {
        void (*entry)(void *) = started == 3 ? change_rights : read_all;
        if (start_thread(started, entry, (void *)(uint64_t)started, &tasks[started]) != HF_OK) break;
    }
    check(finish(started) == 4, "rights change while others read");
    check_status(mem_unmap(at, PAGES * PAGE), HF_OK, "unmap it");
}

/* Killed in the middle of memsrv's work: what was begun is done, and the place is free again. */
static void unmap_place(void *argument) {
    (void)argument;
    mem_exit(mem_unmap((void *)PLACE, PAGES * PAGE));
}

static void map_place(void *argument) {
    void *at = (void *)PLACE;
    (void)argument;
    mem_exit(mem_map(PAGES * PAGE, RW, HF_MAP_FIXED | HF_MAP_NOW, &at));
}

static bool place_is_new(void) {
    volatile uint64_t *words = (void *)PLACE;
    void *at = (void *)PLACE;
    bool good = mem_map(PAGES * PAGE, RW, HF_MAP_FIXED, &at) == HF_OK;
    for (unsigned page = 0; good && page < PAGES; page++) {
        good = is_zero(words, page);
        words[page * PAGE / 8] = 1;
    }
    return good;
}

static void test_killed_at_work(void) {
    bool good = place_is_new();
    for (unsigned round = 0; round < 16 && good; round++) {
        good = start_thread(0, unmap_place, NULL, &tasks[0]) == HF_OK;
        for (unsigned i = 0; i < round % 8; i++) {
            hf_yield();
        }
        hf_status_t status = mem_kill(tasks[0].handle);
        good = good && (status == HF_OK || status == HF_DEAD);
        (void)finish_thread(&tasks[0]);
        status = mem_unmap((void *)PLACE, PAGES * PAGE);
        good = good && (status == HF_OK || status == HF_NOT_MAPPED) && place_is_new();
    }
    check(good, "what a killed thread began to unmap is unmapped");
    good = good && mem_unmap((void *)PLACE, PAGES * PAGE) == HF_OK;
    for (unsigned round = 0; round < 16 && good; round++) {
        good = start_thread(0, map_place, NULL, &tasks[0]) == HF_OK;
        for (unsigned i = 0; i < round % 8; i++) {
            hf_yield();
        }
        hf_status_t status = mem_kill(tasks[0].handle);
        good = good && (status == HF_OK || status == HF_DEAD);
        (void)finish_thread(&tasks[0]);
        status = mem_unmap((void *)PLACE, PAGES * PAGE);
        good = good && (status == HF_OK || status == HF_NOT_MAPPED);
    }
    check(good, "what a killed thread began to map can be unmapped");
}

void test_memory(void) {
    check(run(4, map_and_unmap), "four threads map, protect and unmap");
    check(run(3, fight_for_place), "three threads map and unmap the same place");
    test_rights();
    test_killed_at_work();
}

/* ---- for ever, until somebody ends it ---- */

static void busy_with_memory(void *argument) {
    for (;;) {
        map_and_unmap(argument);
    }
}

static void busy_with_waiting(void *argument) {
    hf_handle_t found;
    (void)argument;
    if (mem_lookup_wait("never registered", &found) != HF_OK) mem_exit(1);
}

static void short_life(void *argument) { (void)argument; }

int keep_busy(const char *unused) {
    struct mem_task task;
    (void)unused;
    for (unsigned i = 0; i < 4; i++) {
        if (start_thread(i, i == 3 ? busy_with_waiting : busy_with_memory, NULL, &task) != HF_OK) return 1;
    }
    while (start_thread(5, short_life, NULL, &task) == HF_OK && finish_thread(&task).code == 0) {
    }
    return 2;
}

int kill_busy(uint64_t count, uint64_t seed) {
    bool good = true;
    draw_seed(seed);
    for (uint64_t i = 0; i < count && good; i++) {
        struct mem_task task;
        good = start_self("busy", NULL, 4096, &task) == HF_OK;
        uint64_t wait = draw_below(1ul << (10 + draw_below(15)));
        for (uint64_t start = hf_clock(); good && hf_clock() - start < wait;) {
            hf_yield();
        }
        good = good && mem_kill(task.handle) == HF_OK;
        struct hf_exit how = finish_thread(&task);
        good = good && how.how == HF_EXIT_KILLED && how.left.pages + how.left.tables + how.left.objects == 0;
    }
    check(good, "all of them were ended, and gave everything back");
    return check_result();
}
