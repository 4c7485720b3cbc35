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
/* What the exit record of a refused fault tells: the walk, and who had called whom, whatever stands in the frame
 * pointer and on the stack. All frames must be where they were, and memsrv must go on. */
#include "memsrv_memory.h"

#include <string.h>

#define VECTOR_PAGE_FAULT 14u
#define VECTOR_GENERAL_PROTECTION 13u

#define TEXT 0x40001000ull /* of "child", which may be executed */
#define NULL_POINTER 0x10ull
#define TEXT_LENGTH 0x770u /* from there to the image's end */
#define STACK_PAGES 2u

static struct task *task;
static hf_handle_t handle;

/* What the process has there becomes nothing but the beginnings of CALLs, so that any address is behind one. */
static void fill_text(void) {
    (void)memory_read(task, TEXT);
    memset(machine_ram[memory_frame(task, TEXT)], 0xe8, TEXT_LENGTH);
}

static void spawn(void) {
    task = script_spawn(0, &handle);
    fill_text();
}

/* A child with some pages of stack at HERE, below and above which nothing is. */
static void start(void) {
    spawn();
    assert_int_equal(ASK(task, MAP(HERE, STACK_PAGES * PAGE, HF_MAP_NOW)), HF_OK);
}

static void put(uint64_t address, uint64_t word) {
    assert_true(memory_frame(task, address) != HF_NO_FRAME);
    memcpy(machine_ram[memory_frame(task, address)] + address % PAGE, &word, sizeof word);
}

/* A function's frame. */
static void put_frame(uint64_t at, uint64_t outer, uint64_t caller) {
    put(at, outer);
    put(at + 8, caller);
}

/* It writes there with this frame pointer; how it ended. */
static struct hf_exit fault(uint64_t address, uint64_t rbp) {
    task->registers.rbp = rbp;
    assert_true(script_touch(task, address, true));
    script_settle();
    struct hf_exit how = script_finish(script_init, handle);
    assert_int_equal(how.how, HF_EXIT_FAULT);
    script_settle();
    memory_books();
    return how;
}

static void expect_callers(const struct hf_exit *how, unsigned count, const uint64_t *callers) {
    for (unsigned i = 0; i < HF_EXIT_CALLERS; i++) {
        assert_int_equal(how->callers[i], i < count ? callers[i] : 0);
    }
}

/* ---- callers ---- */

static void test_chain(void **state) {
    static const uint64_t callers[] = {TEXT + 0x10, TEXT + 0x22, TEXT + 0x30};
    (void)state;
    start();
    put_frame(HERE + 0x100, HERE + 0x200, callers[0]);
    put_frame(HERE + 0x200, HERE + 0x1800, callers[1]);
    put_frame(HERE + 0x1800, 0, callers[2]);
    struct hf_exit how = fault(NULL_POINTER, HERE + 0x100);
    expect_callers(&how, 3, callers);
}

static void test_long_chain(void **state) {
    uint64_t callers[HF_EXIT_CALLERS + 4];
    (void)state;
    start();
    for (unsigned i = 0; i < HF_EXIT_CALLERS + 4; i++) {
        callers[i] = TEXT + 0x10 + i;
        put_frame(HERE + i * 16, HERE + (i + 1) * 16, callers[i]);
    }
    struct hf_exit how = fault(NULL_POINTER, HERE);
    expect_callers(&how, HF_EXIT_CALLERS, callers);
}

static void test_frame_across_pages(void **state) {
    static const uint64_t callers[] = {TEXT + 0x10, TEXT + 0x20};
    (void)state;
    start();
    put_frame(HERE + PAGE - 8, HERE + 0x1100, callers[0]);
    put_frame(HERE + 0x1100, 0, callers[1]);
    struct hf_exit how = fault(NULL_POINTER, HERE + PAGE - 8);
    expect_callers(&how, 2, callers);
}

/* A function without a frame of its own: where it returns to is the first. */
static void test_top_of_stack(void **state) {
    static const uint64_t callers[] = {TEXT + 0x40, TEXT + 0x10};
    (void)state;
    start();
    put(HERE + 0x80, callers[0]);
    put_frame(HERE + 0x100, 0, callers[1]);
    task->registers.rsp = HERE + 0x80;
    struct hf_exit how = fault(NULL_POINTER, HERE + 0x100);
    expect_callers(&how, 2, callers);
}

static void test_hostile_stack_pointers(void **state) {
    static const uint64_t pointers[] = {0,          HERE + 1,      HERE - 8, HERE + STACK_PAGES * PAGE, HF_USER_END - 8,
                                        1ull << 47, UINT64_MAX - 7};
    static const uint64_t callers[] = {TEXT + 0x10};
    (void)state;
    for (size_t i = 0; i < sizeof pointers / sizeof pointers[0]; i++) {
        start();
        for (uint64_t at = HERE; at < HERE + 0x100; at += 8) put(at, TEXT + 0x40);
        put_frame(HERE + 0x100, 0, callers[0]);
        task->registers.rsp = pointers[i];
        struct hf_exit how = fault(NULL_POINTER, HERE + 0x100);
        expect_callers(&how, 1, callers);
    }
}

/* It can be executed, and no call leads there; or nobody can tell, since the bytes before aren't there. */
static void test_not_behind_a_call(void **state) {
    (void)state;
    start();
    memset(machine_ram[memory_frame(task, TEXT)], 0x90, TEXT_LENGTH);
    put_frame(HERE, 0, TEXT + 0x10);
    struct hf_exit how = fault(NULL_POINTER, HERE);
    expect_callers(&how, 0, NULL);
    start();
    assert_int_equal(ASK(task, UNMAP(TEXT - PAGE, PAGE)), HF_OK);
    put_frame(HERE, 0, TEXT + 6);
    how = fault(NULL_POINTER, HERE);
    expect_callers(&how, 0, NULL);
    start();
    assert_int_equal(ASK(task, UNMAP(TEXT - PAGE, PAGE)), HF_OK);
    put_frame(HERE, 0, TEXT + 7);
    how = fault(NULL_POINTER, HERE);
    expect_callers(&how, 1, (const uint64_t[]){TEXT + 7});
}

/* An exception other than a page fault: there is no walk then. */
static void test_exception(void **state) {
    static const uint64_t callers[] = {TEXT + 0x10};
    (void)state;
    start();
    put_frame(HERE, 0, callers[0]);
    task->registers.rbp = HERE;
    assert_true(memsrv_touch(task, NULL_POINTER, 1, VECTOR_GENERAL_PROTECTION));
    script_settle();
    struct hf_exit how = script_finish(script_init, handle);
    assert_int_equal(how.how, HF_EXIT_EXCEPTION);
    assert_int_equal(how.entry[3], 0);
    expect_callers(&how, 1, callers);
}

/* Where the frame pointer leads nowhere, nothing is told. */
static void test_hostile_frame_pointers(void **state) {
    static const uint64_t pointers[] = {0,
                                        8,
                                        HERE - 8,                      /* not mapped, and the word above is */
                                        HERE + STACK_PAGES * PAGE - 8, /* the word above isn't */
                                        HERE + STACK_PAGES * PAGE,
                                        HERE + 1,
                                        HERE + 4,
                                        HERE + PAGE - 4,
                                        TEXT,
                                        HF_USER_END - 8,
                                        HF_USER_END,
                                        1ull << 47,
                                        0xffff800000000000,
                                        0xffffffff80200000,
                                        UINT64_MAX - 7,
                                        UINT64_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof pointers / sizeof pointers[0]; i++) {
        start();
        for (uint64_t at = HERE; at < HERE + STACK_PAGES * PAGE; at += 8) put(at, TEXT + 0x10);
        struct hf_exit how = fault(NULL_POINTER, pointers[i]);
        expect_callers(&how, 0, NULL);
    }
}

/* The first frame is good, and leads to one that isn't: or back to itself, or down. */
static void test_hostile_frames(void **state) {
    static const uint64_t callers[] = {TEXT + 0x10};
    static const uint64_t outer[] = {
        HERE + 0x100, HERE + 0xf0, HERE + 0x101, HERE - 0x1000, 0xffff800000000000, UINT64_MAX, 0, 1, 1ull << 47};
    (void)state;
    for (size_t i = 0; i < sizeof outer / sizeof outer[0]; i++) {
        start();
        put_frame(HERE + 0xf0, HERE + 0x100, TEXT + 0x20);
        put_frame(HERE + 0x100, outer[i], callers[0]);
        struct hf_exit how = fault(NULL_POINTER, HERE + 0x100);
        expect_callers(&how, 1, callers);
    }
}

/* What isn't where code is, isn't told: whoever waits learns nothing else of the task's memory. */
static void test_callers_that_are_none(void **state) {
    static const uint64_t callers[] = {
        0, 1, 0x1234567890abcdef, HERE + 0x808, 0x40002000 + 8, 0xffffffff80200010, UINT64_MAX};
    (void)state;
    for (size_t i = 0; i < sizeof callers / sizeof callers[0]; i++) {
        start();
        put_frame(HERE, HERE + 0x100, callers[i]);
        put(HERE + 0x800, 0xe8e8e8e8e8e8e8e8); /* looks like a call, but for where it is */
        put_frame(HERE + 0x100, 0, TEXT + 0x10);
        struct hf_exit how = fault(NULL_POINTER, HERE);
        expect_callers(&how, 0, NULL);
    }
}

/* The frame pointer points into a page that has not come yet, and doesn't come for this. */
static void test_page_that_is_not_there(void **state) {
    (void)state;
    spawn();
    assert_int_equal(ASK(task, MAP(HERE, PAGE, 0)), HF_OK);
    struct hf_exit how = fault(NULL_POINTER, HERE);
    expect_callers(&how, 0, NULL);
}

static void test_large_page(void **state) {
    (void)state;
    spawn();
    assert_int_equal(ASK(task, MAP(HERE, HF_RUN_SIZE, HF_MAP_LARGE)), HF_OK);
    memory_write(task, HERE, 0);
    assert_true(memory_is_large(task, HERE));
    put_frame(HERE, 0, TEXT + 0x10);
    struct hf_exit how = fault(NULL_POINTER, HERE);
    expect_callers(&how, 0, NULL);
}

/* One that another process has split: single frames of it could be mapped, and the entry names the first of them. */
static void test_large_page_of_a_split_run(void **state) {
    hf_handle_t child_handle;
    (void)state;
    spawn();
    assert_int_equal(ASK(task, MAP(HERE, HF_RUN_SIZE, HF_MAP_LARGE)), HF_OK);
    memory_write(task, HERE, 0);
    struct task *child = memory_fork(task, &child_handle);
    memory_write(child, HERE + 5 * PAGE, 1);
    assert_true(memory_is_large(task, HERE) && !memory_is_large(child, HERE));
    put_frame(HERE, 0, TEXT + 0x10);
    struct hf_exit how = fault(NULL_POINTER, HERE + 7 * PAGE);
    expect_callers(&how, 0, NULL);
    script_settle();
    assert_int_equal(ASK(script_init, .label = HF_MEM_TASK_KILL, .word = {child->mark}), HF_OK);
    script_settle();
}

/* A forked child's stack is the parent's, which is shared. */
static void test_fork(void **state) {
    static const uint64_t callers[] = {TEXT + 0x10, TEXT + 0x20};
    hf_handle_t child_handle;
    (void)state;
    start();
    put_frame(HERE, HERE + 0x100, callers[0]);
    put_frame(HERE + 0x100, 0, callers[1]);
    struct task *parent = task;
    struct task *child = memory_fork(parent, &child_handle);
    child->registers.rbp = HERE;
    assert_true(script_touch(child, NULL_POINTER, true));
    script_settle();
    struct hf_exit how = script_finish(parent, child_handle);
    expect_callers(&how, 2, callers);
    task = parent;
    how = fault(NULL_POINTER, HERE);
    expect_callers(&how, 2, callers);
}

static void test_thread(void **state) {
    static const uint64_t callers[] = {TEXT + 0x10};
    hf_handle_t thread_handle;
    (void)state;
    start();
    put_frame(HERE, 0, callers[0]);
    struct task *thread = script_thread(task, &thread_handle);
    thread->registers.rbp = HERE;
    assert_true(script_touch(thread, NULL_POINTER, true));
    script_settle();
    struct hf_exit how = script_finish(task, thread_handle);
    expect_callers(&how, 1, callers);
    memory_end(script_init, handle);
}

/* ---- the walk ---- */

/* What the page tables have for the address at this moment, PT first. */
static void read_entries(uint64_t address, uint64_t entries[4]) {
    uint64_t entry = task->cr3 | 1;
    memset(entries, 0, 4 * sizeof entries[0]);
    for (unsigned level = 4; level >= 1 && (entry & 1) && !(level < 3 && (entry & 0x80)); level--) {
        const uint64_t *table = (const void *)machine_ram[(entry & 0x000ffffffffff000) >> HF_PAGE_SHIFT];
        entries[level - 1] = entry = table[address >> (3 + 9 * level) & 511];
    }
}

static void check_walk(uint64_t address, unsigned present) {
    uint64_t entries[4];
    start();
    read_entries(address, entries);
    struct hf_exit how = fault(address, 0);
    assert_memory_equal(how.entry, entries, sizeof entries);
    for (unsigned level = 4; level >= 1; level--) assert_int_equal(how.entry[level - 1] & 1, 4 - level < present);
}

static void test_walk(void **state) {
    (void)state;
    check_walk(NULL_POINTER, 1);
    check_walk(HERE + STACK_PAGES * PAGE, 3);
    check_walk(0x600000000000, 0);
    check_walk(HF_USER_END, 0);
    check_walk(0xffff800000000000, 0);
}

static void test_no_names_without_the_module(void **state) {
    (void)state;
    assert_int_equal(ASK(script_init, .label = HF_MEM_NAME_OF, .word = {TEXT}), HF_NOT_FOUND);
    assert_int_equal(ASK(script_init, .label = HF_MEM_NAME_OF, .word = {UINT64_MAX}), HF_NOT_FOUND);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, script_before, script_after)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_chain),
        TEST(test_long_chain),
        TEST(test_frame_across_pages),
        TEST(test_top_of_stack),
        TEST(test_hostile_stack_pointers),
        TEST(test_not_behind_a_call),
        TEST(test_exception),
        TEST(test_hostile_frame_pointers),
        TEST(test_hostile_frames),
        TEST(test_callers_that_are_none),
        TEST(test_page_that_is_not_there),
        TEST(test_large_page),
        TEST(test_large_page_of_a_split_run),
        TEST(test_fork),
        TEST(test_thread),
        TEST(test_walk),
        TEST(test_no_names_without_the_module),
    };
    return cmocka_run_group_tests(tests, script_boot, NULL);
}
