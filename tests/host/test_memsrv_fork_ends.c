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
/* Forks that take a while: what others do meanwhile, and what is left when somebody ends in the middle. */
#include "memsrv_memory.h"

#define PAGES 300u /* more than one part of any work */
#define LENGTH (PAGES * PAGE)
#define PLACES 6u   /* each with a page table of its own, so that a fork takes several parts */
#define MOMENTS 24u /* more than that has */

static struct task *parent, *child;
static hf_handle_t parent_handle, child_handle;

static void start(void) {
    parent = script_spawn(0, &parent_handle);
    assert_int_equal(ASK(parent, MAP(HERE, 4 * PAGE, HF_MAP_NOW)), HF_OK);
}

static void end(void) { memory_end(script_init, parent_handle); }

/* With whatever child has come of it, which would go on by itself. */
static void end_family(void) {
    end();
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES; frame++) {
        const struct task *task = (const void *)machine_ram[frame];
        if (frame_type(frame) != HF_FRAME_TASK || task->cr3 == memsrv->cr3 || task == script_init) continue;
        assert_int_equal(ASK(script_init, .label = HF_MEM_TASK_KILL, .word = {task->mark}), HF_OK);
    }
    script_settle();
}

static uint64_t place(unsigned i) { return HERE + (i + 1) * HF_RUN_SIZE; }

/* A process that is not forked at once. */
static void start_big(void) {
    start();
    for (unsigned i = 0; i < PLACES; i++) {
        assert_int_equal(ASK(parent, MAP(place(i), 20 * PAGE, HF_MAP_NOW)), HF_OK);
        memory_write(parent, place(i), (uint8_t)(i + 1));
    }
}

static void test_after_work(void **state) {
    hf_handle_t thread_handle;
    (void)state;
    start();
    struct task *thread = script_thread(parent, &thread_handle);
    assert_int_equal(ASK(parent, MAP(place(0), LENGTH, HF_MAP_NOW)), HF_OK);
    SEND(parent, UNMAP(place(0), LENGTH));
    script_go();
    assert_false(script_answered(parent));
    SEND(thread, FORK);
    script_go();
    assert_false(script_answered(thread));
    assert_int_equal(script_answer(thread), HF_OK);
    assert_true(script_answered(parent));
    child = script_task(script_word(thread, 1));
    assert_int_equal(memory_ledger(child).pages, memory_ledger(parent).pages - 1); /* but for a buffer */
    assert_int_equal(memory_entry(child, place(0) + LENGTH - PAGE), 0);
    memory_end(parent, (hf_handle_t)script_word(thread, 0));
    end();
}

static void test_written_meanwhile(void **state) {
    (void)state;
    for (unsigned moment = 1; moment < MOMENTS; moment++) {
        hf_handle_t thread_handle;
        start_big();
        struct task *thread = script_thread(parent, &thread_handle);
        SEND(parent, FORK);
        memory_go(moment);
        for (unsigned i = 0; i < PLACES; i++) memory_write(thread, place(i), 100);
        assert_int_equal(script_answer(parent), HF_OK);
        child = script_task(script_word(parent, 1));
        for (unsigned i = 0; i < PLACES; i++) {
            uint8_t had = memory_read(child, place(i));
            assert_true(had == 100 || had == i + 1);
            memory_write(thread, place(i), 101);
            assert_int_equal(memory_read(child, place(i)), had);
            memory_write(child, place(i), 102);
            assert_int_equal(memory_read(thread, place(i)), 101);
        }
        memory_books();
        memory_end(parent, (hf_handle_t)script_word(parent, 0));
        end();
    }
}

/* Another thread forks, and is ended; or ends while the process forks. */
static void thread_ends(bool asks) {
    for (unsigned moment = 0; moment < MOMENTS; moment++) {
        hf_handle_t thread_handle, other_handle;
        start_big();
        struct task *thread = script_thread(parent, &thread_handle);
        struct task *other = script_thread(parent, &other_handle);
        SEND(asks ? thread : other, FORK);
        memory_go(moment);
        assert_int_equal(script_kill(parent, thread_handle).how, HF_EXIT_KILLED);
        if (!asks) assert_int_equal(script_answer(other), HF_OK);
        script_settle();
        memory_books();
        for (unsigned i = 0; i < PLACES; i++) memory_write(other, place(i), 7);
        end_family();
    }
}

static void test_asker_ends(void **state) {
    (void)state;
    thread_ends(true);
}

static void test_other_thread_ends(void **state) {
    (void)state;
    thread_ends(false);
}

static void test_parent_ends(void **state) {
    (void)state;
    for (unsigned moment = 0; moment < MOMENTS; moment++) {
        uint64_t before = script_total();
        start_big();
        SEND(parent, FORK);
        memory_go(moment);
        end_family();
        memory_books();
        assert_int_equal(script_total(), before);
    }
}

static void test_child_ends_at_once(void **state) {
    (void)state;
    start_big();
    uint64_t before = script_total();
    for (unsigned i = 0; i < 5; i++) {
        child = memory_fork(parent, &child_handle);
        memory_end(parent, child_handle);
        script_settle();
        assert_int_equal(script_total(), before);
    }
    for (unsigned i = 0; i < PLACES; i++) memory_write(parent, place(i), 7);
    assert_int_equal(memory_ledger(parent).faults_copy, 0);
    end();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, script_before, script_after)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_after_work),        TEST(test_written_meanwhile), TEST(test_asker_ends),
        TEST(test_other_thread_ends), TEST(test_parent_ends),       TEST(test_child_ends_at_once),
    };
    return cmocka_run_group_tests(tests, script_boot, NULL);
}
