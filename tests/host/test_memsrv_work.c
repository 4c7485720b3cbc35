// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c
// sources: ukernel/device.c ukernel/call.c
// sources: servers/memsrv/*.c
// sources: tests/host/memsrv_image.c tests/host/memsrv_machine.c tests/host/memsrv_script.c tests/host/memsrv_touch.c
// sources: tests/host/world.c
// sources: tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine tests/host/fake ukernel
// flags: -fno-sanitize=address
/* Longer work on an address space: what other threads ask for meanwhile, faults in the middle of it, and
 * tasks that end at every moment of it. */
#include "memsrv_script.h"
#include <string.h>

#define PLACE 0x100000000000ull
#define PAGES 300u /* more than one part of any work */
#define BYTES (PAGES * HF_PAGE_SIZE)
#define RW (HF_READ | HF_WRITE)
#define NOW (HF_MAP_FIXED | HF_MAP_NOW)
#define MOMENTS 16u /* more than any work here has parts */

#define SEND(task, ...) script_send(task, &(struct script_request){__VA_ARGS__})
#define MAP(flags) .label = HF_MEM_MAP, .word = {PLACE, BYTES, RW, flags}
#define UNMAP .label = HF_MEM_UNMAP, .word = {PLACE, BYTES}
#define PROTECT(rights) .label = HF_MEM_PROTECT, .word = {PLACE, BYTES, rights}

static struct task *process, *first, *second;
static hf_handle_t process_handle, first_handle, second_handle;

static void start(void) {
    process = script_spawn(0, &process_handle);
    first = script_thread(process, &first_handle);
    second = script_thread(process, &second_handle);
}

static void end(void) {
    struct hf_exit how = script_kill(script_init, process_handle);
    assert_int_equal(how.left.objects + how.left.pages + how.left.tables, 0);
}

static void go_times(unsigned times) {
    for (unsigned i = 0; i < times; i++) {
        script_go();
    }
}

/* Whether any page of the place is there, or can't be written. */
static unsigned pages_that_fault(bool write) {
    unsigned count = 0;
    for (unsigned i = 0; i < PAGES; i++) {
        count += script_touch(process, PLACE + i * HF_PAGE_SIZE, write);
        script_settle();
        assert_int_equal(process->state, HF_TASK_READY);
    }
    return count;
}

/* ---- one after the other ---- */

static void test_others_wait(void **state) {
    (void)state;
    for (unsigned moment = 0; moment < MOMENTS; moment++) {
        start();
        assert_int_equal(ASK(process, MAP(NOW)), HF_OK);
        SEND(first, UNMAP);
        go_times(moment);
        SEND(second, MAP(HF_MAP_FIXED));
        SEND(process, PROTECT(HF_READ));
        assert_int_equal(script_answer(first), HF_OK);
        assert_int_equal(script_answer(second), HF_OK);
        assert_int_equal(script_answer(process), HF_OK);
        assert_int_equal(pages_that_fault(false), PAGES); /* they are new */
        end();
    }
}

static void test_all_at_once(void **state) {
    hf_handle_t third_handle;
    (void)state;
    start();
    struct task *third = script_thread(process, &third_handle);
    SEND(first, MAP(NOW));
    SEND(second, MAP(NOW));
    SEND(third, UNMAP);
    SEND(process, MAP(NOW));
    assert_int_equal(script_answer(first), HF_OK);
    assert_int_equal(script_answer(second), HF_EXISTS);
    assert_int_equal(script_answer(third), HF_OK);
    assert_int_equal(script_answer(process), HF_OK);
    assert_int_equal(pages_that_fault(true), 0);
    end();
}

/* A new thread's buffer doesn't come where something is still being taken away. */
static void test_thread_waits_too(void **state) {
    (void)state;
    start();
    assert_int_equal(ASK(process, MAP(NOW)), HF_OK);
    SEND(first, UNMAP);
    script_go();
    assert_false(script_answered(first));
    SEND(second, .label = HF_MEM_THREAD, .word = {0x40001000});
    assert_int_equal(script_answer(second), HF_OK);
    assert_true(script_answered(first));
    end();
}

/* ---- ends ---- */

static void test_asker_ends(void **state) {
    static const struct script_request works[] = {{MAP(NOW)}, {UNMAP}, {PROTECT(HF_READ)}};
    (void)state;
    for (unsigned moment = 0; moment < 3 * MOMENTS; moment++) {
        const unsigned work = moment % 3;
        start();
        if (work != 0) assert_int_equal(ASK(process, MAP(NOW)), HF_OK);
        script_send(first, &works[work]);
        go_times(moment / 3);
        assert_int_equal(script_kill(process, first_handle).how, HF_EXIT_KILLED);
        hf_status_t status = ASK(process, UNMAP);
        assert_true(status == HF_OK || (work < 2 && status == HF_NOT_MAPPED));
        assert_int_equal(ASK(process, MAP(HF_MAP_FIXED)), HF_OK);
        assert_int_equal(pages_that_fault(true), PAGES);
        end();
    }
}

static void test_who_waits_ends(void **state) {
    (void)state;
    for (unsigned moment = 0; moment < MOMENTS; moment++) {
        start();
        assert_int_equal(ASK(process, MAP(NOW)), HF_OK);
        SEND(first, PROTECT(HF_READ));
        SEND(second, UNMAP);
        go_times(moment);
        assert_int_equal(ASK(process, .to = second_handle, .label = HF_MEM_KILL), HF_OK);
        assert_int_equal(script_answer(first), HF_OK);
        assert_int_equal(script_finish(process, second_handle).how, HF_EXIT_KILLED);
        hf_status_t status = ASK(process, MAP(HF_MAP_FIXED));
        assert_true(status == HF_OK || status == HF_EXISTS);
        end();
    }
}

static void test_process_ends(void **state) {
    (void)state;
    for (unsigned moment = 0; moment < MOMENTS; moment++) {
        start();
        SEND(first, MAP(NOW));
        SEND(second, UNMAP);
        go_times(moment);
        end();
    }
}

/* ---- faults ---- */

/* Where memsrv has not come yet, the access is tried again until it has. */
static void test_fault_while_rights_are_widened(void **state) {
    unsigned tries = 0;
    (void)state;
    start();
    assert_int_equal(ASK(process, MAP(NOW)), HF_OK);
    assert_int_equal(ASK(process, PROTECT(HF_READ)), HF_OK);
    SEND(first, PROTECT(RW));
    script_go();
    while (script_touch(second, PLACE + BYTES - 1, true)) {
        script_go();
        tries++;
        assert_int_equal(second->state, HF_TASK_READY);
    }
    assert_in_range(tries, 1, MOMENTS);
    assert_int_equal(script_answer(first), HF_OK);
    assert_int_equal(pages_that_fault(true), 0);
    end();
}

static void test_fault_while_rights_are_taken_away(void **state) {
    (void)state;
    start();
    assert_int_equal(ASK(process, MAP(NOW)), HF_OK);
    SEND(first, PROTECT(HF_READ));
    script_go();
    assert_false(script_touch(second, PLACE + BYTES - 1, true)); /* not there yet */
    assert_true(script_touch(second, PLACE, true));
    assert_int_equal(script_answer(first), HF_OK);
    assert_int_equal(script_finish(process, second_handle).reason, HF_REASON_READ_ONLY);
    end();
}

static void test_fault_while_mapping(void **state) {
    (void)state;
    start();
    SEND(first, MAP(NOW));
    script_go();
    assert_true(script_touch(second, PLACE + BYTES - 1, true));
    assert_int_equal(script_answer(first), HF_OK);
    script_settle();
    assert_false(script_touch(second, PLACE + BYTES - 1, true));
    assert_int_equal(pages_that_fault(true), 0);
    end();
}

/* ---- limits ---- */

static void test_out_of_memory(void **state) {
    (void)state;
    start();
    for (uint64_t left = 2; left < PAGES + 2; left += 37) {
        script_leave(left);
        SEND(first, MAP(NOW));
        SEND(second, MAP(HF_MAP_FIXED));
        assert_int_equal(script_answer(first), HF_NO_MEMORY);
        assert_int_equal(script_answer(second), HF_OK);
        script_put_back();
        assert_int_equal(pages_that_fault(true), PAGES);
        assert_int_equal(ASK(process, UNMAP), HF_OK);
    }
    end();
}

/* So little that it would be done at once, but must be undone. */
static void test_out_of_memory_at_once(void **state) {
    (void)state;
    start();
    for (uint64_t left = 0; left < 20; left++) {
        script_leave(left);
        assert_int_equal(ASK(first, .label = HF_MEM_MAP, .word = {PLACE, 20 * HF_PAGE_SIZE, RW, NOW}), HF_NO_MEMORY);
        script_put_back();
        assert_int_equal(ASK(first, .label = HF_MEM_UNMAP, .word = {PLACE, HF_PAGE_SIZE}), HF_NOT_MAPPED);
    }
    assert_int_equal(ASK(process, MAP(HF_MAP_FIXED)), HF_OK);
    assert_int_equal(pages_that_fault(true), PAGES);
    end();
}

/* As many calls as memsrv can keep are kept: who comes then is refused, and nothing else happens. */
static void test_out_of_slots(void **state) {
    static const char name[] = "never";
    hf_handle_t handle;
    unsigned waiting = 0;
    hf_status_t status = HF_OK;
    (void)state;
    start();
    assert_int_equal(ASK(process, MAP(NOW)), HF_OK);
    while (status == HF_OK) {
        hf_handle_t closed;
        struct task *waiter = script_thread(process, &handle);
        closed = handle;
        process->handles[closed].kind = HF_HANDLE_NONE; /* there would be too many */
        SEND(waiter, .label = HF_MEM_LOOKUP, .word = {1}, .bytes = name, .count = sizeof name);
        script_go();
        status = script_answered(waiter) ? script_answer(waiter) : HF_OK;
        waiting += status == HF_OK;
    }
    assert_int_equal(status, HF_NO_MEMORY);
    assert_in_range(waiting, 58, 62); /* half of memsrv's slots: the others are for those with a quota of their own */
    uint64_t before = script_total();
    assert_int_equal(ASK(process, UNMAP), HF_NO_MEMORY);
    assert_int_equal(ASK(process, PROTECT(HF_READ)), HF_NO_MEMORY);
    assert_int_equal(ASK(process, .label = HF_MEM_MAP, .word = {0, BYTES, RW, HF_MAP_NOW}), HF_NO_MEMORY);
    assert_int_equal(ASK(process, .to = first_handle, .label = HF_MEM_WAIT), HF_NO_MEMORY);
    assert_int_equal(pages_that_fault(true), 0);
    assert_int_equal(script_total(), before);
    assert_int_equal(ASK(process, .label = HF_MEM_ENDPOINT_CREATE), HF_OK);
    assert_int_equal(
        ASK(process, .label = HF_MEM_REGISTER, .word = {script_word(process, 0)}, .bytes = name, .count = sizeof name),
        HF_OK); /* which needs a slot only for a moment, and answers those who wait for the name */
    assert_int_equal(ASK(process, .label = HF_MEM_UNMAP, .word = {PLACE, HF_PAGE_SIZE}), HF_OK);
    end();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, script_before, script_after)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_others_wait),
        TEST(test_all_at_once),
        TEST(test_thread_waits_too),
        TEST(test_asker_ends),
        TEST(test_who_waits_ends),
        TEST(test_process_ends),
        TEST(test_fault_while_rights_are_widened),
        TEST(test_fault_while_rights_are_taken_away),
        TEST(test_fault_while_mapping),
        TEST(test_out_of_memory),
        TEST(test_out_of_memory_at_once),
        TEST(test_out_of_slots),
    };
    return cmocka_run_group_tests(tests, script_boot, NULL);
}
