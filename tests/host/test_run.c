// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c ukernel/device.c ukernel/call.c
// sources: tests/host/world.c tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine ukernel
/* Runs as one page: STAGE and RELEASE, PIN and UNPIN, TAG and QUERY of them. */
#include "draw.h"
#include "world.h"

#include <string.h>

enum { ROOT = WORLD_FREE, PDPT, PD, PT, PAGE, STAGED, SPARE };

#define PLACE 0x40000000ull
#define LARGE_PLACE (PLACE + (1ull << 21))
#define RUN WORLD_WHOLE_FREE
#define OTHER_RUN (4u * MACHINE_RUN)
#define RUN_BYTES ((uint64_t)MACHINE_RUN * HF_PAGE_SIZE)

#define STAGE_RUN(first) .code = HF_OP_STAGE, .level = HF_WHOLE_RUN, .object = (first), .frame = HF_NO_FRAME
#define COPY_INTO(first, source, length, from, to) \
    .code = HF_OP_STAGE, .level = HF_WHOLE_RUN, .object = (first), .frame = (source), .count = (length), \
    .address = HF_STAGE_AT(from, to)
#define ON_RUN(what) .code = (what), .level = HF_WHOLE_RUN, .object = RUN
#define PIECES 32u /* of 16 pages: as many entries as it takes to zero a run */

static struct hf_run_header *const run = &machine_headers[RUN / MACHINE_RUN];

/* An aspace with a PD, a PT and a page, and a STAGED frame. */
static int start(void **state) {
    world_start(state);
    make_aspace(ROOT);
    make_tables(ROOT, PLACE, PDPT, PD, PT);
    make_page(ROOT, PLACE, PAGE, HF_READ);
    GRANTED(.code = HF_OP_STAGE, .object = STAGED, .frame = HF_NO_FRAME);
    for (unsigned i = 0; i < HF_PAGE_SIZE; i++) {
        machine_ram[PAGE][i] = (uint8_t)(1 + i % 251);
    }
    memset(machine_ram[RUN], 0xee, RUN_BYTES);
    return 0;
}

static bool is_zero(const uint8_t *bytes, size_t count) {
    return count == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, count - 1) == 0);
}

static void expect_header(unsigned state, unsigned flags, unsigned busy, uint32_t refs) {
    const struct hf_run_header want = {(uint8_t)state, (uint8_t)flags, (uint16_t)busy, refs};
    assert_memory_equal(run, &want, sizeof want);
}

static void again(const struct hf_operation *operation) { world_expect(HF_AGAIN, operation, __FILE__, __LINE__); }

/* ---- STAGE ---- */

static void stage_zeroes_a_run_in_pieces(void **state) {
    (void)state;
    for (unsigned done = 1; done <= PIECES; done++) {
        again(&(struct hf_operation){STAGE_RUN(RUN)});
        expect_header(HF_RUN_ZEROING, 0, 16 * done, 0);
        assert_true(is_zero(machine_ram[RUN], 16 * done * HF_PAGE_SIZE));
        if (done == PIECES - 1) break;
    }
    GRANTED(STAGE_RUN(RUN));
    expect_header(HF_RUN_STAGED, 0, 0, 0);
    assert_true(is_zero(machine_ram[RUN], RUN_BYTES));
}

static void a_run_that_is_being_zeroed_is_not_free(void **state) {
    (void)state;
    again(&(struct hf_operation){STAGE_RUN(RUN)});
    static const hf_frame_t frames[] = {RUN, RUN + 1, RUN + 15, RUN + 16, RUN + MACHINE_RUN - 1};
    for (unsigned i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        assert_int_equal(frame_type(frames[i]), HF_FRAME_STAGED);
        REFUSED(HF_BAD_FRAME, .code = HF_OP_ASPACE_CREATE, .object = frames[i]);
        REFUSED(HF_BAD_FRAME, .code = HF_OP_STAGE, .object = frames[i], .frame = HF_NO_FRAME);
        REFUSED(HF_BAD_FRAME, .code = HF_OP_RELEASE, .object = frames[i]);
        REFUSED(HF_BAD_FRAME, .code = HF_OP_STAGE, .object = SPARE, .frame = frames[i], .count = 8);
        REFUSED(HF_BAD_FRAME, .code = HF_OP_TAG, .object = frames[i], .address = 1);
        REFUSED(HF_BAD_FRAME, .code = HF_OP_MAP, .level = HF_LEVEL_PT, .rights = HF_READ, .object = ROOT,
                .address = PLACE + HF_PAGE_SIZE, .frame = frames[i]);
    }
    REFUSED(HF_BAD_FRAME, .code = HF_OP_MAP, .level = HF_LEVEL_PD, .rights = HF_READ, .object = ROOT,
            .address = LARGE_PLACE, .frame = RUN);
    REFUSED(HF_BAD_FRAME, ON_RUN(HF_OP_PIN));
    REFUSED(HF_BAD_FRAME, ON_RUN(HF_OP_UNPIN));
    REFUSED(HF_BAD_FRAME, ON_RUN(HF_OP_TAG), .address = 1);
}

/* Zeroed pages don't count when zeroing begins anew: they may have been something else between. */
static void release_ends_zeroing(void **state) {
    (void)state;
    for (unsigned i = 0; i < 5; i++) again(&(struct hf_operation){STAGE_RUN(RUN)});
    GRANTED(ON_RUN(HF_OP_RELEASE));
    expect_header(HF_RUN_FREE, 0, 0, 0);
    GRANTED(.code = HF_OP_STAGE, .object = RUN + 3, .frame = PAGE, .count = HF_PAGE_SIZE);
    GRANTED(.code = HF_OP_RELEASE, .object = RUN + 3);
    again(&(struct hf_operation){STAGE_RUN(RUN)});
    expect_header(HF_RUN_ZEROING, 0, 16, 0);
    assert_true(is_zero(machine_ram[RUN], 16 * HF_PAGE_SIZE));
}

/* Others may use what an entry may do before; the rest of the list is not looked at. */
static void a_list_that_zeroes(void **state) {
    (void)state;
    uint64_t done;
    for (unsigned i = 0; i < 16; i++) {
        asker_page.operation[i] = (struct hf_operation){.code = HF_OP_STAGE, .object = SPARE + i, .frame = HF_NO_FRAME};
    }
    asker_page.operation[16] = (struct hf_operation){STAGE_RUN(RUN)};
    asker_page.operation[17] = (struct hf_operation){.code = HF_OP_TAG, .object = STAGED, .address = 5};
    assert_int_equal(mmu_list(&asker, 18, &done), HF_AGAIN);
    assert_int_equal(done, 16);
    expect_header(HF_RUN_ZEROING, 0, 0, 0);
    assert_int_equal(frame_entry(STAGED)->tag, 0);
    world_check(__FILE__, __LINE__);
    again(&(struct hf_operation){STAGE_RUN(RUN)});
    expect_header(HF_RUN_ZEROING, 0, 16, 0);
}

static void stage_copies_when_all_is_zero(void **state) {
    (void)state;
    const struct hf_operation copy = {COPY_INTO(RUN, PAGE, 100, 7, 0x12345)};
    for (unsigned i = 0; i < PIECES; i++) {
        again(&copy);
        assert_true(is_zero(machine_ram[RUN], (i + 1) * 16 * HF_PAGE_SIZE));
    }
    expect_header(HF_RUN_STAGED, 0, 0, 0);
    world_expect(HF_OK, &copy, __FILE__, __LINE__);
    const uint8_t *bytes = machine_ram[RUN];
    assert_true(is_zero(bytes, 0x12345));
    assert_memory_equal(bytes + 0x12345, machine_ram[PAGE] + 7, 100);
    assert_true(is_zero(bytes + 0x12345 + 100, RUN_BYTES - 0x12345 - 100));
}

static void stage_copies_to_any_place(void **state) {
    (void)state;
    static uint8_t want[RUN_BYTES];
    stage_run(RUN);
    memset(want, 0, sizeof want);
    for (unsigned i = 0; i < 60; i++) {
        const uint32_t length = (uint32_t)draw(HF_PAGE_SIZE + 1), offset = (uint32_t)draw(HF_PAGE_SIZE - length + 1);
        const uint32_t at = (uint32_t)(i == 0 ? RUN_BYTES - length : draw(RUN_BYTES - length + 1));
        GRANTED(COPY_INTO(RUN, PAGE, length, offset, at));
        memcpy(want + at, machine_ram[PAGE] + offset, length);
    }
    assert_memory_equal(machine_ram[RUN], want, sizeof want);
    expect_header(HF_RUN_STAGED, 0, 0, 0);
}

static void stage_beyond_source_or_run(void **state) {
    (void)state;
    static const struct {
        uint32_t count, offset, at;
    } bad[] = {{4097, 0, 0},          {1, 4096, 0},       {4096, 1, 0}, {1, 0, RUN_BYTES}, {2, 0, RUN_BYTES - 1},
               {0, 0, RUN_BYTES + 1}, {UINT32_MAX, 0, 0}, {0, 4097, 0}, {1, 0, UINT32_MAX}};
    for (unsigned staged = 0; staged < 2; staged++) {
        for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
            REFUSED(HF_BAD_ARGUMENT, COPY_INTO(RUN, PAGE, bad[i].count, bad[i].offset, bad[i].at));
        }
        REFUSED(HF_BAD_ARGUMENT, STAGE_RUN(RUN), .count = 1);
        REFUSED(HF_BAD_ARGUMENT, STAGE_RUN(RUN), .address = 1);
        if (!staged) stage_run(RUN);
    }
    GRANTED(COPY_INTO(RUN, PAGE, 1, 4095, RUN_BYTES - 1));
    GRANTED(COPY_INTO(RUN, PAGE, 0, 4096, RUN_BYTES));
}

static void stage_a_run_from_bad_sources(void **state) {
    (void)state;
    make_large(ROOT, LARGE_PLACE, OTHER_RUN, HF_READ);
    const hf_frame_t bad[] = {ROOT,          PDPT,           PT,         SPARE,          RUN,
                              RUN + 1,       OTHER_RUN,      WORLD_CORE, WORLD_RESERVED, WORLD_WHOLE_CORE,
                              OTHER_RUN + 9, MACHINE_FRAMES, 1ull << 52, HF_NO_FRAME - 1};
    for (unsigned staged = 0; staged < 2; staged++) {
        for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
            REFUSED(HF_BAD_FRAME, COPY_INTO(RUN, bad[i], 8, 0, 0));
        }
        if (!staged) stage_run(RUN);
    }
    GRANTED(COPY_INTO(RUN, STAGED, 8, 0, 0));
    GRANTED(COPY_INTO(RUN, WORLD_MODULE, 8, 0, 0));
}

/* ---- STAGE and RELEASE of what can't be staged or released as a run ---- */

static void expect_bad_run(hf_frame_t first) {
    REFUSED(HF_BAD_FRAME, STAGE_RUN(first));
    REFUSED(HF_BAD_FRAME, .code = HF_OP_RELEASE, .level = HF_WHOLE_RUN, .object = first);
}

static void runs_of_other_states(void **state) {
    (void)state;
    make_large(ROOT, LARGE_PLACE, OTHER_RUN, HF_READ);
    const hf_frame_t bad[] = {
        0,          WORLD_WHOLE_CORE, WORLD_WHOLE_RESERVED,         RUN + 1,    RUN + MACHINE_RUN - 1,
        OTHER_RUN,  MACHINE_FRAMES,   MACHINE_FRAMES + MACHINE_RUN, 1ull << 52, 0xfffffffffffffe00ull,
        HF_NO_FRAME};
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) expect_bad_run(bad[i]);
    REFUSED(HF_BAD_FRAME, ON_RUN(HF_OP_RELEASE)); /* FREE */
    GRANTED(.code = HF_OP_ENDPOINT_CREATE, .object = RUN + 99);
    expect_bad_run(RUN); /* one frame of it is busy */
    GRANTED(.code = HF_OP_ENDPOINT_DESTROY, .object = RUN + 99);
    stage_run(RUN);
}

static void sizes_that_are_none(void **state) {
    (void)state;
    static const uint8_t codes[] = {HF_OP_STAGE, HF_OP_RELEASE, HF_OP_PIN, HF_OP_UNPIN, HF_OP_TAG};
    for (unsigned level = 0; level < 256; level++) {
        if (level == HF_ONE_FRAME || level == HF_WHOLE_RUN) continue;
        for (unsigned i = 0; i < sizeof codes; i++) {
            const struct hf_operation operation = {
                .code = codes[i], .level = (uint8_t)level, .object = i ? STAGED : RUN, .frame = i ? 0 : HF_NO_FRAME};
            world_expect(HF_BAD_ARGUMENT, &operation, __FILE__, __LINE__);
        }
    }
}

static void release_a_staged_run(void **state) {
    (void)state;
    stage_run(RUN);
    GRANTED(ON_RUN(HF_OP_TAG), .address = 77);
    REFUSED(HF_BAD_FRAME, .code = HF_OP_RELEASE, .object = RUN); /* as a frame */
    GRANTED(ON_RUN(HF_OP_RELEASE));
    expect_header(HF_RUN_FREE, 0, 0, 0);
    REFUSED(HF_BAD_FRAME, ON_RUN(HF_OP_RELEASE));
    GRANTED(.code = HF_OP_TASK_CREATE, .object = RUN);
    GRANTED(.code = HF_OP_TASK_DESTROY, .object = RUN);
}

/* ---- PIN, UNPIN and TAG ---- */

static void a_pin_keeps_a_run(void **state) {
    (void)state;
    stage_run(RUN);
    REFUSED(HF_BAD_FRAME, ON_RUN(HF_OP_PIN)); /* STAGED */
    GRANTED(.code = HF_OP_MAP, .level = HF_LEVEL_PD, .rights = HF_READ, .object = ROOT, .address = LARGE_PLACE,
            .frame = RUN);
    REFUSED(HF_NOT_MAPPED, ON_RUN(HF_OP_UNPIN));
    REFUSED(HF_BAD_FRAME, .code = HF_OP_PIN, .object = RUN); /* as a frame */
    REFUSED(HF_BAD_FRAME, .code = HF_OP_PIN, .level = HF_WHOLE_RUN, .object = RUN + 1);
    GRANTED(ON_RUN(HF_OP_PIN));
    REFUSED(HF_EXISTS, ON_RUN(HF_OP_PIN));
    GRANTED(.code = HF_OP_UNMAP, .level = HF_LEVEL_PD, .object = ROOT, .address = LARGE_PLACE);
    assert_int_equal(result.detail & (HF_LEAF_FREED | HF_LEAF_FREED_PART), 0);
    expect_header(HF_RUN_USER, HF_FRAME_PINNED, 0, 0);
    GRANTED(ON_RUN(HF_OP_UNPIN));
    assert_int_equal(result.detail, HF_LEAF_FREED);
    expect_header(HF_RUN_FREE, 0, 0, 0);
    REFUSED(HF_BAD_FRAME, ON_RUN(HF_OP_UNPIN));
}

static void unpin_a_run_that_is_mapped(void **state) {
    (void)state;
    make_large(ROOT, LARGE_PLACE, RUN, HF_READ);
    GRANTED(ON_RUN(HF_OP_PIN));
    GRANTED(ON_RUN(HF_OP_UNPIN));
    assert_int_equal(result.detail, 0);
    expect_header(HF_RUN_USER, 0, 0, 1);
}

static void pin_and_tag_runs_that_are_none(void **state) {
    (void)state;
    static const hf_frame_t bad[] = {0, RUN, WORLD_WHOLE_CORE, WORLD_WHOLE_RESERVED, MACHINE_FRAMES, HF_NO_FRAME};
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        REFUSED(HF_BAD_FRAME, .code = HF_OP_PIN, .level = HF_WHOLE_RUN, .object = bad[i]);
        REFUSED(HF_BAD_FRAME, .code = HF_OP_UNPIN, .level = HF_WHOLE_RUN, .object = bad[i]);
        REFUSED(HF_BAD_FRAME, .code = HF_OP_TAG, .level = HF_WHOLE_RUN, .object = bad[i], .address = 3);
    }
}

static void a_tag_of_a_run(void **state) {
    (void)state;
    stage_run(RUN);
    GRANTED(ON_RUN(HF_OP_TAG), .address = 0xffff);
    expect_header(HF_RUN_STAGED, 0, 0xffff, 0);
    GRANTED(.code = HF_OP_MAP, .level = HF_LEVEL_PD, .rights = HF_READ, .object = ROOT, .address = LARGE_PLACE,
            .frame = RUN);
    expect_header(HF_RUN_USER, 0, 0xffff, 1);
    GRANTED(ON_RUN(HF_OP_TAG), .address = 0x1234);
    expect_header(HF_RUN_USER, 0, 0x1234, 1);
    REFUSED(HF_BAD_ARGUMENT, ON_RUN(HF_OP_TAG), .address = 0x10000);
    REFUSED(HF_BAD_FRAME, .code = HF_OP_TAG, .object = RUN, .address = 1);
    REFUSED(HF_BAD_FRAME, .code = HF_OP_TAG, .level = HF_WHOLE_RUN, .object = RUN + 1, .address = 1);
}

/* ---- QUERY ---- */

static void query_says_what_frames_would_be(void **state) {
    (void)state;
    static const struct hf_run_header headers[] = {{HF_RUN_ZEROING, 0, 5, 0},
                                                   {HF_RUN_STAGED, 0, 6, 0},
                                                   {HF_RUN_USER, 0, 7, 2},
                                                   {HF_RUN_USER, HF_FRAME_PINNED, 0, 0}};
    static const struct hf_frame_entry want[] = {
        {HF_FRAME_STAGED, 0, 0, 0}, {HF_FRAME_STAGED, 0, 6, 0}, {HF_FRAME_USER, 0, 7, 0}, {HF_FRAME_USER, 0, 0, 0}};
    for (unsigned i = 0; i < 4; i++) {
        const struct hf_operation query = {
            .code = HF_OP_QUERY, .level = HF_QUERY_FRAMES, .object = RUN - 1, .count = 3};
        *run = headers[i];
        assert_int_equal(ask(&query), HF_OK);
        assert_int_equal(asker_page.entries[0].type, HF_FRAME_FREE);
        assert_memory_equal(&asker_page.entries[1], &want[i], sizeof want[i]);
        assert_memory_equal(&asker_page.entries[2], &want[i], sizeof want[i]);
    }
}

static void query_reads_headers_as_they_are(void **state) {
    (void)state;
    make_large(ROOT, LARGE_PLACE, RUN, HF_READ);
    GRANTED(ON_RUN(HF_OP_TAG), .address = 9);
    again(&(struct hf_operation){STAGE_RUN(OTHER_RUN)});
    GRANTED(.code = HF_OP_QUERY, .level = HF_QUERY_RUNS, .object = 0, .count = MACHINE_RUNS);
    assert_memory_equal(asker_page.headers, machine_headers, sizeof machine_headers);
    assert_int_equal(asker_page.headers[RUN / MACHINE_RUN].busy, 9);
    assert_int_equal(asker_page.headers[OTHER_RUN / MACHINE_RUN].busy, 16);
}

/* ---- sums ---- */

static void sums_of_runs(void **state) {
    (void)state;
    uint64_t before[HF_FRAME_TYPE_COUNT] = {0}, after[HF_FRAME_TYPE_COUNT] = {0};
    frame_sum(before);
    make_large(ROOT, LARGE_PLACE, RUN, HF_READ);
    again(&(struct hf_operation){STAGE_RUN(OTHER_RUN)});
    frame_sum(after);
    assert_int_equal(after[HF_FRAME_FREE], before[HF_FRAME_FREE] - 2 * MACHINE_RUN);
    assert_int_equal(after[HF_FRAME_USER], before[HF_FRAME_USER] + MACHINE_RUN);
    assert_int_equal(after[HF_FRAME_STAGED], before[HF_FRAME_STAGED] + MACHINE_RUN);
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(stage_zeroes_a_run_in_pieces),
        TEST(a_run_that_is_being_zeroed_is_not_free),
        TEST(release_ends_zeroing),
        TEST(a_list_that_zeroes),
        TEST(stage_copies_when_all_is_zero),
        TEST(stage_copies_to_any_place),
        TEST(stage_beyond_source_or_run),
        TEST(stage_a_run_from_bad_sources),
        TEST(runs_of_other_states),
        TEST(sizes_that_are_none),
        TEST(release_a_staged_run),
        TEST(a_pin_keeps_a_run),
        TEST(unpin_a_run_that_is_mapped),
        TEST(pin_and_tag_runs_that_are_none),
        TEST(a_tag_of_a_run),
        TEST(query_says_what_frames_would_be),
        TEST(query_reads_headers_as_they_are),
        TEST(sums_of_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
