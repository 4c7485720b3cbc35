#include "visited.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- Hashes ---- */

static uint64_t *hashes;
static uint64_t slots, used;

static void *allocate(size_t count, size_t size) {
    void *memory = calloc(count, size);
    if (memory) return memory;
    fputs("explore: out of memory\n", stderr);
    exit(2);
}

static bool insert(uint64_t hash) {
    uint64_t at = hash & (slots - 1);
    while (hashes[at] != 0 && hashes[at] != hash) at = (at + 1) & (slots - 1);
    bool is_new = hashes[at] == 0;
    hashes[at] = hash;
    used += is_new;
    return is_new;
}

static void grow(void) {
    uint64_t *old = hashes, old_slots = slots;
    slots *= 2;
    used = 0;
    hashes = allocate(slots, sizeof *hashes);
    for (uint64_t i = 0; i < old_slots; i++) {
        if (old[i]) (void)insert(old[i]);
    }
    free(old);
}

bool visited_add(uint64_t hash) {
    if (used * 4 > slots * 3) grow();
    return insert(hash);
}

/* ---- How each was found ---- */

static struct step {
    uint32_t parent;
    uint16_t call, depth;
} * steps;
static uint32_t count, room, current;

/* ---- Those that wait: a list of blocks, freed when they are read ---- */

#define BLOCK 0x100000u

struct block {
    struct block *next;
    uint8_t bytes[BLOCK];
};
static struct block *first, *last;
static size_t read_at, write_at;
static uint8_t *start;

static void put(const uint8_t *bytes, size_t length) {
    if (write_at + 2 + length > BLOCK) {
        if (write_at + 2 <= BLOCK) last->bytes[write_at] = last->bytes[write_at + 1] = 0;
        last = last->next = allocate(1, sizeof *last);
        write_at = 0;
    }
    last->bytes[write_at] = (uint8_t)length;
    last->bytes[write_at + 1] = (uint8_t)(length >> 8);
    memcpy(&last->bytes[write_at + 2], bytes, length);
    write_at += 2 + length;
}

void visited_put(unsigned call, const uint8_t *bytes, size_t length) {
    if (count == room) {
        room *= 2;
        steps = realloc(steps, room * sizeof *steps);
        if (!steps) exit(2);
    }
    unsigned depth = count ? steps[current].depth + 1u : 0;
    steps[count++] = (struct step){current, (uint16_t)call, (uint16_t)depth};
    put(bytes, length);
}

void visited_begin(const uint8_t *bytes, size_t length) {
    free(hashes);
    slots = 1u << 16;
    used = 0;
    hashes = allocate(slots, sizeof *hashes);
    for (struct block *block = first; block; block = first) {
        first = block->next;
        free(block);
    }
    free(steps);
    free(start);
    room = 1024;
    steps = allocate(room, sizeof *steps);
    first = last = allocate(1, sizeof *first);
    read_at = write_at = 0;
    count = current = 0;
    visited_put(0, bytes, length);
    current = ~0u;
    start = allocate(1, length);
    memcpy(start, bytes, length);
}

static size_t length_at(void) {
    if (read_at + 2 > BLOCK) return 0;
    return first->bytes[read_at] | (size_t)first->bytes[read_at + 1] << 8;
}

bool visited_next(void) {
    if (current + 1 == count) return false;
    if (current != ~0u) read_at += 2 + length_at();
    current++;
    if (first != last && length_at() == 0) {
        struct block *old = first;
        first = old->next;
        free(old);
        read_at = 0;
    }
    return true;
}

const uint8_t *visited_start(void) { return start; }
const uint8_t *visited_bytes(void) { return &first->bytes[read_at + 2]; }
unsigned visited_depth(void) { return steps[current].depth; }
uint64_t visited_waiting(void) { return count - current; }
uint32_t visited_current(void) { return current; }
uint32_t visited_parent(uint32_t state) { return steps[state].parent; }
unsigned visited_call(uint32_t state) { return steps[state].call; }
