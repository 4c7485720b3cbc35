// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c ukernel/device.c ukernel/call.c
// sources: tests/host/world.c tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine ukernel
/* What one entry may do: 16 pages to fill or copy, 528 entries to look at, of which each operation
 * takes four and each page sixteen. The rest is HF_AGAIN. */
#include "world.h"

enum {
    ROOT = WORLD_FREE,
    PDPT,
    PD,
    PT,
    MAPPED,
    STAGED,
    TASK_FRAME,
    HANDLES_FRAME,
    OTHER_ROOT,
    TABLES,
    MORE = TABLES + 5
};

#define PLACE 0x40000000ull
#define LARGE_PLACE (PLACE + (1ull << 21))

static int start(void **state) {
    world_start(state);
    make_aspace(ROOT);
    make_tables(ROOT, PLACE, PDPT, PD, PT);
    make_page(ROOT, PLACE, MAPPED, HF_READ);
    GRANTED(.code = HF_OP_STAGE, .object = STAGED, .frame = HF_NO_FRAME);
    GRANTED(.code = HF_OP_HANDLES_CREATE, .object = HANDLES_FRAME);
    make_task(TASK_FRAME, ROOT, HF_NO_FRAME, 5);
    return 0;
}

static uint64_t done;

static hf_status_t run_list(unsigned count) { return mmu_list(&asker, count, &done); }

static void put(unsigned at, struct hf_operation operation) { asker_page.operation[at] = operation; }

#define PUT(at, ...) put(at, (struct hf_operation){__VA_ARGS__})

/* How many of `operation` one entry does before it answers HF_AGAIN. */
static uint64_t done_in_one_entry(struct hf_operation operation, unsigned step) {
    for (unsigned i = 0; i < HF_OPERATIONS; i++) {
        put(i, operation);
        operation.object += step;
    }
    const hf_status_t status = run_list(HF_OPERATIONS);
    assert_int_equal(status, HF_AGAIN);
    assert_int_equal(asker_page.result[done].status, HF_AGAIN);
    world_check(__FILE__, __LINE__);
    return done;
}

static void sixteen_pages(void **state) {
    const struct {
        struct hf_operation operation;
        unsigned step;
    } filling[] = {
        {{.code = HF_OP_ASPACE_CREATE, .object = MORE}, 1},
        {{.code = HF_OP_TASK_CREATE, .object = MORE}, 1},
        {{.code = HF_OP_HANDLES_CREATE, .object = MORE}, 1},
        {{.code = HF_OP_ENDPOINT_CREATE, .object = MORE}, 1},
        {{.code = HF_OP_STAGE, .object = MORE, .frame = HF_NO_FRAME}, 1},
        {{.code = HF_OP_STAGE, .object = STAGED, .frame = MAPPED, .count = 1}, 0},
        {{.code = HF_OP_ASPACE_COPY_KERNEL, .object = ROOT}, 0},
    };
    for (size_t i = 0; i < sizeof filling / sizeof filling[0]; i++) {
        start(state);
        assert_int_equal(done_in_one_entry(filling[i].operation, filling[i].step), 16);
        if (filling[i].step) {
            assert_int_not_equal(frame_type(MORE + 15), HF_FRAME_FREE);
            assert_int_equal(frame_type(MORE + 16), HF_FRAME_FREE);
        }
    }
}

/* A run's first frame costs one more: its entries are filled in. */
static void a_split_counts_as_a_page(void **state) {
    assert_int_equal(done_in_one_entry((struct hf_operation){.code = HF_OP_TASK_CREATE, .object = WORLD_WHOLE_FREE}, 1),
                     15);
    start(state);
    for (unsigned i = 0; i < 15; i++) {
        PUT(i, .code = HF_OP_TASK_CREATE, .object = MORE + i);
    }
    PUT(15, .code = HF_OP_STAGE, .object = WORLD_WHOLE_FREE, .frame = HF_NO_FRAME);
    assert_int_equal(run_list(16), HF_AGAIN);
    assert_int_equal(done, 15);
    assert_int_equal(machine_headers[1].state, HF_RUN_FREE);
}

static void five_hundred_and_twelve_entries(void **state) {
    (void)state;
    GRANTED(.code = HF_OP_UNMAP, .level = HF_LEVEL_PT, .object = ROOT, .address = PLACE);
    PUT(0, .code = HF_OP_CLEAR, .object = ROOT, .address = PLACE);
    PUT(1, .code = HF_OP_TASK_DESTROY, .object = TASK_FRAME);
    assert_int_equal(run_list(2), HF_AGAIN);
    assert_int_equal(done, 1);
    assert_int_equal(frame_type(TASK_FRAME), HF_FRAME_TASK);
    const uint64_t slots = done_in_one_entry(
        (struct hf_operation){
            .code = HF_OP_HANDLE_PUT, .level = HF_PUT_POWER, .count = HF_SLOT_ANY, .object = HANDLES_FRAME},
        0);
    assert_in_range(slots, 1, 512 / HF_HANDLE_COUNT);
}

/* HF_AGAIN is no refusal: what is left is done by the next entries. */
static void again_is_progress(void **state) {
    (void)state;
    uint64_t at = 0;
    for (unsigned entries = 0; at < HF_OPERATIONS; entries++) {
        const unsigned left = HF_OPERATIONS - (unsigned)at;
        assert_true(entries < 4);
        for (unsigned i = 0; i < left; i++) {
            PUT(i, .code = HF_OP_STAGE, .object = MORE + (hf_frame_t)at + i, .frame = HF_NO_FRAME);
        }
        const hf_status_t status = run_list(left);
        assert_int_equal(status, done == left ? HF_OK : HF_AGAIN);
        at += done;
    }
    for (unsigned i = 0; i < HF_OPERATIONS; i++) {
        assert_int_equal(frame_type(MORE + i), HF_FRAME_STAGED);
    }
}

static void tables(void **state) {
    (void)state;
    for (unsigned i = 0; i < 17; i++) {
        PUT(i, .code = HF_OP_TABLE_INSTALL, .level = HF_LEVEL_PDPT, .object = ROOT, .address = (i + 1ull) << 39,
            .frame = MORE + i);
    }
    assert_int_equal(run_list(17), HF_AGAIN);
    assert_int_equal(done, 16);
    assert_int_equal(frame_type(MORE + 15), HF_FRAME_PDPT);
    assert_int_equal(frame_type(MORE + 16), HF_FRAME_FREE);
    assert_int_equal(world_refs(ROOT), 18);
}

/* ---- the end of the budget, wherever it comes ---- */

#define LAST (MORE + 17u)

static const struct hf_operation costly[] = {
    {.code = HF_OP_ASPACE_CREATE, .object = LAST},
    {.code = HF_OP_ASPACE_COPY_KERNEL, .object = OTHER_ROOT},
    {.code = HF_OP_TABLE_INSTALL, .level = HF_LEVEL_PDPT, .object = ROOT, .address = 1ull << 40, .frame = LAST},
    {.code = HF_OP_STAGE, .object = LAST, .frame = HF_NO_FRAME},
    {.code = HF_OP_STAGE, .object = WORLD_WHOLE_FREE + MACHINE_RUN * 3, .frame = HF_NO_FRAME},
    {.code = HF_OP_STAGE, .object = STAGED, .frame = MAPPED, .count = 8},
    {.code = HF_OP_SPLIT, .object = ROOT, .address = LARGE_PLACE, .frame = LAST},
    {.code = HF_OP_CLEAR, .object = ROOT, .address = PLACE},
    {.code = HF_OP_CLONE, .object = ROOT, .address = PLACE, .frame = OTHER_ROOT},
    {.code = HF_OP_TASK_CREATE, .object = LAST},
    {.code = HF_OP_QUERY, .level = HF_QUERY_FRAMES, .count = 256},
    {.code = HF_OP_TASK_DESTROY, .object = TASK_FRAME},
    {.code = HF_OP_HANDLES_CREATE, .object = LAST},
    {.code = HF_OP_HANDLES_COPY, .object = TABLES + 3, .frame = HANDLES_FRAME},
    {.code = HF_OP_HANDLE_PUT, .level = HF_PUT_POWER, .count = HF_SLOT_ANY, .object = HANDLES_FRAME},
    {.code = HF_OP_ENDPOINT_CREATE, .object = LAST},
    {.code = HF_OP_ENDPOINT_DESTROY, .object = TABLES + 4},
};

/* After so many pages and marks, the operation is done or answers HF_AGAIN, and then has done nothing:
 * alone, it is granted. */
static bool is_put_off(const struct hf_operation *operation, unsigned pages, unsigned marks) {
    const unsigned before = pages + marks;
    for (unsigned i = 0; i < before; i++) {
        if (i < pages) {
            PUT(i, .code = HF_OP_STAGE, .object = MORE + i, .frame = HF_NO_FRAME);
        } else {
            PUT(i, .code = HF_OP_TAG, .object = MAPPED, .address = i);
        }
    }
    put(before, *operation);
    const hf_status_t status = run_list(before + 1);
    if (status == HF_OK) return false;
    assert_int_equal(status, HF_AGAIN);
    assert_int_equal(done, before);
    world_expect(HF_OK, operation, __FILE__, __LINE__);
    return true;
}

/* Pages and marks that leave work for a SPLIT's entries, but not for its table; no pages; and no work. */
static bool is_interesting(unsigned pages, unsigned marks) {
    return pages == 16 ? marks % 46 == 0 : marks < 4 && (pages == 0 || pages == 12 || pages == 13);
}

static void start_with_all(void **state) {
    start(state);
    make_aspace(OTHER_ROOT);
    make_tables(OTHER_ROOT, PLACE, TABLES, TABLES + 1, TABLES + 2);
    make_large(ROOT, LARGE_PLACE, WORLD_WHOLE_FREE, HF_READ);
    GRANTED(.code = HF_OP_HANDLES_CREATE, .object = TABLES + 3);
    GRANTED(.code = HF_OP_ENDPOINT_CREATE, .object = TABLES + 4);
}

static void the_end_of_the_budget(void **state) {
    for (size_t i = 0; i < sizeof costly / sizeof costly[0]; i++) {
        unsigned put_off = 0, granted = 0;
        for (unsigned before = 0; before < 17 * 47; before++) {
            if (!is_interesting(before / 47, before % 47)) {
                continue;
            }
            start_with_all(state);
            const bool was = is_put_off(&costly[i], before / 47, before % 47);
            put_off += was;
            granted += !was;
        }
        assert_true(put_off > 0 && granted > 0);
    }
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(sixteen_pages),
        TEST(a_split_counts_as_a_page),
        TEST(five_hundred_and_twelve_entries),
        TEST(again_is_progress),
        TEST(tables),
        TEST(the_end_of_the_budget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
