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
/* Threads: what memsrv makes of each request, with memory running out at each step; and several of one
 * process that ask at the same time, and are ended at every moment. */
#include "memsrv_script.h"
#include <string.h>

#define PLACE 0x100000000000ull
#define PAGES 300u /* more than one part of any work */
#define BYTES (PAGES * HF_PAGE_SIZE)
#define RW (HF_READ | HF_WRITE)
#define NOW (HF_MAP_FIXED | HF_MAP_NOW)

#define SEND(task, ...) script_send(task, &(struct script_request){__VA_ARGS__})
#define MAP(flags) .label = HF_MEM_MAP, .word = {PLACE, BYTES, RW, flags}
#define UNMAP .label = HF_MEM_UNMAP, .word = {PLACE, BYTES}
#define PROTECT(rights) .label = HF_MEM_PROTECT, .word = {PLACE, BYTES, rights}
#define START .label = HF_MEM_THREAD, .word = {0x40001000}

/* A child of init's, and two threads of it. */
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

static struct hf_task_info info_of(uint64_t number) {
    for (uint64_t cursor = 0;;) {
        assert_int_equal(ASK(script_init, .label = HF_MEM_TASKS, .word = {cursor}), HF_OK);
        cursor = script_word(script_init, 0);
        for (unsigned i = 0; i < script_word(script_init, 1); i++) {
            struct hf_task_info info;
            memcpy(&info, script_init->buffer->bytes + i * sizeof info, sizeof info);
            if (info.number == number) return info;
        }
        assert_int_not_equal(cursor, 0);
    }
}

/* ---- how they begin ---- */

static void test_start(void **state) {
    (void)state;
    start();
    assert_int_equal(ASK(process, .label = HF_MEM_THREAD, .word = {0x40001234, 7, 0x5000, 0x6000}), HF_OK);
    const struct task *thread = script_task(script_word(process, 1));
    assert_int_equal(thread->registers.rip, 0x40001234);
    assert_int_equal(thread->registers.rdi, 7);
    assert_int_equal(thread->registers.rsp, 0x5000);
    assert_int_equal(thread->fs_base, 0x6000);
    assert_int_equal(thread->priority, process->priority);
    assert_ptr_equal(thread->handles, process->handles);
    assert_int_equal(thread->cr3, process->cr3);
    assert_non_null(thread->buffer);
    assert_ptr_not_equal(thread->buffer, process->buffer);
    assert_ptr_not_equal(thread->buffer, first->buffer);
    assert_int_equal(info_of(thread->mark).parent, process->mark);
    assert_int_equal(ASK(first, START), HF_OK); /* made by a thread, it belongs to the process all the same */
    assert_int_equal(info_of(script_word(first, 1)).parent, process->mark);
    end();
}

static void test_refused(void **state) {
    static const uint64_t beyond[] = {HF_USER_END + 1, 1ull << 47, 1ull << 63, UINT64_MAX};
    (void)state;
    start();
    uint64_t before = script_total();
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(ASK(process, .label = HF_MEM_THREAD, .word = {beyond[i]}), HF_BAD_ADDRESS);
        assert_int_equal(ASK(process, .label = HF_MEM_THREAD, .word = {0, 0, beyond[i]}), HF_BAD_ADDRESS);
        assert_int_equal(ASK(first, .label = HF_MEM_THREAD, .word = {0, 0, 0, beyond[i]}), HF_BAD_ADDRESS);
    }
    assert_int_equal(ASK(process, .label = HF_MEM_THREAD, .word = {HF_USER_END}), HF_BAD_ADDRESS);
    assert_int_equal(ASK(process, .label = HF_MEM_THREAD, .word = {0, 0, 0, HF_USER_END}), HF_BAD_ADDRESS);
    assert_int_equal(ASK(process, .to = first_handle, .label = HF_MEM_THREAD), HF_BAD_HANDLE);
    assert_int_equal(script_total(), before);
    assert_int_equal(ASK(process, .label = HF_MEM_THREAD, .word = {0, 0, HF_USER_END}), HF_OK);
    end();
}

static void test_out_of_memory(void **state) {
    hf_status_t status = HF_NO_MEMORY;
    uint64_t left = 0;
    (void)state;
    start();
    for (; status != HF_OK; left++) {
        script_leave(left);
        uint64_t before = script_total();
        status = ASK(process, START);
        assert_true(status == HF_OK || (status == HF_NO_MEMORY && script_free() <= before));
        script_put_back();
        assert_true(left < 10);
    }
    assert_in_range(left, 3, 9);
    end();
}

/* What a process takes besides, all of it: a quota of one frame more is not a thread, two are. */
static void test_quota(void **state) {
    hf_handle_t handle;
    (void)state;
    start();
    for (uint64_t quota = 8; quota < 14; quota++) {
        struct task *small = script_spawn(quota, &handle);
        uint64_t before = script_total();
        for (uint64_t used = 8; used + 2 <= quota; used += 2) {
            assert_int_equal(ASK(small, START), HF_OK);
        }
        assert_int_equal(ASK(small, START), HF_QUOTA);
        assert_int_equal(script_total(), before - (quota - 8) / 2 * 2);
        assert_int_equal(script_kill(script_init, handle).how, HF_EXIT_KILLED);
    }
    end();
}

static void test_full_table(void **state) {
    (void)state;
    start();
    for (unsigned slot = 1; slot < HF_HANDLE_COUNT; slot++) {
        if (process->handles[slot].kind == HF_HANDLE_NONE) {
            process->handles[slot] = process->handles[HF_SLOT_MEMSRV];
        }
    }
    uint64_t before = script_total();
    assert_int_equal(ASK(first, START), HF_NO_MEMORY);
    assert_int_equal(script_total(), before);
    end();
}

/* ---- how they end ---- */

static void test_exit_ends_the_asker(void **state) {
    (void)state;
    start();
    uint64_t before = script_total();
    SEND(first, .label = HF_MEM_EXIT, .word = {5});
    struct hf_exit how = script_finish(process, first_handle);
    assert_int_equal(how.how, HF_EXIT_CODE);
    assert_int_equal(how.code, 5);
    assert_int_equal(script_total(), before + 2);
    assert_int_equal(ASK(second, .label = HF_MEM_STAT), HF_OK);
    end();
}

static void test_fault_ends_its_thread(void **state) {
    (void)state;
    start();
    uint64_t refused = info_of(process->mark).ledger.faults_refused;
    assert_true(script_touch(first, 0x1234, true));
    struct hf_exit how = script_finish(second, first_handle);
    assert_int_equal(how.how, HF_EXIT_FAULT);
    assert_int_equal(how.reason, HF_REASON_NULL_PAGE);
    assert_int_equal(info_of(process->mark).ledger.faults_refused, refused + 1);
    assert_int_equal(ASK(process, .label = HF_MEM_STAT), HF_OK);
    end();
}

static void test_faults_are_the_process_s(void **state) {
    (void)state;
    start();
    assert_int_equal(ASK(process, MAP(HF_MAP_FIXED)), HF_OK);
    struct hf_ledger before = info_of(process->mark).ledger;
    assert_true(script_touch(first, PLACE, true));
    assert_true(script_touch(second, PLACE, true)); /* on the same page, before memsrv has seen either */
    script_settle();
    assert_false(script_touch(process, PLACE, true));
    struct hf_ledger after = info_of(process->mark).ledger;
    assert_int_equal(after.faults_zero, before.faults_zero + 1);
    assert_int_equal(after.pages, before.pages + 1);
    assert_int_equal(info_of(first->mark).ledger.pages, 0);
    end();
}

/* Everything that memsrv may be keeping for a thread. */
static void test_process_ends(void **state) {
    static const char name[] = "never";
    hf_handle_t handles[4];
    struct task *threads[4];
    (void)state;
    for (unsigned way = 0; way < 3; way++) {
        start();
        for (unsigned i = 0; i < 4; i++) {
            threads[i] = script_thread(first, &handles[i]);
        }
        SEND(first, .to = second_handle, .label = HF_MEM_WAIT);
        script_go();
        SEND(threads[0], .label = HF_MEM_LOOKUP, .word = {1}, .bytes = name, .count = sizeof name);
        script_go();
        SEND(threads[1], MAP(NOW));
        SEND(threads[2], MAP(HF_MAP_FIXED));
        assert_true(script_touch(threads[3], 0x40002000, false));
        script_go();
        script_go();
        if (way == 0) {
            end();
        } else if (way == 1) {
            SEND(process, .label = HF_MEM_EXIT, .word = {9});
            assert_int_equal(script_finish(script_init, process_handle).code, 9);
        } else {
            assert_true(script_touch(process, 0x1000, true));
            assert_int_equal(script_finish(script_init, process_handle).how, HF_EXIT_FAULT);
        }
    }
}

/* Who waits for a thread from outside is told that it was killed with its process. */
static void test_waited_for_from_outside(void **state) {
    hf_handle_t other_handle;
    (void)state;
    start();
    struct task *other = script_spawn(0, &other_handle);
    other->handles[20] = process->handles[first_handle]; /* as if passed on */
    SEND(other, .to = 20, .label = HF_MEM_WAIT);
    script_go();
    assert_false(script_answered(other));
    end();
    assert_int_equal(script_answer(other), HF_OK);
    assert_int_equal(((const struct hf_exit *)(const void *)other->buffer->bytes)->how, HF_EXIT_KILLED);
    assert_int_equal(ASK(other, .to = 20, .label = HF_MEM_WAIT), HF_DEAD);
    script_kill(script_init, other_handle);
}

/* Somebody who waits for another's end is ended himself: nothing of that stays. */
static void test_waiter_ends(void **state) {
    (void)state;
    start();
    for (unsigned i = 0; i < 200; i++) { /* more often than memsrv has slots */
        hf_handle_t handle;
        struct task *waiter = script_thread(process, &handle);
        SEND(waiter, .to = first_handle, .label = HF_MEM_WAIT);
        script_go();
        assert_int_equal(script_kill(process, handle).how, HF_EXIT_KILLED);
    }
    assert_int_equal(script_kill(process, first_handle).how, HF_EXIT_KILLED);
    end();
}

/* Its buffer's place is another's by now. */
static void test_buffer_unmapped(void **state) {
    (void)state;
    start();
    uint64_t place = 0, before = script_total();
    for (uint64_t at = 0x7fe00000; at < 0x7fef0000 && !place; at += HF_PAGE_SIZE) {
        memset(first->buffer->bytes, 0, 8);
        place = ASK(process, .label = HF_MEM_UNMAP, .word = {at, HF_PAGE_SIZE}) == HF_OK ? at : 0;
    }
    assert_int_not_equal(place, 0);
    assert_int_equal(script_total(), before); /* it is still the buffer of one of the two */
    assert_int_equal(ASK(process, .label = HF_MEM_MAP, .word = {place, HF_PAGE_SIZE, RW, NOW}), HF_OK);
    assert_int_equal(script_kill(process, first_handle).how, HF_EXIT_KILLED);
    assert_int_equal(script_kill(process, second_handle).how, HF_EXIT_KILLED);
    assert_false(script_touch(process, place, true));
    assert_int_equal(ASK(process, .label = HF_MEM_UNMAP, .word = {place, HF_PAGE_SIZE}), HF_OK);
    end();
}

/* ... and that of a younger thread's buffer. */
static void test_buffer_in_the_place_of_another(void **state) {
    hf_handle_t handle;
    (void)state;
    start();
    assert_int_equal(ASK(process, .label = HF_MEM_UNMAP, .word = {0x7fe00000, HF_PAGE_SIZE}), HF_OK); /* the lowest */
    struct task *third = script_thread(process, &handle);
    assert_int_equal(script_kill(process, first_handle).how, HF_EXIT_KILLED);
    assert_int_equal(script_kill(process, second_handle).how, HF_EXIT_KILLED);
    assert_false(script_touch(third, 0x7fe00000, true));
    assert_int_equal(script_kill(process, handle).how, HF_EXIT_KILLED);
    end();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, script_before, script_after)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_start),
        TEST(test_refused),
        TEST(test_out_of_memory),
        TEST(test_quota),
        TEST(test_full_table),
        TEST(test_exit_ends_the_asker),
        TEST(test_fault_ends_its_thread),
        TEST(test_faults_are_the_process_s),
        TEST(test_process_ends),
        TEST(test_waited_for_from_outside),
        TEST(test_waiter_ends),
        TEST(test_buffer_unmapped),
        TEST(test_buffer_in_the_place_of_another),
    };
    return cmocka_run_group_tests(tests, script_boot, NULL);
}
