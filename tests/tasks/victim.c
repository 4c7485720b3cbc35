/* victim WHAT: does something for ever, until it is ended from outside. */
#include <handoff/console.h>
#include <ipc.h>
#include <mem.h>
#include <stdio.h>
#include <string.h>

#define MIB (1ul << 20)

static void compute(void) { __asm__ volatile("nop"); }

static void yield(void) { hf_yield(); }

static void touch(void) {
    void *at;
    if (mem_map(MIB, HF_READ | HF_WRITE, 0, &at) == HF_OK) {
        for (size_t i = 0; i < MIB; i += HF_PAGE_SIZE) {
            ((volatile char *)at)[i] = 1;
        }
    }
}

/* memsrv does these in several parts. */
static void populate(void) {
    void *at;
    if (mem_map(2 * MIB, HF_READ | HF_WRITE, HF_MAP_NOW, &at) == HF_OK && mem_protect(at, 2 * MIB, HF_READ) == HF_OK &&
        mem_unmap(at, 2 * MIB) == HF_OK) {
        return;
    }
}

static void spawn(void) {
    struct mem_task task;
    struct mem_spawn_options options = {0};
    struct hf_exit how;
    if (mem_spawn("victim", (const char *[]){"touch", NULL}, &options, &task) == HF_OK &&
        mem_spawn("hello", NULL, &options, &task) == HF_OK && mem_wait(task.handle, &how) == HF_OK &&
        hf_handle_close(task.handle) == HF_OK) {
        return;
    }
}

/* Waits for a child that never ends. */
static void wait(void) {
    struct mem_task task;
    struct mem_spawn_options options = {0};
    struct hf_exit how;
    if (mem_spawn("victim", (const char *[]){"yield", NULL}, &options, &task) == HF_OK) {
        printf("victim: its child ended: %u\n", mem_wait(task.handle, &how));
    }
}

/* One child ends at once, one never. */
static void forking(void) {
    struct mem_task task;
    struct hf_exit how;
    static volatile char bytes[4 * HF_PAGE_SIZE];
    for (size_t i = 0; i < sizeof bytes; i += HF_PAGE_SIZE) {
        bytes[i] = 1;
    }
    if (mem_fork(&task) == HF_OK && task.handle == 0) {
        bytes[0] = 2;
        mem_exit(0);
    }
    if (mem_wait(task.handle, &how) != HF_OK || hf_handle_close(task.handle) != HF_OK) return;
    if (mem_fork(&task) == HF_OK && task.handle == 0) {
        for (;;) bytes[HF_PAGE_SIZE]++;
    }
    bytes[2 * HF_PAGE_SIZE] = 3;
    if (mem_kill(task.handle) != HF_OK || hf_handle_close(task.handle) != HF_OK) return;
}

/* In pages of 2 MiB, of which one is split. */
static void large(void) {
    void *at;
    if (mem_map(4 * MIB, HF_READ | HF_WRITE, HF_MAP_LARGE, &at) != HF_OK) return;
    for (size_t i = 0; i < 4 * MIB; i += MIB) {
        ((volatile char *)at)[i] = 1;
    }
    if (mem_unmap((char *)at + MIB, MIB) != HF_OK || mem_unmap(at, MIB) != HF_OK) return;
    if (mem_unmap((char *)at + 2 * MIB, 2 * MIB) != HF_OK) return;
}

static void object(void) {
    hf_handle_t object;
    void *at;
    if (mem_object_create(MIB, &object) != HF_OK) return;
    if (mem_object_map(object, 0, MIB, HF_READ | HF_WRITE, 0, &at) == HF_OK) {
        for (size_t i = 0; i < MIB; i += 16 * HF_PAGE_SIZE) {
            ((volatile char *)at)[i] = 1;
        }
        if (mem_unmap(at, MIB) != HF_OK) return;
    }
    if (hf_handle_close(object) != HF_OK) return;
}

static void receive(void) {
    hf_handle_t endpoint;
    struct hf_message message;
    struct hf_sender sender;
    if (mem_endpoint_create(&endpoint) == HF_OK) {
        printf("victim: received: %u\n", hf_receive(endpoint, &message, &sender));
    }
}

/* Calls itself, where nobody receives. */
static void call(void) {
    hf_handle_t endpoint;
    struct hf_message message = {0};
    if (mem_endpoint_create(&endpoint) == HF_OK) {
        printf("victim: was answered: %u\n", hf_call(endpoint, &message));
    }
}

static void print(void) {
    struct hf_message message = {.label = HF_CONSOLE_WRITE}; /* of no bytes: waits for the console server */
    (void)!hf_call(HF_SLOT_CONSOLE, &message);
}

static const struct {
    const char *name;
    void (*once)(void);
} deeds[] = {
    {"compute", compute}, {"yield", yield},  {"touch", touch},     {"populate", populate},
    {"spawn", spawn},     {"wait", wait},    {"receive", receive}, {"call", call},
    {"print", print},     {"fork", forking}, {"large", large},     {"object", object},
};

int main(int argc, char **argv) {
    for (size_t i = 0; argc == 2 && i < sizeof deeds / sizeof *deeds; i++) {
        while (strcmp(argv[1], deeds[i].name) == 0) {
            deeds[i].once();
        }
    }
    puts("Usage: victim compute|yield|touch|populate|spawn|wait|receive|call|print|fork|large|object");
    return 2;
}
