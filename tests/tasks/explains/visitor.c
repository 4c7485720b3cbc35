/* The task that is explained. */
#include "explains.h"

#define RW (HF_READ | HF_WRITE)
#define RETURN 0xc3 /* the instruction */

volatile uint8_t spare[4 * HF_PAGE_SIZE] = {1};

__attribute__((noinline)) void nothing(void) { __asm__ volatile(""); }

static const struct area {
    uint64_t start, end;
} writable[] = {
    {PLAIN, PLAIN + 2 * HF_PAGE_SIZE},
    {HALF, HALF + HF_PAGE_SIZE},
    {SHARED + HF_PAGE_SIZE, SHARED + 2 * HF_PAGE_SIZE},
    {LARGE, LARGE + LARGE_BYTES},
    {(uintptr_t)spare, (uintptr_t)spare + sizeof spare},
};

bool is_harmless(uint64_t address, enum hf_access access) {
    if (access == HF_ACCESS_READ) return true;
    if (access == HF_ACCESS_FETCH) return address == CODE || address == (uintptr_t)nothing;
    for (size_t i = 0; i < sizeof writable / sizeof *writable; i++) {
        if (address >= writable[i].start && address < writable[i].end) return true;
    }
    return false;
}

static hf_status_t map(uint64_t address, size_t length, unsigned rights, unsigned flags) {
    void *at = (void *)address;
    return mem_map(length, rights, HF_MAP_FIXED | flags, &at);
}

static hf_status_t map_object(void) {
    hf_handle_t object;
    void *at = (void *)SHARED;
    hf_status_t status = mem_object_create(2 * HF_PAGE_SIZE, &object);
    if (status == HF_OK) status = mem_object_map(object, 0, 2 * HF_PAGE_SIZE, RW, HF_MAP_FIXED, &at);
    if (status != HF_OK) return status;
    *(volatile uint8_t *)SHARED = RETURN;
    at = (void *)CODE;
    return mem_object_map(object, 0, HF_PAGE_SIZE, HF_READ | HF_EXECUTE, HF_MAP_FIXED, &at);
}

static bool map_all(void) {
    return map(PLAIN, 2 * HF_PAGE_SIZE, RW, 0) == HF_OK && map(CONSTANT, HF_PAGE_SIZE, HF_READ, 0) == HF_OK &&
           map(HALF, 2 * HF_PAGE_SIZE, RW, 0) == HF_OK &&
           mem_protect((void *)(HALF + HF_PAGE_SIZE), HF_PAGE_SIZE, HF_READ) == HF_OK &&
           map(GUARD, HF_PAGE_SIZE, HF_READ, HF_MAP_GUARD) == HF_OK &&
           map(LARGE, LARGE_BYTES, RW, HF_MAP_LARGE) == HF_OK && map_object() == HF_OK;
}

static void do_access(uint64_t address, enum hf_access access) {
    volatile uint8_t *byte = (void *)address;
    if (access == HF_ACCESS_READ) {
        (void)*byte;
    } else if (access == HF_ACCESS_WRITE) {
        *byte = 1;
    } else {
        ((void (*)(void))address)();
    }
}

static void touch_all(enum hf_access access) {
    for (size_t i = 0; i < sizeof writable / sizeof *writable; i++) {
        for (uint64_t at = writable[i].start; at < writable[i].end; at += HF_PAGE_SIZE) {
            do_access(at, access);
        }
    }
}

int visitor(uint64_t stage) {
    struct mem_task copy = {0};
    struct hf_message message = {.label = 1};
    if (!map_all()) return 1;
    if (stage >= READ) touch_all(stage == READ ? HF_ACCESS_READ : HF_ACCESS_WRITE);
    if (stage == FORKED && mem_fork(&copy) != HF_OK) return 2;
    while (stage == FORKED && copy.number == 0) {
        hf_yield(); /* the child, until it is ended */
    }
    while (hf_call(SLOT_A, &message) == HF_OK && message.word[1] != LEAVE) {
        do_access(message.word[0], (enum hf_access)message.word[1]);
        message = (struct hf_message){.label = 1};
    }
    return stage == FORKED && mem_kill(copy.handle) != HF_OK ? 3 : 0;
}
