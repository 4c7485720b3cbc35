// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c ukernel/device.c ukernel/call.c
// sources: tests/host/world.c tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine ukernel
/* Where runs are split: room to say what became FREE, and how much work one entry does. */
#include "world.h"

enum { ROOT = WORLD_FREE, PDPT, PD, PT, PAGE, NEW };

#define PLACE 0x40000000ull /* of a PT */
#define SPAN (1ull << 21)
#define A (PLACE + SPAN)
#define B (PLACE + 2 * SPAN)
#define RUN WORLD_WHOLE_FREE

#define SPLIT_AT(at, table) .code = HF_OP_SPLIT, .object = ROOT, .address = (at), .frame = (table)
#define MAP_RUN(at) \
    .code = HF_OP_MAP, .level = HF_LEVEL_PD, .rights = HF_READ, .object = ROOT, .address = (at), .frame = RUN
#define UNMAP_RUN(at) .code = HF_OP_UNMAP, .level = HF_LEVEL_PD, .object = ROOT, .address = (at)
#define ON_RUN(what) .code = (what), .level = HF_WHOLE_RUN, .object = RUN

/* An aspace with a PT at PLACE and a run at A and B. */
static int start(void **state) {
    world_start(state);
    make_aspace(ROOT);
    make_tables(ROOT, PLACE, PDPT, PD, PT);
    make_large(ROOT, A, RUN, HF_READ | HF_WRITE);
    GRANTED(MAP_RUN(B));
    return 0;
}

static void expect_split(uint32_t refs) {
    const struct hf_run_header want = {HF_RUN_SPLIT, 0, MACHINE_RUN, refs};
    assert_memory_equal(&machine_headers[RUN / MACHINE_RUN], &want, sizeof want);
}

/* ---- room to say what became FREE, and the work of it ---- */

static void part_of_a_run_needs_the_second_half(void **state) {
    (void)state;
    GRANTED(MAP_RUN(B + SPAN));
    asker.operations = NULL;
    GRANTED(UNMAP_RUN(B + SPAN)); /* not split: it is all or nothing */
    GRANTED(SPLIT_AT(A, NEW));
    REFUSED(HF_NOT_READY, UNMAP_RUN(B));
    asker.operations = &asker_page;
    GRANTED(ON_RUN(HF_OP_PIN));
    asker.operations = NULL;
    REFUSED(HF_NOT_READY, ON_RUN(HF_OP_UNPIN));
    asker.operations = &asker_page;
    GRANTED(ON_RUN(HF_OP_UNPIN));
    GRANTED(UNMAP_RUN(B));
}

static hf_status_t list_of_two(struct hf_operation first, struct hf_operation second, uint64_t *done) {
    asker_page.operation[0] = first;
    asker_page.operation[1] = second;
    const hf_status_t status = mmu_list(&asker, 2, done);
    world_check(__FILE__, __LINE__);
    return status;
}

static void the_second_half_is_used_once(void **state) {
    (void)state;
    uint64_t done;
    const struct hf_operation translate = {.code = HF_OP_TRANSLATE, .object = ROOT, .address = A};
    GRANTED(MAP_RUN(B + SPAN));
    assert_int_equal(list_of_two(translate, (struct hf_operation){UNMAP_RUN(B + SPAN)}, &done), HF_OK);
    GRANTED(SPLIT_AT(A, NEW));
    assert_int_equal(list_of_two(translate, (struct hf_operation){UNMAP_RUN(B)}, &done), HF_BAD_ARGUMENT);
    assert_int_equal(done, 1);
    expect_split(1);
}

/* Two of them are more than one entry does; the second has not begun, and is done by the next. */
static void the_work_of_a_split(void **state) {
    (void)state;
    uint64_t done;
    const struct hf_operation a = {SPLIT_AT(A, NEW)}, b = {SPLIT_AT(B, NEW + 1)};
    assert_int_equal(list_of_two(a, b, &done), HF_AGAIN);
    assert_int_equal(done, 1);
    expect_split(1);
    assert_int_equal(frame_type(NEW + 1), HF_FRAME_FREE);
    world_expect(HF_OK, &b, __FILE__, __LINE__);
}

static void the_work_of_freeing_part_of_a_run(void **state) {
    (void)state;
    uint64_t done;
    const struct hf_operation unmap = {UNMAP_RUN(B)},
                              stage = {.code = HF_OP_STAGE, .object = PAGE, .frame = HF_NO_FRAME};
    GRANTED(SPLIT_AT(A, NEW));
    assert_int_equal(list_of_two(stage, unmap, &done), HF_AGAIN);
    assert_int_equal(done, 1);
    expect_split(1);
    world_expect(HF_OK, &unmap, __FILE__, __LINE__);
    assert_int_equal(result.value[1], 0);
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(part_of_a_run_needs_the_second_half),
        TEST(the_second_half_is_used_once),
        TEST(the_work_of_a_split),
        TEST(the_work_of_freeing_part_of_a_run),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
