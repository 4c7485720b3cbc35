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
/* Pagers: what each request answers and does, and which faults are asked about. */
#include "pager_script.h"

#include <string.h>

#define PAGE(n) (PAGER_PLACE + (n)*HF_PAGE_SIZE)

/* ---- a region's pages ---- */

static void test_supply(void **state) {
    (void)state;
    start_pager();
    struct hf_ledger before = info_of(client->mark).ledger;
    client->registers.rip = 0x40001234;
    touch_page(client, PAGE(2) + 0x123, true);
    assert_true(is_waiting(client));
    struct hf_pager_request request = next_request();
    assert_int_equal(request.task, client->mark);
    assert_int_equal(request.address, PAGE(2) + 0x123);
    assert_int_equal(request.offset, PAGER_OFFSET + 2 * HF_PAGE_SIZE);
    assert_int_equal(request.error, HF_FAULT_WRITE | HF_FAULT_USER);
    assert_int_equal(request.rip, 0x40001234);
    assert_true(is_waiting(client));
    assert_int_equal(ASK(pager, SUPPLY(request.id, PAGER_OWN)), HF_OK);
    assert_int_equal(info_of(client->mark).state, HF_INFO_RUNNING);
    assert_false(script_touch(client, PAGE(2) + 0x123, true));
    const uint8_t *page = page_at(client, PAGE(2)), *own = page_at(pager, PAGER_OWN);
    assert_memory_equal(page, own, HF_PAGE_SIZE);
    assert_ptr_not_equal(page, own);
    assert_null(page_at(client, PAGE(1)));
    assert_null(page_at(client, PAGE(3)));
    struct hf_ledger after = info_of(client->mark).ledger;
    assert_int_equal(after.pages, before.pages + 1);
    assert_int_equal(after.faults_pager, before.faults_pager + 1);
    assert_int_equal(after.faults_zero, before.faults_zero);
    end_pager();
}

/* The pager waits first. */
static void test_idle_pager(void **state) {
    (void)state;
    start_pager();
    SEND(pager, NEXT);
    script_settle();
    assert_false(script_answered(pager));
    touch_page(client, PAGE(0), false);
    struct hf_pager_request request = got_request(pager);
    assert_int_equal(request.error, HF_FAULT_USER);
    assert_int_equal(ASK(pager, SUPPLY(request.id, PAGER_OWN)), HF_OK);
    assert_false(script_touch(client, PAGE(0), true));
    end_pager();
}

/* Each fault is told once, in the order in which they came. */
static void test_several(void **state) {
    struct task *thread[2], *other;
    hf_handle_t handle[2], other_handle;
    struct hf_pager_request request[3];
    (void)state;
    start_pager();
    other = new_client(0, HF_READ, &other_handle);
    for (unsigned i = 0; i < 2; i++) {
        thread[i] = script_thread(pager, &handle[i]);
        SEND(thread[i], NEXT);
        script_settle();
    }
    struct task *second = script_thread(client, &handle[0]);
    touch_page(other, PAGE(1), false);
    touch_page(client, PAGE(2), true);
    touch_page(second, PAGE(3), true);
    for (unsigned i = 0; i < 2; i++) {
        request[i] = got_request(thread[i]);
    }
    request[2] = next_request();
    assert_int_equal(request[0].task, other->mark);
    assert_int_equal(request[1].task, client->mark);
    assert_int_equal(request[2].task, second->mark);
    for (unsigned i = 0; i < 3; i++) { /* by any of the pager's tasks, in any order */
        struct hf_pager_request *one = &request[(i + 2) % 3];
        assert_int_equal(ASK(thread[i % 2], SUPPLY(one->id, PAGER_OWN)), HF_OK);
    }
    assert_false(script_touch(other, PAGE(1), false));
    assert_false(script_touch(client, PAGE(2), true));
    assert_false(script_touch(second, PAGE(3), true));
    assert_int_equal(script_kill(script_init, other_handle).how, HF_EXIT_KILLED);
    end_pager();
}

/* The region's rights are the page's; and change with it. */
static void test_rights(void **state) {
    hf_handle_t handle[2];
    (void)state;
    start_pager();
    struct task *reader = new_client(0, HF_READ, &handle[0]), *other = new_client(0, HF_READ, &handle[1]);
    touch_page(reader, PAGE(0), false);
    assert_int_equal(ASK(pager, SUPPLY(next_request().id, PAGER_OWN)), HF_OK);
    assert_int_equal(ASK(reader, .label = HF_MEM_PROTECT, .word = {PAGE(0), 3 * HF_PAGE_SIZE, RW}), HF_OK);
    assert_false(script_touch(reader, PAGE(0), true));
    touch_page(reader, PAGE(4), true); /* which was not protected */
    has_ended(handle[0], HF_REASON_READ_ONLY);
    touch_page(other, PAGE(0), false);
    assert_int_equal(ASK(pager, SUPPLY(next_request().id, PAGER_OWN)), HF_OK);
    touch_page(other, PAGE(0), true);
    has_ended(handle[1], HF_REASON_READ_ONLY);
    end_pager();
}

static void test_zeroes(void **state) {
    (void)state;
    start_pager();
    struct hf_ledger before = info_of(client->mark).ledger;
    touch_page(client, PAGE(7), true);
    assert_int_equal(ASK(pager, PASS(next_request().id)), HF_OK);
    touch_page(client, PAGE(7), true);
    assert_false(script_touch(client, PAGE(7), true));
    const uint8_t *page = page_at(client, PAGE(7));
    for (unsigned i = 0; i < HF_PAGE_SIZE; i++) {
        assert_int_equal(page[i], 0);
    }
    assert_null(page_at(client, PAGE(6)));
    struct hf_ledger after = info_of(client->mark).ledger;
    assert_int_equal(after.faults_zero, before.faults_zero + 1);
    assert_int_equal(after.faults_pager, before.faults_pager);
    end_pager();
}

/* What one fault was let through for is no other's. */
static void test_pass_is_for_one(void **state) {
    (void)state;
    start_pager();
    touch_page(client, PAGE(1), true);
    assert_int_equal(ASK(pager, PASS(next_request().id)), HF_OK);
    touch_page(client, PAGE(2), true);
    assert_true(is_waiting(client));
    assert_int_equal(ASK(pager, SUPPLY(next_request().id, PAGER_OWN)), HF_OK);
    touch_page(client, PAGE(1), true);
    assert_true(is_waiting(client));
    assert_int_equal(ASK(pager, PASS(next_request().id)), HF_OK);
    touch_page(client, PAGE(1), true); /* is let through; but the same page another time is not */
    assert_int_equal(ASK(client, .label = HF_MEM_UNMAP, .word = {PAGE(1), HF_PAGE_SIZE}), HF_OK);
    assert_int_equal(ASK(client, .to = PAGER_GIVEN, .label = HF_MEM_OBJECT_MAP,
                         .word = {PAGE(1), HF_PAGE_SIZE, RW, HF_MAP_FIXED, PAGER_OFFSET}),
                     HF_OK);
    touch_page(client, PAGE(1), true);
    assert_true(is_waiting(client));
    end_pager();
}

static void test_refuse(void **state) {
    (void)state;
    start_pager();
    touch_page(client, PAGE(1), true);
    struct hf_pager_request request = next_request();
    assert_int_equal(ASK(pager, REFUSE(request.id)), HF_OK);
    has_ended(client_handle, HF_REASON_PAGER_REFUSED);
    client_handle = 0;
    assert_int_equal(ASK(pager, REFUSE(request.id)), HF_NOT_FOUND);
    end_pager();
}

/* ---- who may ask for what ---- */

static void test_not_the_owner(void **state) {
    hf_handle_t handle;
    (void)state;
    start_pager();
    struct task *thread = script_thread(client, &handle);
    touch_page(client, PAGE(0), true);
    struct hf_pager_request request = next_request();
    for (uint32_t label = HF_MEM_PAGER_NEXT; label <= HF_MEM_PAGER_REFUSE; label++) {
        assert_int_equal(ASK(thread, .to = PAGER_GIVEN, .label = label, .word = {request.id, PAGER_OWN}), HF_DENIED);
        assert_int_equal(ASK(pager, .label = label, .word = {request.id, PAGER_OWN}), HF_BAD_HANDLE);
    }
    assert_int_equal(ASK(pager, .to = pager_own, .label = HF_MEM_PAGER_CREATE), HF_BAD_HANDLE);
    assert_int_equal(ASK(pager, .to = pager_own, .label = HF_MEM_OBJECT_HANDLE, .word = {HF_READ}), HF_BAD_HANDLE);
    assert_int_equal(ASK(pager, .to = pager_own, .label = HF_MEM_OBJECT_STAT), HF_BAD_HANDLE);
    assert_true(is_waiting(client));
    end_pager();
}

static void test_no_such_request(void **state) {
    (void)state;
    start_pager();
    touch_page(client, PAGE(0), true);
    uint64_t wrong[] = {0, 1, UINT64_MAX, 1 << 20, 0, 0, 0};
    for (unsigned i = 0; i < 4; i++) { /* there is one, but nobody has taken it */
        assert_int_equal(ASK(pager, SUPPLY(wrong[i], PAGER_OWN)), HF_NOT_FOUND);
    }
    uint64_t id = next_request().id;
    wrong[4] = id + 1;
    wrong[5] = id - 1;
    wrong[6] = id + (1 << 20);
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(ASK(pager, SUPPLY(wrong[i], 1)), HF_NOT_FOUND);
        assert_int_equal(ASK(pager, PASS(wrong[i])), HF_NOT_FOUND);
        assert_int_equal(ASK(pager, REFUSE(wrong[i])), HF_NOT_FOUND);
    }
    assert_int_equal(ASK(pager, SUPPLY(id, PAGER_OWN)), HF_OK);
    touch_page(client, PAGE(1), true);
    assert_int_equal(ASK(pager, SUPPLY(id, PAGER_OWN)), HF_NOT_FOUND); /* it is another now */
    assert_int_not_equal(next_request().id, id);
    assert_int_equal(ASK(pager, SUPPLY(id, 1)), HF_NOT_FOUND);
    assert_true(is_waiting(client));
    end_pager();
}

/* A task that owns two pagers answers each by itself. */
static void test_the_other_pager(void **state) {
    (void)state;
    start_pager();
    assert_int_equal(ASK(pager, .label = HF_MEM_PAGER_CREATE), HF_OK);
    hf_handle_t other = (hf_handle_t)script_word(pager, 0);
    touch_page(client, PAGE(0), true);
    uint64_t id = next_request().id;
    assert_int_equal(ASK(pager, .to = other, .label = HF_MEM_PAGER_SUPPLY, .word = {id, PAGER_OWN}), HF_NOT_FOUND);
    assert_int_equal(ASK(pager, SUPPLY(id, PAGER_OWN)), HF_OK);
    end_pager();
}

static void test_map_arguments(void **state) {
    static const struct {
        uint64_t length, rights, flags, offset;
        hf_status_t status;
    } cases[] = {
        {0, HF_READ, 0, 0, HF_BAD_ARGUMENT},
        {HF_PAGE_SIZE, 0, 0, 0, HF_BAD_ARGUMENT},
        {HF_PAGE_SIZE, HF_WRITE, 0, 0, HF_BAD_ARGUMENT},
        {HF_PAGE_SIZE, HF_READ | HF_WRITE | HF_EXECUTE, 0, 0, HF_BAD_ARGUMENT},
        {HF_PAGE_SIZE, HF_READ, HF_MAP_NOW, 0, HF_BAD_ARGUMENT},
        {HF_PAGE_SIZE, HF_READ, HF_MAP_GUARD, 0, HF_BAD_ARGUMENT},
        {HF_PAGE_SIZE, HF_READ, HF_MAP_LARGE, 0, HF_BAD_ARGUMENT},
        {HF_PAGE_SIZE, HF_READ, 0, 1, HF_BAD_ARGUMENT},
        {2 * HF_PAGE_SIZE, HF_READ, 0, UINT64_MAX & ~0xfffull, HF_BAD_ARGUMENT},
        {HF_PAGE_SIZE - 1, HF_READ, 0, UINT64_MAX & ~0xfffull, HF_OK},
        {1ull << 40, HF_READ | HF_EXECUTE, 0, 1ull << 60, HF_OK},
        {HF_USER_END + 1, HF_READ, 0, 0, HF_BAD_ARGUMENT},
        {HF_PAGE_SIZE, HF_READ, HF_MAP_FIXED, 0, HF_EXISTS}, /* at PAGER_PLACE */
    };
    (void)state;
    start_pager();
    give_pager(client);
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_int_equal(ASK(client, .to = PAGER_GIVEN, .label = HF_MEM_OBJECT_MAP,
                             .word = {PAGER_PLACE, cases[i].length, cases[i].rights, cases[i].flags, cases[i].offset}),
                         cases[i].status);
    }
    end_pager();
}

/* The offset goes with the address, whatever is cut out of the region. */
static void test_pieces(void **state) {
    (void)state;
    start_pager();
    assert_int_equal(ASK(client, .label = HF_MEM_UNMAP, .word = {PAGE(2), 2 * HF_PAGE_SIZE}), HF_OK);
    assert_int_equal(ASK(client, .label = HF_MEM_PROTECT, .word = {PAGE(5), HF_PAGE_SIZE, HF_READ}), HF_OK);
    for (unsigned page = 0; page < PAGER_PAGES; page += page == 1 ? 3 : 1) {
        touch_page(client, PAGE(page), false);
        struct hf_pager_request request = next_request();
        assert_int_equal(request.offset, PAGER_OFFSET + page * HF_PAGE_SIZE);
        assert_int_equal(ASK(pager, SUPPLY(request.id, PAGER_OWN)), HF_OK);
    }
    touch_page(client, PAGE(3), false);
    has_ended(client_handle, HF_REASON_NO_REGION);
    client_handle = 0;
    end_pager();
}

/* Neighbours with other offsets stay what they are. */
static void test_neighbours(void **state) {
    (void)state;
    start_pager();
    assert_int_equal(ASK(client, .to = PAGER_GIVEN, .label = HF_MEM_OBJECT_MAP,
                         .word = {PAGE(PAGER_PAGES), 2 * HF_PAGE_SIZE, RW, HF_MAP_FIXED, 0x70000}),
                     HF_OK);
    assert_int_equal(ASK(client, .label = HF_MEM_PROTECT, .word = {PAGE(0), (PAGER_PAGES + 2) * HF_PAGE_SIZE, RW}),
                     HF_OK);
    touch_page(client, PAGE(PAGER_PAGES + 1), true);
    assert_int_equal(next_request().offset, 0x71000);
    end_pager();
}

/* ---- what is no page ---- */

static void test_nonsense(void **state) {
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        start_pager();
        assert_int_equal(ASK(pager, .label = HF_MEM_MAP,
                             .word = {0x300000000000, HF_PAGE_SIZE, HF_READ, HF_MAP_FIXED | HF_MAP_GUARD}),
                         HF_OK);
        const uint64_t wrong[] = {0,           0x123000,         PAGER_OWN + 8, 0x300000000000,
                                  HF_USER_END, UINT64_MAX << 12, UINT64_MAX,    1ull << 47};
        touch_page(client, PAGE(0), false);
        uint64_t id = next_request().id;
        assert_int_equal(ASK(pager, SUPPLY(id, wrong[i])), HF_BAD_ADDRESS);
        has_ended(client_handle, HF_REASON_PAGER_NONSENSE);
        client_handle = 0;
        assert_int_equal(ASK(pager, SUPPLY(id, PAGER_OWN)), HF_NOT_FOUND);
        end_pager();
    }
}

/* A page of the pager's that isn't there yet hurts nobody. */
static void test_not_there_yet(void **state) {
    (void)state;
    start_pager();
    touch_page(client, PAGE(0), false);
    uint64_t id = next_request().id;
    assert_int_equal(ASK(pager, SUPPLY(id, PAGER_OWN + HF_PAGE_SIZE)), HF_NOT_MAPPED);
    assert_true(is_waiting(client));
    touch_page(pager, PAGER_OWN + HF_PAGE_SIZE, false);
    assert_int_equal(ASK(pager, SUPPLY(id, PAGER_OWN + HF_PAGE_SIZE)), HF_OK);
    assert_false(script_touch(client, PAGE(0), true));
    end_pager();
}

/* An entry that names no RAM, as a device's does. */
static void test_device(void **state) {
    (void)state;
    start_pager();
    touch_page(client, PAGE(0), false);
    uint64_t id = next_request().id;
    uint64_t *entry = NULL, frame = (uint64_t)(page_at(pager, PAGER_OWN) - machine_ram[0]) / HF_PAGE_SIZE;
    for (unsigned i = 0; i < MACHINE_FRAMES && !entry; i++) {
        uint64_t *word = (void *)machine_ram[i];
        if (machine_entries[i].type == HF_FRAME_PT && (word[0] & 0x000ffffffffff000ull) == frame << 12) entry = word;
    }
    assert_non_null(entry);
    uint64_t before = *entry;
    *entry = (uint64_t)WORLD_FRAMEBUFFER << 12 | (before & 0xfff);
    assert_int_equal(ASK(pager, SUPPLY(id, PAGER_OWN)), HF_BAD_ADDRESS);
    *entry = before;
    has_ended(client_handle, HF_REASON_PAGER_NONSENSE);
    client_handle = 0;
    end_pager();
}

static void test_from_a_module(void **state) {
    (void)state;
    start_pager();
    touch_page(client, PAGE(0), false);
    uint64_t id = next_request().id;
    touch_page(pager, 0x40000000, false);
    assert_int_equal(ASK(pager, SUPPLY(id, 0x40000000)), HF_OK);
    assert_memory_equal(page_at(client, PAGE(0)), "\177ELF", 4);
    assert_false(script_touch(client, PAGE(0), true));
    end_pager();
}

/* Part of a page of 2 MiB, which is split for that. */
static void test_from_a_large_page(void **state) {
    (void)state;
    start_pager();
    assert_int_equal(ASK(pager, .label = HF_MEM_MAP,
                         .word = {0x300000000000, 512 * HF_PAGE_SIZE, RW, HF_MAP_FIXED | HF_MAP_NOW | HF_MAP_LARGE}),
                     HF_OK);
    memset(page_at(pager, 0x300000007000), 0x77, HF_PAGE_SIZE);
    touch_page(client, PAGE(0), false);
    assert_int_equal(ASK(pager, SUPPLY(next_request().id, 0x300000007000)), HF_OK);
    assert_int_equal(page_at(client, PAGE(0))[0xfff], 0x77);
    assert_int_equal(page_at(pager, 0x300000007000)[0], 0x77);
    end_pager();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, script_before, script_after)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_supply),          TEST(test_idle_pager),        TEST(test_several),       TEST(test_rights),
        TEST(test_zeroes),          TEST(test_pass_is_for_one),   TEST(test_refuse),        TEST(test_not_the_owner),
        TEST(test_no_such_request), TEST(test_the_other_pager),   TEST(test_map_arguments), TEST(test_pieces),
        TEST(test_neighbours),      TEST(test_nonsense),          TEST(test_not_there_yet), TEST(test_device),
        TEST(test_from_a_module),   TEST(test_from_a_large_page),
    };
    return cmocka_run_group_tests(tests, script_boot, NULL);
}
