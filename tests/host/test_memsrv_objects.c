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
/* Shared objects: what memsrv makes of each request about them, and what those who map one see of it. */
#include "memsrv_objects.h"

#define LENGTH (8 * PAGE)
#define LIMIT (HF_USER_END - 0x8000000000ull)

/* ---- requests ---- */

static void test_create(void **state) {
    (void)state;
    objects_start(3 * PAGE + 1, 0);
    assert_int_equal(objects_length(maker, object), 4 * PAGE);
    assert_int_equal(objects_frames(maker, object), 0);
    assert_int_equal(ASK(maker, CREATE(0)), HF_BAD_ARGUMENT);
    assert_int_equal(ASK(maker, CREATE(LIMIT + 1)), HF_TOO_BIG);
    assert_int_equal(ASK(maker, CREATE(UINT64_MAX)), HF_TOO_BIG);
    assert_int_equal(ASK(maker, CREATE(LIMIT)), HF_OK);
    assert_int_equal(objects_length(maker, (hf_handle_t)script_word(maker, 0)), LIMIT);
    assert_int_equal(ASK(maker, .to = object, CREATE(PAGE)), HF_BAD_HANDLE);
    assert_int_equal(ASK(script_init, .to = maker_handle, CREATE(PAGE)), HF_BAD_HANDLE);
    objects_end();
}

static void fill_handles(struct task *task) {
    for (unsigned slot = 1; slot < HF_HANDLE_COUNT; slot++) {
        if (task->handles[slot].kind == HF_HANDLE_NONE) {
            task->handles[slot] = task->handles[HF_SLOT_MEMSRV];
        }
    }
}

static void test_full_table(void **state) {
    (void)state;
    objects_start(PAGE, 0);
    fill_handles(maker);
    uint64_t before = script_total();
    assert_int_equal(ASK(maker, CREATE(PAGE)), HF_NO_MEMORY);
    assert_int_equal(ASK(maker, HANDLE(object, HF_READ)), HF_NO_MEMORY);
    assert_int_equal(script_total(), before);
    objects_end();
}

static void test_handle(void **state) {
    static const uint64_t bad[] = {0, HF_WRITE, HF_EXECUTE, HF_WRITE | HF_EXECUTE, HF_READ | 8, UINT64_MAX};
    (void)state;
    objects_start(PAGE, 0);
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        assert_int_equal(ASK(maker, HANDLE(object, bad[i])), HF_BAD_ARGUMENT);
    }
    hf_handle_t all = objects_pass(user, RWX), writing = objects_pass(user, RW);
    hf_handle_t running = objects_pass(user, RX), reading = objects_pass(user, HF_READ);
    for (unsigned rights = HF_READ; rights <= RWX; rights += 2) {
        assert_int_equal(ASK(user, HANDLE(all, rights)), HF_OK);
        assert_int_equal(ASK(user, HANDLE(writing, rights)), rights & HF_EXECUTE ? HF_DENIED : HF_OK);
        assert_int_equal(ASK(user, HANDLE(running, rights)), rights & HF_WRITE ? HF_DENIED : HF_OK);
        assert_int_equal(ASK(user, HANDLE(reading, rights)), rights != HF_READ ? HF_DENIED : HF_OK);
    }
    assert_int_equal(ASK(user, HANDLE(HF_SLOT_MEMSRV, HF_READ)), HF_BAD_HANDLE);
    assert_int_equal(ASK(script_init, HANDLE(maker_handle, HF_READ)), HF_BAD_HANDLE);
    assert_int_equal(ASK(user, STAT(HF_SLOT_MEMSRV)), HF_BAD_HANDLE);
    assert_int_equal(ASK(user, .to = all, .label = HF_MEM_KILL), HF_BAD_HANDLE);
    assert_int_equal(ASK(user, .to = all, .label = HF_MEM_MAP, .word = {0, PAGE, RW}), HF_BAD_HANDLE);
    assert_int_equal(ASK(user, .to = all, .label = HF_MEM_PAGER_NEXT), HF_BAD_HANDLE);
    objects_end();
}

static void test_map_refused(void **state) {
    static const struct {
        hf_status_t status;
        uint64_t at, length, rights, flags, offset;
    } wrong[] = {
        {HF_BAD_ARGUMENT, 0, 0, HF_READ, 0, 0},
        {HF_BAD_ARGUMENT, 0, LENGTH + 1, HF_READ, 0, 0},
        {HF_BAD_ARGUMENT, 0, UINT64_MAX, HF_READ, 0, PAGE},
        {HF_BAD_ARGUMENT, 0, PAGE, HF_READ, 0, LENGTH},
        {HF_BAD_ARGUMENT, 0, PAGE, HF_READ, 0, LENGTH + PAGE},
        {HF_BAD_ARGUMENT, 0, 2 * PAGE, HF_READ, 0, LENGTH - PAGE},
        {HF_BAD_ARGUMENT, 0, PAGE, HF_READ, 0, 0 - (uint64_t)PAGE},
        {HF_BAD_ARGUMENT, 0, PAGE, HF_READ, 0, 1},
        {HF_BAD_ARGUMENT, 0, PAGE, 0, 0, 0},
        {HF_BAD_ARGUMENT, 0, PAGE, HF_WRITE, 0, 0},
        {HF_BAD_ARGUMENT, 0, PAGE, RWX, 0, 0},
        {HF_BAD_ARGUMENT, 0, PAGE, HF_READ | 8, 0, 0},
        {HF_BAD_ARGUMENT, 0, PAGE, HF_READ, HF_MAP_GUARD, 0},
        {HF_BAD_ARGUMENT, 0, PAGE, HF_READ, HF_MAP_LARGE, 0},
        {HF_BAD_ARGUMENT, 0, PAGE, HF_READ, 1u << 20, 0},
        {HF_BAD_ADDRESS, 0, PAGE, HF_READ, HF_MAP_FIXED, 0},
        {HF_BAD_ADDRESS, HERE + 1, PAGE, HF_READ, HF_MAP_FIXED, 0},
        {HF_BAD_ADDRESS, HF_USER_END, PAGE, HF_READ, HF_MAP_FIXED, 0},
        {HF_EXISTS, 0x40000000, PAGE, HF_READ, HF_MAP_FIXED, 0},
    };
    (void)state;
    objects_start(LENGTH, 0);
    uint64_t before = script_total();
    for (unsigned i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        assert_int_equal(
            ASK(maker, OBJECT(object, wrong[i].at, wrong[i].length, wrong[i].rights, wrong[i].flags, wrong[i].offset)),
            wrong[i].status);
    }
    assert_int_equal(ASK(maker, OBJECT(HF_SLOT_MEMSRV, 0, PAGE, HF_READ, 0, 0)), HF_BAD_HANDLE);
    assert_int_equal(ASK(script_init, OBJECT(maker_handle, 0, PAGE, HF_READ, 0, 0)), HF_BAD_HANDLE);
    assert_int_equal(script_total(), before);
    objects_end();
}

/* ---- sharing ---- */

static void test_data(void **state) {
    (void)state;
    objects_start(LENGTH, 0);
    hf_handle_t handle = objects_pass(user, RW);
    assert_int_equal(ASK(maker, OBJECT(object, HERE, LENGTH, RW, HF_MAP_FIXED, 0)), HF_OK);
    assert_int_equal(ASK(user, OBJECT(handle, THERE, LENGTH - 1, RW, HF_MAP_FIXED, 0)), HF_OK);
    assert_null(objects_page(maker, HERE));
    for (uint64_t at = 0; at < LENGTH; at += PAGE) {
        struct task *writer = at / PAGE % 2 ? maker : user, *reader = writer == maker ? user : maker;
        uint64_t written = (writer == maker ? HERE : THERE) + at, read = (reader == maker ? HERE : THERE) + at;
        assert_int_equal(objects_read(reader, read + 5), 0);
        objects_write(writer, written + 5, (uint8_t)(7 + at / PAGE));
        assert_int_equal(objects_read(reader, read + 5), 7 + at / PAGE);
        assert_ptr_equal(objects_page(writer, written), objects_page(reader, read));
    }
    assert_int_equal(objects_frames(user, handle), LENGTH / PAGE);
    objects_end();
}

/* The same page at three addresses of one task, in another order, with other rights. */
static void test_parts(void **state) {
    (void)state;
    objects_start(LENGTH, 0);
    assert_int_equal(ASK(maker, OBJECT(object, HERE, LENGTH, RW, HF_MAP_FIXED, 0)), HF_OK);
    assert_int_equal(ASK(maker, OBJECT(object, THERE, 2 * PAGE, RX, NOW, 5 * PAGE)), HF_OK);
    assert_int_equal(ASK(maker, OBJECT(object, THERE + 2 * PAGE, 3 * PAGE, HF_READ, HF_MAP_FIXED, 4 * PAGE)), HF_OK);
    assert_int_equal(objects_frames(maker, object), 2);
    objects_write(maker, HERE + 6 * PAGE, 66);
    assert_int_equal(objects_read(maker, THERE + PAGE), 66);
    assert_int_equal(objects_read(maker, THERE + 4 * PAGE), 66);
    assert_int_equal(objects_frames(maker, object), 2);
    assert_int_equal(ASK(maker, OBJECT(object, 0, PAGE, HF_READ, HF_MAP_NOW, 6 * PAGE)), HF_OK);
    assert_int_equal(objects_read(maker, script_word(maker, 0)), 66);
    assert_null(world_broken()); /* one page is written here and executed there, which the core allows */
    objects_refused(&maker, maker_handle, THERE + PAGE, true, HF_REASON_READ_ONLY);
    objects_end();
}

/* Side by side, and not in the object's order: they stay two mappings. */
static void test_neighbours(void **state) {
    (void)state;
    objects_start(LENGTH, 0);
    assert_int_equal(ASK(maker, OBJECT(object, THERE, LENGTH, RW, HF_MAP_FIXED, 0)), HF_OK);
    for (uint64_t page = 0; page < LENGTH / PAGE; page++) {
        objects_write(maker, THERE + page * PAGE, (uint8_t)(page + 1));
    }
    assert_int_equal(ASK(maker, OBJECT(object, HERE, 2 * PAGE, RW, HF_MAP_FIXED, 3 * PAGE)), HF_OK);
    assert_int_equal(ASK(maker, OBJECT(object, HERE + 2 * PAGE, PAGE, RW, HF_MAP_FIXED, 4 * PAGE)), HF_OK);
    assert_int_equal(ASK(maker, OBJECT(object, HERE + 3 * PAGE, PAGE, RW, HF_MAP_FIXED, 5 * PAGE)), HF_OK);
    assert_int_equal(ASK(maker, PROTECT(HERE, 4 * PAGE, HF_READ)), HF_OK);
    assert_int_equal(ASK(maker, UNMAP(HERE, PAGE)), HF_OK);
    assert_int_equal(objects_read(maker, HERE + PAGE), 5);
    assert_int_equal(objects_read(maker, HERE + 2 * PAGE), 5);
    assert_int_equal(objects_read(maker, HERE + 3 * PAGE), 6);
    objects_end();
}

/* Pages stay the object's when a part that shows them is unmapped. */
static void test_unmapped_parts(void **state) {
    (void)state;
    objects_start(LENGTH, 0);
    assert_int_equal(ASK(maker, OBJECT(object, HERE, LENGTH, RW, NOW, 0)), HF_OK);
    uint64_t before = script_total();
    for (uint64_t page = 0; page < LENGTH / PAGE; page++) {
        objects_write(maker, HERE + page * PAGE, (uint8_t)(page + 1));
    }
    assert_int_equal(ASK(maker, UNMAP(HERE + 2 * PAGE, 3 * PAGE)), HF_OK);
    assert_null(objects_page(maker, HERE + 2 * PAGE));
    assert_int_equal(ASK(maker, OBJECT(object, HERE + 2 * PAGE, 3 * PAGE, RW, HF_MAP_FIXED, 2 * PAGE)), HF_OK);
    for (uint64_t page = 0; page < LENGTH / PAGE; page++) {
        assert_int_equal(objects_read(maker, HERE + page * PAGE), page + 1);
    }
    assert_int_equal(script_total(), before);
    assert_int_equal(ASK(maker, UNMAP(HERE, LENGTH)), HF_OK);
    assert_int_equal(objects_frames(maker, object), LENGTH / PAGE);
    objects_end();
}

/* Slots of 2 MiB that are unmapped at once, and page by page. */
static void test_long_mapping(void **state) {
    const uint64_t length = 600 * PAGE, start = HERE + 500 * PAGE;
    (void)state;
    objects_start(length, 0);
    hf_handle_t handle = objects_pass(user, RW);
    assert_int_equal(ASK(user, OBJECT(handle, HERE, length, RW, NOW, 0)), HF_OK);
    assert_int_equal(ASK(user, OBJECT(handle, THERE, length, RW, NOW, 0)), HF_OK);
    assert_int_equal(ASK(maker, OBJECT(object, start, length, RW, NOW, 0)), HF_OK);
    objects_write(user, THERE + length - 1, 99);
    assert_int_equal(ASK(user, UNMAP(THERE, 512 * PAGE)), HF_OK);
    assert_int_equal(objects_read(user, HERE + length - 1), 99);
    assert_int_equal(ASK(user, UNMAP(HERE + PAGE, length - PAGE)), HF_OK);
    assert_int_equal(objects_read(user, THERE + length - 1), 99);
    assert_int_equal(objects_frames(user, handle), 600);
    assert_int_equal(ASK(maker, UNMAP(start, length)), HF_OK);
    assert_int_equal(objects_frames(user, handle), 600);
    objects_end();
}

/* ---- rights ---- */

static void test_weaker_handle(void **state) {
    (void)state;
    objects_start(LENGTH, 0);
    hf_handle_t reading = objects_pass(user, HF_READ), running = objects_pass(user, RX);
    assert_int_equal(ASK(user, OBJECT(reading, HERE, PAGE, RW, HF_MAP_FIXED, 0)), HF_DENIED);
    assert_int_equal(ASK(user, OBJECT(reading, HERE, PAGE, RX, HF_MAP_FIXED, 0)), HF_DENIED);
    assert_int_equal(ASK(user, OBJECT(running, HERE, PAGE, RW, HF_MAP_FIXED, 0)), HF_DENIED);
    assert_int_equal(ASK(user, OBJECT(reading, HERE, PAGE, HF_READ, HF_MAP_FIXED, 0)), HF_OK);
    assert_int_equal(objects_read(user, HERE), 0);
    assert_int_equal(ASK(user, PROTECT(HERE, PAGE, RW)), HF_DENIED);
    assert_int_equal(ASK(user, PROTECT(HERE, PAGE, RX)), HF_DENIED);
    assert_int_equal(ASK(user, PROTECT(HERE, PAGE, HF_READ)), HF_OK);
    objects_refused(&user, user_handle, HERE, true, HF_REASON_READ_ONLY);
    objects_end();
}

static void test_protect(void **state) {
    (void)state;
    objects_start(LENGTH, 0);
    assert_int_equal(ASK(maker, OBJECT(object, HERE, LENGTH, RW, NOW, 0)), HF_OK);
    assert_int_equal(ASK(maker, PROTECT(HERE + PAGE, PAGE, RX)), HF_OK);
    objects_write(maker, HERE, 1);
    assert_int_equal(objects_read(maker, HERE + PAGE), 0);
    assert_int_equal(ASK(maker, PROTECT(HERE, LENGTH, HF_READ)), HF_OK);
    assert_int_equal(ASK(maker, PROTECT(HERE, LENGTH, RW)), HF_OK);
    assert_false(script_touch(maker, HERE + PAGE, true)); /* no copy, and so no fault */
    assert_int_equal(ASK(maker, PROTECT(HERE, LENGTH, RWX)), HF_BAD_ARGUMENT);
    assert_int_equal(ASK(maker, PROTECT(HERE, LENGTH, HF_READ)), HF_OK);
    objects_refused(&maker, maker_handle, HERE + PAGE, true, HF_REASON_READ_ONLY);
    objects_end();
}

/* Two mappings that look alike, side by side, but for what their handles allow. */
static void test_rights_of_neighbours(void **state) {
    (void)state;
    objects_start(LENGTH, 0);
    hf_handle_t reading = objects_pass(user, HF_READ), writing = objects_pass(user, RW);
    assert_int_equal(ASK(user, OBJECT(writing, HERE, PAGE, HF_READ, HF_MAP_FIXED, 0)), HF_OK);
    assert_int_equal(ASK(user, OBJECT(reading, HERE + PAGE, PAGE, HF_READ, HF_MAP_FIXED, PAGE)), HF_OK);
    assert_int_equal(ASK(user, OBJECT(writing, HERE + 2 * PAGE, PAGE, HF_READ, HF_MAP_FIXED, 2 * PAGE)), HF_OK);
    assert_int_equal(ASK(user, PROTECT(HERE, 3 * PAGE, HF_READ)), HF_OK);
    assert_int_equal(ASK(user, PROTECT(HERE + PAGE, PAGE, RW)), HF_DENIED);
    assert_int_equal(ASK(user, PROTECT(HERE, 3 * PAGE, RW)), HF_DENIED);
    assert_int_equal(ASK(user, PROTECT(HERE, PAGE, RW)), HF_OK);
    assert_int_equal(ASK(user, PROTECT(HERE + 2 * PAGE, PAGE, RW)), HF_OK);
    objects_write(user, HERE + 2 * PAGE, 3);
    objects_refused(&user, user_handle, HERE + PAGE, true, HF_REASON_READ_ONLY);
    objects_end();
}

/* ---- forks ---- */

static void test_fork(void **state) {
    hf_handle_t child_handle, grandchild_handle;
    (void)state;
    objects_start(LENGTH, 0);
    assert_int_equal(ASK(maker, OBJECT(object, HERE, LENGTH, RW, HF_MAP_FIXED, 0)), HF_OK);
    objects_write(maker, HERE, 1);
    struct task *child = objects_fork(maker, &child_handle);
    struct task *grandchild = objects_fork(child, &grandchild_handle);
    uint64_t before = script_free();
    objects_write(maker, HERE, 2);
    assert_int_equal(objects_read(child, HERE), 2);
    objects_write(grandchild, HERE, 3);
    assert_int_equal(objects_read(maker, HERE), 3);
    assert_int_equal(script_free(), before); /* nothing was copied */
    objects_write(child, HERE + PAGE, 4);    /* a page that came after the fork */
    assert_int_equal(objects_read(maker, HERE + PAGE), 4);
    assert_int_equal(objects_frames(maker, object), 2);
    assert_int_equal(ASK(child, UNMAP(HERE, LENGTH)), HF_OK);
    assert_int_equal(script_kill(child, grandchild_handle).left.shared, 0);
    assert_int_equal(script_kill(maker, child_handle).left.shared, 0);
    assert_int_equal(objects_read(maker, HERE), 3);
    objects_end();
}

/* ---- much ---- */

static void test_longer_than_ram(void **state) {
    const uint64_t far[] = {0, 1ull << 21, 1ull << 30, 1ull << 39, LIMIT - (1ull << 40)};
    (void)state;
    objects_start(LIMIT, 0);
    hf_handle_t handle = objects_pass(user, RW);
    assert_int_equal(ASK(maker, OBJECT(object, HERE, 1ull << 40, RW, HF_MAP_FIXED, LIMIT - (1ull << 40))), HF_OK);
    for (unsigned i = 0; i < sizeof far / sizeof far[0]; i++) {
        uint64_t length = i + 1 < sizeof far / sizeof far[0] ? PAGE : 1ull << 40;
        assert_int_equal(ASK(user, OBJECT(handle, 0, length, RW, 0, far[i])), HF_OK);
        objects_write(user, script_word(user, 0) + length - 1, (uint8_t)(i + 1));
    }
    assert_int_equal(objects_read(maker, HERE + (1ull << 40) - 1), 5);
    assert_int_equal(objects_frames(maker, object), sizeof far / sizeof far[0]);
    assert_int_equal(ASK(user, OBJECT(handle, 0, 1ull << 40, RW, HF_MAP_NOW, 0)), HF_NO_MEMORY);
    objects_end();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, script_before, script_after)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_create),       TEST(test_full_table),      TEST(test_handle),     TEST(test_map_refused),
        TEST(test_data),         TEST(test_parts),           TEST(test_neighbours), TEST(test_unmapped_parts),
        TEST(test_long_mapping), TEST(test_weaker_handle),   TEST(test_protect),    TEST(test_rights_of_neighbours),
        TEST(test_fork),         TEST(test_longer_than_ram),
    };
    return cmocka_run_group_tests(tests, script_boot, NULL);
}
