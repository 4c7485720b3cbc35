/* What threads share, and what each has for itself. */
#include <stdlib.h>
#include <string.h>

#include "threads.h"

static struct mem_task tasks[THREADS];

static unsigned start_all(void (*entry)(void *)) {
    unsigned started = 0;
    while (started < THREADS && start_thread(started, entry, (void *)(uint64_t)started, &tasks[started]) == HF_OK) {
        started++;
    }
    return started;
}

/* Whether all of them were started, and each ended with code 0. */
static bool run_all(void (*entry)(void *)) {
    unsigned started = start_all(entry), good = 0;
    for (unsigned i = 0; i < started; i++) {
        struct hf_exit how = finish_thread(&tasks[i]);
        good += how.how == HF_EXIT_CODE && how.code == 0;
    }
    return good == THREADS;
}

/* ---- memory ---- */

static volatile uint64_t numbers[THREADS];
static volatile bool go;

static void note_number(void *argument) {
    while (!go) {
        hf_yield();
    }
    numbers[(uint64_t)argument] = (uint64_t)argument + 1;
}

static void test_memory_is_shared(void) {
    bool all = true;
    unsigned started = start_all(note_number);
    let_run();
    for (unsigned i = 0; i < THREADS; i++) {
        all = all && numbers[i] == 0;
    }
    go = true;
    for (unsigned i = 0; i < started; i++) {
        all = finish_thread(&tasks[i]).code == 0 && all && numbers[i] == i + 1;
    }
    check(all && started == THREADS, "threads see what the others write");
}

/* ---- buffers ---- */

static struct hf_buffer *buffers[THREADS];

static void use_buffer(void *argument) {
    uint64_t index = (uint64_t)argument;
    struct hf_buffer *own = buffers[index] = hf_buffer();
    for (unsigned i = 0; i < sizeof own->bytes; i++) {
        if (own->bytes[i] != 0) mem_exit(1);
    }
    memset(own->bytes, (int)index + 1, sizeof own->bytes);
    let_run();
    for (unsigned i = 0; i < sizeof own->bytes; i++) {
        if (own->bytes[i] != index + 1) mem_exit(2);
    }
    if (own != hf_buffer()) mem_exit(3);
}

static void test_buffers(void) {
    struct hf_buffer *first = hf_buffer();
    bool differ = true;
    check(run_all(use_buffer), "each thread has a zeroed IPC buffer that nobody else writes to");
    for (unsigned i = 0; i < THREADS; i++) {
        for (unsigned j = 0; j < i; j++) {
            differ = differ && buffers[i] != buffers[j];
        }
        differ = differ && buffers[i] != first;
    }
    check(differ && hf_buffer() == first, "no two have the same");
}

/* Its own buffer unmapped, and another thing there when it ends. */
static void unmap_buffer(void *argument) {
    void *place = hf_buffer();
    (void)argument;
    if (mem_unmap(place, HF_PAGE_SIZE) != HF_OK) mem_exit(1);
    if (mem_map(HF_PAGE_SIZE, HF_READ | HF_WRITE, HF_MAP_FIXED | HF_MAP_NOW, &place) != HF_OK) mem_exit(2);
    *(volatile uint64_t *)place = 77;
    mem_exit((int64_t)place);
}

static void test_unmapped_buffer(void) {
    struct mem_task task;
    struct hf_exit how;
    check_status(start_thread(0, unmap_buffer, NULL, &task), HF_OK, "start one that unmaps its buffer");
    how = finish_thread(&task);
    check(how.how == HF_EXIT_CODE && how.code > 2, "it mapped something else there");
    check(how.code > 2 && *(volatile uint64_t *)how.code == 77, "that is still there when it has ended");
    check_status(mem_unmap((void *)how.code, HF_PAGE_SIZE), HF_OK, "unmap it");
}

/* ---- handles and messages ---- */

static hf_handle_t endpoint;
static uint8_t long_text[HF_MESSAGE_BYTES];

static void serve_all(void *argument) {
    struct hf_message message;
    struct hf_sender sender;
    (void)argument;
    hf_status_t status = hf_receive(endpoint, &message, &sender);
    for (unsigned i = 0; status == HF_OK && i < (THREADS - 1) * 10; i++) {
        unsigned bytes = message.bytes;
        for (unsigned at = 0; at < bytes; at++) {
            hf_buffer()->bytes[at]++;
        }
        message = (struct hf_message){.bytes = (uint16_t)bytes, .word = {message.word[0] * 2}};
        status = i + 1 < (THREADS - 1) * 10 ? hf_reply_receive(endpoint, &message, &sender) : hf_reply(&message);
    }
    mem_exit(status);
}

static void call_often(void *argument) {
    uint64_t index = (uint64_t)argument;
    if (index == 0) serve_all(argument);
    for (unsigned i = 0; i < 10; i++) {
        struct hf_message message = {.bytes = HF_MESSAGE_BYTES, .word = {index + i}};
        memset(hf_buffer()->bytes, (int)(index + i), HF_MESSAGE_BYTES);
        if (hf_call(endpoint, &message) != HF_OK || message.word[0] != 2 * (index + i)) mem_exit(1);
        memset(long_text, (int)(index + i) + 1, sizeof long_text); /* nobody else runs meanwhile but by preemption */
        for (unsigned at = 0; at < HF_MESSAGE_BYTES; at++) {
            if (hf_buffer()->bytes[at] != index + i + 1) mem_exit(2);
        }
    }
}

static void create_endpoint(void *argument) {
    (void)argument;
    mem_exit(mem_endpoint_create(&endpoint));
}

static void close_endpoint(void *argument) {
    (void)argument;
    mem_exit(hf_handle_close(endpoint));
}

static void test_handles(void) {
    struct mem_task task;
    check_status(start_thread(0, create_endpoint, NULL, &task), HF_OK, "start one that creates an endpoint");
    check(finish_thread(&task).code == HF_OK, "it has");
    check(run_all(call_often), "threads call each other through it, with all bytes");
    check_status(start_thread(0, close_endpoint, NULL, &task), HF_OK, "start one that closes the handle");
    check(finish_thread(&task).code == HF_OK, "it has");
    check_status(hf_handle_close(endpoint), HF_BAD_HANDLE, "the handle is closed for all");
}

static struct mem_task child;

static void spawn_child(void *argument) {
    (void)argument;
    mem_exit(start_self("names", NULL, 0, &child));
}

static void wait_for_child(void *argument) {
    struct hf_exit how;
    (void)argument;
    mem_exit(mem_wait(child.handle, &how) == HF_OK ? how.code : NO_CODE);
}

static void test_children(void) {
    struct mem_task task, waiter;
    check_status(start_thread(0, spawn_child, NULL, &task), HF_OK, "start one that spawns");
    check(finish_thread(&task).code == HF_OK, "it has, and ends");
    check_status(start_thread(0, wait_for_child, NULL, &waiter), HF_OK, "another waits for what it has spawned");
    check(finish_thread(&waiter).code == HF_TASK_NAMES, "and learns its end");
    check_status(hf_handle_close(child.handle), HF_OK, "close its handle");
}

/* A thread makes another and ends; that one is waited for by the first task. */
static void make_another(void *argument) {
    (void)argument;
    mem_exit(start_thread(1, note_number, (void *)3, &child));
}

static void test_threads_of_threads(void) {
    struct mem_task task;
    numbers[3] = 0;
    check_status(start_thread(0, make_another, NULL, &task), HF_OK, "start one that makes another");
    check(finish_thread(&task).code == HF_OK, "it has, and ends");
    check(finish_thread(&child).code == 0 && numbers[3] == 4, "the other lives on, and can be waited for");
}

/* ---- libipc ---- */

static void allocate(void *argument) {
    uint64_t seed = (uint64_t)argument;
    uint8_t *blocks[16] = {NULL};
    for (unsigned i = 0; i < 400; i++) {
        unsigned at = (unsigned)((seed + i * 7) % 16), bytes = (unsigned)(1 + (seed * 31 + i * 97) % 3000);
        if (blocks[at] != NULL && (blocks[at][0] != (uint8_t)(seed + at) || blocks[at][1] != (uint8_t)~at)) mem_exit(1);
        free(blocks[at]);
        blocks[at] = malloc(bytes + 2);
        if (blocks[at] == NULL) mem_exit(2);
        memset(blocks[at], (int)(seed + at), bytes);
        blocks[at][0] = (uint8_t)(seed + at);
        blocks[at][1] = (uint8_t)~at;
    }
    for (unsigned i = 0; i < 16; i++) {
        free(blocks[i]);
    }
}

static void print(void *argument) {
    for (unsigned i = 0; i < 10; i++) {
        printf("# thread %lu ", (uint64_t)argument);
        hf_yield();
        printf("says line %u of %u\n", i, 10);
    }
    printf("# thread %lu ends in the middle of a line", (uint64_t)argument);
}

static void test_library(void) {
    check(run_all(allocate), "threads allocate at the same time");
    bool printed = run_all(print);
    putchar('\n');
    check(printed, "threads print at the same time");
}

void test_sharing(void) {
    test_memory_is_shared();
    test_buffers();
    test_unmapped_buffer();
    test_handles();
    test_children();
    test_threads_of_threads();
    test_library();
}
