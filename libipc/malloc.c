/* malloc and its kin: the heap over mappings from memsrv. */
#include <ipc.h>
#include <mem.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "heap.h"

static bool get(size_t length, void **at) { return mem_map(length, HF_READ | HF_WRITE, 0, at) == HF_OK; }

static void give_back(void *at, size_t length) {
    hf_status_t status = mem_unmap(at, length);
    (void)status; /* at worst the mapping stays until the task ends */
}

static const struct heap_source mappings = {.get = get, .give_back = give_back};
static struct heap heap = {.source = &mappings};

/* The heap is for one task at a time: others give the processor away meanwhile. */
static char busy;

static void enter(void) {
    while (__atomic_test_and_set(&busy, __ATOMIC_ACQUIRE)) {
        hf_yield();
    }
}

static void leave(void) { __atomic_clear(&busy, __ATOMIC_RELEASE); }

static void insist(const char *function, const void *block) {
    const char *wrong = heap_check(&heap, block);
    if (wrong != NULL) {
        leave();
        printf("%s(%p): %s\n", function, block, wrong);
        abort();
    }
}

void *malloc(size_t size) {
    enter();
    void *block = heap_allocate(&heap, size);
    leave();
    return block;
}

void *calloc(size_t count, size_t size) {
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) {
        return NULL;
    }
    void *block = malloc(total);
    return block == NULL ? NULL : memset(block, 0, total);
}

/* NULL, with the block as it was, when there is no bigger one. */
static void *enlarge(void *block, size_t size) {
    insist("realloc", block);
    size_t room = heap_room(block);
    if (size <= room) return block;
    void *bigger = heap_allocate(&heap, size);
    if (bigger != NULL) {
        memcpy(bigger, block, room);
        heap_free(&heap, block);
    }
    return bigger;
}

void *realloc(void *block, size_t size) {
    if (block == NULL) return malloc(size);
    enter();
    void *bigger = enlarge(block, size);
    leave();
    return bigger;
}

void free(void *block) {
    if (block != NULL) {
        enter();
        insist("free", block);
        heap_free(&heap, block);
        leave();
    }
}
