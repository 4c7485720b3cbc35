// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c
// sources: ukernel/device.c ukernel/call.c
// sources: servers/memsrv/*.c
// sources: tests/host/memsrv_image.c tests/host/memsrv_machine.c tests/host/memsrv_script.c tests/host/memsrv_touch.c
// sources: tests/host/world.c tests/host/memsrv_memory.c
// sources: tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine tests/host/fake ukernel
// flags: -fno-sanitize=address
/* Pages of 2 MiB that are shared by fork, and what happens while one is being zeroed: tasks end, threads meet, the
 * region changes. The machine has two runs that can be free. */
#include "memsrv_memory.h"

#define LARGE HF_MAP_LARGE
#define RUN HF_RUN_SIZE

static struct task *task, *child;
static hf_handle_t handle, child_handle;

static void start(uint64_t quota, uint64_t runs, uint64_t flags) {
    task = script_spawn(quota, &handle);
    assert_int_equal(ASK(task, MAP(HERE, runs * RUN, LARGE | flags)), HF_OK);
}

static void end(void) {
    memory_end(script_init, handle);
    script_settle();
    memory_books();
}

/* ---- forks ---- */

static void test_fork(void **state) {
    (void)state;
    start(0, 1, HF_MAP_NOW);
    memory_write(task, HERE + 7 * PAGE, 1);
    memory_write(task, HERE + 8 * PAGE, 2);
    child = memory_fork(task, &child_handle);
    assert_true(memory_is_large(child, HERE) && memory_is_large(task, HERE));
    assert_false(memory_is_writable(child, HERE) || memory_is_writable(task, HERE));
    assert_int_equal(memory_read(child, HERE + 7 * PAGE), 1);
    uint64_t before = script_total();
    memory_write(child, HERE + 7 * PAGE, 3);
    assert_int_equal(memory_ledger(child).faults_copy, 1);
    assert_in_range(before - script_total(), 2, 3); /* a table, a page, and perhaps a page for the allocator */
    assert_int_equal(memory_frame(child, HERE + 8 * PAGE), memory_frame(task, HERE + 8 * PAGE));
    memory_books();
    memory_write(task, HERE + 7 * PAGE, 4);
    memory_write(task, HERE + 8 * PAGE, 5);
    assert_int_equal(memory_read(child, HERE + 7 * PAGE), 3);
    assert_int_equal(memory_read(child, HERE + 8 * PAGE), 2);
    assert_int_equal(memory_read(task, HERE + 7 * PAGE), 4);
    memory_books();
    memory_end(task, child_handle);
    end();
}

static void test_fork_the_last_owner(void **state) {
    (void)state;
    start(0, 1, HF_MAP_NOW);
    child = memory_fork(task, &child_handle);
    memory_end(task, child_handle);
    uint64_t before = script_total();
    memory_write(task, HERE, 1);
    assert_true(memory_is_large(task, HERE) && memory_is_writable(task, HERE));
    assert_int_equal(memory_ledger(task).faults_reuse, 1);
    assert_int_equal(script_total(), before);
    end();
}

/* Of the first page one is the only owner, of the others it isn't. */
static void test_fork_first_page_alone(void **state) {
    (void)state;
    for (unsigned way = 0; way < 2; way++) {
        start(0, 1, HF_MAP_NOW);
        memory_write(task, HERE + 8 * PAGE, 1);
        child = memory_fork(task, &child_handle);
        if (way) {
            assert_int_equal(ASK(child, UNMAP(HERE, PAGE)), HF_OK);
        } else {
            memory_write(child, HERE, 2);
        }
        memory_write(task, HERE + 8 * PAGE, 3);
        assert_int_equal(memory_read(child, HERE + 8 * PAGE), 1);
        memory_write(task, HERE, 4);
        memory_books();
        memory_end(task, child_handle);
        end();
    }
}

/* Half of it in one and the other half in the other: everything comes back. */
static void test_fork_unmap_halves(void **state) {
    (void)state;
    for (unsigned order = 0; order < 4; order++) {
        start(0, 1, HF_MAP_NOW);
        child = memory_fork(task, &child_handle);
        uint64_t before = script_free();
        struct task *first = order & 1 ? task : child, *second = order & 1 ? child : task;
        uint64_t half = order & 2 ? RUN / 2 : 0, other = RUN / 2 - half;
        assert_int_equal(ASK(first, UNMAP(HERE + half, RUN / 2)), HF_OK);
        assert_int_equal(ASK(second, UNMAP(HERE + other, RUN / 2)), HF_OK);
        script_settle();
        memory_books();
        assert_int_equal(ASK(second, UNMAP(HERE + half, RUN / 2)), HF_OK);
        script_settle();
        memory_books();
        assert_true(script_free() + 8 >= before + 256);
        assert_int_equal(ASK(first, UNMAP(HERE + other, RUN / 2)), HF_OK);
        script_settle();
        memory_books();
        assert_true(script_free() + 8 >= before + 512);
        memory_end(task, child_handle);
        end();
    }
}

static void test_fork_protect_and_back(void **state) {
    (void)state;
    start(0, 1, HF_MAP_NOW);
    memory_write(task, HERE, 1);
    child = memory_fork(task, &child_handle);
    assert_int_equal(ASK(child, PROTECT(HERE, RUN, HF_READ)), HF_OK);
    assert_int_equal(ASK(child, PROTECT(HERE, RUN, RW)), HF_OK);
    assert_int_equal(ASK(task, PROTECT(HERE, RUN / 2, HF_READ)), HF_OK);
    assert_int_equal(ASK(task, PROTECT(HERE, RUN / 2, RW)), HF_OK);
    assert_false(memory_is_writable(child, HERE) || memory_is_writable(task, HERE));
    memory_write(child, HERE, 2);
    assert_int_equal(memory_read(task, HERE), 1);
    memory_write(task, HERE, 3);
    assert_int_equal(memory_read(child, HERE), 2);
    memory_end(task, child_handle);
    end();
}

/* One is split and the other is not: whoever ends last gives back what is left. */
static void test_fork_split_and_end(void **state) {
    (void)state;
    for (unsigned order = 0; order < 8; order++) {
        uint64_t before = script_total();
        start(0, 1, HF_MAP_NOW);
        child = memory_fork(task, &child_handle);
        struct task *first = order & 1 ? task : child, *second = order & 1 ? child : task;
        memory_write(first, HERE + 5 * PAGE, 1);
        if (order & 2) memory_write(second, HERE + 6 * PAGE, 1);
        memory_end(task, child_handle);
        memory_books();
        if (order & 4) memory_write(task, HERE + 7 * PAGE, 1); /* else it is one page until it goes */
        end();
        assert_int_equal(script_total(), before);
    }
}

/* ---- in the middle ---- */

#define MOMENTS 8u

static void test_ended_while_it_is_zeroed(void **state) {
    (void)state;
    for (unsigned now = 0; now < 2; now++) {
        for (unsigned moment = 0; moment < MOMENTS; moment++) {
            start(0, 2, 0);
            if (now) {
                assert_int_equal(ASK(task, UNMAP(HERE, 2 * RUN)), HF_OK);
                SEND(task, MAP(HERE, 2 * RUN, LARGE | HF_MAP_NOW));
            } else {
                assert_true(script_touch(task, HERE, true));
            }
            memory_go(moment);
            end();
        }
    }
}

static void test_two_threads(void **state) {
    (void)state;
    for (unsigned moment = 0; moment < MOMENTS; moment++) {
        hf_handle_t threads;
        start(0, 2, 0);
        struct task *thread = script_thread(task, &threads);
        assert_true(script_touch(task, HERE, true));
        memory_go(moment);
        bool again = script_touch(thread, HERE + 5 * PAGE, true);
        memory_go(1);
        if (moment & 1) {
            assert_int_equal(ASK(script_init, .label = HF_MEM_TASK_KILL, .word = {thread->mark}), HF_OK);
        } else if (again) {
            script_settle();
            memory_write(thread, HERE + 5 * PAGE, 1);
        }
        script_settle();
        memory_write(task, HERE, 2);
        assert_true(memory_is_large(task, HERE));
        assert_int_equal(memory_ledger(task).faults_large, 1);
        end();
    }
}

/* The one that has the run ends: the other goes on. */
static void test_the_first_thread_ends(void **state) {
    (void)state;
    for (unsigned moment = 0; moment < MOMENTS; moment++) {
        hf_handle_t threads;
        start(0, 1, 0);
        struct task *thread = script_thread(task, &threads);
        assert_true(script_touch(thread, HERE, true));
        script_go();
        (void)script_touch(task, HERE + PAGE, true);
        memory_go(moment);
        assert_int_equal(ASK(script_init, .label = HF_MEM_TASK_KILL, .word = {thread->mark}), HF_OK);
        script_settle();
        memory_write(task, HERE + PAGE, 1);
        end();
    }
}

/* While it is zeroed, the region changes. */
static void change_meanwhile(const struct script_request *request, bool writable) {
    for (unsigned moment = 0; moment < MOMENTS; moment++) {
        hf_handle_t threads;
        start(0, 2, 0);
        struct task *thread = script_thread(task, &threads);
        assert_true(script_touch(thread, HERE + 3 * PAGE, false));
        memory_go(moment);
        assert_int_equal(script_ask_for(task, request), HF_OK);
        script_settle();
        assert_true(writable || !memory_is_writable(task, HERE + 3 * PAGE));
        memory_books();
        end();
    }
}

static void test_changed_meanwhile(void **state) {
    (void)state;
    change_meanwhile(&(struct script_request){UNMAP(HERE, 2 * RUN)}, false);
    change_meanwhile(&(struct script_request){UNMAP(HERE + PAGE, PAGE)}, true);
    change_meanwhile(&(struct script_request){PROTECT(HERE, 2 * RUN, HF_READ)}, false);
    change_meanwhile(&(struct script_request){PROTECT(HERE + 3 * PAGE, PAGE, HF_READ)}, false);
    change_meanwhile(&(struct script_request){PROTECT(HERE, RUN, HF_READ)}, false);
}

/* A fork waits for what is on its way. */
static void test_fork_meanwhile(void **state) {
    (void)state;
    for (unsigned moment = 0; moment < MOMENTS; moment++) {
        hf_handle_t threads;
        start(0, 1, 0);
        struct task *thread = script_thread(task, &threads);
        assert_true(script_touch(thread, HERE, true));
        memory_go(moment);
        child = memory_fork(task, &child_handle);
        script_settle();
        memory_write(thread, HERE, 1);
        memory_write(child, HERE, 2);
        assert_int_equal(memory_read(thread, HERE), 1);
        memory_books();
        memory_end(task, child_handle);
        end();
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, script_before, script_after)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_fork),
        TEST(test_fork_the_last_owner),
        TEST(test_fork_first_page_alone),
        TEST(test_fork_unmap_halves),
        TEST(test_fork_protect_and_back),
        TEST(test_fork_split_and_end),
        TEST(test_ended_while_it_is_zeroed),
        TEST(test_two_threads),
        TEST(test_the_first_thread_ends),
        TEST(test_changed_meanwhile),
        TEST(test_fork_meanwhile),
    };
    return cmocka_run_group_tests(tests, script_boot, NULL);
}
