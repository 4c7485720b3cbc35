// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c ukernel/device.c ukernel/call.c
// sources: tests/host/world.c tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine ukernel
/* Leaves of 2 MiB: MAP, UNMAP and PROTECT of them, and what else may not be done where they are. */
#include "world.h"

#include "ipc.h"
#include "leaf.h"

enum { ROOT = WORLD_FREE, PDPT, PD, PT, PAGE, OTHER, SPARE };

#define PLACE 0x40000000ull /* of a PT */
#define SPAN (1ull << 21)
#define LARGE_PLACE (PLACE + SPAN)
#define RUN WORLD_WHOLE_FREE
#define OTHER_RUN (4u * MACHINE_RUN)

#define MAP_RUN(at, what, may) \
    .code = HF_OP_MAP, .level = HF_LEVEL_PD, .rights = (may), .object = ROOT, .address = (at), .frame = (what)
#define UNMAP_RUN(at) .code = HF_OP_UNMAP, .level = HF_LEVEL_PD, .object = ROOT, .address = (at)
#define PROTECT_RUN(at, may) \
    .code = HF_OP_PROTECT, .level = HF_LEVEL_PD, .rights = (may), .object = ROOT, .address = (at)
#define MAP_FRAME(at, what) \
    .code = HF_OP_MAP, .level = HF_LEVEL_PT, .rights = HF_READ, .object = ROOT, .address = (at), .frame = (what)

static struct hf_run_header *const run = &machine_headers[RUN / MACHINE_RUN];

static uint64_t *leaf(unsigned slot) { return (uint64_t *)(void *)machine_ram[PD] + slot; }

static uint64_t always_write(uint64_t below) { return below - 1; }
static uint64_t always_read(uint64_t below) { return below - 2; }

/* An aspace with a PT at PLACE, a PD around it, loaded, and a STAGED run. */
static int start(void **state) {
    world_start(state);
    make_aspace(ROOT);
    make_tables(ROOT, PLACE, PDPT, PD, PT);
    stage_run(RUN);
    write_cr3((uint64_t)ROOT << HF_PAGE_SHIFT);
    return 0;
}

/* ---- MAP ---- */

static void map_a_run_with_all_rights(void **state) {
    (void)state;
    for (unsigned rights = 0; rights < 16; rights++) {
        const bool valid = rights == HF_READ || rights == (HF_READ | HF_WRITE) || rights == (HF_READ | HF_EXECUTE);
        if (!valid) {
            REFUSED(HF_BAD_ARGUMENT, MAP_RUN(LARGE_PLACE, RUN, (uint16_t)rights));
            REFUSED(HF_BAD_ARGUMENT, PROTECT_RUN(LARGE_PLACE, (uint16_t)rights));
            continue;
        }
        GRANTED(MAP_RUN(LARGE_PLACE, RUN, (uint16_t)rights));
        const uint64_t flags = 0x85 | ((rights & HF_WRITE) ? 2 : 0) | ((rights & HF_EXECUTE) ? 0 : 1ull << 63);
        assert_int_equal(*leaf(1), (uint64_t)RUN << HF_PAGE_SHIFT | flags);
        assert_int_equal(run->state, HF_RUN_USER);
        GRANTED(UNMAP_RUN(LARGE_PLACE));
        stage_run(RUN);
    }
}

static void map_a_run_twice(void **state) {
    (void)state;
    GRANTED(MAP_RUN(LARGE_PLACE, RUN, HF_READ | HF_WRITE));
    GRANTED(MAP_RUN(LARGE_PLACE + SPAN, RUN, HF_READ | HF_EXECUTE));
    assert_int_equal(run->refs, 2);
    assert_int_equal(world_refs(PD), 3);
    assert_int_equal(frame_refs(RUN + 77), 2);
    REFUSED(HF_EXISTS, MAP_RUN(LARGE_PLACE, RUN, HF_READ));
}

static void map_a_run_where_it_cannot_be(void **state) {
    (void)state;
    for (uint64_t off = HF_PAGE_SIZE; off < SPAN; off *= 2) {
        REFUSED(HF_BAD_ADDRESS, MAP_RUN(LARGE_PLACE + off, RUN, HF_READ));
    }
    static const uint64_t addresses[] = {
        0, 1, LARGE_PLACE + 1, LARGE_PLACE + SPAN - 1, 1ull << 47, 0xffff800000000000ull, ~0ull, -SPAN};
    for (unsigned i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        REFUSED(HF_BAD_ADDRESS, MAP_RUN(addresses[i], RUN, HF_READ));
        REFUSED(HF_BAD_ADDRESS, UNMAP_RUN(addresses[i]));
        REFUSED(HF_BAD_ADDRESS, PROTECT_RUN(addresses[i], HF_READ));
    }
    REFUSED(HF_EXISTS, MAP_RUN(PLACE, RUN, HF_READ)); /* a PT is there, though empty */
    REFUSED(HF_EXISTS, UNMAP_RUN(PLACE));
    REFUSED(HF_EXISTS, PROTECT_RUN(PLACE, HF_READ));
    REFUSED(HF_NOT_MAPPED, UNMAP_RUN(LARGE_PLACE));
    REFUSED(HF_NOT_MAPPED, PROTECT_RUN(LARGE_PLACE, HF_READ));
}

static void map_a_run_without_tables(void **state) {
    (void)state;
    static const struct {
        uint64_t address;
        unsigned missing;
    } places[] = {{PLACE + (1ull << 30), HF_LEVEL_PD}, {1ull << 39, HF_LEVEL_PDPT}};
    for (unsigned i = 0; i < 2; i++) {
        REFUSED(HF_NO_TABLE, MAP_RUN(places[i].address, RUN, HF_READ));
        assert_int_equal(result.detail, places[i].missing);
        REFUSED(HF_NO_TABLE, UNMAP_RUN(places[i].address));
        assert_int_equal(result.detail, places[i].missing);
        REFUSED(HF_NO_TABLE, PROTECT_RUN(places[i].address, HF_READ));
        assert_int_equal(result.detail, places[i].missing);
    }
}

/* The highest page of the user half is never mapped, and so not the 2 MiB that it ends. */
static void the_ends_of_the_user_half(void **state) {
    (void)state;
    const uint64_t last = (1ull << 47) - SPAN;
    make_tables(ROOT, last, OTHER, OTHER + 1, OTHER + 2);
    GRANTED(.code = HF_OP_TABLE_REMOVE, .level = HF_LEVEL_PT, .object = ROOT, .address = last);
    REFUSED(HF_BAD_ADDRESS, MAP_RUN(last, RUN, HF_READ | HF_EXECUTE));
    GRANTED(MAP_RUN(last - SPAN, RUN, HF_READ));
    GRANTED(.code = HF_OP_TABLE_INSTALL, .level = HF_LEVEL_PD, .object = ROOT, .address = SPAN, .frame = OTHER + 2);
    GRANTED(MAP_RUN(SPAN, RUN, HF_READ));
}

static void map_runs_of_other_states(void **state) {
    (void)state;
    static const hf_frame_t bad[] = {0,
                                     WORLD_WHOLE_CORE,
                                     WORLD_WHOLE_RESERVED,
                                     OTHER_RUN,
                                     RUN + 1,
                                     RUN + MACHINE_RUN / 2,
                                     MACHINE_FRAMES,
                                     MACHINE_FRAMES + MACHINE_RUN,
                                     1ull << 40,
                                     1ull << 52,
                                     HF_NO_FRAME};
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        REFUSED(HF_BAD_FRAME, MAP_RUN(LARGE_PLACE, bad[i], HF_READ));
    }
    make_page(ROOT, PLACE, OTHER_RUN, HF_READ);
    REFUSED(HF_BAD_FRAME, MAP_RUN(LARGE_PLACE, OTHER_RUN, HF_READ)); /* half used, by single frames */
    GRANTED(.code = HF_OP_PIN, .object = OTHER_RUN);
    REFUSED(HF_BAD_FRAME, MAP_RUN(LARGE_PLACE, OTHER_RUN, HF_READ));
}

static void map_a_run_with_too_many_references(void **state) {
    (void)state;
    const struct hf_operation more = {MAP_RUN(LARGE_PLACE + SPAN, RUN, HF_READ)};
    GRANTED(MAP_RUN(LARGE_PLACE, RUN, HF_READ));
    run->refs = UINT32_MAX;
    world_keep();
    assert_int_equal(ask(&more), HF_TOO_BIG);
    assert_false(world_changed());
    run->refs = UINT32_MAX - 1;
    assert_int_equal(ask(&more), HF_OK);
    assert_int_equal(run->refs, UINT32_MAX);
    assert_int_equal(frame_refs(RUN), UINT32_MAX);
}

/* While it is one page, none of its frames is anything by itself. */
static void frames_of_a_run_are_not_used_alone(void **state) {
    (void)state;
    const struct hf_operation map = {MAP_RUN(LARGE_PLACE, RUN, HF_READ)};
    GRANTED(.code = HF_OP_TASK_CREATE, .object = SPARE);
    for (unsigned mapped = 0; mapped < 2; mapped++) {
        for (hf_frame_t frame = RUN; frame < RUN + MACHINE_RUN; frame += 73) {
            REFUSED(HF_BAD_FRAME, MAP_FRAME(PLACE, frame));
            REFUSED(HF_BAD_FRAME, .code = HF_OP_RELEASE, .object = frame);
            REFUSED(HF_BAD_FRAME, .code = HF_OP_PIN, .object = frame);
            REFUSED(HF_BAD_FRAME, .code = HF_OP_STAGE, .object = OTHER, .frame = frame, .count = 8);
            REFUSED(HF_BAD_FRAME, .code = HF_OP_STAGE, .object = frame, .frame = HF_NO_FRAME);
            REFUSED(HF_BAD_FRAME, .code = HF_OP_HANDLES_CREATE, .object = frame);
            asker_page.task = (struct hf_task_block){.fields = HF_TASK_BUFFER, .buffer = frame};
            REFUSED(HF_BAD_FRAME, .code = HF_OP_TASK_SET, .object = SPARE);
            asker_page.task = (struct hf_task_block){.fields = HF_TASK_OPERATIONS, .operations = frame};
            REFUSED(HF_BAD_FRAME, .code = HF_OP_TASK_SET, .object = SPARE);
        }
        if (!mapped) world_expect(HF_OK, &map, __FILE__, __LINE__);
    }
}

/* ---- what is refused where a leaf of 2 MiB is ---- */

static void small_leaves_under_a_large_one(void **state) {
    (void)state;
    GRANTED(MAP_RUN(LARGE_PLACE, RUN, HF_READ));
    make_page(ROOT, PLACE, PAGE, HF_READ);
    for (uint64_t off = 0; off < SPAN; off += 73 * HF_PAGE_SIZE) {
        REFUSED(HF_EXISTS, MAP_FRAME(LARGE_PLACE + off, PAGE));
        REFUSED(HF_EXISTS, .code = HF_OP_UNMAP, .level = HF_LEVEL_PT, .object = ROOT, .address = LARGE_PLACE + off);
        REFUSED(HF_EXISTS, .code = HF_OP_PROTECT, .level = HF_LEVEL_PT, .rights = HF_READ, .object = ROOT,
                .address = LARGE_PLACE + off);
        REFUSED(HF_EXISTS, .code = HF_OP_CLEAR, .object = ROOT, .address = LARGE_PLACE + off);
        REFUSED(HF_EXISTS, .code = HF_OP_MAP_DEVICE, .rights = HF_READ, .object = ROOT, .address = LARGE_PLACE + off,
                .frame = WORLD_FRAMEBUFFER);
    }
}

static void tables_and_large_leaves(void **state) {
    (void)state;
    GRANTED(MAP_RUN(LARGE_PLACE, RUN, HF_READ));
    REFUSED(HF_EXISTS, .code = HF_OP_TABLE_INSTALL, .level = HF_LEVEL_PT, .object = ROOT, .address = LARGE_PLACE,
            .frame = OTHER);
    REFUSED(HF_EXISTS, .code = HF_OP_TABLE_REMOVE, .level = HF_LEVEL_PT, .object = ROOT, .address = LARGE_PLACE);
    GRANTED(.code = HF_OP_TABLE_REMOVE, .level = HF_LEVEL_PT, .object = ROOT, .address = PLACE);
    REFUSED(HF_NOT_EMPTY, .code = HF_OP_TABLE_REMOVE, .level = HF_LEVEL_PD, .object = ROOT, .address = PLACE);
    GRANTED(UNMAP_RUN(LARGE_PLACE));
    GRANTED(.code = HF_OP_TABLE_REMOVE, .level = HF_LEVEL_PD, .object = ROOT, .address = PLACE);
}

/* A PT that was there, and a run in its place: nothing of the PT may be remembered. */
static void a_run_in_place_of_a_table(void **state) {
    (void)state;
    make_page(ROOT, PLACE, PAGE, HF_READ | HF_WRITE);
    machine_use_aspace(always_write);
    GRANTED(.code = HF_OP_CLEAR, .object = ROOT, .address = PLACE);
    GRANTED(.code = HF_OP_TABLE_REMOVE, .level = HF_LEVEL_PT, .object = ROOT, .address = PLACE);
    GRANTED(MAP_RUN(PLACE, RUN, HF_READ));
    machine_use_aspace(always_write);
    GRANTED(UNMAP_RUN(PLACE));
    GRANTED(.code = HF_OP_TABLE_INSTALL, .level = HF_LEVEL_PT, .object = ROOT, .address = PLACE, .frame = PT);
}

static void translate_a_run(void **state) {
    (void)state;
    GRANTED(MAP_RUN(LARGE_PLACE, RUN, HF_READ));
    GRANTED(.code = HF_OP_TRANSLATE, .object = ROOT, .address = LARGE_PLACE + 0x12345);
    assert_int_equal(result.detail, HF_LEVEL_PD);
    assert_int_equal(result.value[0], *leaf(1));
    const uint64_t want[4] = {0, *leaf(1), (uint64_t)PD << 12 | 7, (uint64_t)PDPT << 12 | 7};
    assert_memory_equal(asker_page.walk, want, sizeof want);
}

/* ---- UNMAP and PROTECT ---- */

static void unmap_frees_a_run_with_its_last_leaf(void **state) {
    (void)state;
    GRANTED(MAP_RUN(LARGE_PLACE, RUN, HF_READ | HF_WRITE));
    GRANTED(MAP_RUN(LARGE_PLACE + SPAN, RUN, HF_READ));
    GRANTED(.code = HF_OP_TAG, .level = HF_WHOLE_RUN, .object = RUN, .address = 3);
    machine_use_aspace(always_write);
    GRANTED(UNMAP_RUN(LARGE_PLACE));
    assert_int_equal(result.detail, HF_LEAF_ACCESSED | HF_LEAF_DIRTY);
    assert_int_equal(result.value[0], RUN);
    GRANTED(UNMAP_RUN(LARGE_PLACE + SPAN));
    assert_int_equal(result.detail, HF_LEAF_ACCESSED | HF_LEAF_FREED);
    assert_int_equal(result.value[0], RUN);
    assert_int_equal(result.value[1], 0);
    const struct hf_run_header want = {.state = HF_RUN_FREE};
    assert_memory_equal(run, &want, sizeof want);
    assert_int_equal(world_refs(PD), 1);
}

static void protect_a_run(void **state) {
    (void)state;
    static const unsigned rights[] = {HF_READ, HF_READ | HF_WRITE, HF_READ | HF_EXECUTE};
    GRANTED(MAP_RUN(LARGE_PLACE, RUN, HF_READ | HF_WRITE));
    for (unsigned from = 0; from < 3; from++) {
        for (unsigned to = 0; to < 3; to++) {
            const bool writes = rights[from] & HF_WRITE;
            GRANTED(PROTECT_RUN(LARGE_PLACE, (uint16_t)rights[from]));
            machine_use_aspace(always_write);
            GRANTED(PROTECT_RUN(LARGE_PLACE, (uint16_t)rights[to]));
            assert_int_equal(result.detail, HF_LEAF_ACCESSED | (writes ? HF_LEAF_DIRTY : 0));
            assert_int_equal(result.value[0], RUN);
            assert_int_equal(*leaf(1), (uint64_t)RUN << HF_PAGE_SHIFT | ENTRY_LARGE | leaf_rights(rights[to]));
            assert_int_equal(run->refs, 1);
        }
    }
}

/* Accessed and dirty are told, and cleared where the leaf stays. */
static void protect_samples_a_run(void **state) {
    (void)state;
    GRANTED(MAP_RUN(LARGE_PLACE, RUN, HF_READ | HF_WRITE));
    machine_use_aspace(always_read);
    GRANTED(PROTECT_RUN(LARGE_PLACE, HF_READ | HF_WRITE));
    assert_int_equal(result.detail, HF_LEAF_ACCESSED);
    machine_use_aspace(always_write);
    GRANTED(PROTECT_RUN(LARGE_PLACE, HF_READ | HF_WRITE));
    assert_int_equal(result.detail, HF_LEAF_ACCESSED | HF_LEAF_DIRTY);
    GRANTED(PROTECT_RUN(LARGE_PLACE, HF_READ | HF_WRITE));
    assert_int_equal(result.detail, 0);
}

/* ---- what a fault's message says of it ---- */

static void the_words_of_a_fault_in_a_run(void **state) {
    (void)state;
    struct task *task = make_task(SPARE, ROOT, HF_NO_FRAME, 1);
    GRANTED(MAP_RUN(LARGE_PLACE, RUN, HF_READ));
    GRANTED(MAP_RUN(LARGE_PLACE + SPAN, RUN, HF_READ));
    task->fault_address = LARGE_PLACE + 0x4567;
    struct fault_words words = ipc_fault_words(task);
    assert_int_equal(words.entry, *leaf(1));
    assert_int_equal(words.frame, HF_LEVEL_PD | 2ull << 32);
    GRANTED(.code = HF_OP_SPLIT, .object = ROOT, .address = LARGE_PLACE, .frame = OTHER);
    words = ipc_fault_words(task);
    assert_int_equal(words.entry, ((uint64_t)(RUN + 4) << HF_PAGE_SHIFT) | leaf_rights(HF_READ));
    assert_int_equal(words.frame, HF_LEVEL_PT | 2ull << 32);
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(map_a_run_with_all_rights),
        TEST(map_a_run_twice),
        TEST(map_a_run_where_it_cannot_be),
        TEST(map_a_run_without_tables),
        TEST(the_ends_of_the_user_half),
        TEST(map_runs_of_other_states),
        TEST(map_a_run_with_too_many_references),
        TEST(frames_of_a_run_are_not_used_alone),
        TEST(small_leaves_under_a_large_one),
        TEST(tables_and_large_leaves),
        TEST(a_run_in_place_of_a_table),
        TEST(translate_a_run),
        TEST(unmap_frees_a_run_with_its_last_leaf),
        TEST(protect_a_run),
        TEST(protect_samples_a_run),
        TEST(the_words_of_a_fault_in_a_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
