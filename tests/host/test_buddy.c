// sources: servers/memsrv/buddy.c servers/memsrv/buddy_table.c servers/memsrv/buddy_check.c servers/memsrv/chunk.c
// include: servers/memsrv
/* BUDDY_OPERATIONS in the environment: how many random operations (1,000,000). */
#include "buddy.h"
#include "draw.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define RUN_FRAMES 512u
#define GIG_FRAMES (512u * 512u)

static struct buddy buddy;

/* Every page fed, so that the next test starts with none. */
static void *pages[4096];
static unsigned page_count;
static bool feeding;

static void feed(unsigned count) {
    for (; count > 0; count--) {
        void *page = aligned_alloc(4096, 4096);
        assert_non_null(page);
        assert_true(page_count < 4096);
        pages[page_count++] = memset(page, 0, 4096);
        buddy_feed(&buddy, page);
    }
}

/* ---- the reference: for each frame of a window, what it is ---- */

enum { FOREIGN, FREE, TAKEN };

static struct {
    hf_frame_t base;
    uint64_t frames;
    uint8_t *state;
    uint8_t *head; /* order + 1 of the block that starts here */
} model;

static void model_start(hf_frame_t base, uint64_t frames) {
    model.base = base;
    model.frames = frames;
    model.state = calloc(frames, 1);
    model.head = calloc(frames, 1);
    assert_true(model.state != NULL && model.head != NULL);
}

static bool model_all(hf_frame_t frame, uint64_t count, uint8_t state) {
    if (frame < model.base || frame - model.base + count > model.frames) {
        return false;
    }
    const uint8_t *at = model.state + (frame - model.base);
    return at[0] == state && memcmp(at, at + 1, count - 1) == 0;
}

static void model_set(hf_frame_t frame, uint64_t count, uint8_t state) {
    memset(model.state + (frame - model.base), state, count);
}

/* Free frames determine the free blocks: each aligned block that is free and not part of a bigger one. */
static unsigned model_block(uint64_t at) {
    unsigned order = 0;
    while (order < 18 && at % (2ull << order) == 0 && model_all(at, 2ull << order, FREE)) {
        order++;
    }
    return order;
}

static void compare(void) {
    uint64_t want[HF_ORDERS] = {0}, frames = 0;
    for (hf_frame_t at = model.base; at < model.base + model.frames;) {
        if (model.state[at - model.base] != FREE) {
            at++;
            continue;
        }
        const unsigned order = model_block(at);
        want[order]++;
        frames += 1ull << order;
        at += 1ull << order;
    }
    assert_int_equal(buddy_free_frames(&buddy), frames);
    for (unsigned order = 0; order < HF_ORDERS; order++) {
        assert_int_equal(buddy_free_blocks(&buddy, order), want[order]);
    }
    const char *wrong = buddy_check(&buddy);
    if (wrong != NULL) {
        fail_msg("%s", wrong);
    }
}

static void add(hf_frame_t first, uint64_t count) {
    uint64_t added = 0;
    while (count > 0) {
        const hf_status_t status = buddy_add(&buddy, first, count, &added);
        if (status == HF_NO_MEMORY && feeding && buddy_need(&buddy) > 0) {
            feed(buddy_need(&buddy));
        } else {
            assert_int_equal(status, HF_OK);
            assert_int_equal(added, count);
        }
        model_set(first, added, FREE);
        first += added;
        count -= added;
    }
}

static hf_status_t allocate(unsigned order, hf_frame_t *frame) {
    const hf_status_t status = buddy_allocate(&buddy, order, frame);
    if (status == HF_OK) {
        assert_int_equal(*frame % (1ull << order), 0);
        assert_true(model_all(*frame, 1ull << order, FREE));
        model_set(*frame, 1ull << order, TAKEN);
        model.head[*frame - model.base] = (uint8_t)(order + 1);
    }
    if (feeding) {
        feed(buddy_need(&buddy));
    }
    return status;
}

static void release(hf_frame_t frame, unsigned order) {
    assert_int_equal(buddy_free(&buddy, frame, order), BUDDY_OK);
    model_set(frame, 1ull << order, FREE);
    model.head[frame - model.base] = 0;
}

static hf_frame_t must_allocate(unsigned order) {
    hf_frame_t frame = 0;
    assert_int_equal(allocate(order, &frame), HF_OK);
    return frame;
}

static int start(void **state) {
    (void)state;
    buddy_init(&buddy);
    page_count = 0;
    feeding = true;
    draw_state = DRAW_SEED;
    feed(buddy_need(&buddy));
    return 0;
}

static int finish(void **state) {
    (void)state;
    free(model.state);
    free(model.head);
    memset(&model, 0, sizeof model);
    while (page_count > 0) {
        free(pages[--page_count]);
    }
    return 0;
}

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

/* ---- pages for its own tables ---- */

static void unfed(void **state) {
    finish(state);
    buddy_init(&buddy);
    feeding = false;
}

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

/* ---- all histories of a few steps, and long random ones ---- */

enum { SMALL = 16, DEPTH = 4 };

static void all_histories(unsigned depth) {
    if (depth == 0) {
        compare();
        return;
    }
    for (unsigned order = 0; order <= 4; order++) {
        hf_frame_t frame;
        if (allocate(order, &frame) == HF_OK) {
            all_histories(depth - 1);
            release(frame, order);
        } else {
            compare();
        }
    }
    for (hf_frame_t frame = 0; frame < SMALL; frame++) {
        const unsigned head = model.head[frame];
        if (head == 0) {
            continue;
        }
        release(frame, head - 1);
        all_histories(depth - 1);
        /* Take the very same block again: others of its order are held meanwhile. */
        hf_frame_t held[SMALL], got;
        unsigned count = 0;
        while ((got = must_allocate(head - 1)) != frame) {
            held[count++] = got;
        }
        while (count > 0) {
            release(held[--count], head - 1);
        }
    }
}

static void exhaustive(void **state) {
    (void)state;
    model_start(0, RUN_FRAMES);
    add(0, SMALL);
    all_histories(DEPTH);
    for (unsigned i = 0; i < SMALL; i += 2) {
        must_allocate(0);
    }
    all_histories(DEPTH);
}

struct live {
    hf_frame_t frame;
    unsigned order;
};

static struct live live[1 << 18];
static uint64_t live_count;

static enum buddy_error want_of(hf_frame_t frame, unsigned order) {
    if (order >= HF_ORDERS) {
        return BUDDY_WRONG_ORDER;
    }
    if (frame % (1ull << order) != 0) {
        return BUDDY_MISALIGNED;
    }
    bool any_free = false, any_taken = false;
    for (uint64_t i = 0; i < 1ull << order; i++) {
        const uint64_t at = frame + i - model.base;
        const unsigned is = at < model.frames ? model.state[at] : FOREIGN;
        any_free |= is == FREE;
        any_taken |= is == TAKEN;
    }
    return any_taken ? BUDDY_WRONG_ORDER : any_free ? BUDDY_DOUBLE : BUDDY_FOREIGN;
}

static void random_wrong_free(void) {
    const unsigned order = (unsigned)(draw(3) == 0 ? draw(20) : draw(4));
    const uint64_t mask = order == HF_ORDERS || draw(8) == 0 ? 0 : (1ull << order) - 1; /* mostly aligned */
    const hf_frame_t frame = (model.base + draw(model.frames)) & ~mask;
    if (model.head[frame - model.base] != order + 1) {
        assert_int_equal(buddy_free(&buddy, frame, order), want_of(frame, order));
    }
}

static unsigned random_order(void) {
    const unsigned kind = (unsigned)draw(16);
    return kind < 10 ? 0 : (unsigned)(kind < 15 ? draw(10) : draw(HF_ORDERS));
}

static bool random_allocate(void) {
    const unsigned order = random_order();
    hf_frame_t frame;
    if (live_count == sizeof live / sizeof live[0]) {
        return false;
    }
    if (allocate(order, &frame) == HF_OK) {
        live[live_count++] = (struct live){frame, order};
        return true;
    }
    /* Then there must be no such block indeed. */
    for (unsigned bigger = order; bigger < HF_ORDERS; bigger++) {
        assert_int_equal(buddy_free_blocks(&buddy, bigger), 0);
    }
    return false;
}

static void random_free(void) {
    if (live_count > 0) {
        const uint64_t i = draw(live_count);
        release(live[i].frame, live[i].order);
        live[i] = live[--live_count];
    }
}

/* RAM with a ragged low end, holes, and three gigs. */
static void random_histories(void **state) {
    (void)state;
    const char *wish = getenv("BUDDY_OPERATIONS");
    const uint64_t operations = wish == NULL ? 1000000 : strtoull(wish, NULL, 0);
    const uint64_t every = operations / 128 + 1;
    uint64_t refused = 0;
    live_count = 0;
    model_start(GIG_FRAMES, 3 * GIG_FRAMES);
    add(GIG_FRAMES + 1, 0x9e);
    add(GIG_FRAMES + 0x100, GIG_FRAMES / 2 - 0x333);
    add(2 * GIG_FRAMES - 77, GIG_FRAMES + 77);
    add(3 * GIG_FRAMES + 1234, GIG_FRAMES / 2);
    printf("seed %#llx, %llu operations\n", (unsigned long long)draw_state, (unsigned long long)operations);
    for (uint64_t i = 0; i < operations; i++) {
        const uint64_t tide = i / (operations / 12 + 1) % 3; /* grow, stay, shrink */
        const uint64_t dice = draw(20);
        if (dice == 0) {
            random_wrong_free();
            refused++;
        } else if (dice < (uint64_t[]){15, 11, 6}[tide]) {
            refused += !random_allocate();
        } else {
            random_free();
        }
        if (i % every == 0) {
            compare();
        }
    }
    printf("%llu of them refused\n", (unsigned long long)refused);
    assert_true(refused < operations * 7 / 10);
    while (live_count > 0) {
        random_free();
    }
    compare();
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)
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
        TEST(what_is_fed_is_needed_no_more),
        TEST(a_page_makes_thirteen_chunks),
        TEST(starved),
        TEST(add_goes_on_where_it_starved),
        TEST(a_full_reserve_is_enough_for_any_call),
        TEST(chunks_are_used_again),
        TEST(exhaustive),
        TEST(random_histories),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
