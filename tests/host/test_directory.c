// sources: servers/memsrv/directory.c tests/host/memsrv_stubs.c
// include: tests/host/fake servers/memsrv
/* The directory that badges lead through: what has an index is found by it, and nothing else is. */
#include "directory.h"
#include "draw.h"
#include "memsrv_stubs.h"
#include <string.h>

static struct directory directory;
static uint64_t things[DIRECTORY_INDEXES];

static int start(void **state) {
    (void)state;
    draw_state = DRAW_SEED;
    memset(&directory, 0, sizeof directory);
    return 0;
}

static int finish(void **state) {
    (void)state;
    stub_out_of_memory = false;
    stub_finish();
    return 0;
}

static void test_used_again(void **state) {
    unsigned first, second, index;
    (void)state;
    assert_null(directory_at(&directory, 0));
    assert_true(directory_add(&directory, &things[0], &first));
    assert_true(directory_add(&directory, &things[1], &second));
    assert_int_not_equal(first, second);
    directory_remove(&directory, first);
    assert_null(directory_at(&directory, first));
    directory_remove(&directory, second);
    assert_null(directory_at(&directory, first));
    assert_true(directory_add(&directory, &things[2], &index));
    assert_int_equal(index, second);
    assert_true(directory_add(&directory, &things[3], &index));
    assert_int_equal(index, first);
    assert_ptr_equal(directory_at(&directory, first), &things[3]);
    assert_int_equal(directory.used, 2);
}

/* A page is needed for each 512 indexes, and for those only. */
static void test_no_memory(void **state) {
    unsigned index;
    (void)state;
    stub_out_of_memory = true;
    assert_false(directory_add(&directory, things, &index));
    stub_out_of_memory = false;
    assert_true(directory_add(&directory, things, &index));
    stub_out_of_memory = true;
    for (unsigned i = 1; i < DIRECTORY_PER_PAGE; i++) {
        assert_true(directory_add(&directory, &things[i], &index));
    }
    assert_false(directory_add(&directory, things, &index));
    directory_remove(&directory, 77);
    assert_true(directory_add(&directory, things, &index));
    assert_int_equal(index, 77);
    assert_null(directory_at(&directory, DIRECTORY_PER_PAGE));
}

static void test_full(void **state) {
    unsigned index;
    (void)state;
    for (unsigned i = 0; i < DIRECTORY_INDEXES; i++) {
        assert_true(directory_add(&directory, &things[i], &index));
        assert_int_equal(index, i);
    }
    assert_false(directory_add(&directory, things, &index));
    for (unsigned i = 0; i < DIRECTORY_INDEXES; i++) {
        if (directory_at(&directory, i) != &things[i]) fail_msg("index %u", i);
    }
    assert_null(directory_at(&directory, DIRECTORY_INDEXES));
    assert_null(directory_at(&directory, UINT32_MAX));
    directory_remove(&directory, DIRECTORY_INDEXES - 1);
    assert_true(directory_add(&directory, things, &index));
    assert_int_equal(index, DIRECTORY_INDEXES - 1);
}

#define MOST 2000u

static void test_random(void **state) {
    static const void *has[MOST];
    unsigned count = 0, highest = 0;
    (void)state;
    memset(has, 0, sizeof has);
    for (unsigned i = 0; i < 200000; i++) {
        unsigned index = (unsigned)draw(MOST);
        if (draw(2) && count < MOST) {
            void *thing = &things[draw(DIRECTORY_INDEXES)];
            assert_true(directory_add(&directory, thing, &index));
            assert_true(index < MOST && !has[index]);
            has[index] = thing;
            count++;
            highest = count > highest ? count : highest;
        } else if (has[index]) {
            directory_remove(&directory, index);
            has[index] = NULL;
            count--;
        }
        index = (unsigned)draw(MOST + 10);
        assert_ptr_equal(directory_at(&directory, index), index < MOST ? has[index] : NULL);
    }
    assert_int_equal(directory.used, highest);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void) {
    const struct CMUnitTest tests[] = {TEST(test_used_again), TEST(test_no_memory), TEST(test_full), TEST(test_random)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
