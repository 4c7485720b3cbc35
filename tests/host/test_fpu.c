// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c ukernel/device.c
// sources: ukernel/call.c
// sources: tests/host/world.c tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine ukernel
/* The FPU's registers belong to whoever runs: none other ever sees them. */
#include "world.h"

#include <control.h>
#include <fpu.h>
#include <schedule.h>
#include <string.h>

enum { ROOT = WORLD_FREE, PDPT, PD, PT, FIRST, SECOND };
#define PLACE 0x40000000ull

static struct task *first, *second;

static struct task *make_runner(hf_frame_t frame) {
    make_task(frame, ROOT, HF_NO_FRAME, 5);
    GRANTED(.code = HF_OP_TASK_START, .object = frame);
    return frame_pointer(frame);
}

static int start_with(void **state, bool xsave) {
    world_start(state);
    machine_xsave = xsave;
    memset(machine_fpu, 0, sizeof machine_fpu);
    make_aspace(ROOT);
    GRANTED(.code = HF_OP_ASPACE_COPY_KERNEL, .object = ROOT);
    make_tables(ROOT, PLACE, PDPT, PD, PT);
    first = make_runner(FIRST);
    second = make_runner(SECOND);
    processor.current = NULL;
    schedule();
    assert_ptr_equal(processor.current, first);
    return 0;
}

static int start_legacy(void **state) { return start_with(state, false); }
static int start_xsave(void **state) { return start_with(state, true); }

static void next_task(void) {
    schedule_yield();
    schedule();
}

/* FCW 0x37f, MXCSR 0x1f80, all else zero: Intel SDM vol. 1, 8.1.5 and 11.6.4. */
static void assert_initial(void) {
    uint8_t initial[MACHINE_FPU_BYTES] = {[0] = 0x7f, [1] = 0x03, [24] = 0x80, [25] = 0x1f};
    assert_memory_equal(machine_fpu, initial, sizeof initial);
}

static void nobody_can_use_it_unasked(void **state) {
    (void)state;
    assert_false(machine_fpu_usable());
    next_task();
    assert_false(machine_fpu_usable());
    assert_int_equal(first->slow | second->slow, 0);
}

static void a_new_task_finds_it_initial(void **state) {
    (void)state;
    fpu_bring(first);
    assert_true(machine_fpu_usable());
    assert_initial();
    assert_int_equal(first->slow, SLOW_FPU);
}

static void what_it_leaves_is_cleared_and_comes_back(void **state) {
    uint8_t own[MACHINE_FPU_BYTES];
    const unsigned bytes = machine_xsave ? MACHINE_FPU_BYTES : MACHINE_FPU_LEGACY_BYTES;
    (void)state;
    memset(own, 0xa5, sizeof own);
    fpu_bring(first);
    memcpy(machine_fpu, own, bytes);
    next_task();
    assert_ptr_equal(processor.current, second);
    assert_false(machine_fpu_usable());
    assert_initial();
    assert_int_equal(first->slow, 0);

    fpu_bring(second);
    assert_initial();
    memset(machine_fpu, 0x5a, bytes);
    next_task();
    assert_ptr_equal(processor.current, first);
    assert_initial();
    fpu_bring(first);
    assert_memory_equal(machine_fpu, own, bytes);
}

static void it_stays_while_nobody_else_runs(void **state) {
    (void)state;
    fpu_bring(first);
    memset(machine_fpu, 0x77, sizeof machine_fpu);
    schedule();
    assert_true(machine_fpu_usable());
    assert_int_equal(machine_fpu[100], 0x77);
}

static void idling_takes_it_too(void **state) {
    (void)state;
    fpu_bring(first);
    schedule_remove(second);
    second->state = HF_TASK_STOPPED;
    schedule_remove(first);
    first->state = HF_TASK_STOPPED;
    schedule();
    assert_null(processor.current);
    assert_false(machine_fpu_usable());
    assert_initial();
}

#define BOTH(name) \
    {#name " (fxsave)", name, start_legacy, NULL, NULL}, { #name " (xsave)", name, start_xsave, NULL, NULL }

int main(void) {
    const struct CMUnitTest tests[] = {
        BOTH(nobody_can_use_it_unasked),
        BOTH(a_new_task_finds_it_initial),
        BOTH(what_it_leaves_is_cleared_and_comes_back),
        BOTH(it_stays_while_nobody_else_runs),
        BOTH(idling_takes_it_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
