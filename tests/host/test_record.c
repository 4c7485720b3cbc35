// sources: servers/memsrv/record.c tests/host/own_pages.c
// include: servers/memsrv tests/host/fake
/* RECORD_OPERATIONS in the environment: how many random operations (200,000). */
#include "draw.h"
#include "own_pages.h"
#include "record.h"
#include <handoff/types.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define MOST 2000u

/* What is in use: each has its number in all its bytes. */
static uint8_t *taken[MOST];
static unsigned count;

static void fill(unsigned index, size_t bytes) { memset(taken[index], (int)(index % 255 + 1), bytes); }

static void check(unsigned index, size_t bytes) {
    for (size_t at = 0; at < bytes; at++) {
        assert_int_equal(taken[index][at], index % 255 + 1);
    }
}

static bool take(struct record_pool *pool, bool reserved) {
    uint8_t *record = reserved ? record_take_reserved(pool) : record_take(pool);
    if (record == NULL) return false;
    assert_int_equal((uintptr_t)record % RECORD_ALIGNMENT, 0);
    for (size_t at = 0; at < pool->bytes; at++) {
        assert_int_equal(record[at], 0);
    }
    assert_true(count < MOST);
    taken[count++] = record;
    fill(count - 1, pool->bytes);
    return true;
}

/* The last one gets its number. */
static void give(struct record_pool *pool, unsigned index) {
    check(index, pool->bytes);
    record_give(pool, taken[index]);
    taken[index] = taken[--count];
    if (index < count) fill(index, pool->bytes);
}

static void give_all(struct record_pool *pool) {
    while (count > 0) {
        give(pool, count - 1);
    }
}

static unsigned per_page(size_t bytes) { return (unsigned)(RECORD_MOST / ((bytes + 15) & ~15ul)); }

static int start(void **state) {
    (void)state;
    own_pages_none = false;
    own_pages = 0;
    assert_int_equal(count, 0);
    return 0;
}

/* ---- pages come and go ---- */

static void a_page_holds_what_fits(void **state) {
    (void)state;
    static struct record_pool pools[] = {{.bytes = 1},   {.bytes = 16},   {.bytes = 24},
                                         {.bytes = 136}, {.bytes = 1000}, {.bytes = 4032}};
    for (unsigned i = 0; i < 6; i++) {
        struct record_pool *pool = &pools[i];
        own_pages = 0;
        for (unsigned n = 0; n < 2 * per_page(pool->bytes); n++) {
            assert_true(take(pool, false));
            assert_int_equal(own_pages, n / per_page(pool->bytes) + 1);
        }
        assert_int_equal(pool->free, 0);
        for (unsigned n = 0; n < count; n++) {
            check(n, pool->bytes);
        }
        give_all(pool);
        assert_int_equal(own_pages, 1);
        assert_int_equal(pool->free, per_page(pool->bytes));
    }
}

/* A record that comes and goes is not a page that comes and goes. */
static void one_empty_page_stays(void **state) {
    (void)state;
    static struct record_pool pool = {.bytes = 1000};
    for (unsigned i = 0; i < 9; i++) {
        (void)take(&pool, false);
    }
    assert_int_equal(own_pages, 3);
    give(&pool, 8);
    assert_int_equal(own_pages, 3);
    for (unsigned i = 8; i > 4; i--) {
        give(&pool, i - 1);
    }
    assert_int_equal(own_pages, 2);
    give_all(&pool);
    assert_int_equal(own_pages, 1);
    for (unsigned i = 0; i < 100; i++) {
        (void)take(&pool, false);
        give_all(&pool);
        assert_int_equal(own_pages, 1);
    }
}

static uintptr_t page_of(unsigned index) { return (uintptr_t)taken[index] / HF_PAGE_SIZE; }

/* What is free in pages that are in use comes before an empty page, which can stay empty. */
static void partial_pages_are_filled_first(void **state) {
    (void)state;
    static struct record_pool pool = {.bytes = 1000};
    for (unsigned i = 0; i < 8; i++) {
        (void)take(&pool, false);
    }
    for (unsigned i = 8; i > 3; i--) {
        give(&pool, i - 1);
    }
    assert_non_null(pool.empty);
    (void)take(&pool, false);
    assert_int_equal(page_of(3), page_of(0));
    assert_non_null(pool.empty);
    (void)take(&pool, false);
    assert_int_not_equal(page_of(4), page_of(0));
    assert_null(pool.empty);
    give_all(&pool);
}

static void memory_is_out(void **state) {
    (void)state;
    static struct record_pool pool = {.bytes = 1000};
    own_pages_none = true;
    assert_null(record_take(&pool));
    assert_null(record_take_reserved(&pool));
    own_pages_none = false;
    (void)take(&pool, false);
    own_pages_none = true;
    for (unsigned i = 1; i < 4; i++) {
        assert_true(take(&pool, false));
    }
    assert_null(record_take(&pool));
    assert_null(record_take_reserved(&pool));
    give_all(&pool);
    assert_true(take(&pool, false));
    give_all(&pool);
}

/* ---- the reserve ---- */

static void the_reserve_is_for_whom_it_is(void **state) {
    (void)state;
    static struct record_pool pool = {.bytes = 128, .reserve = 16}; /* 31 to a page */
    assert_true(take(&pool, false));
    own_pages_none = true;
    while (take(&pool, false)) {
    }
    assert_int_equal(count, 31 - 16);
    for (unsigned i = 0; i < 16; i++) {
        assert_null(record_take(&pool));
        assert_true(take(&pool, true));
    }
    assert_null(record_take_reserved(&pool));
    give(&pool, 3);
    assert_null(record_take(&pool)); /* that fills up the reserve */
    assert_true(take(&pool, true));
    own_pages_none = false;
    record_refill();
    assert_int_equal(pool.free, 31);
    record_refill();
    assert_int_equal(own_pages, 2);
    own_pages_none = true;
    while (take(&pool, false)) {
    }
    assert_true(take(&pool, true));
    own_pages_none = false;
    record_refill(); /* a single one was missing */
    assert_int_equal(own_pages, 3);
    give_all(&pool);
    assert_int_equal(own_pages, 1);
}

/* As long as there is memory, the reserve stays what it is. */
static void the_reserve_is_used_last(void **state) {
    (void)state;
    static struct record_pool pool = {.bytes = 128, .reserve = 16};
    for (unsigned i = 0; i < 300; i++) {
        assert_true(take(&pool, true));
        assert_in_range(pool.free, 16, 16 + 31);
    }
    give_all(&pool);
}

/* A reserve of more than a page has. */
static void a_reserve_of_several_pages(void **state) {
    (void)state;
    static struct record_pool pool = {.bytes = 1000, .reserve = 10};
    assert_true(take(&pool, false));
    assert_int_equal(own_pages, 3);
    while (count < 20) {
        assert_true(take(&pool, false));
    }
    own_pages_none = true;
    for (unsigned i = 0; i < 10; i++) {
        assert_true(take(&pool, true));
    }
    own_pages_none = false;
    record_refill();
    assert_in_range(pool.free, 10, 13);
    give_all(&pool);
    assert_in_range(pool.free, 10, 13);
    assert_int_equal(own_pages * 4, pool.free);
}

/* ---- what is wrong ---- */

static void given_twice(void **state) {
    (void)state;
    static struct record_pool pool = {.bytes = 24};
    void *first = record_take(&pool), *second = record_take(&pool);
    record_give(&pool, first);
    expect_assert_failure(record_give(&pool, first));
    memset(second, 0xff, 24);
    record_give(&pool, second);
    expect_assert_failure(record_give(&pool, second));
    expect_assert_failure(record_give(&pool, first));
    assert_int_equal(pool.free, per_page(24));
}

static void given_to_another_pool(void **state) {
    (void)state;
    static struct record_pool pool = {.bytes = 24}, other = {.bytes = 24};
    uint8_t *record = record_take(&pool);
    expect_assert_failure(record_give(&other, record));
    expect_assert_failure(record_give(&pool, record + 16));
    expect_assert_failure(record_give(&pool, record + 32));
    expect_assert_failure(record_give(&pool, record - 16));
    expect_assert_failure(record_give(&pool, record - 32));
    expect_assert_failure(record_give(&pool, record + RECORD_MOST - 1));
    record_give(&pool, record);
}

/* ---- at random ---- */

/* Several times up and down again. */
static void random_operations(void **state) {
    (void)state;
    static struct record_pool pool = {.bytes = 136, .reserve = 16};
    const char *wanted = getenv("RECORD_OPERATIONS");
    const unsigned long operations = wanted != NULL ? strtoul(wanted, NULL, 10) : 200000;
    unsigned long refused = 0;
    for (unsigned long i = 0; i < operations; i++) {
        const bool grows = i / 5000 % 2 == 0;
        own_pages_none = i % 1000 > 700;
        if (count < MOST && draw(8) < (grows ? 5 : 3)) {
            refused += !take(&pool, draw(4) == 0);
        } else if (count > 0) {
            give(&pool, (unsigned)draw(count));
        }
        if (draw(4) == 0) record_refill();
        assert_int_equal(own_pages * per_page(136), count + pool.free);
    }
    give_all(&pool);
    assert_int_equal(own_pages, 1);
    print_message("%lu random operations, seed 0x%llx: %lu refused\n", operations, DRAW_SEED, refused);
    assert_true(refused < operations / 3);
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_page_holds_what_fits),         TEST(one_empty_page_stays),
        TEST(partial_pages_are_filled_first), TEST(memory_is_out),
        TEST(the_reserve_is_for_whom_it_is),  TEST(the_reserve_is_used_last),
        TEST(a_reserve_of_several_pages),     TEST(given_twice),
        TEST(given_to_another_pool),          TEST(random_operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
