// sources: libipc/heap.c
// include: libipc
#include "heap.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <cmocka.h>

/* A source of mappings that counts, and can run dry. */
static size_t mapped, mappings, dry_after;

static bool get(size_t length, void **at) {
    assert_int_equal(length % 4096, 0);
    if (mappings == dry_after) {
        return false;
    }
    *at = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    assert_true(*at != MAP_FAILED);
    mapped += length;
    mappings++;
    return true;
}

static void give_back(void *at, size_t length) {
    assert_int_equal(munmap(at, length), 0);
    mapped -= length;
    mappings--;
}

static const struct heap_source source = {get, give_back};
static struct heap heap;

static int start(void **state) {
    (void)state;
    heap = (struct heap){.source = &source};
    mapped = mappings = 0;
    dry_after = SIZE_MAX;
    return 0;
}

static void release(void *block) {
    assert_null(heap_check(&heap, block));
    heap_free(&heap, block);
}

static void test_blocks_are_aligned_and_apart(void **state) {
    char *blocks[200];
    (void)state;
    for (size_t i = 0; i < 200; i++) {
        blocks[i] = heap_allocate(&heap, i);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % 16, 0);
        assert_true(heap_room(blocks[i]) >= i);
        memset(blocks[i], (int)i, i);
    }
    for (size_t i = 0; i < 200; i++) {
        for (size_t byte = 0; byte < i; byte++) {
            assert_int_equal((unsigned char)blocks[i][byte], i);
        }
        release(blocks[i]);
    }
    assert_int_equal(mappings, 1);
}

static void test_neighbours_merge_in_every_order(void **state) {
    static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
    (void)state;
    for (int order = 0; order < 6; order++) {
        void *blocks[3], *all;
        for (int i = 0; i < 3; i++) {
            blocks[i] = heap_allocate(&heap, 80000);
        }
        for (int i = 0; i < 3; i++) {
            release(blocks[orders[order][i]]);
        }
        /* Fits only where all three were: the first place of an empty span. */
        all = heap_allocate(&heap, 250000);
        assert_ptr_equal(all, blocks[0]);
        assert_int_equal(mappings, 1);
        release(all);
    }
}

static void test_freed_memory_is_used_again(void **state) {
    (void)state;
    for (int i = 0; i < 100000; i++) {
        release(heap_allocate(&heap, (size_t)i % 5000));
    }
    assert_int_equal(mappings, 1);
}

static void test_big_blocks_have_their_own_mapping(void **state) {
    (void)state;
    char *small = heap_allocate(&heap, 1);
    size_t before = mapped;
    char *big = heap_allocate(&heap, HEAP_OWN_SPAN + 1);
    assert_true(mapped - before >= HEAP_OWN_SPAN + 1 && mapped - before < HEAP_OWN_SPAN + 2 * 4096);
    memset(big, 1, heap_room(big));
    assert_int_equal(heap_room(big), mapped - before - 48);
    release(big);
    assert_int_equal(mapped, before);
    big = heap_allocate(&heap, HEAP_SPAN_BYTES - 48); /* fills its pages to the last byte */
    assert_int_equal(mapped - before, HEAP_SPAN_BYTES);
    release(big);
    assert_int_equal(mapped, before);
    release(small);
}

static void test_empty_spans_are_given_back_but_one(void **state) {
    void *blocks[40];
    (void)state;
    for (int i = 0; i < 40; i++) {
        blocks[i] = heap_allocate(&heap, HEAP_OWN_SPAN);
    }
    assert_true(mappings > 10);
    for (int i = 0; i < 40; i++) {
        release(blocks[i]);
    }
    assert_int_equal(mappings, 1);
}

static void test_nothing_left(void **state) {
    (void)state;
    dry_after = 0;
    assert_null(heap_allocate(&heap, 1));
    assert_null(heap_allocate(&heap, HEAP_OWN_SPAN + 1));
    dry_after = 1;
    size_t count = 0;
    void *last = NULL, *block;
    while ((block = heap_allocate(&heap, 1000)) != NULL) {
        last = block;
        count++;
    }
    assert_true(count > HEAP_SPAN_BYTES / 1024 - 5);
    release(last);
    assert_ptr_equal(heap_allocate(&heap, 1000), last);
}

static void test_absurd_sizes(void **state) {
    (void)state;
    assert_null(heap_allocate(&heap, SIZE_MAX));
    assert_null(heap_allocate(&heap, SIZE_MAX - 40));
    assert_null(heap_allocate(&heap, HEAP_MAX_BYTES + 1));
    void *huge = heap_allocate(&heap, HEAP_MAX_BYTES);
    assert_non_null(huge);
    assert_true(heap_room(huge) >= HEAP_MAX_BYTES);
    release(huge);
    assert_int_equal(mappings, 0);
}

static void test_double_free_is_noticed(void **state) {
    (void)state;
    void *a = heap_allocate(&heap, 100), *b = heap_allocate(&heap, 100), *c = heap_allocate(&heap, 100);
    release(b);
    assert_string_equal(heap_check(&heap, b), "the block is free already");
    release(a); /* merges with b: both headers are inside or at the front of one free block */
    assert_string_equal(heap_check(&heap, a), "the block is free already");
    assert_string_equal(heap_check(&heap, b), "the block is free already");
    release(c);
    assert_string_equal(heap_check(&heap, c), "the block is free already");
    void *big = heap_allocate(&heap, HEAP_OWN_SPAN * 2);
    release(big);
    assert_string_equal(heap_check(&heap, big), "not a block that malloc gave");
}

static void test_foreign_pointers_are_noticed(void **state) {
    static long outside[8];
    (void)state;
    assert_non_null(heap_check(&heap, outside));
    char *block = heap_allocate(&heap, 100);
    memset(block, 0x5a, 100);
    assert_non_null(heap_check(&heap, outside));
    assert_non_null(heap_check(&heap, block + 1));
    assert_non_null(heap_check(&heap, block + 16));
    assert_non_null(heap_check(&heap, block - 16));
    assert_non_null(heap_check(&heap, (void *)16));
    assert_non_null(heap_check(&heap, (void *)(uintptr_t)~15ull));
    assert_null(heap_check(&heap, block));
    release(block);
}

static void test_overrun_is_noticed(void **state) {
    (void)state;
    char *block = heap_allocate(&heap, 48);
    memset(block, 0xee, heap_room(block) + 1);
    assert_string_equal(heap_check(&heap, block), "something was written beyond the block's end");
    /* An underrun destroys the block's own header. */
    char *other = heap_allocate(&heap, 48);
    memset(other - 4, 0xee, 4);
    assert_non_null(heap_check(&heap, other));
}

static uint64_t random_state = 0x2545f4914f6cdd1d;

static size_t draw(size_t below) {
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state % below;
}

struct held {
    unsigned char *bytes;
    size_t size;
    unsigned char mark;
};

static void check_content(const struct held *held) {
    for (size_t i = 0; i < held->size; i += held->size / 64 + 1) {
        assert_int_equal(held->bytes[i], held->mark);
    }
    assert_true(held->size == 0 || held->bytes[held->size - 1] == held->mark);
}

/* Many blocks of all sizes come and go; each keeps its content, and in the end all
 * is whole again. */
static void test_random_history(void **state) {
    static struct held held[300];
    (void)state;
    for (int step = 0; step < 200000; step++) {
        struct held *one = &held[draw(300)];
        if (one->bytes != NULL) {
            check_content(one);
            release(one->bytes);
            one->bytes = NULL;
            continue;
        }
        one->size = draw((size_t)1 << draw(20));
        one->mark = (unsigned char)step;
        one->bytes = heap_allocate(&heap, one->size);
        assert_non_null(one->bytes);
        memset(one->bytes, one->mark, one->size);
    }
    for (size_t i = 0; i < 300; i++) {
        if (held[i].bytes != NULL) {
            check_content(&held[i]);
            release(held[i].bytes);
            held[i].bytes = NULL;
        }
    }
    assert_int_equal(mappings, 1);
    assert_int_equal(mapped, HEAP_SPAN_BYTES);
    size_t listed = 0;
    for (int bin = 0; bin < HEAP_BINS; bin++) {
        listed += heap.bins[bin] != NULL;
    }
    assert_int_equal(listed, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_blocks_are_aligned_and_apart, start),
        cmocka_unit_test_setup(test_neighbours_merge_in_every_order, start),
        cmocka_unit_test_setup(test_freed_memory_is_used_again, start),
        cmocka_unit_test_setup(test_big_blocks_have_their_own_mapping, start),
        cmocka_unit_test_setup(test_empty_spans_are_given_back_but_one, start),
        cmocka_unit_test_setup(test_nothing_left, start),
        cmocka_unit_test_setup(test_absurd_sizes, start),
        cmocka_unit_test_setup(test_double_free_is_noticed, start),
        cmocka_unit_test_setup(test_foreign_pointers_are_noticed, start),
        cmocka_unit_test_setup(test_overrun_is_noticed, start),
        cmocka_unit_test_setup(test_random_history, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
