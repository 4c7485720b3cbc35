// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c ukernel/device.c ukernel/call.c
// sources: tests/host/ipc_world.c tests/host/world.c tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine ukernel
/* Messages: what each call answers, in each state of the two sides. */
#include "ipc_world.h"

#define CALL HF_CALL_CALL
#define RECEIVE HF_CALL_RECEIVE
#define REPLY HF_CALL_REPLY
#define REPLY_RECEIVE HF_CALL_REPLY_RECEIVE
#define HOLD HF_CALL_HOLD
#define REPLY_HELD HF_CALL_REPLY_HELD
#define CHECK() ipc_check(__FILE__, __LINE__)

enum { A, B, C, D, SERVER };

static int start(void **state) {
    (void)state;
    ipc_start(5, 2);
    return 0;
}

static uint64_t status_of(unsigned task) { return tasks[task]->registers.rax; }

static void expect_message(unsigned task, uint32_t label, uint64_t word, unsigned from, unsigned endpoint) {
    const struct frame_registers *registers = &tasks[task]->registers;
    assert_int_equal(registers->rax, HF_OK);
    assert_int_equal(registers->rsi, label);
    assert_int_equal(registers->rdx, word);
    assert_int_equal(registers->rdi, BADGE(from, endpoint));
    assert_int_equal(registers->rbx, tasks[from]->serial);
    CHECK();
}

static void expect_states(uint8_t a, uint8_t b) {
    assert_int_equal(tasks[A]->state, a);
    assert_int_equal(tasks[B]->state, b);
    CHECK();
}

/* SERVER has A's call, with word 7, in hand. */
static void in_hand(void) {
    assert_int_equal(makes(SERVER, RECEIVE, SLOT(0), 0, 0), WAITS);
    assert_int_equal(makes(A, CALL, SLOT(0), 3, 7), WAITS);
    expect_message(SERVER, 3, 7, A, 0);
}

/* The same, and set aside: the slot. */
static unsigned held(void) {
    in_hand();
    assert_int_equal(makes(SERVER, HOLD, HF_SLOT_ANY, 0, 0), HF_OK);
    CHECK();
    return (unsigned)tasks[SERVER]->registers.rsi;
}

/* ---- call and reply ---- */

static void call_to_a_waiting_receiver(void **state) {
    (void)state;
    assert_int_equal(makes(SERVER, RECEIVE, SLOT(0), 0, 0), WAITS);
    struct frame_registers *sent = &tasks[A]->registers;
    sent->r10 = 1, sent->r8 = 2, sent->r9 = 3, sent->r12 = 4, sent->r13 = 5;
    assert_int_equal(makes(A, CALL, SLOT(0), 0x7fffffff, 7), WAITS);
    expect_message(SERVER, 0x7fffffff, 7, A, 0);
    const struct frame_registers *got = &tasks[SERVER]->registers;
    assert_true(got->r10 == 1 && got->r8 == 2 && got->r9 == 3 && got->r12 == 4 && got->r13 == 5);
    assert_int_equal(tasks[A]->state, HF_TASK_WAITING);
    assert_ptr_equal(processor.current, tasks[SERVER]);
}

static void call_before_anyone_receives(void **state) {
    (void)state;
    assert_int_equal(makes(A, CALL, SLOT(0), 3, 7), WAITS);
    expect_states(HF_TASK_SENDING, HF_TASK_READY);
    assert_int_equal(makes(SERVER, RECEIVE, SLOT(0), 0, 0), HF_OK);
    expect_message(SERVER, 3, 7, A, 0);
    expect_states(HF_TASK_WAITING, HF_TASK_READY);
}

static void reply_wakes_the_caller(void **state) {
    (void)state;
    in_hand();
    assert_int_equal(makes(SERVER, REPLY, 0, 9, 70), HF_OK);
    expect_states(HF_TASK_READY, HF_TASK_READY);
    assert_int_equal(status_of(A), HF_OK);
    assert_int_equal(tasks[A]->registers.rsi, 9);
    assert_int_equal(tasks[A]->registers.rdx, 70);
    assert_int_equal(makes(SERVER, REPLY, 0, 9, 71), HF_BAD_CALL); /* not twice */
    assert_int_equal(tasks[A]->registers.rdx, 70);
}

static void senders_come_in_order(void **state) {
    (void)state;
    const unsigned order[] = {C, A, D, B};
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(makes(order[i], CALL, SLOT(0), 1, i), WAITS);
    }
    assert_int_equal(makes(SERVER, RECEIVE, SLOT(0), 0, 0), HF_OK);
    for (unsigned i = 0; i < 4; i++) {
        expect_message(SERVER, 1, i, order[i], 0);
        assert_int_equal(makes(SERVER, REPLY_RECEIVE, SLOT(0), 0, 0), i < 3 ? HF_OK : WAITS);
        assert_int_equal(tasks[order[i]]->state, HF_TASK_READY);
    }
}

static void receivers_come_in_order(void **state) {
    (void)state;
    const unsigned order[] = {C, SERVER, D, B};
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(makes(order[i], RECEIVE, SLOT(0), 0, 0), WAITS);
    }
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(makes(A, CALL, SLOT(0), 1, i), WAITS);
        expect_message(order[i], 1, i, A, 0);
        assert_int_equal(makes(order[i], REPLY, 0, 0, 0), HF_OK);
    }
}

static void without_a_call_in_hand(void **state) {
    (void)state;
    assert_int_equal(makes(A, REPLY, 0, 0, 0), HF_BAD_CALL);
    assert_int_equal(makes(A, HOLD, HF_SLOT_ANY, 0, 0), HF_BAD_CALL);
    assert_int_equal(makes(A, REPLY_RECEIVE, SLOT(0), 0, 0), HF_BAD_CALL);
    assert_int_equal(makes(A, REPLY_HELD, SLOT(0), 0, 0), HF_BAD_HANDLE);
    CHECK();
}

static void receive_with_a_call_in_hand(void **state) {
    (void)state;
    in_hand();
    assert_int_equal(makes(SERVER, RECEIVE, SLOT(0), 0, 0), HF_BAD_CALL);
    assert_int_equal(makes(SERVER, RECEIVE | HF_NOWAIT, SLOT(1), 0, 0), HF_BAD_CALL);
    expect_states(HF_TASK_WAITING, HF_TASK_READY);
}

/* Whatever reply_receive refuses, the call is still in hand. */
static void reply_receive_checks_first(void **state) {
    (void)state;
    in_hand();
    const struct {
        uint64_t handle, tag;
        hf_status_t want;
    } bad[] = {{0, 0, HF_BAD_HANDLE},
               {50, 0, HF_BAD_HANDLE},
               {HF_HANDLE_COUNT, 0, HF_BAD_HANDLE},
               {SLOT(0), 0x80000000, HF_BAD_ARGUMENT},
               {SLOT(0), 3073ull << 32, HF_TOO_BIG},
               {SLOT(0), 50ull << 48, HF_BAD_HANDLE}};
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(sends(SERVER, REPLY_RECEIVE, bad[i].handle, bad[i].tag), bad[i].want);
        expect_states(HF_TASK_WAITING, HF_TASK_READY);
    }
    assert_int_equal(makes(SERVER, REPLY_RECEIVE, SLOT(0), 1, 1), WAITS);
    assert_int_equal(status_of(A), HF_OK);
}

static void without_waiting(void **state) {
    (void)state;
    assert_int_equal(makes(A, CALL | HF_NOWAIT, SLOT(0), 1, 1), HF_WOULD_BLOCK);
    assert_int_equal(makes(SERVER, RECEIVE | HF_NOWAIT, SLOT(0), 0, 0), HF_WOULD_BLOCK);
    assert_int_equal(makes(B, CALL, SLOT(0), 1, 2), WAITS);
    assert_int_equal(makes(A, CALL | HF_NOWAIT, SLOT(0), 1, 1), HF_WOULD_BLOCK);
    assert_int_equal(makes(SERVER, RECEIVE | HF_NOWAIT, SLOT(0), 0, 0), HF_OK);
    expect_message(SERVER, 1, 2, B, 0);
    assert_int_equal(makes(SERVER, REPLY_RECEIVE | HF_NOWAIT, SLOT(0), 5, 0), HF_WOULD_BLOCK);
    assert_int_equal(status_of(B), HF_OK); /* the reply was made */
    assert_int_equal(tasks[B]->registers.rsi, 5);
    assert_int_equal(makes(SERVER, RECEIVE, SLOT(0), 0, 0), WAITS);
    assert_int_equal(makes(A, CALL | HF_NOWAIT, SLOT(0), 1, 1), WAITS);
    expect_states(HF_TASK_WAITING, HF_TASK_READY);
}

static void rights_and_handles(void **state) {
    (void)state;
    static const struct {
        uint64_t number;
        unsigned right;
    } needs[] = {{CALL, HF_RIGHT_CALL}, {RECEIVE, HF_RIGHT_RECEIVE}, {HF_CALL_NOTIFY, HF_RIGHT_NOTIFY}};
    for (unsigned i = 0; i < 3; i++) {
        tasks[A]->handles[SLOT(0)].rights = (uint8_t)(HF_RIGHTS_ALL & ~needs[i].right);
        assert_int_equal(makes(A, needs[i].number, SLOT(0), 1, 1), HF_DENIED);
        assert_int_equal(makes(A, needs[i].number, 0, 1, 1), HF_BAD_HANDLE);
        assert_int_equal(makes(A, needs[i].number, 99, 1, 1), HF_BAD_HANDLE);
        assert_int_equal(makes(A, needs[i].number, ~0ull, 1, 1), HF_BAD_HANDLE);
        tasks[A]->handles[9] = (struct handle){.kind = HF_HANDLE_POWER, .rights = HF_RIGHTS_ALL};
        assert_int_equal(makes(A, needs[i].number, 9, 1, 1), HF_BAD_HANDLE);
    }
    expect_states(HF_TASK_READY, HF_TASK_READY);
}

/* ---- held calls ---- */

static void held_calls_are_answered_in_any_order(void **state) {
    (void)state;
    unsigned slots[4];
    for (unsigned i = A; i <= D; i++) {
        assert_int_equal(makes(i, CALL, SLOT(0), 1, i), WAITS);
    }
    for (unsigned i = A; i <= D; i++) {
        assert_int_equal(makes(SERVER, RECEIVE, SLOT(0), 0, 0), HF_OK);
        assert_int_equal(makes(SERVER, HOLD, 20 + i, 0, 0), HF_OK);
        slots[i] = (unsigned)tasks[SERVER]->registers.rsi;
        assert_int_equal(slots[i], 20 + i);
    }
    static const unsigned order[] = {C, A, D, B};
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(makes(SERVER, REPLY_HELD, slots[order[i]], 2, 100 + i), HF_OK);
        assert_int_equal(tasks[order[i]]->state, HF_TASK_READY);
        assert_int_equal(tasks[order[i]]->registers.rdx, 100 + i);
        assert_int_equal(makes(SERVER, REPLY_HELD, slots[order[i]], 2, 0), HF_BAD_HANDLE);
        CHECK();
    }
}

static void hold_needs_a_free_slot(void **state) {
    (void)state;
    in_hand();
    assert_int_equal(makes(SERVER, HOLD, SLOT(0), 0, 0), HF_EXISTS);
    assert_int_equal(makes(SERVER, HOLD, 0, 0, 0), HF_BAD_HANDLE);
    assert_int_equal(makes(SERVER, HOLD, HF_HANDLE_COUNT, 0, 0), HF_BAD_HANDLE);
    assert_int_equal(makes(SERVER, HOLD, 1ull << 32 | 9, 0, 0), HF_BAD_HANDLE);
    for (unsigned i = 1; i < HF_HANDLE_COUNT; i++) {
        tasks[SERVER]->handles[i].kind = HF_HANDLE_POWER;
    }
    assert_int_equal(makes(SERVER, HOLD, HF_SLOT_ANY, 0, 0), HF_NO_MEMORY);
    assert_int_equal(makes(SERVER, REPLY, 0, 0, 0), HF_OK);
}

static void only_the_holder_answers(void **state) {
    (void)state;
    const unsigned slot = held();
    tasks[B]->handles = tasks[SERVER]->handles; /* as threads of one task have it */
    assert_int_equal(makes(B, REPLY_HELD, slot, 0, 0), HF_DENIED);
    assert_int_equal(makes(B, HF_CALL_HANDLE_CLOSE, slot, 0, 0), HF_DENIED);
    assert_int_equal(tasks[A]->state, HF_TASK_WAITING);
    assert_int_equal(makes(SERVER, REPLY_HELD, slot, 0, 0), HF_OK);
    tasks[B]->handles = (void *)machine_ram[frame_of_table(B)];
    CHECK();
}

static void a_refused_answer_stays_held(void **state) {
    (void)state;
    const unsigned slot = held();
    assert_int_equal(sends(SERVER, REPLY_HELD, slot, 0x80000000), HF_BAD_ARGUMENT);
    assert_int_equal(sends(SERVER, REPLY_HELD, slot, 50ull << 48), HF_BAD_HANDLE);
    assert_int_equal(sends(SERVER, REPLY_HELD, slot, (uint64_t)slot << 48), HF_BAD_HANDLE);
    assert_int_equal(makes(SERVER, REPLY_HELD, slot, 4, 4), HF_OK);
    expect_states(HF_TASK_READY, HF_TASK_READY);
}

static void closing_a_held_call(void **state) {
    (void)state;
    const unsigned slot = held();
    assert_int_equal(makes(SERVER, HF_CALL_HANDLE_CLOSE, slot, 0, 0), HF_OK);
    assert_int_equal(status_of(A), HF_DEAD);
    expect_states(HF_TASK_READY, HF_TASK_READY);
    assert_int_equal(makes(SERVER, REPLY_HELD, slot, 0, 0), HF_BAD_HANDLE);
}

static void held_calls_are_no_endpoints(void **state) {
    (void)state;
    const unsigned slot = held();
    assert_int_equal(makes(SERVER, CALL, slot, 0, 0), HF_BAD_HANDLE);
    assert_int_equal(makes(SERVER, RECEIVE, slot, 0, 0), HF_BAD_HANDLE);
    tasks[SERVER]->registers.r10 = HF_SLOT_ANY;
    assert_int_equal(makes(SERVER, HF_CALL_HANDLE_COPY, slot, 0, 0), HF_BAD_HANDLE);
    CHECK();
}

/* ---- notifications ---- */

static void bits_are_merged(void **state) {
    (void)state;
    assert_int_equal(makes(A, HF_CALL_NOTIFY, SLOT(0), 0, 0), HF_OK);
    assert_int_equal(makes(B, HF_CALL_NOTIFY, SLOT(0), 0, 0), HF_OK);
    assert_int_equal(makes(C, CALL, SLOT(0), 1, 1), WAITS);
    assert_int_equal(makes(SERVER, RECEIVE, SLOT(0), 0, 0), HF_OK); /* before the call */
    const struct frame_registers *got = &tasks[SERVER]->registers;
    assert_int_equal(got->rsi, (uint32_t)HF_LABEL_NOTIFICATION);
    assert_int_equal(got->rdx, BADGE(A, 0) | BADGE(B, 0));
    assert_int_equal(got->rdi, 0);
    assert_int_equal(got->rbx, 0);
    assert_int_equal(makes(SERVER, REPLY, 0, 0, 0), HF_BAD_CALL); /* it is no call */
    assert_int_equal(makes(SERVER, RECEIVE, SLOT(0), 0, 0), HF_OK);
    expect_message(SERVER, 1, 1, C, 0);
}

static void bits_wake_a_receiver(void **state) {
    (void)state;
    assert_int_equal(makes(SERVER, RECEIVE, SLOT(0), 0, 0), WAITS);
    assert_int_equal(makes(A, HF_CALL_NOTIFY, SLOT(0), 0, 0), HF_OK);
    assert_int_equal(tasks[SERVER]->state, HF_TASK_READY);
    assert_int_equal(status_of(SERVER), HF_OK);
    assert_int_equal(tasks[SERVER]->registers.rdx, BADGE(A, 0));
    assert_int_equal(endpoints[0]->bits, 0);
    CHECK();
}

static void no_bits_wake_nobody(void **state) {
    (void)state;
    tasks[A]->handles[SLOT(0)].badge = 0;
    assert_int_equal(makes(SERVER, RECEIVE, SLOT(0), 0, 0), WAITS);
    assert_int_equal(makes(A, HF_CALL_NOTIFY, SLOT(0), 0, 0), HF_OK);
    assert_int_equal(tasks[SERVER]->state, HF_TASK_RECEIVING);
    CHECK();
}

/* ---- priorities ---- */

static void a_server_works_with_its_callers_priority(void **state) {
    (void)state;
    assert_int_equal(makes(A, RECEIVE, SLOT(0), 0, 0), WAITS); /* the lowest serves */
    assert_int_equal(makes(D, CALL, SLOT(0), 1, 1), WAITS);
    assert_int_equal(tasks[A]->effective, tasks[D]->priority);
    assert_int_equal(makes(A, REPLY, 0, 0, 0), HF_OK);
    assert_int_equal(tasks[A]->effective, tasks[A]->priority);
    assert_int_equal(makes(D, CALL, SLOT(0), 1, 1), WAITS);
    assert_int_equal(makes(A, RECEIVE, SLOT(0), 0, 0), HF_OK);
    assert_int_equal(tasks[A]->effective, tasks[D]->priority);
    assert_int_equal(makes(A, HOLD, HF_SLOT_ANY, 0, 0), HF_OK);
    assert_int_equal(tasks[A]->effective, tasks[A]->priority);
    CHECK();
}

static void a_low_caller_takes_nothing_away(void **state) {
    (void)state;
    in_hand();
    assert_int_equal(tasks[SERVER]->effective, tasks[SERVER]->priority);
}

static void priorities_pass_through_a_chain(void **state) {
    (void)state;
    assert_int_equal(makes(A, RECEIVE, SLOT(0), 0, 0), WAITS);
    assert_int_equal(makes(B, RECEIVE, SLOT(1), 0, 0), WAITS);
    assert_int_equal(makes(D, CALL, SLOT(0), 1, 1), WAITS);
    assert_int_equal(makes(A, CALL, SLOT(1), 1, 1), WAITS);
    assert_int_equal(tasks[B]->effective, tasks[D]->priority);
    CHECK();
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(call_to_a_waiting_receiver),
        TEST(call_before_anyone_receives),
        TEST(reply_wakes_the_caller),
        TEST(senders_come_in_order),
        TEST(receivers_come_in_order),
        TEST(without_a_call_in_hand),
        TEST(receive_with_a_call_in_hand),
        TEST(reply_receive_checks_first),
        TEST(without_waiting),
        TEST(rights_and_handles),
        TEST(held_calls_are_answered_in_any_order),
        TEST(hold_needs_a_free_slot),
        TEST(only_the_holder_answers),
        TEST(a_refused_answer_stays_held),
        TEST(closing_a_held_call),
        TEST(held_calls_are_no_endpoints),
        TEST(bits_are_merged),
        TEST(bits_wake_a_receiver),
        TEST(no_bits_wake_nobody),
        TEST(a_server_works_with_its_callers_priority),
        TEST(a_low_caller_takes_nothing_away),
        TEST(priorities_pass_through_a_chain),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
