// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c ukernel/device.c ukernel/call.c
// sources: tests/host/ipc_world.c tests/host/world.c tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine ukernel
/* Faults and exceptions: calls that the core makes for a task. */
#include "ipc_world.h"

#include "entry.h"

#define CALL HF_CALL_CALL
#define RECEIVE HF_CALL_RECEIVE
#define REPLY HF_CALL_REPLY
#define HOLD HF_CALL_HOLD
#define CHECK() ipc_check(__FILE__, __LINE__)

enum { A, B, C, D, SERVER };

static int start(void **state) {
    (void)state;
    ipc_start(5, 2);
    return 0;
}

static void stop(unsigned task) {
    assert_int_equal(operate(HF_OP_TASK_STOP, frame_of_task(task)), HF_OK);
    CHECK();
}

static void set_pager(unsigned task, unsigned endpoint) {
    assert_int_equal(operate(HF_OP_TASK_STOP, frame_of_task(task)), HF_OK);
    asker_page.task = (struct hf_task_block){
        .fields = HF_TASK_PAGER, .pager = frame_of_endpoint(endpoint), .pager_badge = 0xfau << 8 | task};
    assert_int_equal(operate(HF_OP_TASK_SET, frame_of_task(task)), HF_OK);
    assert_int_equal(operate(HF_OP_TASK_START, frame_of_task(task)), HF_OK);
}

/* The task runs, and this exception comes. */
static bool raise(unsigned task, uint64_t vector, uint64_t address) {
    schedule_remove(tasks[task]);
    if (processor.current) {
        schedule_ready_first(processor.current);
    }
    processor.current = tasks[task];
    for (unsigned i = 0; i < sizeof(struct frame_registers) / 8; i++) {
        ((uint64_t *)&tasks[task]->registers)[i] = 0x1000 + i;
    }
    tasks[task]->registers.vector = vector;
    tasks[task]->registers.error = 6;
    tasks[task]->fault_address = address;
    const bool raised = ipc_raise(tasks[task]);
    schedule();
    return raised;
}

static void a_fault_is_a_call_to_the_pager(void **state) {
    (void)state;
    set_pager(A, 0);
    assert_int_equal(makes(SERVER, RECEIVE, SLOT(0), 0, 0), WAITS);
    assert_true(raise(A, VECTOR_PAGE_FAULT, 0x7000123));
    const struct frame_registers before = tasks[A]->registers, *got = &tasks[SERVER]->registers;
    assert_int_equal(got->rsi, (uint32_t)HF_LABEL_FAULT);
    assert_int_equal(got->rdi, 0xfa00 | A);
    assert_int_equal(got->rbx, tasks[A]->serial);
    assert_int_equal(got->rdx, 0x7000123);
    assert_int_equal(got->r10, 6);
    assert_int_equal(got->r8, before.rip);
    assert_int_equal(got->r9, before.rsp);
    assert_int_equal(got->r12, 0);
    assert_int_equal(got->r13 & 0xff, HF_LEVEL_PML4);
    CHECK();
    assert_int_equal(sends(SERVER, REPLY, 0, 77), HF_OK);
    assert_int_equal(tasks[A]->state, HF_TASK_READY);
    assert_memory_equal(&tasks[A]->registers, &before, sizeof before);
    assert_int_equal(makes(A, CALL, SLOT(1), 1, 1), WAITS); /* an ordinary call again */
    CHECK();
}

static void a_fault_tells_entry_and_references(void **state) {
    (void)state;
    enum { PDPT = 2 * MACHINE_RUN - 8, PD, PT, PAGE };
    make_tables(WORLD_FREE, 0x40000000, PDPT, PD, PT);
    make_page(WORLD_FREE, 0x40000000, PAGE, HF_READ);
    make_page(WORLD_FREE, 0x40001000, PAGE + 1, HF_READ);
    GRANTED(.code = HF_OP_MAP, .level = HF_LEVEL_PT, .rights = HF_READ, .object = WORLD_FREE, .address = 0x40002000,
            .frame = PAGE);
    set_pager(A, 0);
    assert_true(raise(A, VECTOR_PAGE_FAULT, 0x40000abc));
    assert_int_equal(makes(SERVER, RECEIVE, SLOT(0), 0, 0), HF_OK);
    assert_int_equal(tasks[SERVER]->registers.r12, (uint64_t)PAGE << 12 | 5 | 1ull << 63);
    assert_int_equal(tasks[SERVER]->registers.r13, HF_LEVEL_PT | 2ull << 32);
}

static void an_exception_is_a_call_too(void **state) {
    (void)state;
    set_pager(A, 0);
    assert_true(raise(A, 13, 0));
    assert_int_equal(makes(SERVER, RECEIVE, SLOT(0), 0, 0), HF_OK);
    const struct frame_registers *got = &tasks[SERVER]->registers;
    assert_int_equal(got->rsi, (uint32_t)HF_LABEL_EXCEPTION);
    assert_int_equal(got->rdx, 13);
    assert_int_equal(got->r10, 6);
    assert_int_equal(got->r8, tasks[A]->registers.rip);
    CHECK();
}

/* A stopped task's fault is raised again by running the instruction: no register changes. */
static void stop_a_task_that_faulted(void **state) {
    for (unsigned stage = 0; stage < 3; stage++) {
        start(state);
        set_pager(A, 0);
        assert_true(raise(A, VECTOR_PAGE_FAULT, 0x7000000));
        const struct frame_registers before = tasks[A]->registers;
        if (stage > 0) {
            assert_int_equal(makes(SERVER, RECEIVE, SLOT(0), 0, 0), HF_OK);
        }
        if (stage > 1) {
            assert_int_equal(makes(SERVER, HOLD, HF_SLOT_ANY, 0, 0), HF_OK);
        }
        stop(A);
        assert_int_equal(operate(HF_OP_TASK_START, frame_of_task(A)), HF_OK);
        assert_memory_equal(&tasks[A]->registers, &before, sizeof before);
        assert_int_equal(makes(A, CALL, SLOT(1), 1, 5), WAITS);
        assert_int_equal(makes(B, RECEIVE, SLOT(1), 0, 0), HF_OK);
        assert_int_equal(tasks[B]->registers.rdx, 5);
        CHECK();
    }
}

static void the_pager_is_gone(void **state) {
    (void)state;
    set_pager(A, 0);
    assert_true(raise(A, VECTOR_PAGE_FAULT, 0x7000000));
    assert_int_equal(operate(HF_OP_ENDPOINT_DESTROY, frame_of_endpoint(0)), HF_OK);
    assert_int_equal(tasks[A]->state, HF_TASK_READY); /* it faults again ... */
    CHECK();
    const struct frame_registers before = tasks[A]->registers;
    assert_true(raise(A, VECTOR_PAGE_FAULT, 0x7000000));
    assert_int_equal(tasks[A]->state, HF_TASK_STOPPED); /* ... and stops, until it is started */
    assert_int_equal(tasks[A]->registers.rip, before.rip);
    CHECK();
}

static void there_never_was_a_pager(void **state) {
    (void)state;
    assert_false(raise(A, VECTOR_PAGE_FAULT, 0x7000000));
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_fault_is_a_call_to_the_pager),
        TEST(a_fault_tells_entry_and_references),
        TEST(an_exception_is_a_call_too),
        TEST(stop_a_task_that_faulted),
        TEST(the_pager_is_gone),
        TEST(there_never_was_a_pager),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
