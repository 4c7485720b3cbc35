// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c ukernel/device.c ukernel/call.c
// sources: tests/host/world.c tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine ukernel
/* Devices for ring 3: ports, interrupts and the end of the machine, each by its handle. */
#include "device.h"
#include "world.h"

enum { TABLE = WORLD_FREE, OTHER_TABLE, ENDPOINT_FRAME, TASK_FRAME, PAGE, ROOT, SPARE };

#define PUT(kind, where, what, more, allowed) \
    .code = HF_OP_HANDLE_PUT, .level = (kind), .object = TABLE, .count = (where), .frame = (what), .address = (more), \
    .rights = (allowed)

static struct task *task;

static int start(void **state) {
    world_start(state);
    GRANTED(.code = HF_OP_HANDLES_CREATE, .object = TABLE);
    GRANTED(.code = HF_OP_HANDLES_CREATE, .object = OTHER_TABLE);
    GRANTED(.code = HF_OP_ENDPOINT_CREATE, .object = ENDPOINT_FRAME);
    GRANTED(.code = HF_OP_STAGE, .object = PAGE, .frame = HF_NO_FRAME);
    make_aspace(ROOT);
    task = make_task(TASK_FRAME, ROOT, TABLE, 1);
    return 0;
}

/* A call that needs nothing but a handle. */
static hf_status_t with_handle(uint64_t number, uint64_t handle) {
    task->registers.rdi = handle;
    return world_call(task, number);
}

static hf_status_t port(uint64_t call, uint64_t handle, uint64_t at, uint64_t size) {
    task->registers.rdi = handle;
    task->registers.rsi = at;
    task->registers.rdx = size;
    task->registers.r10 = 0xaabbccdd;
    return world_call(task, call);
}

static void ports_within_the_handle(void **state) {
    (void)state;
    GRANTED(PUT(HF_PUT_PORTS, 5, 0x3f8, 4, HF_RIGHT_USE));
    GRANTED(PUT(HF_PUT_PORTS, 6, 0x3f8, 4, HF_RIGHT_GRANT));
    machine_port.value = 0x11223344;
    assert_int_equal(port(HF_CALL_PORT_IN, 5, 0x3f8, 1), HF_OK);
    assert_int_equal(task->registers.rsi, 0x44);
    assert_int_equal(port(HF_CALL_PORT_IN, 5, 0x3fa, 2), HF_OK);
    assert_int_equal(task->registers.rsi, 0x3344);
    assert_int_equal(port(HF_CALL_PORT_IN, 5, 0x3f8, 4), HF_OK);
    assert_int_equal(task->registers.rsi, 0x11223344);
    assert_int_equal(port(HF_CALL_PORT_OUT, 5, 0x3fb, 1), HF_OK);
    assert_int_equal(machine_port.port, 0x3fb);
    assert_int_equal(machine_port.value, 0xdd);
    assert_int_equal(machine_port.size, 1);
    assert_int_equal(port(HF_CALL_PORT_OUT, 5, 0x3fa, 2), HF_OK);
    assert_int_equal(machine_port.value, 0xccdd);
    assert_int_equal(machine_port.size, 2);
    assert_int_equal(port(HF_CALL_PORT_OUT, 5, 0x3f8, 4), HF_OK);
    assert_int_equal(machine_port.value, 0xaabbccdd);
    assert_int_equal(machine_port.size, 4);
    const unsigned accesses = machine_port.accesses;
    static const struct {
        uint64_t handle, at, size;
        hf_status_t want;
    } bad[] = {{5, 0x3f7, 1, HF_DENIED},       {5, 0x3fc, 1, HF_DENIED},       {5, 0x3fb, 2, HF_DENIED},
               {5, 0x3f9, 4, HF_DENIED},       {5, 0x103f8, 1, HF_DENIED},     {5, ~0ull, 1, HF_DENIED},
               {5, 0x3f8, 0, HF_BAD_ARGUMENT}, {5, 0x3f8, 3, HF_BAD_ARGUMENT}, {5, 0x3f8, 8, HF_BAD_ARGUMENT},
               {6, 0x3f8, 1, HF_DENIED},       {4, 0x3f8, 1, HF_BAD_HANDLE}};
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(port(HF_CALL_PORT_IN, bad[i].handle, bad[i].at, bad[i].size), bad[i].want);
        assert_int_equal(port(HF_CALL_PORT_OUT, bad[i].handle, bad[i].at, bad[i].size), bad[i].want);
    }
    GRANTED(PUT(HF_PUT_PORTS, 7, 0x64, 1, HF_RIGHT_USE));
    assert_int_equal(port(HF_CALL_PORT_OUT, 7, 0x64, 1), HF_DENIED); /* commands reach A20 and reset */
    assert_int_equal(machine_port.accesses, accesses);
    assert_int_equal(port(HF_CALL_PORT_IN, 7, 0x64, 1), HF_OK);
}

static void an_interrupt_sets_bits(void **state) {
    (void)state;
    struct endpoint *endpoint = (void *)machine_ram[ENDPOINT_FRAME];
    GRANTED(PUT(HF_PUT_IRQ, 5, 4, 0, HF_RIGHT_USE));
    GRANTED(PUT(HF_PUT_ENDPOINT, 6, ENDPOINT_FRAME, 0x10, HF_RIGHT_NOTIFY));
    GRANTED(PUT(HF_PUT_ENDPOINT, 7, ENDPOINT_FRAME, 0x10, HF_RIGHT_CALL));
    assert_int_equal(with_handle(HF_CALL_IRQ_ACK, 5), HF_NOT_READY);
    task->registers.rsi = 7;
    assert_int_equal(with_handle(HF_CALL_IRQ_BIND, 5), HF_DENIED);
    task->registers.rsi = 6;
    assert_int_equal(with_handle(HF_CALL_IRQ_BIND, 5), HF_OK);
    assert_int_equal(machine_masked & 0x10, 0);
    device_interrupt(4);
    assert_int_equal(endpoint->bits, 0x10);
    assert_int_equal(machine_masked & 0x10, 0x10);
    assert_int_equal(with_handle(HF_CALL_IRQ_ACK, 5), HF_OK);
    assert_int_equal(machine_masked & 0x10, 0);
    endpoint->bits = 0;
    GRANTED(.code = HF_OP_ENDPOINT_DESTROY, .object = ENDPOINT_FRAME);
    GRANTED(.code = HF_OP_STAGE, .object = ENDPOINT_FRAME, .frame = HF_NO_FRAME);
    device_interrupt(4); /* to an endpoint that is gone */
    for (unsigned i = 0; i < HF_PAGE_SIZE; i++) {
        assert_int_equal(machine_ram[ENDPOINT_FRAME][i], 0);
    }
}

static void power(void **state) {
    (void)state;
    jmp_buf halted;
    GRANTED(PUT(HF_PUT_POWER, 5, 0, 0, HF_RIGHT_USE));
    GRANTED(PUT(HF_PUT_POWER, 6, 0, 0, HF_RIGHT_GRANT));
    task->registers.rsi = 3;
    assert_int_equal(with_handle(HF_CALL_POWER, 6), HF_DENIED);
    task->registers.rsi = 64;
    assert_int_equal(with_handle(HF_CALL_POWER, 5), HF_BAD_ARGUMENT);
    task->registers.rsi = 63;
    machine_on_halt = &halted;
    if (setjmp(halted) == 0) {
        (void)with_handle(HF_CALL_POWER, 5);
        fail_msg("the machine goes on");
    }
    assert_true(machine_port.accesses > 0);
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(ports_within_the_handle),
        TEST(an_interrupt_sets_bits),
        TEST(power),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
