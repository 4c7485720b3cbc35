// sources: ukernel/frame.c tests/host/machine/machine.c
// include: tests/host/machine ukernel
/* FRAME_OPERATIONS in the environment: how many random operations (200,000). */
#include "draw.h"
#include "frame.h"
#include "machine/control.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FIRST_FREE 10u /* of run 0 */
#define RUN MACHINE_RUN

/* Run 0: two RESERVED, two CORE, six pinned USER, the rest FREE; 1 and 4 FREE, 2 CORE, 3 RESERVED. */
static int start(void **state) {
    (void)state;
    machine_reset();
    machine_add_ram(0, MACHINE_FRAMES);
    frame_limit = 5 * RUN;
    frame_boot_run(0, HF_RUN_SPLIT);
    for (hf_frame_t frame = 2; frame < RUN; frame++) {
        const bool module = frame >= 4 && frame < FIRST_FREE;
        frame_boot_set(frame,
                       frame < 4 ? HF_FRAME_CORE
                       : module  ? HF_FRAME_USER
                                 : HF_FRAME_FREE,
                       module ? HF_FRAME_PINNED : 0);
    }
    frame_boot_run(1, HF_RUN_FREE);
    frame_boot_run(2, HF_RUN_CORE);
    frame_boot_run(3, HF_RUN_RESERVED);
    frame_boot_run(4, HF_RUN_FREE);
    return 0;
}

static void expect_sums(uint64_t core, uint64_t is_free, uint64_t user, uint64_t staged) {
    uint64_t sums[HF_FRAME_TYPE_COUNT] = {0};
    frame_sum(sums);
    assert_int_equal(sums[HF_FRAME_CORE], core);
    assert_int_equal(sums[HF_FRAME_FREE], is_free);
    assert_int_equal(sums[HF_FRAME_USER], user);
    assert_int_equal(sums[HF_FRAME_STAGED], staged);
    assert_int_equal(sums[HF_FRAME_RESERVED], 2 + RUN);
}

/* ---- after boot ---- */

static void types_by_run(void **state) {
    (void)state;
    assert_int_equal(frame_type(0), HF_FRAME_RESERVED);
    assert_int_equal(frame_type(2), HF_FRAME_CORE);
    assert_int_equal(frame_type(4), HF_FRAME_USER);
    assert_int_equal(frame_type(FIRST_FREE), HF_FRAME_FREE);
    assert_int_equal(frame_type(RUN), HF_FRAME_FREE);
    assert_int_equal(frame_type(2 * RUN - 1), HF_FRAME_FREE);
    assert_int_equal(frame_type(2 * RUN), HF_FRAME_CORE);
    assert_int_equal(frame_type(3 * RUN), HF_FRAME_RESERVED);
    assert_true(frame_is(RUN, HF_FRAME_FREE));
    assert_false(frame_is(RUN, HF_FRAME_USER));
}

static void above_the_limit_is_reserved(void **state) {
    (void)state;
    const hf_frame_t above[] = {5 * RUN, 5 * RUN + 1, 1ull << 40, 1ull << 52, HF_NO_FRAME - 1, HF_NO_FRAME};
    for (size_t i = 0; i < sizeof above / sizeof above[0]; i++) {
        assert_int_equal(frame_type(above[i]), HF_FRAME_RESERVED);
        assert_false(frame_is(above[i], HF_FRAME_FREE));
        assert_null(frame_entry(above[i]));
    }
}

static void entries_only_of_split_runs(void **state) {
    (void)state;
    assert_ptr_equal(frame_entry(0), &machine_entries[0]);
    assert_ptr_equal(frame_entry(FIRST_FREE), &machine_entries[FIRST_FREE]);
    for (unsigned run = 1; run < 5; run++) {
        assert_null(frame_entry(run * RUN));
        assert_null(frame_entry(run * RUN + RUN - 1));
    }
}

static void boot_counts_what_is_not_free(void **state) {
    (void)state;
    assert_int_equal(machine_headers[0].busy, FIRST_FREE);
    assert_int_equal(machine_headers[0].refs, 0);
    assert_int_equal(machine_entries[4].flags, HF_FRAME_PINNED);
    assert_int_equal(machine_entries[4].refs, 0);
    expect_sums(RUN + 2, 3 * RUN - FIRST_FREE, FIRST_FREE - 4, 0);
}

/* ---- runs ---- */

static void claim_splits_a_free_run(void **state) {
    (void)state;
    assert_true(frame_claim_splits(RUN + 5));
    frame_claim(RUN + 5, HF_FRAME_PT);
    assert_false(frame_claim_splits(RUN + 6));
    assert_int_equal(machine_headers[1].state, HF_RUN_SPLIT);
    assert_int_equal(machine_headers[1].busy, 1);
    for (hf_frame_t frame = RUN; frame < 2 * RUN; frame++) {
        const struct hf_frame_entry want = {.type = frame == RUN + 5 ? HF_FRAME_PT : HF_FRAME_FREE};
        assert_memory_equal(&machine_entries[frame], &want, sizeof want);
    }
}

static void the_last_release_makes_a_run_whole(void **state) {
    (void)state;
    frame_claim(RUN, HF_FRAME_TASK);
    frame_claim(2 * RUN - 1, HF_FRAME_PML4);
    frame_release(RUN);
    assert_int_equal(machine_headers[1].state, HF_RUN_SPLIT);
    assert_int_equal(machine_headers[1].busy, 1);
    frame_release(2 * RUN - 1);
    assert_int_equal(machine_headers[1].state, HF_RUN_FREE);
    assert_int_equal(machine_headers[1].busy, 0);
    assert_true(frame_claim_splits(RUN));
    assert_null(frame_entry(RUN));
}

static void every_frame_of_a_run(void **state) {
    (void)state;
    for (hf_frame_t frame = RUN; frame < 2 * RUN; frame++) {
        frame_claim(frame, HF_FRAME_STAGED);
    }
    assert_int_equal(machine_headers[1].busy, RUN);
    expect_sums(RUN + 2, 2 * RUN - FIRST_FREE, FIRST_FREE - 4, RUN);
    for (hf_frame_t frame = RUN; frame < 2 * RUN; frame++) {
        frame_release(frame);
    }
    assert_int_equal(machine_headers[1].state, HF_RUN_FREE);
    expect_sums(RUN + 2, 3 * RUN - FIRST_FREE, FIRST_FREE - 4, 0);
}

/* Nothing of what a frame was before is left in its entry. */
static void a_claimed_frame_starts_afresh(void **state) {
    (void)state;
    struct hf_frame_entry *entry = &machine_entries[FIRST_FREE];
    frame_claim(FIRST_FREE, HF_FRAME_STAGED);
    *entry = (struct hf_frame_entry){.type = HF_FRAME_USER, .flags = 0, .tag = 77, .refs = 0};
    frame_release(FIRST_FREE);
    const struct hf_frame_entry is_free = {.type = HF_FRAME_FREE};
    assert_memory_equal(entry, &is_free, sizeof is_free);
    frame_claim(FIRST_FREE, HF_FRAME_PD);
    const struct hf_frame_entry want = {.type = HF_FRAME_PD};
    assert_memory_equal(entry, &want, sizeof want);
}

/* ---- uses ---- */

static void the_first_use_makes_it_user(void **state) {
    (void)state;
    frame_claim(FIRST_FREE, HF_FRAME_STAGED);
    frame_use(FIRST_FREE);
    assert_int_equal(frame_type(FIRST_FREE), HF_FRAME_USER);
    assert_int_equal(frame_entry(FIRST_FREE)->refs, 1);
    frame_use(FIRST_FREE);
    assert_int_equal(frame_entry(FIRST_FREE)->refs, 2);
}

static void the_last_use_frees_it(void **state) {
    (void)state;
    frame_claim(RUN, HF_FRAME_STAGED);
    frame_use(RUN);
    frame_use(RUN);
    assert_false(frame_unuse(RUN));
    assert_int_equal(frame_type(RUN), HF_FRAME_USER);
    assert_true(frame_unuse(RUN));
    assert_int_equal(frame_type(RUN), HF_FRAME_FREE);
    assert_int_equal(machine_headers[1].state, HF_RUN_FREE);
}

static void a_pinned_frame_outlives_its_uses(void **state) {
    (void)state;
    frame_use(4);
    assert_false(frame_unuse(4));
    assert_int_equal(frame_type(4), HF_FRAME_USER);
    assert_int_equal(frame_entry(4)->flags, HF_FRAME_PINNED);
    assert_int_equal(machine_headers[0].busy, FIRST_FREE);
}

/* ---- against a model ---- */

#define WINDOW 24u /* frames in run 0 and in run 1 that are claimed and released */

static struct {
    enum hf_frame_type type;
    uint32_t refs;
    bool pinned;
} model[2 * WINDOW];

static hf_frame_t frame_of_slot(unsigned slot) {
    return slot < WINDOW ? FIRST_FREE + slot : RUN + (slot - WINDOW) * (RUN / WINDOW);
}

static void claim_something(unsigned slot) {
    static const enum hf_frame_type types[] = {HF_FRAME_STAGED, HF_FRAME_STAGED, HF_FRAME_STAGED,
                                               HF_FRAME_PT,     HF_FRAME_PML4,   HF_FRAME_TASK};
    model[slot].type = types[draw(6)];
    frame_claim(frame_of_slot(slot), model[slot].type);
}

static void step(unsigned slot, uint64_t what) {
    const hf_frame_t frame = frame_of_slot(slot);
    const bool usable = model[slot].type == HF_FRAME_STAGED || model[slot].type == HF_FRAME_USER;
    if (model[slot].type == HF_FRAME_FREE) {
        claim_something(slot);
    } else if (usable && what < 4) {
        frame_use(frame);
        model[slot].type = HF_FRAME_USER;
        model[slot].refs++;
    } else if (model[slot].type == HF_FRAME_USER && what < 6) {
        model[slot].pinned = !model[slot].pinned || model[slot].refs == 0;
        frame_entry(frame)->flags = model[slot].pinned ? HF_FRAME_PINNED : 0;
    } else if (model[slot].refs > 0) {
        model[slot].refs--;
        const bool freed = model[slot].refs == 0 && !model[slot].pinned;
        assert_int_equal(frame_unuse(frame), freed);
        model[slot].type = freed ? HF_FRAME_FREE : HF_FRAME_USER;
    } else if (!model[slot].pinned) {
        frame_release(frame);
        model[slot].type = HF_FRAME_FREE;
    }
}

static void compare(void) {
    unsigned busy[2] = {FIRST_FREE, 0};
    for (unsigned slot = 0; slot < 2 * WINDOW; slot++) {
        const struct hf_frame_entry *entry = frame_entry(frame_of_slot(slot));
        busy[slot / WINDOW] += model[slot].type != HF_FRAME_FREE;
        assert_int_equal(frame_type(frame_of_slot(slot)), model[slot].type);
        assert_int_equal(entry ? entry->refs : 0, model[slot].refs);
        assert_int_equal(entry ? entry->flags : 0, model[slot].pinned ? HF_FRAME_PINNED : 0);
    }
    assert_int_equal(machine_headers[0].busy, busy[0]);
    assert_int_equal(machine_headers[1].busy, busy[1]);
    assert_int_equal(machine_headers[1].state, busy[1] ? HF_RUN_SPLIT : HF_RUN_FREE);
}

static void compare_sums(void) {
    uint64_t sums[HF_FRAME_TYPE_COUNT] = {0};
    uint64_t all = 0, is_free = 3 * RUN - FIRST_FREE;
    for (unsigned slot = 0; slot < 2 * WINDOW; slot++) {
        is_free -= model[slot].type != HF_FRAME_FREE;
    }
    frame_sum(sums);
    for (unsigned type = 0; type < HF_FRAME_TYPE_COUNT; type++) {
        all += sums[type];
    }
    assert_int_equal(sums[HF_FRAME_FREE], is_free);
    assert_int_equal(all, 5 * RUN);
}

static void random_operations(void **state) {
    (void)state;
    const char *wanted = getenv("FRAME_OPERATIONS");
    const unsigned long count = wanted != NULL ? strtoul(wanted, NULL, 10) : 200000;
    draw_state = DRAW_SEED;
    for (unsigned slot = 0; slot < 2 * WINDOW; slot++) {
        model[slot].type = HF_FRAME_FREE;
        model[slot].refs = 0;
        model[slot].pinned = false;
    }
    for (unsigned long i = 0; i < count; i++) {
        /* Now and then long times of little use, so that run 1 becomes whole. */
        step((unsigned)draw(2 * WINDOW), (i / 4096) % 2 == 0 ? draw(10) : 6 + draw(4));
        compare();
        if (i % 64 == 0) {
            compare_sums();
        }
    }
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(types_by_run),
        TEST(above_the_limit_is_reserved),
        TEST(entries_only_of_split_runs),
        TEST(boot_counts_what_is_not_free),
        TEST(claim_splits_a_free_run),
        TEST(the_last_release_makes_a_run_whole),
        TEST(every_frame_of_a_run),
        TEST(a_claimed_frame_starts_afresh),
        TEST(the_first_use_makes_it_user),
        TEST(the_last_use_frees_it),
        TEST(a_pinned_frame_outlives_its_uses),
        TEST(random_operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
