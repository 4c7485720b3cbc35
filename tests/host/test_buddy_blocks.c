// sources: servers/memsrv/buddy.c servers/memsrv/buddy_table.c servers/memsrv/buddy_check.c servers/memsrv/chunk.c
// sources: tests/host/buddy_model.c
// include: servers/memsrv
#include "buddy_model.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* ---- what is given ---- */

static void nothing_was_added(void **state) {
    (void)state;
    hf_frame_t frame;
    for (unsigned order = 0; order < HF_ORDERS; order++) {
        assert_int_equal(buddy_allocate(&buddy, order, &frame), HF_NO_MEMORY);
        assert_int_equal(buddy_free_blocks(&buddy, order), 0);
    }
    assert_int_equal(buddy_free_frames(&buddy), 0);
    assert_null(buddy_check(&buddy));
}

static void every_order_comes_aligned(void **state) {
    (void)state;
    model_start(0, 3 * GIG_FRAMES);
    add(1, 3 * GIG_FRAMES - 1);
    compare();
    hf_frame_t frame[HF_ORDERS];
    for (unsigned order = 0; order < HF_ORDERS; order++) {
        frame[order] = must_allocate(order);
        compare();
    }
    for (unsigned order = 0; order < HF_ORDERS; order++) {
        release(frame[order], order);
        compare();
    }
}

static void no_such_order(void **state) {
    (void)state;
    hf_frame_t frame;
    model_start(0, GIG_FRAMES);
    add(0, GIG_FRAMES);
    assert_int_equal(buddy_allocate(&buddy, HF_ORDERS, &frame), HF_BAD_ARGUMENT);
    assert_int_equal(buddy_allocate(&buddy, ~0u, &frame), HF_BAD_ARGUMENT);
    assert_int_equal(buddy_free_blocks(&buddy, HF_ORDERS), 0);
    compare();
}

static void all_frames_one_by_one(void **state) {
    (void)state;
    model_start(3, 2500);
    add(3, 2500);
    hf_frame_t frame;
    for (unsigned i = 0; i < 2500; i++) {
        must_allocate(0);
    }
    assert_int_equal(allocate(0, &frame), HF_NO_MEMORY);
    compare();
    for (unsigned i = 0; i < 2500; i++) {
        release(3 + (i * 7) % 2500, 0); /* 7 and 2500 have no common factor */
    }
    compare();
}

static void partly_used_runs_come_first(void **state) {
    (void)state;
    model_start(0, 64 * RUN_FRAMES);
    add(0, 64 * RUN_FRAMES);
    const hf_frame_t first = must_allocate(0);
    for (unsigned i = 1; i < RUN_FRAMES; i++) {
        assert_int_equal(must_allocate(0) / RUN_FRAMES, first / RUN_FRAMES);
    }
    assert_int_equal(buddy_free_frames(&buddy), 63 * RUN_FRAMES);
    compare();
}

static void a_run_is_whole_again(void **state) {
    (void)state;
    model_start(0, GIG_FRAMES);
    add(0, GIG_FRAMES);
    const hf_frame_t frame = must_allocate(0);
    assert_int_equal(buddy_free_blocks(&buddy, 18), 0);
    release(frame, 0);
    assert_int_equal(buddy_free_blocks(&buddy, 18), 1);
    assert_int_equal(must_allocate(18), 0);
}

/* Frames at hand must not stand in the way of a bigger block. */
static void frames_at_hand_are_joined_when_needed(void **state) {
    (void)state;
    model_start(0, RUN_FRAMES);
    add(0, RUN_FRAMES);
    hf_frame_t frames[8];
    for (unsigned i = 0; i < 8; i++) {
        frames[i] = must_allocate(0);
    }
    for (unsigned i = 0; i < 8; i++) {
        release(frames[i], 0);
    }
    assert_null(buddy_check(&buddy));
    assert_int_equal(must_allocate(9), 0);
    compare();
}

/* ---- adding ---- */

static void ragged_ranges(void **state) {
    (void)state;
    model_start(0, 2 * GIG_FRAMES);
    const struct {
        hf_frame_t first;
        uint64_t count;
    } ranges[] = {{1, 1}, {3, 10}, {0x9f, 1}, {0x100, 511}, {1023, 2}, {2047, 513}, {GIG_FRAMES - 700, 1400}};
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        add(ranges[i].first, ranges[i].count);
        compare();
    }
}

static void the_rest_of_a_run_makes_it_whole(void **state) {
    (void)state;
    model_start(0, 2 * RUN_FRAMES);
    add(100, 412);
    add(0, 100);
    add(512, 512);
    compare();
    assert_int_equal(buddy_free_blocks(&buddy, 10), 1);
}

static void adding_what_is_known_is_refused(void **state) {
    (void)state;
    uint64_t added;
    model_start(0, 2 * GIG_FRAMES);
    add(100, 1);
    add(RUN_FRAMES * 2, RUN_FRAMES * 2);
    assert_int_equal(buddy_add(&buddy, 100, 1, &added), HF_EXISTS);
    assert_int_equal(buddy_add(&buddy, 96, 8, &added), HF_EXISTS);
    assert_int_equal(buddy_add(&buddy, 0, 512, &added), HF_EXISTS);
    assert_int_equal(buddy_add(&buddy, 0, GIG_FRAMES, &added), HF_EXISTS);
    assert_int_equal(added, 0);
    assert_int_equal(buddy_add(&buddy, RUN_FRAMES * 3 + 5, 1, &added), HF_EXISTS);
    assert_int_equal(buddy_add(&buddy, RUN_FRAMES, RUN_FRAMES * 2, &added), HF_EXISTS);
    assert_int_equal(added, RUN_FRAMES); /* the first block was new */
    model_set(RUN_FRAMES, RUN_FRAMES, FREE);
    compare();
    const hf_frame_t frame = must_allocate(9);
    assert_int_equal(buddy_add(&buddy, frame, 512, &added), HF_EXISTS);
    assert_int_equal(buddy_add(&buddy, frame + 7, 1, &added), HF_EXISTS);
    compare();
}

static void adding_a_frame_at_hand_is_refused(void **state) {
    (void)state;
    uint64_t added;
    model_start(0, RUN_FRAMES);
    add(0, 3);
    const hf_frame_t frame = must_allocate(0);
    release(frame, 0);
    assert_int_equal(buddy_add(&buddy, frame, 1, &added), HF_EXISTS);
    compare();
}

static void ranges_beyond_the_limit(void **state) {
    (void)state;
    uint64_t added = 1;
    assert_int_equal(buddy_add(&buddy, BUDDY_FRAMES - 1, 2, &added), HF_BAD_ARGUMENT);
    assert_int_equal(added, 0);
    assert_int_equal(buddy_add(&buddy, BUDDY_FRAMES, 1, &added), HF_BAD_ARGUMENT);
    assert_int_equal(buddy_add(&buddy, ~0ull, 1, &added), HF_BAD_ARGUMENT);
    assert_int_equal(buddy_add(&buddy, 1, ~0ull, &added), HF_BAD_ARGUMENT);
    assert_int_equal(buddy_add(&buddy, BUDDY_FRAMES, 0, &added), HF_OK);
    assert_int_equal(buddy_free_frames(&buddy), 0);
}

static void the_last_frame_of_64_tib(void **state) {
    (void)state;
    model_start(BUDDY_FRAMES - RUN_FRAMES, RUN_FRAMES);
    add(BUDDY_FRAMES - RUN_FRAMES + 1, RUN_FRAMES - 1);
    hf_frame_t frame = 0;
    for (unsigned i = 1; i < RUN_FRAMES; i++) {
        frame = must_allocate(0) > frame ? frame : 0;
    }
    release(BUDDY_FRAMES - 1, 0);
    compare();
}

/* ---- what is refused ---- */

static void wrong(hf_frame_t frame, unsigned order, enum buddy_error want) {
    const enum buddy_error error = buddy_free(&buddy, frame, order);
    if (error != want) {
        fail_msg("frame %llu order %u: \"%s\" instead of \"%s\"", (unsigned long long)frame, order,
                 buddy_error_text(error), buddy_error_text(want));
    }
    compare();
}

static void wrong_frees(void **state) {
    (void)state;
    model_start(0, 2 * GIG_FRAMES);
    add(RUN_FRAMES, RUN_FRAMES + 8);
    add(GIG_FRAMES, GIG_FRAMES);
    const hf_frame_t one = must_allocate(0), eight = must_allocate(3), run = must_allocate(9), two = must_allocate(10);
    wrong(one + 1, 1, one % 2 == 1 ? BUDDY_DOUBLE : BUDDY_MISALIGNED);
    wrong(one, 19, BUDDY_WRONG_ORDER);
    wrong(one, ~0u, BUDDY_WRONG_ORDER);
    wrong(eight + 1, 3, BUDDY_MISALIGNED);
    wrong(run + 8, 9, BUDDY_MISALIGNED);
    wrong(eight, 0, BUDDY_WRONG_ORDER);
    wrong(eight + 2, 0, BUDDY_WRONG_ORDER);
    wrong(eight, 2, BUDDY_WRONG_ORDER);
    wrong(run, 0, BUDDY_WRONG_ORDER);
    wrong(run + 256, 8, BUDDY_WRONG_ORDER);
    wrong(two, 9, BUDDY_WRONG_ORDER);
    wrong(two + 512, 9, BUDDY_WRONG_ORDER);
    wrong(two + 5, 0, BUDDY_WRONG_ORDER);
    wrong(one & ~1ull, 1, BUDDY_WRONG_ORDER);
    wrong(one & ~511ull, 9, BUDDY_WRONG_ORDER);
    wrong(0, 10, BUDDY_WRONG_ORDER); /* its second run is split and partly used */
    wrong(0, 18, BUDDY_WRONG_ORDER);
    wrong(GIG_FRAMES, 18, BUDDY_WRONG_ORDER);
    wrong(0, 0, BUDDY_FOREIGN);
    wrong(0, 9, BUDDY_FOREIGN);
    wrong(3 * RUN_FRAMES, 0, BUDDY_FOREIGN);
    wrong(2 * RUN_FRAMES + 16, 4, BUDDY_FOREIGN);
    wrong(2 * GIG_FRAMES, 0, BUDDY_FOREIGN);
    wrong(2 * GIG_FRAMES, 18, BUDDY_FOREIGN);
    wrong(BUDDY_FRAMES - 1, 0, BUDDY_FOREIGN);
    wrong(BUDDY_FRAMES, 0, BUDDY_FOREIGN);
    wrong(~0ull, 0, BUDDY_FOREIGN);
    release(one, 0);
    wrong(one, 0, BUDDY_DOUBLE);
    release(eight, 3);
    wrong(eight, 3, BUDDY_DOUBLE);
    wrong(eight + 4, 2, BUDDY_DOUBLE);
    release(run, 9);
    wrong(run, 9, BUDDY_DOUBLE);
    wrong(run + 1, 0, BUDDY_DOUBLE);
    release(two, 10);
    wrong(two, 10, BUDDY_DOUBLE);
    wrong(GIG_FRAMES, 18, BUDDY_DOUBLE);
    wrong(0, 18, BUDDY_DOUBLE); /* parts of it are free, none is used */
}

static void freed_twice_while_at_hand(void **state) {
    (void)state;
    model_start(0, RUN_FRAMES);
    add(0, RUN_FRAMES);
    const hf_frame_t frame = must_allocate(0), other = must_allocate(0);
    release(frame, 0);
    assert_int_equal(buddy_free(&buddy, frame, 0), BUDDY_DOUBLE);
    release(other, 0);
    assert_int_equal(buddy_free(&buddy, frame, 0), BUDDY_DOUBLE);
    compare();
}

static void every_error_has_a_text(void **state) {
    (void)state;
    for (unsigned i = 0; i < BUDDY_ERROR_COUNT; i++) {
        assert_true(strlen(buddy_error_text((enum buddy_error)i)) > 3);
    }
    assert_string_equal(buddy_error_text(BUDDY_ERROR_COUNT), "unknown error");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(nothing_was_added),
        TEST(every_order_comes_aligned),
        TEST(no_such_order),
        TEST(all_frames_one_by_one),
        TEST(partly_used_runs_come_first),
        TEST(a_run_is_whole_again),
        TEST(frames_at_hand_are_joined_when_needed),
        TEST(ragged_ranges),
        TEST(the_rest_of_a_run_makes_it_whole),
        TEST(adding_what_is_known_is_refused),
        TEST(adding_a_frame_at_hand_is_refused),
        TEST(ranges_beyond_the_limit),
        TEST(the_last_frame_of_64_tib),
        TEST(wrong_frees),
        TEST(freed_twice_while_at_hand),
        TEST(every_error_has_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
