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
/* Pagers and their clients end, in every order and at every moment: nothing is lost, and nobody else is hurt. */
#include "pager_script.h"

#include <string.h>

#define PAGE(n) (PAGER_PLACE + (n)*HF_PAGE_SIZE)

/* How far a fault has come. */
enum phase {
    PHASE_BEFORE,
    PHASE_IDLE,    /* the pager waits for one */
    PHASE_WAITING, /* it has been made */
    PHASE_TAKEN,
    PHASE_SUPPLIED, /* the client hasn't run yet */
    PHASE_PASSED,
    PHASES,
};

static uint64_t id;

static void come_to(enum phase phase) {
    id = 0;
    if (phase == PHASE_IDLE) {
        SEND(pager, NEXT);
        script_settle();
    }
    if (phase < PHASE_WAITING) return;
    touch_page(client, PAGE(0), true);
    if (phase == PHASE_WAITING) return;
    id = next_request().id;
    if (phase == PHASE_SUPPLIED) assert_int_equal(ASK(pager, SUPPLY(id, PAGER_OWN)), HF_OK);
    if (phase == PHASE_PASSED) assert_int_equal(ASK(pager, PASS(id)), HF_OK);
}

/* ---- the client ---- */

static void test_client_killed(void **state) {
    (void)state;
    for (enum phase phase = 0; phase < PHASES; phase++) {
        hf_handle_t handle;
        start_pager();
        struct task *other = new_client(0, RW, &handle);
        come_to(phase);
        assert_int_equal(script_kill(script_init, client_handle).how, HF_EXIT_KILLED);
        client_handle = 0;
        touch_page(other, PAGE(1), true); /* the pager goes on */
        struct hf_pager_request request = phase == PHASE_IDLE ? got_request(pager) : next_request();
        assert_int_equal(request.task, other->mark);
        assert_int_equal(ASK(pager, SUPPLY(id, 1)), HF_NOT_FOUND);
        assert_int_equal(ASK(pager, SUPPLY(request.id, PAGER_OWN)), HF_OK);
        assert_int_equal(script_kill(script_init, handle).how, HF_EXIT_KILLED);
        end_pager();
    }
}

/* One thread of it; its process goes on. */
static void test_thread_killed(void **state) {
    (void)state;
    for (unsigned taken = 0; taken < 2; taken++) {
        hf_handle_t handle;
        start_pager();
        struct task *thread = script_thread(client, &handle);
        touch_page(thread, PAGE(0), true);
        id = taken ? next_request().id : 0;
        assert_int_equal(script_kill(client, handle).how, HF_EXIT_KILLED);
        assert_int_equal(ASK(pager, SUPPLY(id, PAGER_OWN)), HF_NOT_FOUND);
        touch_page(client, PAGE(0), true);
        assert_int_equal(ASK(pager, SUPPLY(next_request().id, PAGER_OWN)), HF_OK);
        end_pager();
    }
}

/* The first task ends while its threads wait: they are ended with it. */
static void test_process_killed(void **state) {
    (void)state;
    for (unsigned taken = 0; taken < 3; taken++) {
        hf_handle_t handle;
        start_pager();
        for (unsigned i = 0; i < 3; i++) {
            touch_page(script_thread(client, &handle), PAGE(i), true);
        }
        for (unsigned i = 0; i < taken; i++) {
            (void)next_request();
        }
        SEND(client, .label = HF_MEM_EXIT, .word = {3});
        assert_int_equal(script_finish(script_init, client_handle).code, 3);
        client_handle = 0;
        end_pager();
    }
}

/* ---- the pager ---- */

/* Who waits is ended, and so is who touches a page later; whoever doesn't stays. */
static void test_pager_killed(void **state) {
    (void)state;
    for (enum phase phase = 0; phase < PHASES; phase++) {
        hf_handle_t handle;
        start_pager();
        struct task *other = new_client(0, RW, &handle);
        come_to(phase);
        assert_int_equal(script_kill(script_init, pager_handle).how, HF_EXIT_KILLED);
        pager_handle = 0;
        script_settle();
        if (phase != PHASE_WAITING && phase != PHASE_TAKEN) {
            if (phase == PHASE_SUPPLIED) assert_false(script_touch(client, PAGE(0), true));
            if (phase == PHASE_PASSED) touch_page(client, PAGE(0), true);
            touch_page(client, PAGE(1), true);
        }
        has_ended(client_handle, HF_REASON_PAGER_GONE);
        client_handle = 0;
        assert_int_equal(ASK(other, .label = HF_MEM_STAT), HF_OK);
        touch_page(other, PAGE(2), false);
        has_ended(handle, HF_REASON_PAGER_GONE);
        end_pager();
    }
}

/* However it ends, and whoever of its threads waits for a fault. */
static void test_pager_ends_by_itself(void **state) {
    (void)state;
    for (unsigned way = 0; way < 2; way++) {
        hf_handle_t handle;
        start_pager();
        struct task *thread = script_thread(pager, &handle);
        come_to(PHASE_TAKEN);
        SEND(thread, NEXT);
        script_settle();
        if (way == 0) {
            SEND(pager, .label = HF_MEM_EXIT);
        } else {
            assert_true(script_touch(pager, 0x1234, true));
        }
        assert_int_equal(script_finish(script_init, pager_handle).how, way == 0 ? HF_EXIT_CODE : HF_EXIT_FAULT);
        pager_handle = 0;
        script_settle();
        has_ended(client_handle, HF_REASON_PAGER_GONE);
        client_handle = 0;
        end_pager();
    }
}

/* A thread of the pager's that has taken a fault ends: another can answer it. */
static void test_pagers_thread_killed(void **state) {
    hf_handle_t handle;
    (void)state;
    start_pager();
    struct task *thread = script_thread(pager, &handle);
    touch_page(client, PAGE(0), true);
    SEND(thread, NEXT);
    id = got_request(thread).id;
    assert_int_equal(script_kill(pager, handle).how, HF_EXIT_KILLED);
    assert_int_equal(ASK(pager, SUPPLY(id, PAGER_OWN)), HF_OK);
    thread = script_thread(pager, &handle);
    SEND(thread, NEXT);
    script_settle();
    assert_int_equal(script_kill(pager, handle).how, HF_EXIT_KILLED);
    touch_page(client, PAGE(1), true); /* nobody waits for it any more */
    assert_int_equal(ASK(pager, SUPPLY(next_request().id, PAGER_OWN)), HF_OK);
    end_pager();
}

static void test_both_killed(void **state) {
    (void)state;
    for (unsigned way = 0; way < 2 * PHASES; way++) {
        start_pager();
        come_to((enum phase)(way / 2));
        SEND(script_init, .to = way % 2 ? pager_handle : client_handle, .label = HF_MEM_KILL);
        assert_int_equal(script_answer(script_init), HF_OK);
        SEND(script_init, .to = way % 2 ? client_handle : pager_handle, .label = HF_MEM_KILL);
        assert_true(script_answer(script_init) == HF_OK || way / 2 == PHASE_WAITING || way / 2 == PHASE_TAKEN);
        (void)script_finish(script_init, pager_handle);
        (void)script_finish(script_init, client_handle);
        script_settle();
        pager_handle = client_handle = 0;
        end_pager();
    }
}

/* Its handle names nothing any more, with a region left or none. */
static void test_dead_handle(void **state) {
    static const char name[] = "child";
    struct hf_spawn spawn = {.string_bytes = sizeof name};
    (void)state;
    memcpy(spawn.strings, name, sizeof name);
    for (unsigned mapped = 0; mapped < 2; mapped++) {
        start_pager();
        if (!mapped) {
            assert_int_equal(ASK(client, .label = HF_MEM_UNMAP, .word = {PAGE(0), PAGER_PAGES * HF_PAGE_SIZE}), HF_OK);
        }
        assert_int_equal(script_kill(script_init, pager_handle).how, HF_EXIT_KILLED);
        pager_handle = 0;
        script_settle();
        for (uint32_t label = HF_MEM_PAGER_NEXT; label <= HF_MEM_PAGER_REFUSE; label++) {
            assert_int_equal(ASK(client, .to = PAGER_GIVEN, .label = label), HF_DEAD);
        }
        assert_int_equal(
            ASK(client, .to = PAGER_GIVEN, .label = HF_MEM_OBJECT_MAP, .word = {0, HF_PAGE_SIZE, RW, 0, PAGER_OFFSET}),
            HF_DEAD);
        assert_int_equal(ASK(client, .to = PAGER_GIVEN, .label = HF_MEM_SPAWN, .bytes = &spawn,
                             .count = offsetof(struct hf_spawn, strings) + sizeof name),
                         HF_DEAD);
        end_pager();
    }
}

/* Hundreds wait when it ends: that takes many parts, between which others are served. */
#define MANY 200u
static void test_many_wait(void **state) {
    hf_handle_t handle, other_handle;
    unsigned parts = 0;
    (void)state;
    start_pager();
    struct task *other = script_spawn(0, &other_handle);
    for (unsigned i = 0; i < MANY; i++) {
        handle = 0;
        touch_page(script_thread(client, &handle), PAGE(i % PAGER_PAGES), true);
        client->handles[handle] = (struct handle){0}; /* there are not so many slots */
        if (i % 2) (void)next_request();
    }
    SEND(script_init, .to = pager_handle, .label = HF_MEM_KILL);
    assert_int_equal(script_answer(script_init), HF_OK);
    for (; info_of(client->mark).ledger.faults_refused < MANY; parts++) {
        assert_int_equal(ASK(other, .label = HF_MEM_STAT), HF_OK);
        script_go();
        assert_true(parts < 2 * MANY);
    }
    assert_true(parts >= 5);
    assert_int_equal(script_finish(script_init, pager_handle).how, HF_EXIT_KILLED);
    pager_handle = 0;
    assert_int_equal(ASK(client, .label = HF_MEM_STAT), HF_OK);
    assert_int_equal(script_kill(script_init, other_handle).how, HF_EXIT_KILLED);
    end_pager();
}

/* A process with a pager for everything, and its child, after the pager's end. */
static void test_pager_of_all_killed(void **state) {
    hf_handle_t handle;
    (void)state;
    start_pager();
    struct task *task = new_client_of_all(0, &handle);
    assert_int_equal(ASK(task, .label = HF_MEM_FORK, .word = {0x40001000, 0x7f000000}), HF_OK);
    struct task *child = script_task(script_word(task, 1));
    touch_page(task, 0x40001000, false);
    assert_int_equal(script_kill(script_init, pager_handle).how, HF_EXIT_KILLED);
    pager_handle = 0;
    script_settle();
    has_ended(handle, HF_REASON_PAGER_GONE);
    assert_int_equal(ASK(client, .label = HF_MEM_PAGER_CREATE), HF_OK); /* which is not theirs */
    uint64_t number = child->mark;
    touch_page(child, 0x40001000, false);
    assert_null(script_task(number));
    end_pager();
}

/* One life of a pager with a mapping's client ... */
static void live_once(enum phase phase, bool pager_first) {
    bool waits = phase == PHASE_WAITING || phase == PHASE_TAKEN;
    start_pager();
    come_to(phase);
    if (pager_first) {
        assert_int_equal(script_kill(script_init, pager_handle).how, HF_EXIT_KILLED);
        pager_handle = 0;
        script_settle();
    }
    if (pager_first && waits) {
        has_ended(client_handle, HF_REASON_PAGER_GONE);
        client_handle = 0;
    }
    end_pager();
}

/* ... and of one of everything, with a child. */
static void live_once_of_all(bool waits, bool pager_first) {
    hf_handle_t handle;
    start_pager();
    assert_int_equal(script_kill(script_init, client_handle).how, HF_EXIT_KILLED);
    client_handle = 0;
    struct task *task = new_client_of_all(0, &handle);
    assert_int_equal(ASK(task, .label = HF_MEM_FORK, .word = {0x40001000, 0x7f000000}), HF_OK);
    uint64_t child = script_word(task, 1);
    if (waits) {
        touch_page(script_task(child), 0x40001000, false);
        touch_page(task, 0x40001000, false);
    }
    if (pager_first) {
        assert_int_equal(script_kill(script_init, pager_handle).how, HF_EXIT_KILLED);
        pager_handle = 0;
        script_settle();
    }
    hf_status_t status = ASK(script_init, .label = HF_MEM_TASK_KILL, .word = {child});
    assert_int_equal(status, waits && pager_first ? HF_NOT_FOUND : HF_OK);
    if (waits && pager_first) {
        has_ended(handle, HF_REASON_PAGER_GONE);
    } else {
        assert_int_equal(script_kill(script_init, handle).how, HF_EXIT_KILLED);
    }
    end_pager();
}

/* Whatever is gone is gone: the records too, which would be pages of memsrv's by and by. */
static void test_again_and_again(void **state) {
    uint64_t before = 0;
    (void)state;
    for (unsigned i = 0; i < 200; i++) {
        for (unsigned way = 0; way < 2 * PHASES; way++) {
            live_once((enum phase)(way / 2), way % 2);
        }
        for (unsigned way = 0; way < 4; way++) {
            live_once_of_all(way / 2, way % 2);
        }
        if (i == 1) before = script_free();
    }
    assert_in_range(script_free(), before - 2, before + 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, script_before, script_after)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_client_killed),       TEST(test_thread_killed),        TEST(test_process_killed),
        TEST(test_pager_killed),        TEST(test_pager_ends_by_itself), TEST(test_pagers_thread_killed),
        TEST(test_both_killed),         TEST(test_dead_handle),          TEST(test_many_wait),
        TEST(test_pager_of_all_killed), TEST(test_again_and_again),
    };
    return cmocka_run_group_tests(tests, script_boot, NULL);
}
