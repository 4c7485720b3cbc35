/* bomb: takes whatever it can get, for ever: tasks, forks, memory, objects, endpoints, handles. What it has made
 * ends with it: it never answers who calls it, and each of them calls it when it has got enough. */
#include <ipc.h>
#include <mem.h>
#include <stdbool.h>
#include <stdio.h>

#define RW (HF_READ | HF_WRITE)
#define PIECE_MOST (256 * HF_PAGE_SIZE)
#define OWN_BYTES (64 * HF_PAGE_SIZE)

/* From the largest pieces down to single pages. */
static void take_memory(void) {
    for (size_t piece = PIECE_MOST; piece >= HF_PAGE_SIZE; piece /= 2) {
        void *at;
        while (mem_map(piece, RW, HF_MAP_NOW, &at) == HF_OK) {
        }
    }
}

static void take_objects(void) {
    hf_handle_t object;
    void *at;
    while (mem_object_create(PIECE_MOST, &object) == HF_OK &&
           mem_object_map(object, 0, PIECE_MOST, RW, HF_MAP_NOW, &at) == HF_OK) {
    }
}

static void take_endpoints(void) {
    hf_handle_t endpoint;
    while (mem_endpoint_create(&endpoint) == HF_OK) {
    }
}

/* Until the bomb is gone: it never receives, so the call with a handle of ours waits as long as it lives. */
static _Noreturn void stay(hf_handle_t bomb, hf_handle_t given) {
    struct hf_message message = {.label = 1, .handle = (uint16_t)given};
    while (hf_call(bomb, &message) == HF_OK) {
    }
    mem_exit(0);
}

/* One of many: takes a share, and stays. */
static _Noreturn void leaf(hf_handle_t bomb, bool greedy) {
    hf_handle_t given = HF_SLOT_ANY;
    if (hf_handle_copy(bomb, HF_RIGHT_CALL | HF_RIGHT_GRANT, 0, &given) != HF_OK) given = 0;
    if (greedy) {
        take_memory();
        take_objects();
        take_endpoints();
    }
    stay(bomb, given);
}

static void spawn_one(hf_handle_t call) {
    struct mem_task task;
    struct mem_spawn_options options = {.handle_count = 1, .handles = {call}};
    if (mem_spawn("bomb", NULL, &options, &task) == HF_OK && hf_handle_close(task.handle) != HF_OK) mem_exit(1);
}

/* The child writes what it shares, so that it is copied. */
static void fork_one(volatile char *own, hf_handle_t call) {
    struct mem_task task;
    if (mem_fork(&task) != HF_OK) return;
    if (task.number != 0) {
        if (hf_handle_close(task.handle) != HF_OK) mem_exit(1);
        return;
    }
    for (size_t i = 0; i < OWN_BYTES; i += HF_PAGE_SIZE) {
        own[i]++;
    }
    leaf(call, false);
}

int main(void) {
    hf_handle_t endpoint, call = HF_SLOT_ANY;
    void *own;
    if (mem_given() == 1) leaf(HF_SLOT_GIVEN, true);
    if (mem_endpoint_create(&endpoint) != HF_OK ||
        hf_handle_copy(endpoint, HF_RIGHT_CALL | HF_RIGHT_GRANT, 0, &call) != HF_OK ||
        mem_map(OWN_BYTES, RW, HF_MAP_NOW, &own) != HF_OK) {
        puts("bomb: there is not even enough to begin");
        return 1;
    }
    for (;;) {
        fork_one(own, call);
        spawn_one(call);
    }
}
