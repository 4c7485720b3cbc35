#include "record.h"

#include <string.h>

#include "core.h"
#include "own.h"

#define WORD_BITS 64u

/* What a page of records begins with. Which of them are in use stands here and not in the
 * records: what is given back twice is noticed, whatever is in it. */
struct record_page {
    struct record_page *next, **link; /* link: what points to it, while it is in one of its pool's lists */
    struct record_pool *pool;
    uint32_t used_count, free_count;
    uint64_t used[4];
};
_Static_assert(sizeof(struct record_page) + RECORD_MOST == HF_PAGE_SIZE, "the longest record has a page to itself");
_Static_assert(sizeof(struct record_page) % RECORD_ALIGNMENT == 0, "records are aligned");
_Static_assert(RECORD_MOST / RECORD_ALIGNMENT <= 4 * WORD_BITS, "each record has a bit");

static struct record_pool *with_reserve;

/* ---- lists of pages ---- */

static void enter(struct record_page **list, struct record_page *page) {
    page->next = *list;
    page->link = list;
    if (page->next) {
        page->next->link = &page->next;
    }
    *list = page;
}

static void leave(struct record_page *page) {
    *page->link = page->next;
    if (page->next) {
        page->next->link = page->link;
    }
}

/* ---- pages ---- */

/* Bytes from one record to the next. */
static size_t stride(const struct record_pool *pool) {
    return (pool->bytes + RECORD_ALIGNMENT - 1) & ~(size_t)(RECORD_ALIGNMENT - 1);
}

static bool add_page(struct record_pool *pool) {
    struct record_page *page = own_page();
    if (!page) return false;
    page->pool = pool;
    page->free_count = (uint32_t)(RECORD_MOST / stride(pool));
    if (pool->reserve > 0 && !pool->known) {
        pool->known = true;
        pool->next = with_reserve;
        with_reserve = pool;
    }
    pool->free += page->free_count;
    enter(&pool->empty, page);
    return true;
}

/* One empty page stays, so that a record that comes and goes isn't a page that does; more
 * stay where the reserve is in them. */
static void retire_page(struct record_pool *pool, struct record_page *page) {
    if (pool->empty && pool->free - page->free_count >= pool->reserve) {
        pool->free -= page->free_count;
        own_page_give(page);
    } else {
        enter(&pool->empty, page);
    }
}

/* ---- records ---- */

static uint8_t *record_at(struct record_page *page, size_t offset) { return (uint8_t *)(page + 1) + offset; }

/* The page has one. */
static unsigned first_free(const struct record_page *page) {
    unsigned word = 0;
    while (page->used[word] == UINT64_MAX) {
        word++;
    }
    return word * WORD_BITS + (unsigned)__builtin_ctzll(~page->used[word]);
}

/* The pool has one. */
static void *take(struct record_pool *pool) {
    struct record_page *page = pool->partial;
    if (!page) {
        page = pool->empty;
        leave(page);
        enter(&pool->partial, page);
    }
    unsigned index = first_free(page);
    page->used[index / WORD_BITS] |= 1ull << index % WORD_BITS;
    page->used_count++;
    pool->free--;
    if (--page->free_count == 0) {
        leave(page);
    }
    return memset(record_at(page, index * stride(pool)), 0, pool->bytes);
}

void *record_take(struct record_pool *pool) {
    while (pool->free <= pool->reserve && add_page(pool)) {
    }
    return pool->free > pool->reserve ? take(pool) : NULL;
}

void *record_take_reserved(struct record_pool *pool) {
    void *record = record_take(pool);
    return record || pool->free == 0 ? record : take(pool);
}

void record_give(struct record_pool *pool, void *record) {
    struct record_page *page = (void *)((uintptr_t)record & ~(HF_PAGE_SIZE - 1));
    size_t offset = (size_t)((uint8_t *)record - record_at(page, 0)), index = offset / stride(pool);
    core_check(page->pool == pool && index < RECORD_MOST / RECORD_ALIGNMENT && index * stride(pool) == offset);
    uint64_t *word = &page->used[index / WORD_BITS], bit = 1ull << index % WORD_BITS;
    core_check(*word & bit);
    *word &= ~bit;
    pool->free++;
    if (page->free_count++ == 0) {
        enter(&pool->partial, page);
    }
    if (--page->used_count == 0) {
        leave(page);
        retire_page(pool, page);
    }
}

void record_refill(void) {
    for (struct record_pool *pool = with_reserve; pool; pool = pool->next) {
        while (pool->free < pool->reserve && add_page(pool)) {
        }
    }
}
