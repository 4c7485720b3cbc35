#include "record.h"

#include <string.h>

#include "own.h"

static void add_page(struct record_pool *pool) {
    uint8_t *page = own_page();
    if (!page) return;
    for (size_t at = 0; at + pool->bytes <= HF_PAGE_SIZE; at += pool->bytes) {
        record_give(pool, page + at);
    }
}

void *record_take(struct record_pool *pool) {
    if (!pool->free) {
        add_page(pool);
    }
    struct record *record = pool->free;
    if (record) {
        pool->free = record->next;
        memset(record, 0, pool->bytes);
    }
    return record;
}

void record_give(struct record_pool *pool, void *record) {
    struct record *given = record;
    given->next = pool->free;
    pool->free = given;
}
