// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c ukernel/device.c ukernel/call.c
// sources: tests/host/ipc_world.c tests/host/world.c tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine ukernel
/* Messages when a task is stopped or destroyed, or an endpoint ends. */
#include "ipc_world.h"

#define CALL HF_CALL_CALL
#define RECEIVE HF_CALL_RECEIVE
#define REPLY HF_CALL_REPLY
#define HOLD HF_CALL_HOLD
#define REPLY_HELD HF_CALL_REPLY_HELD
#define CHECK() ipc_check(__FILE__, __LINE__)

enum { A, B, C, D, SERVER };

static int start(void **state) {
    (void)state;
    ipc_start(5, 2);
    return 0;
}

static void in_hand(void) {
    assert_int_equal(makes(SERVER, RECEIVE, SLOT(0), 0, 0), WAITS);
    assert_int_equal(makes(A, CALL, SLOT(0), 3, 7), WAITS);
    CHECK();
}

static unsigned held(void) {
    in_hand();
    assert_int_equal(makes(SERVER, HOLD, HF_SLOT_ANY, 0, 0), HF_OK);
    return (unsigned)tasks[SERVER]->registers.rsi;
}

static void stop(unsigned task) {
    assert_int_equal(operate(HF_OP_TASK_STOP, frame_of_task(task)), HF_OK);
    CHECK();
}

static void restart(unsigned task, hf_status_t want) {
    assert_int_equal(operate(HF_OP_TASK_START, frame_of_task(task)), HF_OK);
    assert_int_equal(tasks[task]->registers.rax, want);
    CHECK();
}

static hf_status_t destroy(unsigned task) {
    const hf_status_t status = operate(HF_OP_TASK_DESTROY, frame_of_task(task));
    CHECK();
    return status;
}

/* ---- stopping ---- */

static void stop_a_sender(void **state) {
    (void)state;
    assert_int_equal(makes(A, CALL, SLOT(0), 1, 1), WAITS);
    assert_int_equal(makes(B, CALL, SLOT(0), 1, 2), WAITS);
    stop(A);
    assert_int_equal(makes(SERVER, RECEIVE, SLOT(0), 0, 0), HF_OK);
    assert_int_equal(tasks[SERVER]->registers.rdx, 2);
    restart(A, HF_CANCELLED);
}

static void stop_a_receiver(void **state) {
    (void)state;
    assert_int_equal(makes(A, RECEIVE, SLOT(0), 0, 0), WAITS);
    assert_int_equal(makes(SERVER, RECEIVE, SLOT(0), 0, 0), WAITS);
    stop(A);
    assert_int_equal(makes(B, CALL, SLOT(0), 1, 2), WAITS);
    assert_ptr_equal(tasks[SERVER]->caller, tasks[B]);
    restart(A, HF_CANCELLED);
}

/* Every place in a queue: first, in the middle, last. */
static void stop_anywhere_in_a_queue(void **state) {
    static const uint64_t numbers[] = {CALL, RECEIVE};
    for (unsigned kind = 0; kind < 2; kind++) {
        for (unsigned gone = A; gone <= D; gone++) {
            start(state);
            for (unsigned i = A; i <= D; i++) {
                assert_int_equal(makes(i, numbers[kind], SLOT(0), 1, i), WAITS);
            }
            stop(gone);
            for (unsigned i = A; i <= D; i++) {
                if (i != gone) {
                    assert_int_not_equal(makes(SERVER, numbers[1 - kind], SLOT(0), 1, 99), HF_WOULD_BLOCK);
                    const unsigned server = kind == 0 ? SERVER : i, caller = kind == 0 ? i : SERVER;
                    assert_ptr_equal(tasks[server]->caller, tasks[caller]);
                    assert_int_equal(makes(server, REPLY, 0, 0, 0), HF_OK);
                    CHECK();
                }
            }
            restart(gone, HF_CANCELLED);
        }
    }
}

static void stop_a_caller_whose_call_is_in_hand(void **state) {
    (void)state;
    in_hand();
    stop(A);
    assert_int_equal(makes(SERVER, RECEIVE, SLOT(0), 0, 0), HF_BAD_CALL); /* it is still in hand */
    assert_int_equal(makes(SERVER, REPLY, 0, 9, 9), HF_OK);               /* and answering is no error */
    assert_int_equal(tasks[A]->state, HF_TASK_STOPPED);
    restart(A, HF_CANCELLED);
    assert_int_equal(makes(SERVER, REPLY, 0, 9, 9), HF_BAD_CALL);
}

static void hold_a_call_whose_caller_was_stopped(void **state) {
    (void)state;
    in_hand();
    stop(A);
    assert_int_equal(makes(SERVER, HOLD, 20, 0, 0), HF_OK);
    restart(A, HF_CANCELLED);
    assert_int_equal(makes(SERVER, REPLY_HELD, 20, 0, 0), HF_DEAD);
    assert_int_equal(makes(SERVER, REPLY_HELD, 20, 0, 0), HF_BAD_HANDLE);
    CHECK();
}

static void stop_a_caller_whose_call_is_held(void **state) {
    (void)state;
    const unsigned slot = held();
    stop(A);
    restart(A, HF_CANCELLED);
    assert_int_equal(makes(SERVER, REPLY_HELD, slot, 1, 1), HF_DEAD);
    assert_int_equal(tasks[A]->registers.rax, HF_CANCELLED);
    CHECK();
}

/* A call that was cancelled and the next one are told apart. */
static void a_late_answer_is_for_nobody(void **state) {
    (void)state;
    const unsigned slot = held();
    stop(A);
    restart(A, HF_CANCELLED);
    assert_int_equal(makes(A, CALL, SLOT(0), 5, 55), WAITS);
    assert_int_equal(makes(SERVER, RECEIVE, SLOT(0), 0, 0), HF_OK);
    assert_int_equal(makes(SERVER, HOLD, 20, 0, 0), HF_OK);
    assert_int_equal(makes(SERVER, REPLY_HELD, slot, 1, 1), HF_DEAD);
    assert_int_equal(tasks[A]->state, HF_TASK_WAITING);
    assert_int_equal(makes(SERVER, REPLY_HELD, 20, 2, 2), HF_OK);
    assert_int_equal(tasks[A]->registers.rdx, 2);
    CHECK();
}

/* The calls that a server has in hand or held stay with it while it is stopped. */
static void stop_a_server(void **state) {
    (void)state;
    const unsigned slot = held();
    assert_int_equal(makes(B, CALL, SLOT(0), 1, 2), WAITS);
    assert_int_equal(makes(SERVER, RECEIVE, SLOT(0), 0, 0), HF_OK);
    stop(SERVER);
    assert_int_equal(tasks[A]->state, HF_TASK_WAITING);
    assert_int_equal(tasks[B]->state, HF_TASK_WAITING);
    assert_int_equal(operate(HF_OP_TASK_START, frame_of_task(SERVER)), HF_OK);
    assert_int_equal(makes(SERVER, REPLY, 0, 0, 20), HF_OK);
    assert_int_equal(makes(SERVER, REPLY_HELD, slot, 0, 10), HF_OK);
    assert_int_equal(tasks[A]->registers.rdx, 10);
    assert_int_equal(tasks[B]->registers.rdx, 20);
    CHECK();
}

/* ---- destroying tasks ---- */

static void destroy_a_server(void **state) {
    (void)state;
    (void)held();
    assert_int_equal(makes(B, CALL, SLOT(0), 1, 2), WAITS);
    assert_int_equal(makes(SERVER, RECEIVE, SLOT(0), 0, 0), HF_OK);
    assert_int_equal(makes(C, CALL, SLOT(0), 1, 3), WAITS);
    stop(SERVER);
    assert_int_equal(destroy(SERVER), HF_OK);
    assert_int_equal(tasks[A]->registers.rax, HF_DEAD);
    assert_int_equal(tasks[B]->registers.rax, HF_DEAD);
    assert_int_equal(tasks[C]->state, HF_TASK_SENDING); /* the endpoint lives on */
    assert_int_equal(makes(D, RECEIVE, SLOT(0), 0, 0), HF_OK);
    CHECK();
}

static void destroy_a_caller(void **state) {
    (void)state;
    const unsigned slot = held();
    stop(A);
    assert_int_equal(destroy(A), HF_OK);
    assert_int_equal(makes(SERVER, REPLY_HELD, slot, 0, 0), HF_DEAD);
    CHECK();
}

static void destroy_a_caller_in_hand(void **state) {
    (void)state;
    in_hand();
    stop(A);
    assert_int_equal(destroy(A), HF_OK);
    const struct hf_operation reuse = {.code = HF_OP_STAGE, .object = frame_of_task(A), .frame = HF_NO_FRAME};
    assert_int_equal(ask(&reuse), HF_OK);
    assert_int_equal(makes(SERVER, REPLY, 0, 9, 9), HF_OK);
    for (unsigned i = 0; i < HF_PAGE_SIZE; i++) {
        assert_int_equal(machine_ram[frame_of_task(A)][i], 0);
    }
}

/* A held call names frame and serial: another task in the same frame is not meant. */
static void another_task_in_the_same_frame(void **state) {
    (void)state;
    const unsigned slot = held();
    stop(A);
    assert_int_equal(destroy(A), HF_OK);
    make_task(frame_of_task(A), WORLD_FREE, frame_of_table(A), 10);
    assert_int_equal(operate(HF_OP_TASK_START, frame_of_task(A)), HF_OK);
    assert_int_equal(makes(A, CALL, SLOT(0), 5, 55), WAITS);
    assert_int_equal(makes(SERVER, RECEIVE, SLOT(0), 0, 0), HF_OK);
    assert_int_equal(makes(SERVER, HOLD, 20, 0, 0), HF_OK);
    assert_int_equal(makes(SERVER, REPLY_HELD, slot, 1, 1), HF_DEAD);
    assert_int_equal(tasks[A]->state, HF_TASK_WAITING);
    CHECK();
}

/* A's call to SERVER was held, and ended when SERVER was destroyed. The handle that is left in the table
 * that SERVER shared with B must not answer the call that A then makes to B. */
static void a_handle_that_outlives_its_holder(void **state) {
    (void)state;
    assert_int_equal(operate(HF_OP_TASK_STOP, frame_of_task(B)), HF_OK);
    asker_page.task = (struct hf_task_block){.fields = HF_TASK_HANDLES, .handles = frame_of_table(SERVER)};
    assert_int_equal(operate(HF_OP_TASK_SET, frame_of_task(B)), HF_OK);
    assert_int_equal(operate(HF_OP_TASK_START, frame_of_task(B)), HF_OK);
    const unsigned slot = held();
    stop(SERVER);
    assert_int_equal(destroy(SERVER), HF_OK);
    assert_int_equal(tasks[A]->registers.rax, HF_DEAD);
    assert_int_equal(makes(A, CALL, SLOT(0), 5, 55), WAITS);
    assert_int_equal(makes(B, RECEIVE, SLOT(0), 0, 0), HF_OK);
    assert_int_equal(makes(B, REPLY_HELD, slot, 1, 1), HF_DEAD);
    assert_int_equal(tasks[A]->state, HF_TASK_WAITING);
    CHECK();
    assert_int_equal(makes(B, REPLY, 0, 6, 66), HF_OK);
    assert_int_equal(tasks[A]->registers.rdx, 66);
    CHECK();
}

#define MANY 70u

static unsigned let_go(void) {
    unsigned count = 0;
    for (unsigned i = 0; i < MANY; i++) {
        count += tasks[i]->state == HF_TASK_READY;
    }
    return count;
}

/* More callers than one operation lets go on. */
static void destroy_a_server_with_many_callers(void **state) {
    (void)state;
    ipc_start(MANY + 1, 1);
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(makes(i, CALL, SLOT(0), 1, i), WAITS);
        assert_int_equal(makes(MANY, RECEIVE, SLOT(0), 0, 0), HF_OK);
        assert_int_equal(makes(MANY, HOLD, HF_SLOT_ANY, 0, 0), HF_OK);
    }
    stop(MANY);
    assert_int_equal(destroy(MANY), HF_AGAIN);
    assert_int_equal(let_go(), 63);
    assert_int_equal(operate(HF_OP_TASK_START, frame_of_task(MANY)), HF_NOT_READY);
    assert_int_equal(operate(HF_OP_TASK_SET, frame_of_task(MANY)), HF_NOT_READY);
    assert_int_equal(destroy(MANY), HF_OK);
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(tasks[i]->state, HF_TASK_READY);
        assert_int_equal(tasks[i]->registers.rax, HF_DEAD);
    }
}

/* ---- endpoints ---- */

static void destroy_an_endpoint_with_many_waiting(void **state) {
    static const uint64_t numbers[] = {CALL, RECEIVE};
    (void)state;
    for (unsigned kind = 0; kind < 2; kind++) {
        ipc_start(MANY + 1, 1);
        for (unsigned i = 0; i < MANY; i++) {
            assert_int_equal(makes(i, numbers[kind], SLOT(0), 1, i), WAITS);
        }
        assert_int_equal(operate(HF_OP_ENDPOINT_DESTROY, frame_of_endpoint(0)), HF_AGAIN);
        assert_int_equal(let_go(), 64);
        CHECK();
        assert_int_equal(makes(MANY, CALL, SLOT(0), 1, 1), HF_DEAD);
        assert_int_equal(makes(MANY, RECEIVE, SLOT(0), 1, 1), HF_DEAD);
        assert_int_equal(makes(MANY, HF_CALL_NOTIFY, SLOT(0), 1, 1), HF_DEAD);
        assert_int_equal(operate(HF_OP_ENDPOINT_DESTROY, frame_of_endpoint(0)), HF_OK);
        CHECK();
        for (unsigned i = 0; i < MANY; i++) {
            assert_int_equal(tasks[i]->state, HF_TASK_READY);
            assert_int_equal(tasks[i]->registers.rax, HF_DEAD);
        }
    }
}

/* A task that waits at an endpoint which is ending can be stopped. */
static void stop_at_an_ending_endpoint(void **state) {
    (void)state;
    ipc_start(MANY + 1, 1);
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(makes(i, CALL, SLOT(0), 1, i), WAITS);
    }
    assert_int_equal(operate(HF_OP_ENDPOINT_DESTROY, frame_of_endpoint(0)), HF_AGAIN);
    for (unsigned i = 64; i < MANY; i++) {
        stop(i);
    }
    assert_int_equal(operate(HF_OP_ENDPOINT_DESTROY, frame_of_endpoint(0)), HF_OK);
    CHECK();
}

static void a_call_outlives_its_endpoint(void **state) {
    (void)state;
    in_hand();
    assert_int_equal(operate(HF_OP_ENDPOINT_DESTROY, frame_of_endpoint(0)), HF_OK);
    assert_int_equal(tasks[A]->state, HF_TASK_WAITING);
    assert_int_equal(makes(SERVER, HF_CALL_REPLY_RECEIVE, SLOT(0), 0, 0), HF_DEAD);
    assert_int_equal(makes(SERVER, REPLY, 0, 8, 8), HF_OK);
    assert_int_equal(tasks[A]->registers.rdx, 8);
    CHECK();
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(stop_a_sender),
        TEST(stop_a_receiver),
        TEST(stop_anywhere_in_a_queue),
        TEST(stop_a_caller_whose_call_is_in_hand),
        TEST(hold_a_call_whose_caller_was_stopped),
        TEST(stop_a_caller_whose_call_is_held),
        TEST(a_late_answer_is_for_nobody),
        TEST(stop_a_server),
        TEST(destroy_a_server),
        TEST(destroy_a_caller),
        TEST(destroy_a_caller_in_hand),
        TEST(another_task_in_the_same_frame),
        TEST(a_handle_that_outlives_its_holder),
        TEST(destroy_a_server_with_many_callers),
        TEST(destroy_an_endpoint_with_many_waiting),
        TEST(stop_at_an_ending_endpoint),
        TEST(a_call_outlives_its_endpoint),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
