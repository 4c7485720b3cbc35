#include "own_pages.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <handoff/types.h>

void *own_page(void);
void own_page_give(void *page);
void core_check(bool condition);

uint64_t own_pages;
bool own_pages_none;

void *own_page(void) {
    if (own_pages_none) return NULL;
    own_pages++;
    return memset(aligned_alloc(HF_PAGE_SIZE, HF_PAGE_SIZE), 0, HF_PAGE_SIZE);
}

void own_page_give(void *page) {
    own_pages--;
    memset(page, 0xa5, HF_PAGE_SIZE);
    free(page);
}

void core_check(bool condition) { mock_assert(condition, "core_check", __FILE__, __LINE__); }
