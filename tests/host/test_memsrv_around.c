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
/* Pages that come together by one fault; and faults while rights are changed. */
#include "memsrv_memory.h"

#define TEXT 0x40000000ull /* two pages of a module; data after it */
#define DATA 0x40002000ull
#define STACK_END 0x7fffd000ull
#define PAGES 400u
#define LENGTH (PAGES * PAGE)

static struct task *task, *thread;
static hf_handle_t handle, thread_handle;

static void start(void) {
    task = script_spawn(0, &handle);
    thread = script_thread(task, &thread_handle);
}

static void end(void) {
    memory_end(script_init, handle);
    memory_books();
}

/* ---- images ---- */

static void test_image_group(void **state) {
    (void)state;
    start();
    struct hf_ledger before = memory_ledger(task);
    memory_faults = 0;
    (void)memory_read(task, TEXT + PAGE);
    (void)memory_read(task, TEXT);
    assert_int_equal(memory_faults, 1);
    struct hf_ledger after = memory_ledger(task);
    assert_int_equal(after.faults_image, before.faults_image + 1);
    assert_int_equal(after.shared, before.shared + 2);
    assert_int_equal(after.pages, before.pages);
    assert_false(memory_is_writable(task, TEXT));
    end();
}

/* Two tasks have the module's page itself, until one writes. */
static void test_image_is_shared(void **state) {
    hf_handle_t other_handle;
    (void)state;
    start();
    struct task *other = script_spawn(0, &other_handle);
    (void)memory_read(task, TEXT);
    (void)memory_read(other, TEXT);
    assert_int_equal(memory_frame(task, TEXT), memory_frame(other, TEXT));
    memory_write(task, DATA, 1);
    assert_int_equal(memory_read(other, DATA), 0x90);
    memory_end(script_init, other_handle);
    end();
}

/* ---- a stack that grows ---- */

static unsigned stack_pages(void) {
    unsigned count = 0;
    for (uint64_t at = STACK_END - 256 * PAGE; at < STACK_END; at += PAGE) count += memory_entry(task, at) != 0;
    return count;
}

/* 1, 2, 4, 8, 16, and 16 from then on. */
static void test_stack_goes_down(void **state) {
    (void)state;
    start();
    unsigned had = stack_pages(), brought = 0;
    uint64_t at = STACK_END - (had + 1) * PAGE;
    for (unsigned fault = 0; fault < 7; fault++) {
        memory_faults = 0;
        while (memory_entry(task, at)) at -= PAGE;
        memory_write(task, at, 1);
        assert_int_equal(memory_faults, 1);
        unsigned now = stack_pages() - had;
        assert_true(now - brought <= 16 && (fault < 2 || now - brought >= 4));
        if (fault > 4) assert_int_equal(now - brought, 16);
        brought = now;
    }
    end();
}

static void test_stack_jumped(void **state) {
    (void)state;
    start();
    unsigned had = stack_pages();
    for (unsigned i = 1; i < 20; i++) memory_write(task, STACK_END - i * 9 * PAGE, 1);
    assert_in_range(stack_pages() - had, 19, 25); /* one by one, where it doesn't go on */
    end();
}

/* A page further down is there already: it stays, and what was brought for its place is given back. */
static void test_stack_meets_a_page(void **state) {
    (void)state;
    for (unsigned lower = 2; lower < 40; lower++) {
        start();
        uint64_t top = STACK_END - PAGE;
        memory_write(task, top - lower * PAGE, 77);
        hf_frame_t frame = memory_frame(task, top - lower * PAGE);
        for (unsigned i = 0; i < 40; i++) {
            if (i != lower) memory_write(task, top - i * PAGE, 1);
        }
        assert_int_equal(memory_frame(task, top - lower * PAGE), frame);
        assert_int_equal(memory_read(task, top - lower * PAGE), 77);
        memory_books();
        unsigned mapped = stack_pages();
        assert_int_equal(memory_ledger(task).pages, mapped + 2); /* and two buffers */
        end();
    }
}

/* ---- rights ---- */

static void check_read_only(void) {
    for (unsigned i = 0; i < PAGES; i++) {
        if (memory_is_writable(task, HERE + i * PAGE)) fail_msg("page %u is writable", i);
    }
}

/* Whatever another thread does while the rights are taken away, and whenever. */
static void fault_while_protecting(unsigned page, bool write, bool populated) {
    for (unsigned moment = 0; moment < 12; moment++) {
        start();
        assert_int_equal(ASK(task, MAP(HERE, LENGTH, populated ? HF_MAP_NOW : 0)), HF_OK);
        memory_write(task, HERE + 300 * PAGE, 1); /* there is a table */
        SEND(task, PROTECT(HERE, LENGTH, HF_READ));
        memory_go(moment);
        if (!script_touch(thread, HERE + page * PAGE, write)) assert_true(populated);
        assert_int_equal(script_answer(task), HF_OK);
        script_settle();
        check_read_only();
        memory_books();
        end();
    }
}

static void test_fault_while_protecting(void **state) {
    static const unsigned pages[] = {0, 5, 111, 299, 301, 399};
    (void)state;
    for (unsigned i = 0; i < 6; i++) {
        fault_while_protecting(pages[i], true, false);
        fault_while_protecting(pages[i], false, false);
        fault_while_protecting(pages[i], true, true);
    }
}

/* What was taken away and given back comes one page at a time: an image's page may be the module's. */
static void test_image_protected_and_back(void **state) {
    (void)state;
    start();
    (void)memory_read(task, DATA);
    assert_int_equal(ASK(task, PROTECT(DATA, PAGE, HF_READ)), HF_OK);
    assert_int_equal(ASK(task, PROTECT(DATA, PAGE, RW)), HF_OK);
    assert_false(memory_is_writable(task, DATA));
    memory_faults = 0;
    memory_write(task, DATA, 1);
    assert_int_equal(memory_faults, 1);
    assert_int_equal(ASK(task, PROTECT(TEXT, PAGE, RW)), HF_DENIED);
    end();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, script_before, script_after)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_image_group),
        TEST(test_image_is_shared),
        TEST(test_stack_goes_down),
        TEST(test_stack_jumped),
        TEST(test_stack_meets_a_page),
        TEST(test_fault_while_protecting),
        TEST(test_image_protected_and_back),
    };
    return cmocka_run_group_tests(tests, script_boot, NULL);
}
