/* What clients of pagers do. */
#include <string.h>

#include "pagers.h"

#define PLACE 0x200000000000ul

static volatile uint64_t *words;

/* The pager's pages, at a place of their own. */
static bool map(unsigned rights) {
    void *at = (void *)PLACE;
    words = at;
    return mem_object_map(GIVEN, FIRST * PAGE, PAGES * PAGE, rights, HF_MAP_FIXED, &at) == HF_OK;
}

static bool is_supplied(unsigned page) {
    for (size_t i = 0; i < PAGE / sizeof *words; i++) {
        size_t index = page * PAGE / sizeof *words + i;
        if (words[index] != content_of(FIRST * PAGE + index * sizeof *words)) return false;
    }
    return true;
}

/* From the last to the first. */
static int read_all(void) {
    if (!map(HF_READ)) return 1;
    for (unsigned page = PAGES; page > 0; page--) {
        if (!is_supplied(page - 1)) return 2;
    }
    return 0;
}

/* What it writes is its own. */
static int write_all(void) {
    if (!map(HF_READ | HF_WRITE)) return 1;
    for (unsigned page = 0; page < PAGES; page++) {
        words[page * PAGE / sizeof *words] = page;
    }
    for (unsigned page = 0; page < PAGES; page++) {
        size_t index = page * PAGE / sizeof *words;
        if (words[index] != page || words[index + 1] != content_of(FIRST * PAGE + page * PAGE + sizeof *words))
            return 2;
    }
    return 0;
}

static int read_zeroes(void) {
    if (!map(HF_READ)) return 1;
    for (size_t i = 0; i < PAGES * PAGE / sizeof *words; i++) {
        if (words[i] != 0) return 2;
    }
    return 0;
}

/* What only the pager's process may do; and no mapping that it can't have. */
static int trespass(void) {
    void *at;
    for (enum hf_mem_label label = HF_MEM_PAGER_NEXT; label <= HF_MEM_PAGER_REFUSE; label++) {
        if (ask(GIVEN, label, 0, 0) != HF_DENIED) return (int)label;
    }
    if (mem_object_map(GIVEN, 1, PAGE, HF_READ, 0, &at) != HF_BAD_ARGUMENT) return 1;
    if (mem_object_map(GIVEN, 0, PAGE, HF_READ, HF_MAP_NOW, &at) != HF_BAD_ARGUMENT) return 2;
    if (mem_object_map(GIVEN, 0, PAGE, HF_READ | HF_WRITE | HF_EXECUTE, 0, &at) != HF_BAD_ARGUMENT) return 3;
    return 0;
}

/* A child has the pager's pages too: those that are there, and those that it has to ask for. */
static int fork_and_read(void) {
    struct mem_task child;
    struct hf_exit how;
    if (!map(HF_READ | HF_WRITE) || !is_supplied(0) || mem_fork(&child) != HF_OK) return 1;
    if (child.number == 0) mem_exit(is_supplied(0) && is_supplied(1) ? 0 : 2);
    if (mem_wait(child.handle, &how) != HF_OK || how.how != HF_EXIT_CODE || how.code != 0) return 3;
    return is_supplied(0) ? 0 : 4;
}

/* Two threads, of which one takes away what the other touches: in turns, which cost the toucher no call of memsrv. */
static volatile bool others_turn;

static void take_away(void *unused) {
    (void)unused;
    for (;;) {
        while (!others_turn) {
            hf_yield();
        }
        if (mem_unmap((void *)PLACE, PAGES * PAGE) != HF_OK || !map(HF_READ)) mem_exit(1);
        others_turn = false;
    }
}

static int touch_again_and_again(void) {
    struct mem_task thread;
    if (!map(HF_READ) || start_thread(0, take_away, &thread) != HF_OK) return 1;
    for (;;) {
        (void)words[0];
        others_turn = true;
        while (others_turn) {
            hf_yield();
        }
    }
}

/* The same by one task is no loop. */
static int map_again_and_again(void) {
    for (unsigned i = 0; i < PAGES; i++) {
        if (!map(HF_READ) || !is_supplied(0)) return 1;
        if (mem_unmap((void *)PLACE, PAGES * PAGE) != HF_OK) return 2;
    }
    return 0;
}

/* A pager of its own, whose handle it sends to who started it; it takes one request, and ends. */
static int take_one(void) {
    struct hf_pager_request request;
    if (mem_pager_create(&pager) != HF_OK) return 1;
    struct hf_message message = {.handle = (uint16_t)pager};
    if (hf_call(GIVEN, &message) != HF_OK) return 2;
    return mem_pager_next(pager, &request) == HF_OK ? 0 : 3;
}

/* All that a program usually does: stack, data, heap, a thread, a child. */
static char data[5 * PAGE] = {1};

static void touch_data(void *unused) {
    (void)unused;
    for (size_t i = 0; i < sizeof data; i += PAGE) {
        data[i]++;
    }
}

static int live(void) {
    struct mem_task thread, child;
    struct hf_exit how;
    volatile char deep[3 * PAGE];
    void *at;
    for (size_t i = 0; i < sizeof deep; i += PAGE) {
        deep[i] = 1;
    }
    if (start_thread(0, touch_data, &thread) != HF_OK || mem_wait(thread.handle, &how) != HF_OK) return 1;
    if (data[0] != 2 || data[PAGE] != 1 || how.code != 0) return 2;
    if (mem_map(64ul << 20, HF_READ | HF_WRITE, 0, &at) != HF_OK) return 3;
    ((volatile char *)at)[40ul << 20] = 1;
    if (mem_fork(&child) != HF_OK) return 4;
    if (child.number == 0) {
        ((volatile char *)at)[50ul << 20] = 1;
        mem_exit(7);
    }
    return mem_wait(child.handle, &how) == HF_OK && how.how == HF_EXIT_CODE && how.code == 7 ? deep[0] : 5;
}

static const struct {
    const char *what;
    int (*deed)(void);
} deeds[] = {
    {"read", read_all},
    {"write", write_all},
    {"zeroes", read_zeroes},
    {"trespass", trespass},
    {"fork", fork_and_read},
    {"loop", touch_again_and_again},
    {"remap", map_again_and_again},
    {"take one", take_one},
    {"live", live},
};

int client_deed(const char *what) {
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        if (strcmp(what, deeds[i].what) == 0) return deeds[i].deed();
    }
    puts("Usage: pagers [silent]");
    return 100;
}
