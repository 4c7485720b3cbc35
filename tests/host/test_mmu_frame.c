// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c ukernel/device.c ukernel/call.c
// sources: tests/host/world.c tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine ukernel
/* What frames contain and are marked with: STAGE, RELEASE, PIN, UNPIN, TAG and QUERY. */
#include "draw.h"
#include "world.h"

#include <string.h>

enum { ROOT = WORLD_FREE, PDPT, PD, PT, PAGE, OTHER, TASK_FRAME, HANDLES_FRAME, ENDPOINT_FRAME };

#define PLACE 0x40000000ull

/* An aspace with tables, PAGE mapped and OTHER staged, and an object of each other kind. */
static int start(void **state) {
    world_start(state);
    make_aspace(ROOT);
    make_tables(ROOT, PLACE, PDPT, PD, PT);
    make_page(ROOT, PLACE, PAGE, HF_READ);
    GRANTED(.code = HF_OP_STAGE, .object = OTHER, .frame = HF_NO_FRAME);
    make_task(TASK_FRAME, ROOT, HF_NO_FRAME, 1);
    GRANTED(.code = HF_OP_HANDLES_CREATE, .object = HANDLES_FRAME);
    GRANTED(.code = HF_OP_ENDPOINT_CREATE, .object = ENDPOINT_FRAME);
    return 0;
}

#define SPARE (ENDPOINT_FRAME + 1u)

static void expect_zero(hf_frame_t frame, size_t from, size_t end) {
    for (size_t i = from; i < end; i++) {
        assert_int_equal(machine_ram[frame][i], 0);
    }
}

/* ---- STAGE ---- */

static void stage_zeroes(void **state) {
    (void)state;
    memset(machine_ram[SPARE], 0xee, HF_PAGE_SIZE);
    GRANTED(.code = HF_OP_STAGE, .object = SPARE, .frame = HF_NO_FRAME);
    assert_int_equal(frame_type(SPARE), HF_FRAME_STAGED);
    assert_int_equal(world_refs(SPARE), 0);
    expect_zero(SPARE, 0, HF_PAGE_SIZE);
}

/* Nothing of what a frame held before can be read after it was FREE, whatever is copied into it. */
static void stage_copies_into_zeroes(void **state) {
    (void)state;
    static const uint32_t lengths[] = {0, 1, 7, 8, 9, 100, 4000, 4088, 4095, 4096};
    for (unsigned i = 0; i < HF_PAGE_SIZE; i++) {
        machine_ram[PAGE][i] = (uint8_t)(1 + i % 255);
    }
    for (unsigned i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        const uint32_t length = lengths[i];
        const uint32_t offset = (uint32_t)draw(HF_PAGE_SIZE - length + 1),
                       at = (uint32_t)draw(HF_PAGE_SIZE - length + 1);
        memset(machine_ram[SPARE], 0xee, HF_PAGE_SIZE);
        GRANTED(.code = HF_OP_STAGE, .object = SPARE, .frame = PAGE, .count = length,
                .address = HF_STAGE_AT(offset, at));
        expect_zero(SPARE, 0, at);
        assert_memory_equal(machine_ram[SPARE] + at, machine_ram[PAGE] + offset, length);
        expect_zero(SPARE, at + length, HF_PAGE_SIZE);
        GRANTED(.code = HF_OP_RELEASE, .object = SPARE);
    }
}

static void stage_adds_to_a_staged_frame(void **state) {
    (void)state;
    memset(machine_ram[PAGE], 0x11, HF_PAGE_SIZE);
    memset(machine_ram[OTHER], 0x22, HF_PAGE_SIZE);
    GRANTED(.code = HF_OP_STAGE, .object = OTHER, .frame = PAGE, .count = 16, .address = HF_STAGE_AT(32, 4080));
    for (unsigned i = 0; i < HF_PAGE_SIZE; i++) {
        assert_int_equal(machine_ram[OTHER][i], i < 4080 ? 0x22 : 0x11);
    }
    assert_int_equal(frame_type(OTHER), HF_FRAME_STAGED);
    GRANTED(.code = HF_OP_STAGE, .object = SPARE, .frame = OTHER, .count = 4096); /* STAGED as a source */
    assert_memory_equal(machine_ram[SPARE], machine_ram[OTHER], HF_PAGE_SIZE);
}

static void stage_ranges_beyond_the_frame(void **state) {
    (void)state;
    static const struct {
        uint32_t count, offset, at;
    } bad[] = {{4097, 0, 0}, {1, 4096, 0},       {1, 0, 4096},       {4096, 1, 0},
               {4096, 0, 1}, {UINT32_MAX, 0, 0}, {1, UINT32_MAX, 0}, {1, 0, UINT32_MAX},
               {0, 4097, 0}, {0, 0, 4097},       {UINT32_MAX, 1, 1}, {2, UINT32_MAX, UINT32_MAX}};
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        REFUSED(HF_BAD_ARGUMENT, .code = HF_OP_STAGE, .object = SPARE, .frame = PAGE, .count = bad[i].count,
                .address = HF_STAGE_AT(bad[i].offset, bad[i].at));
        REFUSED(HF_BAD_ARGUMENT, .code = HF_OP_STAGE, .object = OTHER, .frame = PAGE, .count = bad[i].count,
                .address = HF_STAGE_AT(bad[i].offset, bad[i].at));
    }
    REFUSED(HF_BAD_ARGUMENT, .code = HF_OP_STAGE, .object = SPARE, .frame = HF_NO_FRAME, .count = 1);
    REFUSED(HF_BAD_ARGUMENT, .code = HF_OP_STAGE, .object = SPARE, .frame = HF_NO_FRAME, .address = 1);
}

static const hf_frame_t not_for_ring3[] = {ROOT,
                                           PDPT,
                                           PD,
                                           PT,
                                           TASK_FRAME,
                                           HANDLES_FRAME,
                                           ENDPOINT_FRAME,
                                           WORLD_CORE,
                                           WORLD_RESERVED,
                                           WORLD_WHOLE_CORE,
                                           WORLD_WHOLE_RESERVED,
                                           MACHINE_FRAMES,
                                           1ull << 40,
                                           1ull << 52,
                                           HF_NO_FRAME};
#define NOT_FOR_RING3 (sizeof not_for_ring3 / sizeof not_for_ring3[0])

static void stage_from_other_types(void **state) {
    (void)state;
    for (size_t i = 0; i < NOT_FOR_RING3; i++) {
        if (not_for_ring3[i] != HF_NO_FRAME) {
            REFUSED(HF_BAD_FRAME, .code = HF_OP_STAGE, .object = SPARE, .frame = not_for_ring3[i], .count = 8);
        }
    }
    REFUSED(HF_BAD_FRAME, .code = HF_OP_STAGE, .object = SPARE, .frame = SPARE + 1, .count = 8);
    REFUSED(HF_BAD_FRAME, .code = HF_OP_STAGE, .object = SPARE, .frame = WORLD_WHOLE_FREE, .count = 8);
    REFUSED(HF_BAD_FRAME, .code = HF_OP_STAGE, .object = OTHER, .frame = OTHER, .count = 8);
    REFUSED(HF_BAD_FRAME, .code = HF_OP_STAGE, .object = SPARE, .frame = SPARE, .count = 8);
}

static void stage_and_release_other_types(void **state) {
    (void)state;
    for (size_t i = 0; i < NOT_FOR_RING3; i++) {
        REFUSED(HF_BAD_FRAME, .code = HF_OP_STAGE, .object = not_for_ring3[i], .frame = HF_NO_FRAME);
        REFUSED(HF_BAD_FRAME, .code = HF_OP_RELEASE, .object = not_for_ring3[i]);
        REFUSED(HF_BAD_FRAME, .code = HF_OP_PIN, .object = not_for_ring3[i]);
        REFUSED(HF_BAD_FRAME, .code = HF_OP_UNPIN, .object = not_for_ring3[i]);
    }
    REFUSED(HF_BAD_FRAME, .code = HF_OP_STAGE, .object = PAGE, .frame = HF_NO_FRAME); /* USER */
    REFUSED(HF_BAD_FRAME, .code = HF_OP_RELEASE, .object = PAGE);
    REFUSED(HF_BAD_FRAME, .code = HF_OP_RELEASE, .object = SPARE); /* FREE */
    REFUSED(HF_BAD_FRAME, .code = HF_OP_RELEASE, .object = WORLD_WHOLE_FREE);
    REFUSED(HF_BAD_FRAME, .code = HF_OP_PIN, .object = OTHER); /* STAGED */
    REFUSED(HF_BAD_FRAME, .code = HF_OP_UNPIN, .object = OTHER);
    REFUSED(HF_BAD_FRAME, .code = HF_OP_PIN, .object = SPARE);
    REFUSED(HF_BAD_FRAME, .code = HF_OP_PIN, .object = WORLD_WHOLE_FREE);
}

static void release(void **state) {
    (void)state;
    GRANTED(.code = HF_OP_RELEASE, .object = OTHER);
    assert_int_equal(frame_type(OTHER), HF_FRAME_FREE);
    GRANTED(.code = HF_OP_STAGE, .object = WORLD_WHOLE_FREE + 9, .frame = HF_NO_FRAME);
    GRANTED(.code = HF_OP_RELEASE, .object = WORLD_WHOLE_FREE + 9);
    assert_int_equal(machine_headers[1].state, HF_RUN_FREE);
}

/* ---- PIN and UNPIN ---- */

static void pin_keeps_a_frame(void **state) {
    (void)state;
    GRANTED(.code = HF_OP_PIN, .object = PAGE);
    REFUSED(HF_EXISTS, .code = HF_OP_PIN, .object = PAGE);
    GRANTED(.code = HF_OP_UNMAP, .level = HF_LEVEL_PT, .object = ROOT, .address = PLACE);
    assert_int_equal(result.detail & HF_LEAF_FREED, 0);
    assert_int_equal(frame_type(PAGE), HF_FRAME_USER);
    GRANTED(.code = HF_OP_UNPIN, .object = PAGE);
    assert_int_equal(result.detail, HF_LEAF_FREED);
    assert_int_equal(frame_type(PAGE), HF_FRAME_FREE);
}

static void unpin_a_frame_in_use(void **state) {
    (void)state;
    REFUSED(HF_NOT_MAPPED, .code = HF_OP_UNPIN, .object = PAGE);
    GRANTED(.code = HF_OP_PIN, .object = PAGE);
    GRANTED(.code = HF_OP_UNPIN, .object = PAGE);
    assert_int_equal(result.detail, 0);
    assert_int_equal(frame_type(PAGE), HF_FRAME_USER);
    GRANTED(.code = HF_OP_UNMAP, .level = HF_LEVEL_PT, .object = ROOT, .address = PLACE);
    assert_int_equal(result.detail & HF_LEAF_FREED, HF_LEAF_FREED);
}

static void a_module_can_be_given_up(void **state) {
    (void)state;
    GRANTED(.code = HF_OP_UNPIN, .object = WORLD_MODULE);
    assert_int_equal(frame_type(WORLD_MODULE), HF_FRAME_FREE);
}

/* ---- TAG ---- */

static void tag(void **state) {
    (void)state;
    const hf_frame_t frames[] = {ROOT,          PDPT,           PD,          PT, PAGE, OTHER, TASK_FRAME,
                                 HANDLES_FRAME, ENDPOINT_FRAME, WORLD_MODULE};
    for (unsigned i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        GRANTED(.code = HF_OP_TAG, .object = frames[i], .address = 0xfff0 + i);
        assert_int_equal(frame_entry(frames[i])->tag, 0xfff0 + i);
    }
    REFUSED(HF_BAD_ARGUMENT, .code = HF_OP_TAG, .object = PAGE, .address = 0x10000);
    REFUSED(HF_BAD_ARGUMENT, .code = HF_OP_TAG, .object = PAGE, .address = ~0ull);
    const hf_frame_t others[] = {
        SPARE,          WORLD_CORE, WORLD_RESERVED, WORLD_WHOLE_FREE, WORLD_WHOLE_CORE, WORLD_WHOLE_RESERVED,
        MACHINE_FRAMES, HF_NO_FRAME};
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++) {
        REFUSED(HF_BAD_FRAME, .code = HF_OP_TAG, .object = others[i], .address = 1);
    }
}

static void a_tag_ends_with_the_frames_type(void **state) {
    (void)state;
    GRANTED(.code = HF_OP_TAG, .object = OTHER, .address = 99);
    GRANTED(.code = HF_OP_RELEASE, .object = OTHER);
    GRANTED(.code = HF_OP_STAGE, .object = OTHER, .frame = HF_NO_FRAME);
    assert_int_equal(frame_entry(OTHER)->tag, 0);
}

/* ---- QUERY ---- */

static void query_runs(void **state) {
    (void)state;
    GRANTED(.code = HF_OP_QUERY, .level = HF_QUERY_RUNS, .object = 0, .count = 256);
    assert_int_equal(result.detail, MACHINE_RUNS);
    assert_memory_equal(asker_page.headers, machine_headers, sizeof machine_headers);
    GRANTED(.code = HF_OP_QUERY, .level = HF_QUERY_RUNS, .object = MACHINE_RUNS - 1, .count = 1);
    assert_int_equal(result.detail, 1);
    REFUSED(HF_BAD_ARGUMENT, .code = HF_OP_QUERY, .level = HF_QUERY_RUNS, .object = MACHINE_RUNS, .count = 1);
}

static void query_frames(void **state) {
    (void)state;
    for (hf_frame_t first = 0; first < MACHINE_FRAMES; first += 256) {
        GRANTED(.code = HF_OP_QUERY, .level = HF_QUERY_FRAMES, .object = first, .count = 256);
        assert_int_equal(result.detail, 256);
        for (unsigned i = 0; i < 256; i++) {
            const struct hf_frame_entry *entry = frame_entry(first + i);
            const struct hf_frame_entry plain = {.type = (uint8_t)frame_type(first + i)};
            assert_memory_equal(&asker_page.entries[i], entry ? entry : &plain, sizeof plain);
        }
    }
    GRANTED(.code = HF_OP_QUERY, .level = HF_QUERY_FRAMES, .object = MACHINE_FRAMES - 3, .count = 256);
    assert_int_equal(result.detail, 3);
}

static void query_bad_arguments(void **state) {
    (void)state;
    REFUSED(HF_BAD_ARGUMENT, .code = HF_OP_QUERY, .level = HF_QUERY_FRAMES, .object = 0, .count = 0);
    REFUSED(HF_BAD_ARGUMENT, .code = HF_OP_QUERY, .level = HF_QUERY_FRAMES, .object = 0, .count = 257);
    REFUSED(HF_BAD_ARGUMENT, .code = HF_OP_QUERY, .level = HF_QUERY_FRAMES, .object = 0, .count = UINT32_MAX);
    REFUSED(HF_BAD_ARGUMENT, .code = HF_OP_QUERY, .level = 2, .object = 0, .count = 1);
    REFUSED(HF_BAD_ARGUMENT, .code = HF_OP_QUERY, .level = HF_QUERY_FRAMES, .object = MACHINE_FRAMES, .count = 1);
    REFUSED(HF_BAD_ARGUMENT, .code = HF_OP_QUERY, .level = HF_QUERY_FRAMES, .object = HF_NO_FRAME, .count = 2);
    asker.operations = NULL;
    REFUSED(HF_NOT_READY, .code = HF_OP_QUERY, .level = HF_QUERY_FRAMES, .object = 0, .count = 1);
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(stage_zeroes),
        TEST(stage_copies_into_zeroes),
        TEST(stage_adds_to_a_staged_frame),
        TEST(stage_ranges_beyond_the_frame),
        TEST(stage_from_other_types),
        TEST(stage_and_release_other_types),
        TEST(release),
        TEST(pin_keeps_a_frame),
        TEST(unpin_a_frame_in_use),
        TEST(a_module_can_be_given_up),
        TEST(tag),
        TEST(a_tag_ends_with_the_frames_type),
        TEST(query_runs),
        TEST(query_frames),
        TEST(query_bad_arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
