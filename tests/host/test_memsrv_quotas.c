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
/* Quotas: who pays for what, who ends with whom; and how those who wait share memsrv's slots. */
#include "memsrv_memory.h"
#include <string.h>

#define PAGES 300u /* more than one part of any work */
#define LENGTH (PAGES * PAGE)

static struct task *task;
static hf_handle_t handle;

static hf_status_t spawn_by(struct task *maker, uint64_t quota, struct task **made, hf_handle_t *slot) {
    static const char name[] = "child";
    struct hf_spawn spawn = {.quota = quota, .string_bytes = sizeof name};
    memcpy(spawn.strings, name, sizeof name);
    hf_status_t status =
        ASK(maker, .label = HF_MEM_SPAWN, .bytes = &spawn, .count = offsetof(struct hf_spawn, strings) + sizeof name);
    *slot = (hf_handle_t)script_word(maker, 0);
    *made = status == HF_OK ? script_task(script_word(maker, 1)) : NULL;
    return status;
}

static void end(void) {
    memory_end(script_init, handle);
    script_settle();
    memory_books();
}

/* ---- what is put by ---- */

static void test_put_by(void **state) {
    struct task *child, *other;
    hf_handle_t child_handle, other_handle;
    (void)state;
    task = script_spawn(400, &handle);
    uint64_t used = memory_stat(task).quota_used;
    assert_int_equal(memory_stat(task).quota, 400);
    assert_int_equal(memory_stat(task).quota_owner, 1);
    assert_int_equal(spawn_by(task, 401, &child, &child_handle), HF_QUOTA);
    assert_int_equal(memory_stat(task).quota_used, used);
    assert_int_equal(spawn_by(task, 300, &child, &child_handle), HF_OK);
    assert_in_range(memory_stat(task).quota_used, used + 300, used + 302); /* and records */
    assert_int_equal(memory_stat(child).quota, 300);
    assert_int_equal(spawn_by(task, 300, &other, &other_handle), HF_QUOTA);
    memory_end(task, child_handle);
    assert_int_equal(memory_stat(task).quota_used, used);
    assert_int_equal(spawn_by(task, 300, &other, &other_handle), HF_OK);
    end();
}

/* Every other page gets other rights, or is unmapped: each time there are regions more. What is a region by itself can
 * be unmapped however few are left. */
static void cut_into_pieces(uint32_t label, uint64_t rights) {
    enum { PIECES = 2000 };
    const uint64_t place = 0x100000000000ull;
    uint64_t cuts = 0;
    hf_status_t status;
    task = script_spawn(40, &handle);
    assert_int_equal(
        ASK(task, .label = HF_MEM_MAP, .word = {place, PIECES * PAGE, HF_READ | HF_WRITE, HF_MAP_FIXED | HF_MAP_SMALL}),
        HF_OK);
    do {
        status = ASK(task, .label = label, .word = {place + 2 * cuts * PAGE, PAGE, rights});
        cuts += status == HF_OK;
    } while (status == HF_OK && cuts < PIECES / 2);
    assert_int_equal(status, HF_QUOTA);
    assert_in_range(cuts, 20, PIECES / 2 - 1);
    assert_in_range(memory_stat(task).quota_used, 39, 41);
    assert_int_equal(ASK(task, .label = HF_MEM_UNMAP, .word = {place + PAGE, PAGE}), HF_OK);
    end();
}

static void test_pieces(void **state) {
    (void)state;
    cut_into_pieces(HF_MEM_PROTECT, HF_READ);
    cut_into_pieces(HF_MEM_UNMAP, 0);
}

static void test_sharer_leaves_some(void **state) {
    struct task *child;
    hf_handle_t child_handle;
    (void)state;
    task = script_spawn(320, &handle);
    assert_int_equal(spawn_by(task, 0, &child, &child_handle), HF_OK);
    assert_int_equal(memory_stat(child).quota_owner, 0);
    assert_int_equal(memory_stat(child).quota, 320);
    assert_int_equal(ASK(child, MAP(HERE, 2 * LENGTH, HF_MAP_SMALL)), HF_OK);
    uint64_t number = child->mark, used = 0;
    for (unsigned i = 0; script_task(number) == child; i++) {
        used = memory_stat(child).quota_used;
        assert_true(script_touch(child, HERE + i * PAGE, true));
        script_settle();
    }
    assert_in_range(used, 298, 300); /* 320 less 20; a page may take a table too */
    struct hf_exit how = script_finish(task, child_handle);
    assert_int_equal(how.how, HF_EXIT_FAULT);
    assert_int_equal(how.reason, HF_REASON_QUOTA);
    assert_int_equal(ASK(task, MAP(HERE, 100 * PAGE, HF_MAP_NOW)), HF_OK); /* its end gave everything back */
    end();
}

/* All who live on a quota end with the task that it was made for. */
static void test_all_end(void **state) {
    struct task *child, *grandchild, *apart;
    hf_handle_t slot;
    (void)state;
    uint64_t before = script_total();
    task = script_spawn(300, &handle);
    assert_int_equal(spawn_by(task, 0, &child, &slot), HF_OK);
    assert_int_equal(spawn_by(child, 0, &grandchild, &slot), HF_OK);
    assert_int_equal(spawn_by(grandchild, 60, &apart, &slot), HF_OK);
    assert_int_equal(ASK(apart, FORK), HF_OK);
    end();
    assert_int_equal(script_total(), before);
    assert_int_equal(ASK(script_init, .label = HF_MEM_STAT), HF_OK);
}

/* Those of others don't. */
static void test_others_go_on(void **state) {
    struct task *child;
    hf_handle_t slot;
    (void)state;
    task = script_spawn(0, &handle);
    assert_int_equal(spawn_by(task, 0, &child, &slot), HF_OK);
    uint64_t number = child->mark;
    end();
    assert_ptr_equal(script_task(number), child);
    assert_int_equal(ASK(script_init, .label = HF_MEM_TASK_KILL, .word = {number}), HF_OK);
}

static void test_records_are_paid(void **state) {
    (void)state;
    task = script_spawn(60, &handle);
    uint64_t used = memory_stat(task).quota_used;
    hf_status_t status = HF_OK;
    unsigned count = 0;
    while (status == HF_OK && count < 2000) { /* each a region of its own */
        status = ASK(task, MAP(HERE + 2 * count * PAGE, PAGE, 0));
        count++;
    }
    assert_int_equal(status, HF_QUOTA);
    assert_in_range(memory_ledger(task).records, 20, 60);
    assert_int_equal(memory_stat(task).quota_used, 60);
    assert_int_equal(ASK(task, UNMAP(HERE, PAGE)), HF_OK);
    for (unsigned i = 1; i + 1 < count; i++) assert_int_equal(ASK(task, UNMAP(HERE + 2 * i * PAGE, PAGE)), HF_OK);
    assert_int_equal(memory_stat(task).quota_used, used);
    end();
}

/* ---- slots of those who wait ---- */

#define WAITERS 300u

/* Those of one quota may have half of what there is, as long as others want none: then less. */
static void test_slots_are_shared(void **state) {
    struct task *waiting[WAITERS];
    hf_handle_t slot;
    unsigned held = 0, tasks = 0;
    (void)state;
    task = script_spawn(1000, &handle);
    for (; tasks < WAITERS && ASK(task, .label = HF_MEM_THREAD, .word = {0x40001000}) == HF_OK; tasks++) {
        waiting[tasks] = script_task(script_word(task, 1));
        task->registers.rdi = script_word(task, 0);
        assert_int_equal(world_call(task, HF_CALL_HANDLE_CLOSE), HF_OK);
    }
    assert_true(tasks > 130);
    for (unsigned i = 0; i < tasks; i++) {
        SEND(waiting[i], .label = HF_MEM_LOOKUP, .word = {HF_LOOKUP_WAIT}, .bytes = "nobody", .count = 7);
        script_go();
        held += !script_answered(waiting[i]);
    }
    assert_int_equal(held, 62);
    struct task *other;
    assert_int_equal(spawn_by(script_init, 100, &other, &slot), HF_OK);
    SEND(other, .label = HF_MEM_LOOKUP, .word = {HF_LOOKUP_WAIT}, .bytes = "nobody", .count = 7);
    script_go();
    assert_false(script_answered(other));
    memory_end(script_init, slot);
    end();
}

/* A task that waits with a fault is stopped, and needs no slot. */
static void test_faults_need_no_slot(void **state) {
    static struct task *threads[WAITERS];
    unsigned count = 0, waiting = 0;
    (void)state;
    task = script_spawn(0, &handle);
    for (; count < 200 && ASK(task, .label = HF_MEM_THREAD, .word = {0x40001000}) == HF_OK; count++) {
        threads[count] = script_task(script_word(task, 1));
        task->registers.rdi = script_word(task, 0);
        assert_int_equal(world_call(task, HF_CALL_HANDLE_CLOSE), HF_OK);
    }
    assert_true(count > 130);
    assert_int_equal(ASK(task, MAP(HERE, HF_RUN_SIZE, HF_MAP_LARGE)), HF_OK);
    for (unsigned i = 0; i < count; i++) {
        assert_true(script_touch(threads[i], HERE + i * PAGE, true));
    }
    script_go();
    for (unsigned i = 0; i < count; i++) waiting += threads[i]->state != HF_TASK_READY;
    assert_int_equal(waiting, count);
    script_settle();
    for (unsigned i = 0; i < count; i++) memory_write(threads[i], HERE + i * PAGE, 1);
    assert_true(memory_is_large(task, HERE));
    end();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, script_before, script_after)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_put_by),
        TEST(test_pieces),
        TEST(test_sharer_leaves_some),
        TEST(test_all_end),
        TEST(test_others_go_on),
        TEST(test_records_are_paid),
        TEST(test_slots_are_shared),
        TEST(test_faults_need_no_slot),
    };
    return cmocka_run_group_tests(tests, script_boot, NULL);
}
