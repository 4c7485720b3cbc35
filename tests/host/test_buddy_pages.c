// sources: servers/memsrv/buddy.c servers/memsrv/buddy_table.c servers/memsrv/buddy_check.c servers/memsrv/chunk.c
// sources: tests/host/buddy_model.c
// include: servers/memsrv
#include "buddy_model.h"
#include "draw.h"
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

/* ---- splitting what is in use ---- */

static void split_blocks_of_every_order(void **state) {
    (void)state;
    model_start(0, GIG_FRAMES);
    add(0, GIG_FRAMES);
    for (unsigned order = 0; order <= 9; order++) {
        const hf_frame_t other = must_allocate(order), frame = must_allocate(order);
        split(frame, order);
        compare();
        for (uint64_t i = 0; i < 1ull << order; i++) {
            release(frame + (i * 5 + 3) % (1ull << order), 0);
            assert_int_equal(buddy_free(&buddy, frame + (i * 5 + 3) % (1ull << order), 0), BUDDY_DOUBLE);
        }
        release(other, order);
        compare();
        assert_int_equal(buddy_free_blocks(&buddy, 18), 1);
    }
}

static void a_split_block_is_no_block(void **state) {
    (void)state;
    model_start(0, GIG_FRAMES);
    add(0, GIG_FRAMES);
    const hf_frame_t run = must_allocate(9), eight = must_allocate(3);
    split(run, 9);
    split(eight, 3);
    assert_int_equal(buddy_free(&buddy, run, 9), BUDDY_WRONG_ORDER);
    assert_int_equal(buddy_free(&buddy, run + 2, 1), BUDDY_WRONG_ORDER);
    assert_int_equal(buddy_free(&buddy, eight, 3), BUDDY_WRONG_ORDER);
    assert_int_equal(buddy_split(&buddy, run, 9), HF_BAD_ARGUMENT);
    assert_int_equal(buddy_split(&buddy, eight, 3), HF_BAD_ARGUMENT);
    split(run + 5, 0); /* is one already */
    release(run + 5, 0);
    assert_int_equal(buddy_split(&buddy, run + 5, 0), HF_BAD_ARGUMENT);
    compare();
}

static void wrong_splits(void **state) {
    (void)state;
    model_start(GIG_FRAMES, 2 * GIG_FRAMES);
    add(GIG_FRAMES, GIG_FRAMES + 8);
    const hf_frame_t one = must_allocate(0), eight = must_allocate(3), run = must_allocate(9), two = must_allocate(10);
    const struct {
        hf_frame_t frame;
        unsigned order;
    } no_blocks[] = {
        {one, 1},
        {one & ~511ull, 9},
        {one + 1, 0},
        {eight, 2},
        {eight + 1, 3},
        {eight, 4},
        {run, 8},
        {run + 256, 8},
        {run + 1, 9},
        {run + 7, 0},
        {two, 9},
        {two, 10},
        {two, 18},
        {two, 19},
        {two, ~0u},
        {two + 512, 9},
        {GIG_FRAMES, 18},
        {0, 0},
        {0, 9},
        {2 * GIG_FRAMES, 9},
        {5 * GIG_FRAMES, 9},
        {BUDDY_FRAMES - 1, 0},
        {BUDDY_FRAMES, 0},
        {~0ull, 0},
        {~511ull, 9},
    };
    for (size_t i = 0; i < sizeof no_blocks / sizeof no_blocks[0]; i++) {
        assert_int_equal(buddy_split(&buddy, no_blocks[i].frame, no_blocks[i].order), HF_BAD_ARGUMENT);
        compare();
    }
    release(run, 9);
    assert_int_equal(buddy_split(&buddy, run, 9), HF_BAD_ARGUMENT);
    release(one, 0);
    assert_int_equal(buddy_split(&buddy, one, 0), HF_BAD_ARGUMENT);
    release(eight, 3);
    release(two, 10);
    compare();
}

/* ---- many single frames at once ---- */

static void release_all(const hf_frame_t *frames, unsigned count) {
    assert_int_equal(buddy_free_singles(&buddy, frames, count), count);
    for (unsigned i = 0; i < count; i++) {
        model_set(frames[i], 1, FREE);
        model.head[frames[i] - model.base] = 0;
    }
    compare();
}

static void many_side_by_side(void **state) {
    (void)state;
    hf_frame_t first;
    model_start(0, GIG_FRAMES);
    add(0, GIG_FRAMES);
    const unsigned wrong[] = {0, 1, 65, 128, ~0u};
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(buddy_allocate_singles(&buddy, wrong[i], &first), HF_BAD_ARGUMENT);
    }
    compare();
    for (unsigned round = 0; round < 2000; round++) {
        hf_frame_t frames[64];
        const unsigned count = (unsigned)draw(63) + 2, released = (unsigned)draw(count + 1);
        assert_int_equal(buddy_allocate_singles(&buddy, count, &first), HF_OK);
        feed(buddy_need(&buddy));
        for (unsigned i = 0; i < count; i++) {
            frames[i] = first + i;
            assert_int_equal(model.state[first + i], FREE);
            model_set(first + i, 1, TAKEN);
            model.head[first + i] = 1;
        }
        if (round % 64 == 0) compare();
        assert_int_equal(buddy_free_singles(&buddy, frames, released), released);
        for (unsigned i = 0; i < released; i++) {
            model_set(first + i, 1, FREE);
            model.head[first + i] = 0;
        }
    }
    compare();
}

/* Not even from what is at hand, since that isn't together. */
static void many_where_there_are_few(void **state) {
    (void)state;
    hf_frame_t first;
    model_start(0, RUN_FRAMES);
    add(0, 8);
    assert_int_equal(buddy_allocate_singles(&buddy, 9, &first), HF_NO_MEMORY);
    compare();
    assert_int_equal(buddy_allocate_singles(&buddy, 7, &first), HF_OK);
    assert_int_equal(buddy_allocate_singles(&buddy, 2, &first), HF_NO_MEMORY);
    model_set(0, 7, TAKEN);
    compare();
    assert_int_equal(must_allocate(0), 7);
}

/* Some of a run that is in use, in an order that changes from round to round; and the rest. */
static void many_in_any_order(void **state) {
    (void)state;
    hf_frame_t frames[RUN_FRAMES];
    model_start(0, GIG_FRAMES);
    add(0, GIG_FRAMES);
    for (unsigned round = 0; round < 200; round++) {
        const hf_frame_t run = must_allocate(9);
        split(run, 9);
        for (unsigned i = 0; i < RUN_FRAMES; i++) {
            frames[i] = run + i;
        }
        for (uint64_t swaps = round < 2 ? 0 : draw(12); swaps > 0; swaps--) {
            const uint64_t a = draw(RUN_FRAMES), b = draw(RUN_FRAMES);
            const hf_frame_t frame = frames[a];
            frames[a] = frames[b];
            frames[b] = frame;
        }
        const unsigned first = (unsigned)draw(RUN_FRAMES + 1);
        release_all(frames, first);
        release_all(frames + first, RUN_FRAMES - first);
        assert_int_equal(buddy_free_blocks(&buddy, 18), 1);
    }
}

static void many_stop_at_the_first_wrong_one(void **state) {
    (void)state;
    hf_frame_t frames[128];
    model_start(0, GIG_FRAMES);
    add(0, GIG_FRAMES);
    const hf_frame_t run = must_allocate(9), whole = must_allocate(9), free = must_allocate(9);
    release(free, 9);
    split(run, 9);
    for (unsigned i = 0; i < 128; i++) {
        frames[i] = run + i;
    }
    release_all(frames + 100, 1);
    assert_int_equal(buddy_free_singles(&buddy, frames, 128), 100);
    model_set(run, 100, FREE);
    memset(model.head + (run - model.base), 0, 100);
    compare();
    const hf_frame_t wrong[] = {run, free, 5 * GIG_FRAMES, BUDDY_FRAMES, ~63ull, whole};
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        for (unsigned at = 0; at < 128; at++) {
            frames[at] = wrong[i] + at;
        }
        assert_int_equal(buddy_free_singles(&buddy, frames, 128), 0);
        compare();
    }
}

/* ---- pages for its own tables ---- */

static void what_is_fed_is_needed_no_more(void **state) {
    unfed(state);
    for (unsigned fed = 0; fed < BUDDY_RESERVE; fed++) {
        assert_int_equal(buddy_need(&buddy), BUDDY_RESERVE - fed);
        feed(1);
    }
    assert_int_equal(buddy_need(&buddy), 0);
    feed(1);
    assert_int_equal(buddy_need(&buddy), 0);
}

static void a_page_makes_thirteen_chunks(void **state) {
    uint64_t added;
    unfed(state);
    feed(2); /* the other one is for pointers */
    assert_int_equal(buddy_add(&buddy, 0, 14ull * GIG_FRAMES, &added), HF_NO_MEMORY);
    assert_int_equal(added, 13ull * GIG_FRAMES);
}

static void starved(void **state) {
    unfed(state);
    uint64_t added;
    hf_frame_t frame;
    model_start(0, GIG_FRAMES);
    assert_int_equal(buddy_need(&buddy), BUDDY_RESERVE);
    assert_int_equal(buddy_add(&buddy, 0, GIG_FRAMES, &added), HF_NO_MEMORY);
    assert_int_equal(added, 0);
    feed(1);
    assert_int_equal(buddy_add(&buddy, 0, GIG_FRAMES, &added), HF_NO_MEMORY);
    assert_int_equal(added, 0);
    feed(1);
    add(0, GIG_FRAMES);
    compare();
    assert_int_equal(buddy_allocate(&buddy, 0, &frame), HF_NO_MEMORY);
    compare();
    const hf_frame_t run = must_allocate(9);
    feed(1);
    const hf_frame_t one = must_allocate(0);
    assert_int_equal(buddy_need(&buddy), BUDDY_RESERVE);
    release(one, 0);
    release(run, 9);
    compare();
    assert_int_equal(buddy_free_blocks(&buddy, 18), 1);
}

/* A run that is given out whole has no chunk, nor has its gig a page of pointers. */
static void split_starved(void **state) {
    unfed(state);
    model_start(0, GIG_FRAMES);
    feed(2);
    add(0, GIG_FRAMES);
    while (buddy.page_count > 0) {
        buddy.pages = buddy.pages->next;
        buddy.page_count--;
    }
    const hf_frame_t run = must_allocate(9);
    assert_int_equal(buddy_split(&buddy, run, 9), HF_NO_MEMORY);
    compare();
    release(run, 9);
    assert_int_equal(must_allocate(9), run);
    feed(1);
    split(run, 9);
    compare();
    release(run + 511, 0);
    compare();
}

/* As long as the stock is full before each call, none fails; its pages' own frames count. */
static void a_full_reserve_is_enough_for_splits(void **state) {
    (void)state;
    model_start(0, 8ull * GIG_FRAMES);
    add(0, 8ull * GIG_FRAMES);
    hf_frame_t frame[8 * 512];
    for (unsigned i = 0; i < 8 * 512 - 16; i++) {
        frame[i] = must_allocate(9);
    }
    for (unsigned i = 0; i < 8 * 512 - 16; i += 100) {
        assert_int_equal(buddy_split(&buddy, frame[i], 9), HF_OK);
        assert_true(buddy_need(&buddy) <= 2);
        while (buddy_need(&buddy) > 0) {
            (void)must_allocate(0);
            feed(1);
        }
    }
}

static void add_goes_on_where_it_starved(void **state) {
    (void)state;
    model_start(5, 40ull * GIG_FRAMES);
    add(5, 40ull * GIG_FRAMES);
    assert_int_equal(buddy_free_blocks(&buddy, 18), 39);
    compare();
}

static void a_full_reserve_is_enough_for_any_call(void **state) {
    (void)state;
    model_start(0, 8ull * GIG_FRAMES);
    for (unsigned gig = 0; gig < 8; gig++) {
        uint64_t added;
        assert_int_equal(buddy_add(&buddy, gig * GIG_FRAMES + 3, 1, &added), HF_OK);
        model_set(gig * GIG_FRAMES + 3, 1, FREE);
        feed(buddy_need(&buddy));
    }
    compare();
}

static void chunks_are_used_again(void **state) {
    (void)state;
    model_start(0, GIG_FRAMES);
    add(0, GIG_FRAMES);
    release(must_allocate(0), 0);
    const unsigned before = page_count;
    for (unsigned i = 0; i < 1000; i++) {
        const hf_frame_t frame = must_allocate((unsigned)draw(9));
        release(frame, model.head[frame] - 1u);
        buddy_settle(&buddy);
    }
    assert_int_equal(page_count, before);
    compare();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(split_blocks_of_every_order),
        TEST(a_split_block_is_no_block),
        TEST(wrong_splits),
        TEST(many_side_by_side),
        TEST(many_where_there_are_few),
        TEST(many_in_any_order),
        TEST(many_stop_at_the_first_wrong_one),
        TEST(what_is_fed_is_needed_no_more),
        TEST(a_page_makes_thirteen_chunks),
        TEST(starved),
        TEST(split_starved),
        TEST(a_full_reserve_is_enough_for_splits),
        TEST(add_goes_on_where_it_starved),
        TEST(a_full_reserve_is_enough_for_any_call),
        TEST(chunks_are_used_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
