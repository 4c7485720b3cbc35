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
/* Pagers and their clients run out of memory, at each step, and out of their quotas: nothing is lost, and nobody
 * else is hurt. */
#include "pager_script.h"

#include <string.h>

#define PAGE(n) (PAGER_PLACE + (n)*HF_PAGE_SIZE)

/* The client touches a page, and the pager has taken that. */
static uint64_t ask_for_page(void) {
    touch_page(client, PAGE(0), true);
    return next_request().id;
}

/* ---- no memory ---- */

static void test_create_without_memory(void **state) {
    hf_status_t status = HF_NO_MEMORY;
    (void)state;
    start_pager();
    for (uint64_t left = 0; status != HF_OK; left++) {
        script_leave(left);
        uint64_t before = script_total();
        status = ASK(client, .label = HF_MEM_PAGER_CREATE);
        assert_true(status == HF_OK || (status == HF_NO_MEMORY && script_total() == before));
        script_put_back();
        assert_true(left < 10);
    }
    end_pager();
}

static void test_map_without_memory(void **state) {
    hf_status_t status = HF_NO_MEMORY;
    (void)state;
    start_pager();
    for (uint64_t left = 0; status != HF_OK; left++) {
        script_leave(left);
        status = ASK(client, .to = PAGER_GIVEN, .label = HF_MEM_OBJECT_MAP, .word = {0, HF_PAGE_SIZE, RW, 0, 0});
        assert_true(status == HF_OK || status == HF_NO_MEMORY);
        script_put_back();
        assert_true(left < 10);
    }
    end_pager();
}

static void test_create_with_full_table(void **state) {
    (void)state;
    start_pager();
    for (unsigned slot = 1; slot < HF_HANDLE_COUNT; slot++) {
        if (client->handles[slot].kind == HF_HANDLE_NONE) client->handles[slot] = client->handles[HF_SLOT_MEMSRV];
    }
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(ASK(client, .label = HF_MEM_PAGER_CREATE), HF_NO_MEMORY);
    }
    assert_int_equal(info_of(client->mark).ledger.records, info_of(pager->mark).ledger.records);
    end_pager();
}

/* The client can't have the page, with 0, 1, 2 ... frames left: it ends, and the pager is told nothing bad. */
static void test_supply_without_memory(void **state) {
    bool done = false;
    (void)state;
    for (uint64_t left = 0; !done; left++) {
        start_pager();
        uint64_t id = ask_for_page();
        script_leave(left);
        assert_int_equal(ASK(pager, SUPPLY(id, PAGER_OWN)), HF_OK);
        done = info_of(client->mark).state == HF_INFO_RUNNING;
        script_put_back();
        if (!done) {
            has_ended(client_handle, HF_REASON_NO_MEMORY);
            client_handle = 0;
        } else {
            assert_false(script_touch(client, PAGE(0), true));
        }
        assert_true(left < 10);
        end_pager();
    }
}

static void test_pass_without_memory(void **state) {
    bool done = false;
    (void)state;
    for (uint64_t left = 0; !done; left++) {
        start_pager();
        assert_int_equal(ASK(pager, PASS(ask_for_page())), HF_OK);
        script_leave(left);
        touch_page(client, PAGE(0), true);
        done = info_of(client->mark).state == HF_INFO_RUNNING;
        script_put_back();
        if (!done) {
            has_ended(client_handle, HF_REASON_NO_MEMORY);
            client_handle = 0;
        }
        assert_true(left < 10);
        end_pager();
    }
}

static void test_spawn_without_memory(void **state) {
    static const char name[] = "child";
    struct hf_spawn spawn = {.string_bytes = sizeof name};
    hf_status_t status = HF_NO_MEMORY;
    (void)state;
    memcpy(spawn.strings, name, sizeof name);
    start_pager();
    give_pager(script_init);
    for (uint64_t left = 0; status != HF_OK; left++) {
        script_leave(left);
        status = ASK(script_init, .to = PAGER_GIVEN, .label = HF_MEM_SPAWN, .bytes = &spawn,
                     .count = offsetof(struct hf_spawn, strings) + sizeof name);
        assert_true(status == HF_OK || status == HF_NO_MEMORY);
        script_put_back();
        script_settle();
        assert_true(left < 30);
    }
    assert_int_equal(script_kill(script_init, (hf_handle_t)script_word(script_init, 0)).how, HF_EXIT_KILLED);
    end_pager();
}

/* The page that the pager has part of a larger one for can't be had: nothing happens. */
static void test_split_without_memory(void **state) {
    hf_status_t status = HF_NO_MEMORY;
    unsigned refused = 0;
    (void)state;
    start_pager();
    assert_int_equal(ASK(pager, .label = HF_MEM_MAP,
                         .word = {0x300000000000, 512 * HF_PAGE_SIZE, RW, HF_MAP_FIXED | HF_MAP_NOW | HF_MAP_LARGE}),
                     HF_OK);
    uint64_t tables = info_of(pager->mark).ledger.tables;
    uint64_t id = ask_for_page();
    for (uint64_t left = 0; status == HF_NO_MEMORY; left++) {
        script_leave(left);
        status = ASK(pager, SUPPLY(id, 0x300000000000));
        script_put_back();
        refused += status == HF_NO_MEMORY;
        assert_int_equal(info_of(pager->mark).ledger.tables, tables + (status != HF_NO_MEMORY));
        assert_true(left < 10);
    }
    assert_int_equal(status, HF_OK);
    if (info_of(client->mark).state == HF_INFO_ENDED) {
        has_ended(client_handle, HF_REASON_NO_MEMORY);
        client_handle = 0;
    }
    end_pager();
}

/* ---- quotas ---- */

static void test_clients_quota(void **state) {
    hf_handle_t handle;
    (void)state;
    start_pager();
    struct task *small = new_client(16, RW, &handle);
    unsigned pages = 0;
    for (bool ended = false; !ended; pages++) {
        touch_page(small, PAGE(pages), true);
        assert_int_equal(ASK(pager, SUPPLY(next_request().id, PAGER_OWN)), HF_OK);
        ended = info_of(small->mark).state == HF_INFO_ENDED;
    }
    assert_in_range(pages, 3, PAGER_PAGES);
    has_ended(handle, HF_REASON_QUOTA);
    end_pager();
}

static void test_pagers_quota(void **state) {
    hf_handle_t handle;
    unsigned count = 0;
    (void)state;
    start_pager();
    struct task *small = script_spawn(12, &handle);
    hf_status_t status;
    while ((status = ASK(small, .label = HF_MEM_PAGER_CREATE)) == HF_OK) {
        small->handles[script_word(small, 0)] = (struct handle){0};
        count++;
    }
    assert_int_equal(status, HF_QUOTA);
    assert_in_range(count, 10, 200);
    assert_int_equal(script_kill(script_init, handle).left.records, 0);
    end_pager();
}

/* Maps and touches as much as the quota allows. */
static void fill_quota(struct task *task) {
    uint64_t at = 0x300000000000, pages = 512;
    while (pages > 0) {
        hf_status_t status =
            ASK(task, .label = HF_MEM_MAP, .word = {at, pages * HF_PAGE_SIZE, RW, HF_MAP_FIXED | HF_MAP_NOW});
        at += status == HF_OK ? pages * HF_PAGE_SIZE : 0;
        pages /= status == HF_OK ? 1 : 2;
    }
}

/* The quota is full, but of what is being taken apart: the client tries again, and the pager is asked again. */
static void test_quota_of_the_dying(void **state) {
    hf_handle_t handle;
    unsigned tries = 0;
    (void)state;
    start_pager();
    struct task *small = new_client(700, RW, &handle);
    assert_int_equal(ASK(small, .label = HF_MEM_FORK, .word = {0x40001000, 0x7f000000}), HF_OK);
    struct task *child = script_task(script_word(small, 1));
    fill_quota(child);
    fill_quota(small); /* what the child has left for it */
    touch_page(small, PAGE(0), true);
    uint64_t id_of_first = next_request().id;
    assert_int_equal(ASK(script_init, .label = HF_MEM_TASK_KILL, .word = {child->mark}), HF_OK);
    for (uint64_t next = id_of_first;; next = next_request().id) {
        assert_int_equal(ASK(pager, SUPPLY(next, PAGER_OWN)), HF_OK);
        tries++;
        if (!script_touch(small, PAGE(0), true)) break;
    }
    assert_in_range(tries, 2, 100);
    assert_int_equal(script_kill(script_init, handle).left.pages, 0);
    end_pager();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, script_before, script_after)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_create_without_memory), TEST(test_map_without_memory),  TEST(test_create_with_full_table),
        TEST(test_supply_without_memory), TEST(test_pass_without_memory), TEST(test_spawn_without_memory),
        TEST(test_split_without_memory),  TEST(test_clients_quota),       TEST(test_pagers_quota),
        TEST(test_quota_of_the_dying),
    };
    return cmocka_run_group_tests(tests, script_boot, NULL);
}
