/* Allocation with boundary tags and segregated free lists. */
#include "heap.h"

#define UNIT 16u /* bytes; the alignment, and the length of a block's header */
#define PAGE 4096u

struct heap_block {
    uint64_t seal;   /* USED or FREE, mixed with the block's address; the first to be overwritten */
    uint32_t units;  /* length with this header; 0 marks a span's end */
    uint32_t before; /* units of the block before, 0 for a span's first */
};

struct free_block {
    struct heap_block block;
    struct heap_block *next, *previous; /* in its bin */
};

struct heap_span {
    size_t length;
    struct heap_span *next;
};

_Static_assert(sizeof(struct heap_block) == UNIT && sizeof(struct heap_span) == UNIT, "units");
_Static_assert(sizeof(struct free_block) == 2 * UNIT, "the smallest block");

#define SMALLEST 2u /* units */
#define SPAN_OVERHEAD (sizeof(struct heap_span) + sizeof(struct heap_block))

/* Any two words that memory hardly has by chance. */
#define SEAL_USED 0x9e6c63d0676a9a99u
#define SEAL_FREE 0x71d67fffeda60001u

static uint64_t seal_of(const struct heap_block *block, uint64_t state) { return state ^ (uintptr_t)block; }

static bool is_free(const struct heap_block *block) { return block->seal == seal_of(block, SEAL_FREE); }

static bool is_used(const struct heap_block *block) { return block->seal == seal_of(block, SEAL_USED); }

static struct heap_block *at_offset(struct heap_block *block, ptrdiff_t units) { return block + units; }

static struct heap_block *first_block(struct heap_span *span) { return (struct heap_block *)(span + 1); }

static struct heap_block *block_of(const void *memory) { return (struct heap_block *)(uintptr_t)memory - 1; }

/* ---- free lists ---- */

static struct free_block *links(struct heap_block *block) { return (struct free_block *)block; }

static unsigned bin_of(uint32_t units) { return 31u - (unsigned)__builtin_clz(units); }

static void insert(struct heap *heap, struct heap_block *block) {
    struct heap_block **bin = &heap->bins[bin_of(block->units)];
    links(block)->next = *bin;
    links(block)->previous = NULL;
    if (*bin != NULL) {
        links(*bin)->previous = block;
    }
    *bin = block;
}

static void take_out(struct heap *heap, struct heap_block *block) {
    struct heap_block *next = links(block)->next, *previous = links(block)->previous;
    if (next != NULL) {
        links(next)->previous = previous;
    }
    if (previous != NULL) {
        links(previous)->next = next;
    } else {
        heap->bins[bin_of(block->units)] = next;
    }
}

static struct heap_block *find(struct heap *heap, uint32_t units) {
    for (unsigned bin = bin_of(units); bin < HEAP_BINS; bin++) {
        for (struct heap_block *block = heap->bins[bin]; block != NULL; block = links(block)->next) {
            if (block->units >= units) {
                return block;
            }
        }
    }
    return NULL;
}

/* ---- spans ---- */

/* A new span of that length, as one block that is in no bin yet. */
static struct heap_block *add_span(struct heap *heap, size_t length) {
    void *at;
    if (!heap->source->get(length, &at)) {
        return NULL;
    }
    struct heap_span *span = at;
    *span = (struct heap_span){.length = length, .next = heap->spans};
    heap->spans = span;

    struct heap_block *block = first_block(span);
    uint32_t units = (uint32_t)((length - SPAN_OVERHEAD) / UNIT);
    struct heap_block *end = at_offset(block, units);
    *block = (struct heap_block){.units = units, .seal = seal_of(block, SEAL_FREE)};
    *end = (struct heap_block){.before = units, .seal = seal_of(end, SEAL_USED)};
    return block;
}

/* The link that leads to the span which `memory` lies in, NULL when none does. */
static struct heap_span **find_span(struct heap_span **link, const void *memory) {
    for (; *link != NULL; link = &(*link)->next) {
        uintptr_t first = (uintptr_t)first_block(*link), end = (uintptr_t)*link + (*link)->length - UNIT;
        if ((uintptr_t)memory > first && (uintptr_t)memory < end) return link;
    }
    return NULL;
}

/* One ordinary span stays, so that a program which frees its last block and
 * allocates again doesn't map and unmap. */
static bool is_wanted(const struct heap *heap, const struct heap_span *candidate) {
    if (candidate->length != HEAP_SPAN_BYTES) return false;
    for (const struct heap_span *span = heap->spans; span != NULL; span = span->next) {
        if (span != candidate && span->length == HEAP_SPAN_BYTES) return false;
    }
    return true;
}

/* ---- blocks ---- */

/* Makes the block `units` long, the rest a free block of its own. */
static void cut(struct heap *heap, struct heap_block *block, uint32_t units) {
    uint32_t rest_units = block->units - units;
    if (rest_units < SMALLEST) return;
    struct heap_block *rest = at_offset(block, units);
    *rest = (struct heap_block){.units = rest_units, .before = units, .seal = seal_of(rest, SEAL_FREE)};
    at_offset(rest, rest_units)->before = rest_units;
    block->units = units;
    insert(heap, rest);
}

/* Merges a free block, which is in no bin, with its free neighbours. The headers
 * that end up inside keep their seal, so that freeing them again is noticed. */
static struct heap_block *merge(struct heap *heap, struct heap_block *block) {
    struct heap_block *next = at_offset(block, block->units);
    if (is_free(next)) {
        take_out(heap, next);
        block->units += next->units;
    }
    struct heap_block *before = at_offset(block, -(ptrdiff_t)block->before);
    if (block->before != 0 && is_free(before)) {
        take_out(heap, before);
        before->units += block->units;
        block = before;
    }
    at_offset(block, block->units)->before = block->units;
    return block;
}

/* A block of that many units out of the bins, or out of a new span. */
static struct heap_block *take(struct heap *heap, uint32_t units) {
    struct heap_block *block = find(heap, units);
    if (block != NULL) {
        take_out(heap, block);
    } else {
        block = add_span(heap, HEAP_SPAN_BYTES);
    }
    if (block != NULL) {
        cut(heap, block, units);
    }
    return block;
}

void *heap_allocate(struct heap *heap, size_t size) {
    if (size > HEAP_MAX_BYTES) {
        return NULL;
    }
    uint32_t units = (uint32_t)((size + UNIT - 1) / UNIT + 1);
    struct heap_block *block;
    if (size > HEAP_OWN_SPAN) {
        block = add_span(heap, (units * (size_t)UNIT + SPAN_OVERHEAD + PAGE - 1) / PAGE * PAGE);
    } else {
        block = take(heap, units < SMALLEST ? SMALLEST : units);
    }
    if (block == NULL) {
        return NULL;
    }
    block->seal = seal_of(block, SEAL_USED);
    return block + 1;
}

/* The block's lengths lead to its neighbours in the same span. */
static bool has_neighbours(struct heap_span *span, struct heap_block *block) {
    struct heap_block *first = first_block(span);
    struct heap_block *end = at_offset(first, (ptrdiff_t)((span->length - SPAN_OVERHEAD) / UNIT));
    if (block->units > end - block || block->before > block - first) return false;
    struct heap_block *next = at_offset(block, block->units);
    struct heap_block *before = at_offset(block, -(ptrdiff_t)block->before);
    return next->before == block->units && (block->before == 0 || before->units == block->before);
}

const char *heap_check(const struct heap *heap, const void *memory) {
    struct heap_span *spans = heap->spans, **link = find_span(&spans, memory);
    if ((uintptr_t)memory % UNIT != 0 || link == NULL) return "not a block that malloc gave";
    struct heap_block *block = block_of(memory);
    if (is_free(block)) return "the block is free already";
    if (!is_used(block) || !has_neighbours(*link, block)) {
        return "not a block that malloc gave, or something was written before its beginning";
    }
    struct heap_block *next = at_offset(block, block->units);
    if (!is_used(next) && !is_free(next)) return "something was written beyond the block's end";
    return NULL;
}

size_t heap_room(const void *memory) { return (block_of(memory)->units - 1) * (size_t)UNIT; }

void heap_free(struct heap *heap, void *memory) {
    struct heap_span **link = find_span(&heap->spans, memory);
    struct heap_span *span = *link;
    struct heap_block *block = block_of(memory);
    block->seal = seal_of(block, SEAL_FREE);
    block = merge(heap, block);
    bool whole = block->units * (size_t)UNIT + SPAN_OVERHEAD + UNIT > span->length;
    if (whole && !is_wanted(heap, span)) {
        *link = span->next;
        heap->source->give_back(span, span->length);
    } else {
        insert(heap, block);
    }
}
