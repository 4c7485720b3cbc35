/* The end of the first task ends its threads, whatever they are doing. */
#include <string.h>

#include "threads.h"

static hf_handle_t endpoint, deaf;
static volatile uint64_t *volatile nowhere;

static void compute(void *argument) {
    (void)argument;
    for (;;) {
        __asm__ volatile("nop");
    }
}

static void yield(void *argument) {
    (void)argument;
    for (;;) {
        hf_yield();
    }
}

static void receive(void *argument) {
    struct hf_message message;
    struct hf_sender sender;
    (void)argument;
    mem_exit(hf_receive(endpoint, &message, &sender) == HF_OK ? 1 : 2);
}

/* With the call in hand for ever. */
static void serve(void *argument) {
    struct hf_message message;
    struct hf_sender sender;
    if (hf_receive(deaf, &message, &sender) == HF_OK) yield(argument);
}

static void call(void *argument) {
    struct hf_message message = {0};
    (void)argument;
    mem_exit(hf_call(deaf, &message) == HF_OK ? 1 : 2);
}

static void look_up(void *argument) {
    hf_handle_t found;
    (void)argument;
    mem_exit(mem_lookup_wait("not in this world", &found));
}

static struct mem_task tasks[THREADS];

static void wait(void *argument) {
    struct hf_exit how;
    (void)argument;
    mem_exit(mem_wait(tasks[0].handle, &how));
}

static void populate(void *argument) {
    void *at;
    (void)argument;
    while (mem_map(200 * HF_PAGE_SIZE, HF_READ | HF_WRITE, HF_MAP_NOW, &at) == HF_OK) {
        if (mem_unmap(at, 200 * HF_PAGE_SIZE) != HF_OK) mem_exit(1);
        hf_yield();
    }
}

static void (*const entries[THREADS])(void *) = {compute, receive, serve, call, look_up, wait, populate, yield};

/* An end of its own: "exit", "fault", "exception"; or none, until it is killed. */
int own_threads(const char *how) {
    if (mem_endpoint_create(&endpoint) != HF_OK || mem_endpoint_create(&deaf) != HF_OK) return 1;
    if (mem_register("owner's", endpoint) != HF_OK) return 2;
    for (unsigned i = 0; i < THREADS; i++) {
        if (start_thread(i, entries[i], NULL, &tasks[i]) != HF_OK) return 3;
    }
    let_run();
    if (strcmp(how, "fault") == 0) *nowhere = 1;
    if (strcmp(how, "exception") == 0) __asm__ volatile("ud2");
    while (how[0] == '\0') {
        hf_yield();
    }
    return 0;
}

static void test_end(const char *detail, enum hf_exit_how how, bool kill, uint64_t *before, const char *name) {
    struct mem_task owner;
    struct hf_exit end;
    hf_handle_t found;
    if (start_self("own", detail, 0, &owner) != HF_OK || mem_lookup_wait("owner's", &found) != HF_OK) {
        check(false, name);
        return;
    }
    if (kill) {
        let_run();
    }
    bool good = !kill || mem_kill(owner.handle) == HF_OK;
    end = finish_thread(&owner);
    good = good && end.how == how && end.code == 0;
    good = good && end.left.pages + end.left.tables + end.left.objects == 0 && mem_lookup("owner's", &found) != HF_OK;
    good = good && hf_handle_close(found) == HF_OK;
    check(good && (*before == 0 || frames_free() == *before), name);
    *before = frames_free();
}

void test_ends(void) {
    uint64_t before = 0;
    test_end("", HF_EXIT_KILLED, true, &before, "the first of them is killed");
    before = 0;
    test_end("", HF_EXIT_KILLED, true, &before, "killed with threads in every state");
    test_end("exit", HF_EXIT_CODE, false, &before, "main returns");
    test_end("fault", HF_EXIT_FAULT, false, &before, "it faults");
    test_end("exception", HF_EXIT_EXCEPTION, false, &before, "it gets an exception");
    test_end("", HF_EXIT_KILLED, true, &before, "killed again");
}

/* ---- many ---- */

static void return_at_once(void *argument) { (void)argument; }

int make_many(const char *unused) {
    uint64_t before = 0;
    bool good = true;
    (void)unused;
    for (unsigned i = 0; i < 100 && good; i++) {
        struct mem_task task;
        good = start_thread(i % THREADS, return_at_once, NULL, &task) == HF_OK && finish_thread(&task).code == 0;
        good = good && (i < 8 || frames_free() == before);
        before = frames_free();
    }
    check(good, "100 threads, one after the other");
    for (unsigned round = 0; round < 12 && good; round++) {
        unsigned started = 0;
        while (started < THREADS && start_thread(started, yield, NULL, &tasks[started]) == HF_OK) {
            started++;
        }
        good = started == THREADS;
        while (started-- > 0) {
            good = mem_kill(tasks[started].handle) == HF_OK && finish_thread(&tasks[started]).how == HF_EXIT_KILLED &&
                   good;
        }
        good = good && (round < 2 || frames_free() == before);
        before = frames_free();
    }
    check(good, "100 threads, eight at a time");
    puts("threads: many done");
    return check_result();
}
