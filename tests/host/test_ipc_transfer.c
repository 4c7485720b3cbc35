// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c ukernel/device.c ukernel/call.c
// sources: tests/host/ipc_world.c tests/host/world.c tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine ukernel
/* What travels with a message besides its words: bytes and a handle. */
#include "ipc_world.h"

#include <string.h>

#define CALL HF_CALL_CALL
#define RECEIVE HF_CALL_RECEIVE
#define REPLY HF_CALL_REPLY
#define CHECK() ipc_check(__FILE__, __LINE__)

enum { A, B, C, D, SERVER };

static int start(void **state) {
    (void)state;
    ipc_start(5, 2);
    return 0;
}

static void expect_states(uint8_t a, uint8_t b) {
    assert_int_equal(tasks[A]->state, a);
    assert_int_equal(tasks[B]->state, b);
    CHECK();
}

static void in_hand(void) {
    assert_int_equal(makes(SERVER, RECEIVE, SLOT(0), 0, 0), WAITS);
    assert_int_equal(makes(A, CALL, SLOT(0), 3, 7), WAITS);
}

#define TAG(label, bytes, handle) ((uint64_t)(label) | (uint64_t)(bytes) << 32 | (uint64_t)(handle) << 48)

static void bytes_travel_both_ways(void **state) {
    (void)state;
    static const unsigned counts[] = {0, 1, 7, 8, 40, 3071, 3072};
    for (unsigned i = 0; i < 7; i++) {
        start(NULL);
        memset(buffer_of(A)->bytes, 0xaa, HF_MESSAGE_BYTES);
        assert_int_equal(makes(SERVER, RECEIVE, SLOT(0), 0, 0), WAITS);
        assert_int_equal(sends(A, CALL, SLOT(0), TAG(1, counts[i], 0)), WAITS);
        assert_int_equal(tasks[SERVER]->registers.rsi, TAG(1, counts[i], 0));
        for (unsigned at = 0; at < HF_MESSAGE_BYTES; at++) {
            assert_int_equal(buffer_of(SERVER)->bytes[at], at < counts[i] ? 0xaa : 0);
        }
        memset(buffer_of(SERVER)->bytes, 0xbb, HF_MESSAGE_BYTES);
        assert_int_equal(sends(SERVER, REPLY, 0, TAG(2, counts[i], 0)), HF_OK);
        for (unsigned at = 0; at < HF_MESSAGE_BYTES; at++) {
            assert_int_equal(buffer_of(A)->bytes[at], at < counts[i] ? 0xbb : 0xaa);
        }
    }
}

static void too_many_bytes(void **state) {
    (void)state;
    assert_int_equal(sends(A, CALL, SLOT(0), TAG(1, 3073, 0)), HF_TOO_BIG);
    assert_int_equal(sends(A, CALL, SLOT(0), TAG(1, 0xffff, 0)), HF_TOO_BIG);
    assert_int_equal(sends(A, CALL, SLOT(0), TAG(1, HF_LOST, 0)), HF_TOO_BIG);
    CHECK();
}

static void set_buffer(unsigned task, hf_frame_t buffer) {
    assert_int_equal(operate(HF_OP_TASK_STOP, frame_of_task(task)), HF_OK);
    asker_page.task = (struct hf_task_block){.fields = HF_TASK_BUFFER, .buffer = buffer};
    assert_int_equal(operate(HF_OP_TASK_SET, frame_of_task(task)), HF_OK);
    assert_int_equal(operate(HF_OP_TASK_START, frame_of_task(task)), HF_OK);
}

static void without_a_buffer(void **state) {
    (void)state;
    set_buffer(A, HF_NO_FRAME);
    assert_int_not_equal(sends(A, CALL, SLOT(0), TAG(1, 1, 0)), WAITS);
    assert_int_equal(makes(A, RECEIVE, SLOT(0), 0, 0), WAITS);
    assert_int_equal(sends(B, CALL, SLOT(0), TAG(1, 16, SLOT(1))), WAITS);
    assert_int_equal(tasks[A]->registers.rsi, TAG(1, HF_LOST, HF_LOST));
    CHECK();
}

static void a_handle_travels(void **state) {
    (void)state;
    const unsigned rights = HF_RIGHT_GRANT | HF_RIGHT_CALL;
    tasks[A]->handles[30] = tasks[A]->handles[SLOT(1)];
    tasks[A]->handles[30].rights = (uint8_t)rights;
    buffer_of(SERVER)->receive_slot = 40;
    assert_int_equal(makes(SERVER, RECEIVE, SLOT(0), 0, 0), WAITS);
    assert_int_equal(sends(A, CALL, SLOT(0), TAG(1, 0, 30)), WAITS);
    assert_int_equal(tasks[SERVER]->registers.rsi, TAG(1, 0, 40));
    assert_memory_equal(&tasks[SERVER]->handles[40], &tasks[A]->handles[30], sizeof(struct handle));
    buffer_of(A)->receive_slot = HF_SLOT_ANY;
    assert_int_equal(sends(SERVER, REPLY, 0, TAG(1, 0, 40)), HF_OK);
    const unsigned slot = tag_handle(tasks[A]->registers.rsi);
    assert_memory_equal(&tasks[SERVER]->handles[40], &tasks[A]->handles[slot], sizeof(struct handle));
}

static void a_handle_that_finds_no_slot(void **state) {
    (void)state;
    static const uint32_t slots[] = {0, SLOT(0), HF_HANDLE_COUNT, HF_SLOT_ANY + 1, UINT32_MAX};
    for (unsigned i = 0; i < 5; i++) {
        start(NULL);
        buffer_of(SERVER)->receive_slot = slots[i];
        const struct handle before = tasks[SERVER]->handles[SLOT(0)];
        assert_int_equal(makes(SERVER, RECEIVE, SLOT(0), 0, 0), WAITS);
        assert_int_equal(sends(A, CALL, SLOT(0), TAG(1, 0, SLOT(1))), WAITS);
        assert_int_equal(tasks[SERVER]->registers.rsi, TAG(1, 0, HF_LOST));
        assert_memory_equal(&tasks[SERVER]->handles[SLOT(0)], &before, sizeof before);
    }
}

static void handles_that_may_not_travel(void **state) {
    (void)state;
    tasks[A]->handles[30] = tasks[A]->handles[SLOT(1)];
    tasks[A]->handles[30].rights = HF_RIGHTS_ALL & ~HF_RIGHT_GRANT;
    tasks[A]->handles[31] = (struct handle){.kind = HF_HANDLE_REPLY, .rights = HF_RIGHTS_ALL};
    assert_int_equal(sends(A, CALL, SLOT(0), TAG(1, 0, 30)), HF_DENIED);
    assert_int_equal(sends(A, CALL, SLOT(0), TAG(1, 0, 31)), HF_BAD_HANDLE);
    assert_int_equal(sends(A, CALL, SLOT(0), TAG(1, 0, 32)), HF_BAD_HANDLE);
    assert_int_equal(sends(A, CALL, SLOT(0), TAG(1, 0, 128)), HF_BAD_HANDLE);
    assert_int_equal(sends(A, CALL, SLOT(0), TAG(1, 0, 0xffff)), HF_BAD_HANDLE);
    CHECK();
}

/* What was sent is looked at again when it arrives. */
static void a_handle_that_was_closed_on_the_way(void **state) {
    (void)state;
    buffer_of(SERVER)->receive_slot = HF_SLOT_ANY;
    assert_int_equal(sends(A, CALL, SLOT(0), TAG(1, 0, SLOT(1))), WAITS);
    tasks[A]->handles[SLOT(1)].kind = HF_HANDLE_NONE;
    assert_int_equal(makes(SERVER, RECEIVE, SLOT(0), 0, 0), HF_OK);
    assert_int_equal(tasks[SERVER]->registers.rsi, TAG(1, 0, HF_LOST));
}

static void labels_of_the_core(void **state) {
    (void)state;
    static const uint32_t labels[] = {0x80000000, 0x80000001, 0x80000003, 0xffffffff};
    in_hand();
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(makes(B, CALL, SLOT(0), labels[i], 0), HF_BAD_ARGUMENT);
        assert_int_equal(makes(SERVER, REPLY, 0, labels[i], 0), HF_BAD_ARGUMENT);
    }
    expect_states(HF_TASK_WAITING, HF_TASK_READY);
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(bytes_travel_both_ways),
        TEST(too_many_bytes),
        TEST(without_a_buffer),
        TEST(a_handle_travels),
        TEST(a_handle_that_finds_no_slot),
        TEST(handles_that_may_not_travel),
        TEST(a_handle_that_was_closed_on_the_way),
        TEST(labels_of_the_core),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
