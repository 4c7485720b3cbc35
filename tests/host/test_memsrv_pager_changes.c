// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c
// sources: ukernel/device.c ukernel/call.c
// sources: servers/memsrv/*.c
// sources: tests/host/memsrv_image.c tests/host/memsrv_machine.c tests/host/memsrv_script.c tests/host/memsrv_touch.c tests/host/pager_script.c
// sources: tests/host/world.c
// sources: tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine tests/host/fake ukernel
// flags: -fno-sanitize=address
/* Pagers whose clients go on meanwhile: with threads that change what is mapped, with forks; and tasks that have a
 * pager for everything. */
#include "pager_script.h"

#include <string.h>

#define PAGE(n) (PAGER_PLACE + (n)*HF_PAGE_SIZE)

/* ---- what the client does meanwhile ---- */

/* Its threads go on, and unmap the page; the one that has touched it is told. */
static void test_unmapped_meanwhile(void **state) {
    hf_handle_t handle;
    (void)state;
    start_pager();
    struct task *thread = script_thread(client, &handle);
    touch_page(client, PAGE(0), false);
    uint64_t id = next_request().id;
    assert_int_equal(ASK(thread, .label = HF_MEM_UNMAP, .word = {PAGE(0), PAGER_PAGES * HF_PAGE_SIZE}), HF_OK);
    assert_int_equal(ASK(pager, SUPPLY(id, PAGER_OWN)), HF_OK);
    touch_page(client, PAGE(0), false);
    has_ended(client_handle, HF_REASON_NO_REGION);
    client_handle = 0;
    end_pager();
}

/* ... and map something else, or another part. The page that was meant for the first is nobody's. */
static void test_mapped_anew_meanwhile(void **state) {
    (void)state;
    for (unsigned way = 0; way < 3; way++) {
        hf_handle_t handle;
        start_pager();
        struct task *thread = script_thread(client, &handle);
        touch_page(client, PAGE(0), true);
        uint64_t id = next_request().id;
        assert_int_equal(ASK(thread, .label = HF_MEM_UNMAP, .word = {PAGE(0), HF_PAGE_SIZE}), HF_OK);
        assert_int_equal(ASK(thread, .to = way == 0 ? HF_SLOT_MEMSRV : PAGER_GIVEN,
                             .label = way == 0 ? HF_MEM_MAP : HF_MEM_OBJECT_MAP,
                             .word = {PAGE(0), HF_PAGE_SIZE, way == 2 ? HF_READ : RW, HF_MAP_FIXED,
                                      way == 1 ? 1ull << 40 : PAGER_OFFSET}),
                         HF_OK);
        assert_int_equal(ASK(pager, SUPPLY(id, PAGER_OWN)), HF_OK);
        assert_null(page_at(client, PAGE(0)));
        touch_page(client, PAGE(0), way != 2);
        assert_int_equal(is_waiting(client), way != 0);
        end_pager();
    }
}

/* ... or the same of another pager's. */
static void test_mapped_of_another_meanwhile(void **state) {
    hf_handle_t handle;
    (void)state;
    start_pager();
    struct task *thread = script_thread(client, &handle);
    assert_int_equal(ASK(pager, .label = HF_MEM_PAGER_CREATE), HF_OK);
    client->handles[PAGER_GIVEN + 1] = pager->handles[script_word(pager, 0)];
    touch_page(client, PAGE(0), true);
    uint64_t id = next_request().id;
    assert_int_equal(ASK(thread, .label = HF_MEM_UNMAP, .word = {PAGE(0), HF_PAGE_SIZE}), HF_OK);
    assert_int_equal(ASK(thread, .to = PAGER_GIVEN + 1, .label = HF_MEM_OBJECT_MAP,
                         .word = {PAGE(0), HF_PAGE_SIZE, RW, HF_MAP_FIXED, PAGER_OFFSET}),
                     HF_OK);
    assert_int_equal(ASK(pager, SUPPLY(id, PAGER_OWN)), HF_OK);
    assert_null(page_at(client, PAGE(0)));
    end_pager();
}

/* Two threads wait for the same page: what comes second is not needed. */
static void test_two_for_one_page(void **state) {
    hf_handle_t handle;
    (void)state;
    start_pager();
    struct task *thread = script_thread(client, &handle);
    uint64_t before = info_of(client->mark).ledger.pages;
    touch_page(client, PAGE(0), true);
    touch_page(thread, PAGE(0) + 8, true);
    uint64_t first = next_request().id, second = next_request().id;
    assert_int_equal(ASK(pager, SUPPLY(second, PAGER_OWN)), HF_OK);
    uint8_t *page = page_at(client, PAGE(0));
    page[0] = 1;
    assert_int_equal(ASK(pager, SUPPLY(first, PAGER_OWN)), HF_OK);
    assert_ptr_equal(page_at(client, PAGE(0)), page);
    assert_int_equal(page[0], 1);
    assert_false(script_touch(client, PAGE(0), true));
    assert_false(script_touch(thread, PAGE(0), true));
    assert_int_equal(info_of(client->mark).ledger.pages, before + 1);
    assert_int_equal(info_of(client->mark).ledger.faults_pager, 1);
    end_pager();
}

static void touch_and_unmap(struct task *thread, uint32_t answer) {
    touch_page(client, PAGE(0), true);
    assert_int_equal(ASK(pager, .to = pager_own, .label = answer, .word = {next_request().id, PAGER_OWN}), HF_OK);
    if (answer == HF_MEM_PAGER_PASS) touch_page(client, PAGE(0), true);
    assert_int_equal(ASK(thread, .label = HF_MEM_UNMAP, .word = {PAGE(0), HF_PAGE_SIZE}), HF_OK);
    assert_int_equal(
        ASK(thread, .to = PAGER_GIVEN, .label = HF_MEM_OBJECT_MAP, .word = {PAGE(0), HF_PAGE_SIZE, RW, HF_MAP_FIXED}),
        HF_OK);
}

/* A supplied page doesn't help, since another thread takes it away again and again. */
static void test_loop(void **state) {
    hf_handle_t handle;
    (void)state;
    start_pager();
    struct task *thread = script_thread(client, &handle);
    touch_and_unmap(thread, HF_MEM_PAGER_SUPPLY);
    touch_and_unmap(thread, HF_MEM_PAGER_SUPPLY);
    touch_and_unmap(thread, HF_MEM_PAGER_PASS); /* what was passed counts for nothing */
    for (unsigned times = 0; times < 3; times++) {
        touch_and_unmap(thread, HF_MEM_PAGER_SUPPLY);
    }
    touch_page(client, PAGE(0), true);
    has_ended(client_handle, HF_REASON_PAGER_LOOP);
    client_handle = 0;
    end_pager();
}

/* Who maps and unmaps by itself is in no loop; nor is one that touches another page, or in another way. */
static void test_no_loop(void **state) {
    (void)state;
    start_pager();
    for (unsigned times = 0; times < 10; times++) {
        touch_page(client, PAGE(0), true);
        assert_int_equal(ASK(pager, SUPPLY(next_request().id, PAGER_OWN)), HF_OK);
        assert_int_equal(ASK(client, .label = HF_MEM_UNMAP, .word = {PAGE(0), HF_PAGE_SIZE}), HF_OK);
        assert_int_equal(ASK(client, .to = PAGER_GIVEN, .label = HF_MEM_OBJECT_MAP,
                             .word = {PAGE(0), HF_PAGE_SIZE, RW, HF_MAP_FIXED}),
                         HF_OK);
    }
    end_pager();
}

/* ---- forks ---- */

/* Pages in so many page tables, whose copying takes several parts; that of PAGER_PLACE comes last. */
#define TABLES 20u

static void spread(struct task *task) {
    for (unsigned i = 0; i < TABLES; i++) {
        assert_int_equal(ASK(task, .label = HF_MEM_MAP,
                             .word = {0x300000000000 + i * HF_RUN_SIZE, HF_PAGE_SIZE, RW, HF_MAP_FIXED | HF_MAP_NOW}),
                         HF_OK);
    }
}

static void start_fork(struct task *task, unsigned parts) {
    SEND(task, .label = HF_MEM_FORK, .word = {0x40001000, 0x7f000000});
    for (unsigned i = 0; i < parts; i++) {
        script_go();
    }
}

/* While the address space is copied nothing may be added to it: the page is asked for again. */
static void test_supply_during_fork(void **state) {
    unsigned dropped = 0;
    (void)state;
    for (unsigned moment = 0; moment < 20; moment++) {
        hf_handle_t handle;
        start_pager();
        struct task *thread = script_thread(client, &handle);
        touch_page(client, PAGE(7), true);
        assert_int_equal(ASK(pager, SUPPLY(next_request().id, PAGER_OWN)), HF_OK);
        spread(client);
        touch_page(client, PAGE(0), true);
        uint64_t id = next_request().id;
        start_fork(thread, moment);
        assert_int_equal(ASK(pager, SUPPLY(id, PAGER_OWN)), HF_OK);
        assert_int_equal(script_answer(thread), HF_OK);
        script_settle();
        if (!page_at(client, PAGE(0))) {
            dropped++;
            touch_page(client, PAGE(0), true);
            assert_int_equal(ASK(pager, SUPPLY(next_request().id, PAGER_OWN)), HF_OK);
        }
        assert_int_equal(page_at(client, PAGE(0))[0], 0x5a);
        if (script_touch(client, PAGE(0), true)) script_settle(); /* it may be the child's too */
        assert_false(script_touch(client, PAGE(0), true));
        struct task *child = script_task(script_word(thread, 1));
        handle = (hf_handle_t)script_word(thread, 0);
        touch_page(child, PAGE(1), true);
        assert_int_equal(next_request().task, child->mark);
        assert_int_equal(script_kill(thread, handle).how, HF_EXIT_KILLED);
        end_pager();
    }
    assert_in_range(dropped, 3, 19);
}

/* The pager itself is forked: what it supplies may have to be split, which waits for that. */
static void test_pager_forks(void **state) {
    (void)state;
    for (unsigned moment = 0; moment < 20; moment++) {
        hf_handle_t handle;
        start_pager();
        struct task *thread = script_thread(pager, &handle);
        assert_int_equal(ASK(pager, .label = HF_MEM_MAP,
                             .word = {0x400000000000, HF_RUN_SIZE, RW, HF_MAP_FIXED | HF_MAP_NOW | HF_MAP_LARGE}),
                         HF_OK);
        memset(page_at(pager, 0x400000007000), 0x77, HF_PAGE_SIZE);
        spread(pager);
        touch_page(client, PAGE(0), true);
        uint64_t id = next_request().id;
        start_fork(thread, moment);
        assert_int_equal(ASK(pager, SUPPLY(id, 0x400000007000)), HF_OK);
        assert_int_equal(script_answer(thread), HF_OK);
        script_settle();
        assert_int_equal(page_at(client, PAGE(0))[0xfff], 0x77);
        assert_int_equal(page_at(script_task(script_word(thread, 1)), 0x400000007000)[0], 0x77);
        handle = (hf_handle_t)script_word(thread, 0);
        assert_int_equal(script_kill(thread, handle).how, HF_EXIT_KILLED);
        end_pager();
    }
}

/* ---- all of a task's pages ---- */

static void supply_next(const struct task *task, uint64_t page) {
    struct hf_pager_request request = next_request();
    assert_int_equal(request.task, task->mark);
    assert_int_equal(request.offset, page);
    assert_int_equal(ASK(pager, SUPPLY(request.id, PAGER_OWN)), HF_OK);
    assert_int_equal(page_at(task, page)[17], 0x5a);
}

static void test_whole_task(void **state) {
    hf_handle_t handle, thread_handle;
    (void)state;
    start_pager();
    struct task *task = new_client_of_all(0, &handle);
    struct task *thread = script_thread(task, &thread_handle);
    touch_page(task, 0x40001000, false);
    supply_next(task, 0x40001000);
    touch_page(thread, 0x40002008, true);
    supply_next(thread, 0x40002000);
    assert_false(script_touch(thread, 0x40002008, true));
    assert_int_equal(ASK(task, .label = HF_MEM_MAP, .word = {0x300000000000, 0x10000, RW, HF_MAP_FIXED}), HF_OK);
    touch_page(task, 0x300000003000, true);
    supply_next(task, 0x300000003000);
    assert_int_equal(info_of(task->mark).ledger.faults_pager, 3);
    assert_int_equal(ASK(thread, .label = HF_MEM_FORK, .word = {0x40001000, 0x7f000000}), HF_OK);
    struct task *child = script_task(script_word(thread, 1));
    touch_page(child, 0x300000003000, true); /* which is only copied */
    assert_false(script_touch(child, 0x300000003000, true));
    touch_page(child, 0x300000004000, true);
    supply_next(child, 0x300000004000);
    assert_int_equal(script_kill(task, (hf_handle_t)script_word(thread, 0)).how, HF_EXIT_KILLED);
    touch_page(thread, 0x300000010000, true); /* what is wrong is refused without the pager */
    assert_int_equal(script_finish(task, thread_handle).reason, HF_REASON_NO_REGION);
    assert_int_equal(script_kill(script_init, handle).left.pages, 0);
    end_pager();
}

/* Passing leaves each page as memsrv brings it, alone. */
static void test_whole_task_passed(void **state) {
    static const uint64_t place[] = {0x40000000, 0x40001000, 0x40002000, 0x40003000, 0x300000201000, 0x300000000000};
    hf_handle_t handle;
    (void)state;
    start_pager();
    struct task *task = new_client_of_all(0, &handle);
    assert_int_equal(
        ASK(task, .label = HF_MEM_MAP, .word = {0x300000000000, 0x400000, RW, HF_MAP_FIXED | HF_MAP_LARGE}), HF_OK);
    for (unsigned i = 0; i < sizeof place / sizeof place[0]; i++) {
        touch_page(task, place[i], false);
        struct hf_pager_request request = next_request();
        assert_int_equal(request.address, place[i]);
        assert_int_equal(ASK(pager, PASS(request.id)), HF_OK);
        touch_page(task, place[i], false);
        assert_false(script_touch(task, place[i], false));
    }
    assert_memory_equal(page_at(task, 0x40000000), "\177ELF", 4);
    struct hf_ledger ledger = info_of(task->mark).ledger;
    assert_int_equal(ledger.faults_image, 3);
    assert_int_equal(ledger.faults_zero, 3);
    assert_int_equal(ledger.faults_large, 0);
    assert_null(page_at(task, 0x300000200000));
    assert_int_equal(script_kill(script_init, handle).left.pages, 0);
    end_pager();
}

/* The stack grows page by page, each asked about; an object's pages are its own. */
static void test_whole_task_others(void **state) {
    hf_handle_t handle;
    (void)state;
    start_pager();
    struct task *task = new_client_of_all(0, &handle);
    assert_int_equal(ASK(task, .label = HF_MEM_OBJECT_CREATE, .word = {HF_PAGE_SIZE}), HF_OK);
    hf_handle_t object = (hf_handle_t)script_word(task, 0);
    assert_int_equal(
        ASK(task, .to = object, .label = HF_MEM_OBJECT_MAP, .word = {0x300000000000, HF_PAGE_SIZE, RW, HF_MAP_FIXED}),
        HF_OK);
    touch_page(task, 0x300000000000, true);
    assert_false(script_touch(task, 0x300000000000, true));
    give_pager(task);
    assert_int_equal(ASK(task, .to = PAGER_GIVEN, .label = HF_MEM_OBJECT_MAP,
                         .word = {PAGER_PLACE, HF_PAGE_SIZE, RW, HF_MAP_FIXED, PAGER_OFFSET}),
                     HF_OK);
    touch_page(task, PAGER_PLACE, true); /* the region's pager is asked, for the region's offset, and once */
    struct hf_pager_request request = next_request();
    assert_int_equal(request.offset, PAGER_OFFSET);
    assert_int_equal(ASK(pager, PASS(request.id)), HF_OK);
    touch_page(task, PAGER_PLACE, true);
    assert_false(script_touch(task, PAGER_PLACE, true));
    for (unsigned i = 1; i < 6; i++) {
        uint64_t page = (task->registers.rsp & ~0xfffull) - i * HF_PAGE_SIZE;
        touch_page(task, page, true);
        request = next_request();
        assert_int_equal(request.offset, page);
        assert_int_equal(ASK(pager, PASS(request.id)), HF_OK);
        touch_page(task, page, true);
        assert_false(script_touch(task, page, true));
    }
    assert_int_equal(script_kill(script_init, handle).left.pages, 0);
    end_pager();
}

/* A pager may map what it serves, if another of its threads does so. */
static void test_own_pager(void **state) {
    hf_handle_t handle;
    (void)state;
    start_pager();
    struct task *thread = script_thread(pager, &handle);
    assert_int_equal(ASK(pager, .to = pager_own, .label = HF_MEM_OBJECT_MAP,
                         .word = {0x300000000000, HF_PAGE_SIZE, RW, HF_MAP_FIXED}),
                     HF_OK);
    touch_page(thread, 0x300000000000, true);
    assert_true(is_waiting(thread));
    assert_int_equal(ASK(pager, SUPPLY(next_request().id, PAGER_OWN)), HF_OK);
    assert_false(script_touch(thread, 0x300000000000, true));
    end_pager();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, script_before, script_after)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_unmapped_meanwhile),
        TEST(test_mapped_anew_meanwhile),
        TEST(test_mapped_of_another_meanwhile),
        TEST(test_two_for_one_page),
        TEST(test_loop),
        TEST(test_no_loop),
        TEST(test_supply_during_fork),
        TEST(test_pager_forks),
        TEST(test_whole_task),
        TEST(test_whole_task_passed),
        TEST(test_whole_task_others),
        TEST(test_own_pager),
    };
    return cmocka_run_group_tests(tests, script_boot, NULL);
}
