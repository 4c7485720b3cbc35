/* malloc and its kin: the heap over mappings from memsrv. */
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

static void insist(const char *function, const void *block) {
    const char *wrong = heap_check(&heap, block);
    if (wrong != NULL) {
        printf("%s(%p): %s\n", function, block, wrong);
        abort();
    }
}

void *malloc(size_t size) { return heap_allocate(&heap, size); }

void *calloc(size_t count, size_t size) {
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) {
        return NULL;
    }
    void *block = heap_allocate(&heap, total);
    return block == NULL ? NULL : memset(block, 0, total);
}

void *realloc(void *block, size_t size) {
    if (block == NULL) return heap_allocate(&heap, size);
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

void free(void *block) {
    if (block != NULL) {
        insist("free", block);
        heap_free(&heap, block);
    }
}
