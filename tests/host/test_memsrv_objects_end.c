// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c
// sources: ukernel/device.c ukernel/call.c
// sources: servers/memsrv/*.c
// sources: tests/host/memsrv_image.c tests/host/memsrv_machine.c tests/host/memsrv_script.c tests/host/memsrv_touch.c
// sources: tests/host/world.c tests/host/memsrv_objects.c
// sources: tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine tests/host/fake ukernel
// flags: -fno-sanitize=address
/* The end of shared objects, whoever ends first and in the middle of whatever; and memory that runs out. */
#include "memsrv_objects.h"

#define PAGES 300u /* more than one part of any work */
#define LENGTH (PAGES * PAGE)
#define FORK .label = HF_MEM_FORK, .word = {0x40001000, 0x7000}
#define PLACES 6u   /* where it is mapped for a fork, each with a page table of its own */
#define MOMENTS 24u /* more than any work here has parts */

static void go_times(unsigned times) {
    for (unsigned i = 0; i < times; i++) {
        script_go();
    }
}

static void want_dead(struct task *task, hf_handle_t handle) {
    assert_int_equal(ASK(task, STAT(handle)), HF_DEAD);
    assert_int_equal(ASK(task, HANDLE(handle, HF_READ)), HF_DEAD);
    assert_int_equal(ASK(task, OBJECT(handle, HERE, PAGE, HF_READ, HF_MAP_FIXED, 0)), HF_DEAD);
}

/* ---- who ends first ---- */

static void test_maker_ends_first(void **state) {
    (void)state;
    uint64_t before = script_total();
    objects_start(LENGTH, 0);
    hf_handle_t handle = objects_pass(user, RW);
    assert_int_equal(ASK(user, OBJECT(handle, HERE, 2 * PAGE, RW, HF_MAP_FIXED, 0)), HF_OK);
    assert_int_equal(ASK(maker, OBJECT(object, HERE, LENGTH, RW, HF_MAP_FIXED, 0)), HF_OK);
    objects_write(maker, HERE, 7);
    objects_write(maker, HERE + 9 * PAGE, 8);
    objects_kill(&maker, maker_handle);
    assert_int_equal(objects_read(user, HERE), 7);
    objects_write(user, HERE + PAGE, 9); /* a page that comes only now */
    assert_int_equal(objects_frames(user, handle), 3);
    assert_int_equal(ASK(user, HANDLE(handle, HF_READ)), HF_OK);
    hf_handle_t reading = (hf_handle_t)script_word(user, 0);
    assert_int_equal(ASK(user, OBJECT(reading, THERE, PAGE, HF_READ, HF_MAP_FIXED, 9 * PAGE)), HF_OK);
    assert_int_equal(ASK(user, UNMAP(HERE, 2 * PAGE)), HF_OK);
    assert_int_equal(objects_read(user, THERE), 8);
    assert_int_equal(ASK(user, UNMAP(THERE, PAGE)), HF_OK);
    want_dead(user, handle);
    want_dead(user, reading);
    objects_end();
    script_settle();
    assert_int_equal(script_total(), before);
}

static void test_user_ends_first(void **state) {
    (void)state;
    objects_start(LENGTH, 0);
    hf_handle_t handle = objects_pass(user, RW);
    assert_int_equal(ASK(user, OBJECT(handle, HERE, LENGTH, RW, NOW, 0)), HF_OK);
    objects_write(user, HERE + 5 * PAGE, 55);
    objects_kill(&user, user_handle);
    assert_int_equal(objects_frames(maker, object), PAGES);
    assert_int_equal(ASK(maker, OBJECT(object, THERE, PAGE, HF_READ, HF_MAP_FIXED, 5 * PAGE)), HF_OK);
    assert_int_equal(objects_read(maker, THERE), 55);
    assert_int_equal(ASK(maker, UNMAP(THERE, PAGE)), HF_OK);
    assert_int_equal(objects_frames(maker, object), PAGES); /* it is not mapped at all, but its maker lives */
    objects_end();
}

static void test_only_handles_left(void **state) {
    (void)state;
    objects_start(LENGTH, 0);
    uint64_t before = script_total();
    hf_handle_t handle = objects_pass(user, RWX);
    assert_int_equal(ASK(maker, OBJECT(object, HERE, LENGTH, RW, NOW, 0)), HF_OK);
    objects_kill(&maker, maker_handle);
    want_dead(user, handle);
    script_settle();
    assert_true(script_total() > before);
    assert_int_equal(ASK(user, CREATE(PAGE)), HF_OK); /* it may have the old one's index */
    want_dead(user, handle);
    objects_end();
}

/* A child that was forked is no maker, but has it mapped. */
static void test_child_keeps_it(void **state) {
    hf_handle_t child_handle;
    (void)state;
    objects_start(LENGTH, 0);
    hf_handle_t handle = objects_pass(user, HF_READ);
    assert_int_equal(ASK(maker, OBJECT(object, HERE, LENGTH, RW, NOW, 0)), HF_OK);
    objects_write(maker, HERE, 1);
    struct task *child = objects_fork(maker, &child_handle);
    objects_kill(&maker, maker_handle);
    assert_int_equal(objects_frames(user, handle), PAGES);
    assert_int_equal(objects_read(child, HERE), 1);
    objects_write(child, HERE, 2);
    assert_int_equal(ASK(script_init, .label = HF_MEM_TASK_KILL, .word = {child->mark}), HF_OK);
    script_settle();
    want_dead(user, handle);
    objects_end();
}

/* A request through a handle of an object that goes while it waits for its turn. */
static void test_parked(void **state) {
    hf_handle_t thread_handle;
    (void)state;
    objects_start(LENGTH, 0);
    hf_handle_t handle = objects_pass(user, RW);
    struct task *thread = script_thread(user, &thread_handle);
    SEND(user, .label = HF_MEM_MAP, .word = {HERE, 100 * LENGTH, RW, NOW | HF_MAP_SMALL});
    script_go();
    SEND(thread, OBJECT(handle, THERE, PAGE, RW, HF_MAP_FIXED, 0));
    script_go();
    assert_false(script_answered(thread));
    SEND(script_init, .to = maker_handle, .label = HF_MEM_KILL);
    script_go();
    assert_int_equal(script_answer(script_init), HF_OK);
    assert_int_equal(script_finish(script_init, maker_handle).how, HF_EXIT_KILLED);
    maker = NULL;
    assert_int_equal(script_answer(user), HF_NO_MEMORY);
    assert_int_equal(script_answer(thread), HF_DEAD);
    objects_end();
}

/* ---- in the middle ---- */

static void map_often(hf_handle_t handle) {
    for (uint64_t i = 0; i < PLACES; i++) {
        assert_int_equal(ASK(user, OBJECT(handle, HERE + (i << 30), LENGTH, RW, NOW, 0)), HF_OK);
    }
}

/* At each moment of mapping, unmapping and forking, one of both is ended, and then the other. */
static void test_ended_at_every_moment(void **state) {
    static const struct script_request works[] = {
        {OBJECT(20, THERE, LENGTH, RW, NOW, 0)},
        {UNMAP(HERE, LENGTH)},
        {PROTECT(HERE, LENGTH, HF_READ)},
        {FORK},
    };
    (void)state;
    for (unsigned way = 0; way < 8 * MOMENTS; way++) {
        objects_start(LENGTH, 0);
        assert_int_equal(objects_pass(user, RW), 20);
        if (way / 2 % 4 != 0) map_often(20);
        script_send(user, &works[way / 2 % 4]);
        go_times(way / 8);
        if (way % 2) objects_kill(&maker, maker_handle);
        objects_kill(&user, user_handle);
        for (uint64_t number = 1; number < 5000 && way / 2 % 4 == 3; number++) { /* children that came to be */
            if (script_task(number) && number > 1 && (!maker || number != maker->mark)) {
                assert_int_equal(ASK(script_init, .label = HF_MEM_TASK_KILL, .word = {number}), HF_OK);
                script_settle();
            }
        }
        objects_end();
    }
}

/* While it is taken apart, it is there no more, or it is not taken apart. */
static void test_used_while_it_goes(void **state) {
    unsigned mapped = 0;
    (void)state;
    for (unsigned moment = 0; moment < MOMENTS; moment++) {
        objects_start(LENGTH, 0);
        hf_handle_t handle = objects_pass(user, RW);
        assert_int_equal(ASK(maker, OBJECT(object, HERE, LENGTH, RW, NOW, 0)), HF_OK);
        objects_write(maker, HERE, 8);
        objects_write(maker, HERE + LENGTH - PAGE, 9);
        SEND(script_init, .to = maker_handle, .label = HF_MEM_KILL);
        go_times(moment);
        hf_status_t status = ASK(user, OBJECT(handle, THERE, LENGTH, RW, HF_MAP_FIXED, 0));
        assert_int_equal(script_answer(script_init), HF_OK);
        script_settle();
        if (status == HF_OK) {
            mapped++;
            assert_int_equal(objects_read(user, THERE), 8);
            assert_int_equal(objects_read(user, THERE + LENGTH - PAGE), 9);
            assert_int_equal(objects_frames(user, handle), PAGES);
        } else {
            want_dead(user, handle);
        }
        assert_int_equal(script_finish(script_init, maker_handle).how, HF_EXIT_KILLED);
        maker = NULL;
        objects_end();
    }
    assert_in_range(mapped, 1, MOMENTS - 1);
}

/* ---- quotas ---- */

static void test_quota_of_the_maker(void **state) {
    (void)state;
    objects_start(LENGTH, 100);
    hf_handle_t handle = objects_pass(user, RW);
    assert_int_equal(ASK(user, OBJECT(handle, HERE, LENGTH, RW, NOW, 0)), HF_QUOTA);
    assert_int_equal(ASK(user, UNMAP(HERE, LENGTH)), HF_NOT_MAPPED);
    uint64_t frames = objects_frames(user, handle);
    assert_in_range(frames, 60, 95);
    assert_int_equal(ASK(user, OBJECT(handle, HERE, LENGTH, RW, HF_MAP_FIXED, 0)), HF_OK);
    objects_write(user, HERE + (frames - 1) * PAGE, 1);
    objects_refused(&user, user_handle, HERE + frames * PAGE, false, HF_REASON_QUOTA);
    assert_int_equal(ASK(maker, CREATE(PAGE)), HF_QUOTA);
    assert_int_equal(objects_frames(maker, object), frames);
    objects_end();
}

/* What the quota had put by stays so until the object is gone. */
static void test_quota_of_an_ended_maker(void **state) {
    static const char name[] = "child";
    const uint64_t most = script_free() / 2 + 100;
    struct hf_spawn spawn = {.quota = most, .string_bytes = sizeof name, .strings = "child"};
    const struct script_request request = {
        .label = HF_MEM_SPAWN, .bytes = &spawn, .count = offsetof(struct hf_spawn, strings) + sizeof name};
    (void)state;
    objects_start(LENGTH, most);
    hf_handle_t handle = objects_pass(user, RW);
    assert_int_equal(ASK(user, OBJECT(handle, HERE, LENGTH, RW, HF_MAP_FIXED, 0)), HF_OK);
    objects_kill(&maker, maker_handle);
    objects_write(user, HERE, 1);
    assert_int_not_equal(script_ask_for(script_init, &request), HF_OK);
    assert_int_equal(ASK(user, UNMAP(HERE, LENGTH)), HF_OK);
    script_settle();
    assert_int_equal(script_ask_for(script_init, &request), HF_OK);
    script_kill(script_init, (hf_handle_t)script_word(script_init, 0));
    objects_end();
}

/* ---- no memory ---- */

/* Each request with no frame left, with one, and so on, until it succeeds; how many it took. `steady`: what
 * failed has left nothing behind, not even for the object. */
static uint64_t frames_for(struct task *task, const struct script_request *request, bool steady) {
    for (uint64_t left = 0; left < 2 * PAGES; left++) {
        script_leave(left);
        uint64_t before = script_total();
        hf_status_t status = script_ask_for(task, request);
        script_settle();
        if (status != HF_OK && steady) assert_int_equal(script_total(), before);
        script_put_back();
        if (status == HF_OK) return left;
        assert_int_equal(status, HF_NO_MEMORY);
    }
    fail();
    return 0;
}

/* Before any other test, when memsrv has nothing for objects yet. */
static void test_first_object_out_of_memory(void **state) {
    (void)state;
    maker = script_spawn(0, &maker_handle);
    assert_in_range(frames_for(maker, &(struct script_request){CREATE(PAGE)}, true), 2, 6);
    objects_end();
}

static void test_out_of_memory(void **state) {
    (void)state;
    objects_start(LENGTH, 0);
    assert_int_equal(objects_pass(user, RW), 20);
    assert_in_range(frames_for(user, &(struct script_request){CREATE(PAGE)}, true), 1, 5);
    (void)frames_for(user, &(struct script_request){HANDLE(20, RW)}, true);
    (void)frames_for(user, &(struct script_request){OBJECT(20, HERE, LENGTH, RW, HF_MAP_FIXED, 0)}, true);
    uint64_t frames = frames_for(user, &(struct script_request){OBJECT(20, THERE, LENGTH, RW, NOW, 0)}, false);
    assert_in_range(frames, 1, PAGES);
    assert_int_equal(objects_frames(user, 20), PAGES);
    assert_int_equal(ASK(user, UNMAP(HERE, LENGTH)), HF_OK);
    map_often(20);
    frames = frames_for(user, &(struct script_request){FORK}, true);
    assert_in_range(frames, PLACES, 4 * PLACES);
    script_kill(user, (hf_handle_t)script_word(user, 0));
    objects_end();
}

/* A page and the tables above it, in the object and in the process. */
static void test_fault_out_of_memory(void **state) {
    (void)state;
    for (uint64_t left = 0;; left++) {
        assert_true(left < 12);
        objects_start(LENGTH, 0);
        hf_handle_t handle = objects_pass(user, RW);
        assert_int_equal(ASK(user, OBJECT(handle, THERE, LENGTH, RW, HF_MAP_FIXED, 0)), HF_OK);
        script_leave(left);
        assert_true(script_touch(user, THERE, true));
        script_settle();
        bool ended = user->state != HF_TASK_READY;
        script_put_back();
        if (ended) {
            struct hf_exit how = script_finish(script_init, user_handle);
            assert_int_equal(how.reason, HF_REASON_NO_MEMORY);
            assert_int_equal(how.left.pages + how.left.shared + how.left.tables + how.left.objects, 0);
            user = NULL;
            assert_int_equal(ASK(maker, OBJECT(object, HERE, PAGE, RW, NOW, 0)), HF_OK);
            assert_int_equal(objects_read(maker, HERE), 0);
        }
        objects_end();
        if (!ended) {
            assert_in_range(left, 4, 8);
            return;
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, script_before, script_after)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_first_object_out_of_memory), TEST(test_maker_ends_first),   TEST(test_user_ends_first),
        TEST(test_only_handles_left),          TEST(test_child_keeps_it),     TEST(test_parked),
        TEST(test_ended_at_every_moment),      TEST(test_used_while_it_goes), TEST(test_quota_of_the_maker),
        TEST(test_quota_of_an_ended_maker),    TEST(test_out_of_memory),      TEST(test_fault_out_of_memory),
    };
    return cmocka_run_group_tests(tests, script_boot, NULL);
}
