/* The heap behind malloc, apart from where its memory comes from.
 *
 *   span   a mapping:   | span | block | block | ...            | end |
 *   block  in a span:   | units, before, seal | the caller's bytes      |
 *
 * Blocks lie side by side, each knowing its own length and that of the one before
 * it, so that a freed block merges with free neighbours at once. Free blocks are
 * listed by powers of two of their length. A block of more than a quarter of an
 * ordinary span gets a span to itself, which is given back when it is freed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HEAP_SPAN_BYTES ((size_t)1 << 20)
#define HEAP_OWN_SPAN (HEAP_SPAN_BYTES / 4)
#define HEAP_MAX_BYTES ((size_t)1 << 35)
#define HEAP_BINS 32

/* Where spans come from and go to: page-aligned lengths, and addresses. */
struct heap_source {
    bool (*get)(size_t length, void **at);
    void (*give_back)(void *at, size_t length);
};

struct heap_span;
struct heap_block;

/* All zero but for its source, a heap is empty. For one task at a time. */
struct heap {
    const struct heap_source *source;
    struct heap_span *spans;
    struct heap_block *bins[HEAP_BINS]; /* bin n: free blocks of 2^n units up to twice that */
};

/* At least `size` bytes, aligned to 16; NULL when the source has no more. */
void *heap_allocate(struct heap *heap, size_t size);

/* What is wrong with freeing `memory`, or NULL: the heap gave it and it isn't free. */
const char *heap_check(const struct heap *heap, const void *memory);

/* These need a block that heap_check finds nothing wrong with. */
size_t heap_room(const void *memory); /* how many bytes it really has */
void heap_free(struct heap *heap, void *memory);
