// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c
// sources: ukernel/device.c ukernel/call.c
// sources: servers/memsrv/*.c
// sources: tests/host/memsrv_image.c tests/host/memsrv_machine.c tests/host/memsrv_script.c tests/host/memsrv_touch.c
// sources: tests/host/world.c tests/host/memsrv_memory.c
// sources: tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine tests/host/fake ukernel
// flags: -fno-sanitize=address -DMACHINE_RUNS=12u
/* Forks: what parent and child have of each other, and what is copied and when. */
#include "memsrv_memory.h"
#include <string.h>

#define DATA 0x40002000ull /* the image's, in its file; and behind that */
#define ZEROS 0x40003000ull
#define STACK 0x7fffc000ull
#define SHARERS 1000u /* more than RAM has room for */

static struct task *parent, *child;
static hf_handle_t parent_handle, child_handle;

static void start(void) {
    parent = script_spawn(0, &parent_handle);
    assert_int_equal(ASK(parent, MAP(HERE, 4 * PAGE, HF_MAP_NOW)), HF_OK);
}

static void end(void) { memory_end(script_init, parent_handle); }

/* ---- contents ---- */

static void test_each_has_its_own(void **state) {
    static const uint64_t places[] = {DATA, ZEROS, STACK, HERE, HERE + 3 * PAGE};
    (void)state;
    start();
    for (unsigned i = 0; i < 5; i++) memory_write(parent, places[i] + i, (uint8_t)(10 + i));
    child = memory_fork(parent, &child_handle);
    for (unsigned i = 0; i < 5; i++) {
        assert_int_equal(memory_read(child, places[i] + i), 10 + i);
        assert_int_equal(memory_frame(child, places[i]), memory_frame(parent, places[i]));
        memory_write(i % 2 ? parent : child, places[i] + i, 99);
        assert_int_equal(memory_read(i % 2 ? child : parent, places[i] + i), 10 + i);
        memory_write(i % 2 ? child : parent, places[i] + i, 77);
        assert_int_equal(memory_read(i % 2 ? parent : child, places[i] + i), 99);
        assert_int_not_equal(memory_frame(child, places[i]), memory_frame(parent, places[i]));
    }
    memory_books();
    memory_end(parent, child_handle);
    end();
}

static void test_reading_copies_nothing(void **state) {
    (void)state;
    start();
    child = memory_fork(parent, &child_handle);
    uint64_t before = script_total();
    memory_faults = 0;
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(memory_read(parent, HERE + i * PAGE), 0);
        assert_int_equal(memory_read(child, HERE + i * PAGE), 0);
    }
    assert_int_equal(memory_faults, 0);
    assert_int_equal(script_total(), before);
    assert_int_equal(memory_ledger(child).pages, memory_ledger(parent).pages);
    memory_end(parent, child_handle);
    end();
}

static void test_the_last_owner_does_not_copy(void **state) {
    (void)state;
    start();
    child = memory_fork(parent, &child_handle);
    memory_write(child, HERE, 1); /* copies; from now on the parent has its page for itself */
    assert_int_equal(memory_ledger(child).faults_copy, 1);
    hf_frame_t frame = memory_frame(parent, HERE);
    memory_write(parent, HERE, 2);
    assert_int_equal(memory_frame(parent, HERE), frame);
    assert_int_equal(memory_ledger(parent).faults_reuse, 1);
    memory_end(parent, child_handle);
    for (unsigned i = 0; i < 4; i++) memory_write(parent, HERE + i * PAGE, 3);
    assert_int_equal(memory_ledger(parent).faults_reuse, 4);
    assert_int_equal(memory_ledger(parent).faults_copy, 0);
    end();
}

static void test_forks_of_forks(void **state) {
    struct task *tasks[6];
    hf_handle_t handles[6];
    (void)state;
    start();
    tasks[0] = parent;
    for (unsigned i = 0; i < 5; i++) {
        memory_write(tasks[i], HERE, (uint8_t)(20 + i));
        memory_write(tasks[i], HERE + PAGE, (uint8_t)(i ? memory_read(tasks[i], HERE + PAGE) + 1 : 1));
        tasks[i + 1] = memory_fork(tasks[i], &handles[i + 1]);
    }
    memory_write(tasks[5], HERE, 25);
    memory_write(tasks[3], HERE + 2 * PAGE, 33);
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(memory_read(tasks[i], HERE), 20 + i);
        assert_int_equal(memory_read(tasks[i], HERE + PAGE), i < 5 ? i + 1 : 5);
        assert_int_equal(memory_read(tasks[i], HERE + 2 * PAGE), i == 3 ? 33 : 0);
    }
    memory_end(tasks[2], handles[3]); /* its own child goes on */
    assert_int_equal(memory_read(tasks[5], HERE + PAGE), 5);
    memory_end(tasks[4], handles[5]);
    assert_int_equal(ASK(script_init, .label = HF_MEM_TASK_KILL, .word = {tasks[4]->mark}), HF_OK);
    memory_end(tasks[1], handles[2]);
    memory_end(parent, handles[1]);
    end();
}

/* As many as RAM has room for, all with the same page. */
static void test_sharers(void **state) {
    static struct task *sharers[SHARERS];
    unsigned count = 0;
    (void)state;
    start();
    memory_write(parent, HERE, 5);
    while (count < SHARERS && ASK(parent, FORK) == HF_OK) {
        parent->registers.rdi = script_word(parent, 0);
        sharers[count++] = script_task(script_word(parent, 1));
        assert_int_equal(world_call(parent, HF_CALL_HANDLE_CLOSE), HF_OK);
    }
    assert_in_range(count, 200, SHARERS - 1);
    memory_books();
    for (unsigned i = 0; i < count; i++) assert_int_equal(memory_frame(sharers[i], HERE), memory_frame(parent, HERE));
    for (unsigned i = 0; i < count; i += 2) {
        assert_int_equal(ASK(script_init, .label = HF_MEM_TASK_KILL, .word = {sharers[i]->mark}), HF_OK);
        script_settle();
    }
    for (unsigned i = 1; i < count; i += 2) memory_write(sharers[i], HERE, (uint8_t)(i / 2 + 6));
    for (unsigned i = 1; i < count; i += 2) assert_int_equal(memory_read(sharers[i], HERE), (uint8_t)(i / 2 + 6));
    assert_int_equal(memory_read(parent, HERE), 5);
    for (unsigned i = 1; i < count; i += 2) {
        assert_int_equal(ASK(script_init, .label = HF_MEM_TASK_KILL, .word = {sharers[i]->mark}), HF_OK);
    }
    end();
}

/* ---- what else the child has ---- */

static void test_buffers(void **state) {
    hf_handle_t thread_handle;
    (void)state;
    start();
    const struct task *thread = script_thread(parent, &thread_handle);
    const uint64_t threads = 0x7fe00000; /* the first place there is */
    assert_ptr_equal(machine_ram[memory_frame(parent, threads)], thread->buffer);
    strcpy((char *)parent->buffer->bytes, "parent's");
    child = memory_fork(parent, &child_handle);
    assert_ptr_not_equal(child->buffer, parent->buffer);
    assert_ptr_not_equal(child->buffer, thread->buffer);
    assert_int_equal(child->buffer->bytes[0], 0);
    assert_int_equal(memory_entry(child, threads), 0);
    memory_write(parent, threads, 'x'); /* the parent's are as they were */
    assert_int_equal(memory_ledger(parent).faults_copy, 0);
    assert_true(script_touch(child, threads, false));
    assert_int_equal(script_finish(parent, child_handle).reason, HF_REASON_NO_REGION);
    end();
}

/* Of one who has unmapped its buffer: none is unmapped for the child, nor paid for. */
static void test_buffer_unmapped(void **state) {
    const uint64_t buffer = 0x7fffe000;
    (void)state;
    start();
    assert_ptr_equal(machine_ram[memory_frame(parent, buffer)], parent->buffer);
    assert_int_equal(ASK(parent, UNMAP(buffer, PAGE)), HF_OK);
    child = memory_fork(parent, &child_handle);
    assert_ptr_equal(machine_ram[memory_frame(child, buffer)], child->buffer);
    assert_int_equal(memory_ledger(child).pages, memory_ledger(parent).pages + 1);
    memory_end(parent, child_handle);
    assert_int_equal(ASK(parent, MAP(buffer, PAGE, 0)), HF_OK);
    assert_int_equal(ASK(parent, FORK), HF_EXISTS);
    end();
}

static void test_handles(void **state) {
    hf_handle_t granted, kept;
    (void)state;
    start();
    assert_int_equal(ASK(parent, .label = HF_MEM_ENDPOINT_CREATE), HF_OK);
    granted = (hf_handle_t)script_word(parent, 0);
    assert_int_equal(ASK(parent, .label = HF_MEM_ENDPOINT_CREATE), HF_OK);
    kept = (hf_handle_t)script_word(parent, 0);
    parent->handles[kept].rights &= (uint8_t)~HF_RIGHT_GRANT;
    child = memory_fork(parent, &child_handle);
    assert_int_equal(child->handles[granted].kind, HF_HANDLE_ENDPOINT);
    assert_ptr_equal(child->handles[granted].object, parent->handles[granted].object);
    assert_int_equal(child->handles[kept].kind, HF_HANDLE_NONE);
    assert_int_equal(child->handles[child_handle].kind, HF_HANDLE_NONE);
    assert_int_not_equal(child->handles[HF_SLOT_MEMSRV].badge, parent->handles[HF_SLOT_MEMSRV].badge);
    memory_end(parent, child_handle);
    end();
}

static unsigned regions_of(struct task *task, struct hf_region *regions) {
    assert_int_equal(ASK(task, .label = HF_MEM_REGIONS), HF_OK);
    memcpy(regions, task->buffer->bytes, script_word(task, 1) * sizeof *regions);
    return (unsigned)script_word(task, 1);
}

static void test_regions(void **state) {
    static struct hf_region parents[40], childs[40];
    (void)state;
    start();
    assert_int_equal(ASK(parent, PROTECT(HERE + PAGE, PAGE, HF_READ)), HF_OK);
    assert_int_equal(ASK(parent, MAP(HERE + 8 * HF_RUN_SIZE, PAGE, HF_MAP_GUARD)), HF_OK);
    assert_int_equal(ASK(parent, MAP(HERE + 10 * HF_RUN_SIZE, 2 * HF_RUN_SIZE, HF_MAP_LARGE)), HF_OK);
    unsigned count = regions_of(parent, parents);
    assert_in_range(count, 9, 39);
    child = memory_fork(parent, &child_handle);
    assert_int_equal(regions_of(child, childs), count);
    assert_memory_equal(parents, childs, count * sizeof parents[0]);
    assert_int_equal(ASK(child, UNMAP(HERE, 4 * PAGE)), HF_OK); /* each has its own from now on */
    assert_int_equal(memory_read(parent, HERE), 0);
    memory_end(parent, child_handle);
    end();
}

/* ---- rights ---- */

static void test_protect_and_back(void **state) {
    (void)state;
    for (unsigned who = 0; who < 2; who++) {
        start();
        memory_write(parent, HERE, 1);
        child = memory_fork(parent, &child_handle);
        struct task *one = who ? parent : child, *other = who ? child : parent;
        assert_int_equal(ASK(one, PROTECT(HERE, 4 * PAGE, HF_READ)), HF_OK);
        assert_int_equal(ASK(one, PROTECT(HERE, 4 * PAGE, RW)), HF_OK);
        for (unsigned i = 0; i < 4; i++) assert_false(memory_is_writable(one, HERE + i * PAGE));
        memory_write(one, HERE, 2);
        assert_int_equal(memory_read(other, HERE), 1);
        memory_write(other, HERE, 3);
        assert_int_equal(memory_read(one, HERE), 2);
        memory_end(parent, child_handle);
        end();
    }
}

/* ---- out of quota ---- */

static void test_quota(void **state) {
    (void)state;
    for (uint64_t quota = 12;; quota++) {
        hf_handle_t handle;
        struct task *task = script_spawn(quota, &handle);
        memory_write(task, DATA, 1);
        uint64_t before = script_total(), used = memory_stat(task).quota_used;
        hf_status_t status = ASK(task, FORK);
        script_settle();
        if (status == HF_OK) {
            memory_end(script_init, handle); /* the child with it, whose quota that was */
            assert_in_range(quota, 18, 60);
            return;
        }
        assert_int_equal(status, HF_QUOTA);
        assert_int_equal(script_total(), before);
        assert_int_equal(memory_stat(task).quota_used, used);
        memory_write(task, DATA, 2);
        memory_end(script_init, handle);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, script_before, script_after)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_each_has_its_own),
        TEST(test_reading_copies_nothing),
        TEST(test_the_last_owner_does_not_copy),
        TEST(test_forks_of_forks),
        TEST(test_sharers),
        TEST(test_buffers),
        TEST(test_buffer_unmapped),
        TEST(test_handles),
        TEST(test_regions),
        TEST(test_protect_and_back),
        TEST(test_quota),
    };
    return cmocka_run_group_tests(tests, script_boot, NULL);
}
