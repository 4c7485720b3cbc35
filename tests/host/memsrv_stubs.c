#include "memsrv_stubs.h"

#include "core.h"
#include "own.h"
#include "record.h"
#include <stdlib.h>
#include <string.h>

unsigned stub_records, stub_pages;
bool stub_out_of_memory;

jmp_buf stub_stopped;
bool stub_may_stop;

void core_check(bool condition) {
    if (condition) return;
    if (!stub_may_stop) fail_msg("memsrv would stop");
    longjmp(stub_stopped, 1);
}

/* ---- records ---- */

void *record_take(struct record_pool *pool) {
    if (stub_out_of_memory) return NULL;
    stub_records++;
    return calloc(1, pool->bytes);
}

void record_give(struct record_pool *pool, void *record) {
    (void)pool;
    stub_records--;
    free(record);
}

/* ---- pages ---- */

#define PAGES 4096u

static void *pages[PAGES];

void *own_page(void) {
    if (stub_out_of_memory || stub_pages == PAGES) return NULL;
    void *page = aligned_alloc(HF_PAGE_SIZE, HF_PAGE_SIZE);
    pages[stub_pages++] = page;
    return memset(page, 0, HF_PAGE_SIZE);
}

void stub_finish(void) {
    while (stub_pages > 0) {
        free(pages[--stub_pages]);
    }
}
