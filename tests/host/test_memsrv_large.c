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
/* Pages of 2 MiB: when they come and when they don't, what becomes of them when a part is unmapped or protected, and
 * that the books are right then. The machine has two runs that can be free. */
#include "memsrv_memory.h"

#define LARGE HF_MAP_LARGE
#define RUN HF_RUN_SIZE

static struct task *task;
static hf_handle_t handle;

static void start(uint64_t quota, uint64_t runs, uint64_t flags) {
    task = script_spawn(quota, &handle);
    assert_int_equal(ASK(task, MAP(HERE, runs * RUN, LARGE | flags)), HF_OK);
}

static void end(void) {
    memory_end(script_init, handle);
    script_settle();
    memory_books();
}

static void check_ledger(uint64_t pages, uint64_t tables) {
    struct hf_ledger ledger = memory_ledger(task);
    assert_int_equal(ledger.pages, pages);
    assert_int_equal(ledger.tables, tables);
    memory_books();
}

/* ---- they come ---- */

static void test_two_faults(void **state) {
    (void)state;
    start(0, 2, 0);
    struct hf_ledger before = memory_ledger(task);
    memory_faults = 0;
    for (unsigned i = 0; i < 1024; i++) memory_write(task, HERE + i * PAGE, (uint8_t)i);
    assert_int_equal(memory_faults, 2);
    assert_true(memory_is_large(task, HERE) && memory_is_large(task, HERE + RUN));
    assert_int_equal(memory_ledger(task).faults_large, 2);
    check_ledger(before.pages + 1024, before.tables + 2);
    for (unsigned i = 0; i < 1024; i++) assert_int_equal(memory_read(task, HERE + i * PAGE), (uint8_t)i);
    assert_int_equal(ASK(task, UNMAP(HERE, 2 * RUN)), HF_OK);
    check_ledger(before.pages, before.tables);
    end();
}

/* Zeroes, whatever the frames had before. */
static void test_zeroed(void **state) {
    (void)state;
    for (unsigned round = 0; round < 2; round++) {
        start(0, 1, 0);
        for (unsigned i = 0; i < HF_RUN_FRAMES; i++) {
            assert_int_equal(memory_read(task, HERE + i * PAGE + 5), 0);
            memory_write(task, HERE + i * PAGE + 5, 0xee);
        }
        end();
    }
}

static void test_only_where_one_fits(void **state) {
    (void)state;
    task = script_spawn(0, &handle);
    assert_int_equal(ASK(task, MAP(HERE + PAGE, 2 * RUN, LARGE)), HF_OK);
    memory_write(task, HERE + RUN - PAGE, 1);
    memory_write(task, HERE + RUN, 2);
    memory_write(task, HERE + 2 * RUN, 3);
    assert_false(memory_is_large(task, HERE + RUN - PAGE) || memory_is_large(task, HERE + 2 * RUN));
    assert_true(memory_is_large(task, HERE + RUN));
    end();
}

static void test_not_where_a_page_is(void **state) {
    (void)state;
    task = script_spawn(0, &handle);
    assert_int_equal(ASK(task, MAP(HERE, PAGE, HF_MAP_NOW)), HF_OK);
    assert_int_equal(ASK(task, UNMAP(HERE, PAGE)), HF_OK);
    assert_int_equal(ASK(task, MAP(HERE, RUN, LARGE)), HF_OK);
    memory_write(task, HERE, 1);
    assert_true(memory_is_large(task, HERE)); /* the table went with the page */
    end();
}

static void test_small_when_no_run_is_free(void **state) {
    (void)state;
    start(0, 2, 0);
    script_leave(200); /* single frames, all of one run */
    memory_write(task, HERE, 1);
    assert_false(memory_is_large(task, HERE));
    assert_int_equal(memory_ledger(task).faults_zero, 1);
    script_put_back();
    memory_write(task, HERE + PAGE, 1); /* where a table is, it stays so */
    assert_false(memory_is_large(task, HERE + PAGE));
    memory_write(task, HERE + RUN, 1);
    assert_true(memory_is_large(task, HERE + RUN));
    end();
}

static void test_small_when_the_quota_is(void **state) {
    (void)state;
    start(400, 1, 0);
    for (unsigned i = 0; i < 300; i++) memory_write(task, HERE + i * PAGE, 1);
    assert_false(memory_is_large(task, HERE));
    end();
}

/* There is room for the run, but not for the tables above it. */
static void test_small_when_tables_are_too_much(void **state) {
    unsigned large = 0, count = 0;
    (void)state;
    for (uint64_t quota = 505; quota < 535; quota++) {
        start(quota, 1, 0);
        memory_write(task, HERE + PAGE, 1);
        large += memory_is_large(task, HERE);
        count++;
        end();
    }
    assert_in_range(large, 5, count - 5);
}

static void test_small_when_asked_for(void **state) {
    (void)state;
    task = script_spawn(0, &handle);
    assert_int_equal(ASK(task, MAP(HERE, HF_MAP_LARGE_LENGTH, HF_MAP_SMALL)), HF_OK);
    memory_write(task, HERE, 1);
    assert_false(memory_is_large(task, HERE));
    assert_int_equal(ASK(task, MAP(2 * HERE, HF_MAP_LARGE_LENGTH, 0)), HF_OK);
    memory_write(task, 2 * HERE, 1);
    assert_true(memory_is_large(task, 2 * HERE));
    end();
}

/* ---- split ---- */

/* At the start, in the middle, at the end. */
static const struct {
    uint64_t first, pages;
} parts[] = {{0, 1}, {0, 300}, {17, 1}, {200, 256}, {511, 1}, {1, 511}, {300, 500}};

static void test_unmap_a_part(void **state) {
    (void)state;
    for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        start(0, 2, HF_MAP_NOW);
        struct hf_ledger before = memory_ledger(task);
        uint64_t free = script_free(), at = HERE + parts[i].first * PAGE;
        uint64_t split = parts[i].first + parts[i].pages > HF_RUN_FRAMES ? 2 : 1;
        memory_write(task, at - (at == HERE ? 0 : 1), 55);
        assert_int_equal(ASK(task, UNMAP(at, parts[i].pages * PAGE)), HF_OK);
        script_settle();
        check_ledger(before.pages - parts[i].pages, before.tables + split);
        assert_in_range(script_free(), free + parts[i].pages - split - 1, free + parts[i].pages - split);
        assert_int_equal(memory_entry(task, at), 0);
        if (at != HERE) assert_int_equal(memory_read(task, at - 1), 55);
        assert_int_equal(ASK(task, UNMAP(HERE, parts[i].first ? parts[i].first * PAGE : 0)),
                         parts[i].first ? HF_OK : HF_BAD_ARGUMENT);
        end();
    }
}

static void test_protect_a_part(void **state) {
    (void)state;
    for (unsigned i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        start(0, 2, HF_MAP_NOW);
        struct hf_ledger before = memory_ledger(task);
        uint64_t split = parts[i].first + parts[i].pages > HF_RUN_FRAMES ? 2 : 1;
        assert_int_equal(ASK(task, PROTECT(HERE + parts[i].first * PAGE, parts[i].pages * PAGE, HF_READ)), HF_OK);
        check_ledger(before.pages, before.tables + split);
        for (uint64_t page = 0; page < 1024; page++) {
            bool inside = page >= parts[i].first && page - parts[i].first < parts[i].pages;
            if (memory_is_writable(task, HERE + page * PAGE) == inside) fail_msg("page %u", (unsigned)page);
        }
        end();
    }
}

static void test_protect_all(void **state) {
    (void)state;
    start(0, 2, HF_MAP_NOW);
    struct hf_ledger before = memory_ledger(task);
    assert_int_equal(ASK(task, PROTECT(HERE, 2 * RUN, HF_READ)), HF_OK);
    assert_true(memory_is_large(task, HERE) && !memory_is_writable(task, HERE));
    assert_int_equal(ASK(task, PROTECT(HERE, RUN, RW)), HF_OK);
    assert_true(memory_is_writable(task, HERE) && !memory_is_writable(task, HERE + RUN));
    check_ledger(before.pages, before.tables);
    end();
}

/* A table for the split is had even beyond the quota. */
static void test_split_at_the_end_of_the_quota(void **state) {
    (void)state;
    start(560, 1, HF_MAP_NOW);
    assert_true(memory_is_large(task, HERE));
    uint64_t left = 560 - memory_stat(task).quota_used;
    assert_int_equal(ASK(task, MAP(2 * HERE, (left - 3) * PAGE, HF_MAP_NOW)), HF_OK);
    assert_int_equal(memory_stat(task).quota_used, 560);
    assert_int_equal(ASK(task, UNMAP(HERE + PAGE, PAGE)), HF_OK);
    assert_int_equal(memory_stat(task).quota_used, 560);
    end();
}

/* ---- MAP_NOW ---- */

static void test_now(void **state) {
    (void)state;
    start(0, 2, HF_MAP_NOW);
    assert_true(memory_is_large(task, HERE) && memory_is_large(task, HERE + RUN));
    memory_faults = 0;
    memory_write(task, HERE + RUN + PAGE, 1);
    assert_int_equal(memory_faults, 0);
    end();
}

/* The machine has room for two runs, and pages beside them, but not for so many. */
static void test_now_without_memory(void **state) {
    (void)state;
    task = script_spawn(0, &handle);
    script_settle();
    uint64_t before = script_total();
    struct hf_ledger ledger = memory_ledger(task);
    assert_int_equal(ASK(task, MAP(HERE, 4 * RUN, LARGE | HF_MAP_NOW)), HF_NO_MEMORY);
    script_settle();
    assert_int_equal(script_total(), before);
    check_ledger(ledger.pages, ledger.tables);
    assert_int_equal(ASK(task, MAP(HERE, PAGE, 0)), HF_OK); /* nothing is there */
    end();
}

static void test_now_without_quota(void **state) {
    (void)state;
    task = script_spawn(600, &handle);
    assert_int_equal(ASK(task, MAP(HERE, 2 * RUN, LARGE | HF_MAP_NOW)), HF_QUOTA);
    assert_int_equal(ASK(task, MAP(HERE, RUN + 20 * PAGE, LARGE | HF_MAP_NOW)), HF_OK);
    assert_true(memory_is_large(task, HERE) && !memory_is_large(task, HERE + RUN));
    end();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, script_before, script_after)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_two_faults),
        TEST(test_zeroed),
        TEST(test_only_where_one_fits),
        TEST(test_not_where_a_page_is),
        TEST(test_small_when_no_run_is_free),
        TEST(test_small_when_the_quota_is),
        TEST(test_small_when_tables_are_too_much),
        TEST(test_small_when_asked_for),
        TEST(test_unmap_a_part),
        TEST(test_protect_a_part),
        TEST(test_protect_all),
        TEST(test_split_at_the_end_of_the_quota),
        TEST(test_now),
        TEST(test_now_without_memory),
        TEST(test_now_without_quota),
    };
    return cmocka_run_group_tests(tests, script_boot, NULL);
}
