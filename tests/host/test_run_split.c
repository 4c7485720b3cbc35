// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c ukernel/device.c ukernel/call.c
// sources: tests/host/world.c tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine ukernel
/* SPLIT of a leaf of 2 MiB, and runs of which leaves of both sizes name parts. */
#include "world.h"

#include "leaf.h"
#include <string.h>

enum { ROOT = WORLD_FREE, PDPT, PD, PT, PAGE, NEW, SECOND, SPARE };

#define PLACE 0x40000000ull /* of a PT */
#define SPAN (1ull << 21)
#define A (PLACE + SPAN)
#define B (PLACE + 2 * SPAN)
#define RUN WORLD_WHOLE_FREE
#define OTHER_RUN (4u * MACHINE_RUN)

#define SPLIT_AT(at, table) .code = HF_OP_SPLIT, .object = ROOT, .address = (at), .frame = (table)
#define MAP_RUN(at) \
    .code = HF_OP_MAP, .level = HF_LEVEL_PD, .rights = HF_READ, .object = ROOT, .address = (at), .frame = RUN
#define UNMAP_RUN(at) .code = HF_OP_UNMAP, .level = HF_LEVEL_PD, .object = ROOT, .address = (at)
#define UNMAP_FRAME(at) .code = HF_OP_UNMAP, .level = HF_LEVEL_PT, .object = ROOT, .address = (at)
#define CLEAR_AT(at) .code = HF_OP_CLEAR, .object = ROOT, .address = (at)
#define ON_RUN(what) .code = (what), .level = HF_WHOLE_RUN, .object = RUN

static struct hf_run_header *const run = &machine_headers[RUN / MACHINE_RUN];

static uint64_t *entry_of(hf_frame_t table, unsigned slot) { return (uint64_t *)(void *)machine_ram[table] + slot; }

static uint64_t always_write(uint64_t below) { return below - 1; }

/* An aspace with a PT at PLACE, a run at A, written to, and its PD around. It is loaded. */
static int start(void **state) {
    world_start(state);
    make_aspace(ROOT);
    make_tables(ROOT, PLACE, PDPT, PD, PT);
    make_large(ROOT, A, RUN, HF_READ | HF_WRITE);
    write_cr3((uint64_t)ROOT << HF_PAGE_SHIFT);
    machine_use_aspace(always_write);
    return 0;
}

static void expect_header(unsigned state, unsigned flags, unsigned busy, uint32_t refs) {
    const struct hf_run_header want = {(uint8_t)state, (uint8_t)flags, (uint16_t)busy, refs};
    assert_memory_equal(run, &want, sizeof want);
}

/* That the last operation freed these frames of the run, and no other. */
static void expect_freed(bool (*freed)(unsigned frame)) {
    unsigned count = 0;
    for (unsigned i = 0; i < MACHINE_RUN; i++) {
        assert_int_equal(asker_page.freed[i / 64] >> i % 64 & 1, freed(i));
        assert_int_equal(frame_type(RUN + i) == HF_FRAME_FREE, freed(i));
        count += freed(i);
    }
    assert_int_equal(result.value[1], count);
    assert_int_equal((result.detail & HF_LEAF_FREED_PART) != 0, count != 0);
    assert_int_equal(result.detail & HF_LEAF_FREED, 0);
}

static bool all(unsigned frame) { return frame < MACHINE_RUN; }
static bool none(unsigned frame) { return frame > MACHINE_RUN; }

static void clear(uint64_t address) {
    hf_status_t status = HF_AGAIN;
    while (status == HF_AGAIN) status = ask(&(struct hf_operation){CLEAR_AT(address)});
    assert_int_equal(status, HF_OK);
    world_check(__FILE__, __LINE__);
}

/* ---- the leaves that it makes ---- */

static void split_makes_equal_leaves(void **state) {
    (void)state;
    const uint64_t flags = ENTRY_ACCESSED | ENTRY_DIRTY | leaf_rights(HF_READ | HF_WRITE);
    GRANTED(.code = HF_OP_TAG, .level = HF_WHOLE_RUN, .object = RUN, .address = 0x4321);
    GRANTED(SPLIT_AT(A, NEW));
    expect_header(HF_RUN_SPLIT, 0, MACHINE_RUN, 0);
    assert_int_equal(*entry_of(PD, 1), (uint64_t)NEW << HF_PAGE_SHIFT | 7);
    assert_int_equal(world_refs(PD), 2);
    assert_int_equal(frame_type(NEW), HF_FRAME_PT);
    assert_int_equal(world_refs(NEW), MACHINE_RUN);
    for (unsigned i = 0; i < MACHINE_RUN; i++) {
        const struct hf_frame_entry want = {.type = HF_FRAME_USER, .tag = 0x4321, .refs = 1};
        assert_int_equal(*entry_of(NEW, i), (uint64_t)(RUN + i) << HF_PAGE_SHIFT | flags);
        assert_memory_equal(&machine_entries[RUN + i], &want, sizeof want);
    }
}

static void split_keeps_rights(void **state) {
    static const unsigned rights[] = {HF_READ, HF_READ | HF_EXECUTE};
    for (unsigned i = 0; i < 2; i++) {
        start(state);
        GRANTED(.code = HF_OP_PROTECT, .level = HF_LEVEL_PD, .rights = (uint16_t)rights[i], .object = ROOT,
                .address = A);
        GRANTED(SPLIT_AT(A, NEW));
        assert_int_equal(*entry_of(NEW, 9), (uint64_t)(RUN + 9) << HF_PAGE_SHIFT | leaf_rights(rights[i]));
    }
}

static void split_with_a_table_of_a_whole_run(void **state) {
    (void)state;
    GRANTED(SPLIT_AT(A, OTHER_RUN + 5));
    assert_int_equal(frame_type(OTHER_RUN + 5), HF_FRAME_PT);
    clear(A);
    expect_header(HF_RUN_FREE, 0, 0, 0);
    GRANTED(.code = HF_OP_TABLE_REMOVE, .level = HF_LEVEL_PT, .object = ROOT, .address = A);
    assert_int_equal(machine_headers[4].state, HF_RUN_FREE);
}

/* Its leaves are like any others afterwards. */
static void the_leaves_of_a_split_run(void **state) {
    (void)state;
    GRANTED(SPLIT_AT(A, NEW));
    machine_use_aspace(always_write);
    REFUSED(HF_NOT_EMPTY, .code = HF_OP_TABLE_REMOVE, .level = HF_LEVEL_PT, .object = ROOT, .address = A);
    GRANTED(.code = HF_OP_PROTECT, .level = HF_LEVEL_PT, .rights = HF_READ, .object = ROOT, .address = A + 0x5000);
    GRANTED(UNMAP_FRAME(A + 0x5000));
    assert_int_equal(result.detail & HF_LEAF_FREED, HF_LEAF_FREED);
    assert_int_equal(result.value[0], RUN + 5);
    expect_header(HF_RUN_SPLIT, 0, MACHINE_RUN - 1, 0);
    GRANTED(.code = HF_OP_ENDPOINT_CREATE, .object = RUN + 5);
    clear(A);
    expect_header(HF_RUN_SPLIT, 0, 1, 0);
    GRANTED(.code = HF_OP_ENDPOINT_DESTROY, .object = RUN + 5);
    expect_header(HF_RUN_FREE, 0, 0, 0);
}

/* ---- a run that others map too ---- */

static void split_one_of_two_leaves(void **state) {
    (void)state;
    GRANTED(MAP_RUN(B));
    GRANTED(SPLIT_AT(A, NEW));
    expect_header(HF_RUN_SPLIT, 0, MACHINE_RUN, 1);
    assert_int_equal(world_refs(RUN + 3), 1);
    assert_int_equal(frame_refs(RUN + 3), 2);
    GRANTED(UNMAP_FRAME(A + 0x3000)); /* B names it still */
    assert_int_equal(result.detail & HF_LEAF_FREED, 0);
    assert_int_equal(frame_type(RUN + 3), HF_FRAME_USER);
    clear(A);
    assert_int_equal(result.detail, 0);
    expect_header(HF_RUN_SPLIT, 0, MACHINE_RUN, 1);
    GRANTED(UNMAP_RUN(B));
    assert_int_equal(result.value[0], RUN);
    expect_freed(all);
    expect_header(HF_RUN_FREE, 0, 0, 0);
}

static void split_both_leaves(void **state) {
    (void)state;
    GRANTED(MAP_RUN(B));
    GRANTED(SPLIT_AT(A, NEW));
    GRANTED(.code = HF_OP_TAG, .object = RUN + 2, .address = 22);
    GRANTED(SPLIT_AT(B, NEW + 1));
    expect_header(HF_RUN_SPLIT, 0, MACHINE_RUN, 0);
    assert_int_equal(world_refs(RUN + 2), 2);
    assert_int_equal(machine_entries[RUN + 2].tag, 22);
    assert_int_equal(*entry_of(NEW + 1, 2), (uint64_t)(RUN + 2) << HF_PAGE_SHIFT | leaf_rights(HF_READ));
    clear(A);
    GRANTED(UNMAP_FRAME(B + 0x2000));
    assert_int_equal(result.detail & HF_LEAF_FREED, HF_LEAF_FREED);
    clear(B);
    expect_header(HF_RUN_FREE, 0, 0, 0);
}

/* New leaves of 2 MiB while there is one, of single frames as long as they are in use. */
static void map_of_a_split_run(void **state) {
    (void)state;
    GRANTED(MAP_RUN(B));
    GRANTED(SPLIT_AT(A, NEW));
    GRANTED(MAP_RUN(B + SPAN));
    expect_header(HF_RUN_SPLIT, 0, MACHINE_RUN, 2);
    GRANTED(UNMAP_FRAME(A + 0x7000));
    GRANTED(.code = HF_OP_MAP, .level = HF_LEVEL_PT, .rights = HF_READ, .object = ROOT, .address = PLACE,
            .frame = RUN + 7); /* that no small leaf names */
    GRANTED(UNMAP_RUN(B));
    expect_header(HF_RUN_SPLIT, 0, MACHINE_RUN, 1);
    GRANTED(UNMAP_RUN(B + SPAN));
    expect_freed(none);
    REFUSED(HF_BAD_FRAME, MAP_RUN(B));
}

static bool but_three_and_five(unsigned frame) { return frame != 3 && frame != 5 && frame != 7 && frame != 300; }

/* What is used by itself stays: by a small leaf, by a task, by a pin, by a PT elsewhere. */
static void the_last_large_leaf_frees_the_rest(void **state) {
    (void)state;
    GRANTED(MAP_RUN(B));
    GRANTED(SPLIT_AT(A, NEW));
    GRANTED(.code = HF_OP_TASK_CREATE, .object = SPARE);
    asker_page.task = (struct hf_task_block){.fields = HF_TASK_BUFFER, .buffer = RUN + 5};
    GRANTED(.code = HF_OP_TASK_SET, .object = SPARE);
    GRANTED(.code = HF_OP_PIN, .object = RUN + 7);
    GRANTED(.code = HF_OP_MAP, .level = HF_LEVEL_PT, .rights = HF_READ, .object = ROOT, .address = PLACE,
            .frame = RUN + 300);
    clear(A);
    GRANTED(.code = HF_OP_MAP, .level = HF_LEVEL_PT, .rights = HF_READ, .object = ROOT, .address = A, .frame = RUN + 3);
    machine_use_aspace(always_write);
    GRANTED(UNMAP_RUN(B));
    expect_freed(but_three_and_five);
    expect_header(HF_RUN_SPLIT, 0, 4, 0);
    GRANTED(.code = HF_OP_TASK_DESTROY, .object = SPARE);
    GRANTED(.code = HF_OP_UNPIN, .object = RUN + 7);
    assert_int_equal(result.detail, HF_LEAF_FREED);
    GRANTED(UNMAP_FRAME(A));
    GRANTED(UNMAP_FRAME(PLACE));
    assert_int_equal(result.detail & HF_LEAF_FREED, HF_LEAF_FREED);
    expect_header(HF_RUN_FREE, 0, 0, 0);
}

/* ---- pinned ---- */

static bool but_the_first(unsigned frame) { return frame != 0; }

static void split_a_pinned_run(void **state) {
    (void)state;
    GRANTED(ON_RUN(HF_OP_PIN));
    GRANTED(SPLIT_AT(A, NEW));
    expect_header(HF_RUN_SPLIT, HF_FRAME_PINNED, MACHINE_RUN, 0);
    REFUSED(HF_EXISTS, ON_RUN(HF_OP_PIN));
    clear(A);
    expect_header(HF_RUN_SPLIT, HF_FRAME_PINNED, MACHINE_RUN, 0);
    REFUSED(HF_BAD_FRAME, MAP_RUN(B)); /* no leaf of 2 MiB names it any more */
    GRANTED(.code = HF_OP_PIN, .object = RUN);
    GRANTED(ON_RUN(HF_OP_UNPIN));
    expect_freed(but_the_first);
    REFUSED(HF_BAD_FRAME, ON_RUN(HF_OP_UNPIN));
    REFUSED(HF_BAD_FRAME, ON_RUN(HF_OP_PIN));
    GRANTED(.code = HF_OP_UNPIN, .object = RUN);
    assert_int_equal(result.detail, HF_LEAF_FREED);
    expect_header(HF_RUN_FREE, 0, 0, 0);
}

/* A frame's own pin, in a run that is in use: its end frees nothing. */
static void unpin_a_frame_of_a_run_in_use(void **state) {
    (void)state;
    GRANTED(MAP_RUN(B));
    GRANTED(SPLIT_AT(A, NEW));
    GRANTED(.code = HF_OP_PIN, .object = RUN + 1);
    clear(A);
    GRANTED(.code = HF_OP_UNPIN, .object = RUN + 1);
    assert_int_equal(result.detail, 0);
    GRANTED(ON_RUN(HF_OP_PIN));
    GRANTED(UNMAP_RUN(B));
    expect_freed(none);
    expect_header(HF_RUN_SPLIT, HF_FRAME_PINNED, MACHINE_RUN, 0);
    GRANTED(ON_RUN(HF_OP_UNPIN));
    expect_freed(all);
}

static void a_split_run_has_no_tag(void **state) {
    (void)state;
    GRANTED(MAP_RUN(B));
    GRANTED(SPLIT_AT(A, NEW));
    REFUSED(HF_BAD_FRAME, ON_RUN(HF_OP_TAG), .address = 1);
    GRANTED(.code = HF_OP_TAG, .object = RUN, .address = 1);
    assert_int_equal(run->busy, MACHINE_RUN);
}

/* ---- refused ---- */

static void split_of_what_is_no_large_leaf(void **state) {
    (void)state;
    make_page(ROOT, PLACE, PAGE, HF_READ);
    REFUSED(HF_EXISTS, SPLIT_AT(PLACE, NEW));
    REFUSED(HF_NOT_MAPPED, SPLIT_AT(B, NEW));
    REFUSED(HF_NO_TABLE, SPLIT_AT(1ull << 39, NEW));
    assert_int_equal(result.detail, HF_LEVEL_PDPT);
    REFUSED(HF_NO_TABLE, SPLIT_AT(2ull << 30, NEW));
    assert_int_equal(result.detail, HF_LEVEL_PD);
    static const uint64_t bad[] = {0, A + 1, A + HF_PAGE_SIZE, A + SPAN / 2, 1ull << 47, 0xffff800000000000ull};
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) REFUSED(HF_BAD_ADDRESS, SPLIT_AT(bad[i], NEW));
}

static void split_with_frames_that_are_not_free(void **state) {
    (void)state;
    make_page(ROOT, PLACE, PAGE, HF_READ);
    GRANTED(.code = HF_OP_STAGE, .object = SPARE, .frame = HF_NO_FRAME);
    const hf_frame_t bad[] = {
        RUN,          RUN + 9,          ROOT,           PDPT,       PD, PT, PAGE, SPARE, WORLD_CORE, WORLD_RESERVED,
        WORLD_MODULE, WORLD_WHOLE_CORE, MACHINE_FRAMES, HF_NO_FRAME};
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) REFUSED(HF_BAD_FRAME, SPLIT_AT(A, bad[i]));
}

static void split_with_too_many_references(void **state) {
    (void)state;
    GRANTED(MAP_RUN(B));
    GRANTED(SPLIT_AT(A, NEW));
    machine_entries[RUN + 511].refs = UINT32_MAX;
    world_keep();
    assert_int_equal(ask(&(struct hf_operation){SPLIT_AT(B, NEW + 1)}), HF_TOO_BIG);
    assert_false(world_changed());
    machine_entries[RUN + 511].refs = UINT32_MAX - 1;
    assert_int_equal(ask(&(struct hf_operation){SPLIT_AT(B, NEW + 1)}), HF_OK);
    assert_int_equal(machine_entries[RUN + 511].refs, UINT32_MAX);
}

/* ---- weak names ---- */

/* A handle to an endpoint whose frame has become part of a run, and of one that is split. */
static void a_handle_to_what_is_a_run_now(void **state) {
    (void)state;
    enum { TABLE = SPARE + 1, TASK };
    GRANTED(.code = HF_OP_ENDPOINT_CREATE, .object = OTHER_RUN + 5);
    GRANTED(.code = HF_OP_HANDLES_CREATE, .object = TABLE);
    GRANTED(.code = HF_OP_HANDLE_PUT, .level = HF_PUT_ENDPOINT, .rights = HF_RIGHT_NOTIFY, .count = 5, .object = TABLE,
            .address = 1, .frame = OTHER_RUN + 5);
    static uint8_t forged[HF_PAGE_SIZE];
    struct task *task = make_task(TASK, ROOT, TABLE, 1);
    memcpy(forged, machine_ram[OTHER_RUN + 5], HF_PAGE_SIZE); /* with its serial */
    task->registers.rdi = 5;
    assert_int_equal(world_call(task, HF_CALL_NOTIFY), HF_OK);
    GRANTED(.code = HF_OP_ENDPOINT_DESTROY, .object = OTHER_RUN + 5);
    make_large(ROOT, B, OTHER_RUN, HF_READ | HF_WRITE);
    memcpy(machine_ram[OTHER_RUN + 5], forged, HF_PAGE_SIZE);
    task->registers.rdi = 5;
    assert_int_equal(world_call(task, HF_CALL_NOTIFY), HF_DEAD);
    GRANTED(SPLIT_AT(B, NEW));
    task->registers.rdi = 5;
    assert_int_equal(world_call(task, HF_CALL_NOTIFY), HF_DEAD);
    assert_memory_equal(machine_ram[OTHER_RUN + 5], forged, HF_PAGE_SIZE);
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(split_makes_equal_leaves),
        TEST(split_keeps_rights),
        TEST(split_with_a_table_of_a_whole_run),
        TEST(the_leaves_of_a_split_run),
        TEST(split_one_of_two_leaves),
        TEST(split_both_leaves),
        TEST(map_of_a_split_run),
        TEST(the_last_large_leaf_frees_the_rest),
        TEST(split_a_pinned_run),
        TEST(unpin_a_frame_of_a_run_in_use),
        TEST(a_split_run_has_no_tag),
        TEST(split_of_what_is_no_large_leaf),
        TEST(split_with_frames_that_are_not_free),
        TEST(split_with_too_many_references),
        TEST(a_handle_to_what_is_a_run_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
