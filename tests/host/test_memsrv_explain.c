// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c
// sources: ukernel/device.c ukernel/call.c
// sources: servers/memsrv/*.c
// sources: tests/host/memsrv_image.c tests/host/memsrv_machine.c tests/host/memsrv_script.c tests/host/memsrv_touch.c
// sources: tests/host/world.c tests/host/explain_scene.c
// sources: tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine tests/host/fake ukernel
// flags: -fno-sanitize=address -DMACHINE_RUNS=12u
/* What memsrv explains about an address, held against what then happens there: for each address of a list,
 * each access and each state of the page, in a process of its own. */
#include "entry.h"
#include "explain_scene.h"
#include <string.h>

/* ---- the addresses ---- */

static uint64_t addresses[200];
static unsigned address_count;

static void add(uint64_t address) { addresses[address_count++] = address; }

static void list_addresses(void) {
    static const uint64_t others[] = {0,
                                      0x10,
                                      HF_USER_FIRST - 1,
                                      HF_USER_FIRST,
                                      0x3fffffff,
                                      0x600000000000,
                                      HF_USER_END - 1,
                                      HF_USER_END,
                                      0x7fffffffffff,
                                      0x800000000000,
                                      0xffff7fffffffffff,
                                      0xffff800000000000,
                                      UINT64_MAX,
                                      PLAIN + HF_PAGE_SIZE,
                                      SHARED + HF_PAGE_SIZE,
                                      LARGE + HF_RUN_SIZE,
                                      LARGE + 2 * HF_RUN_SIZE,
                                      HALF + HF_PAGE_SIZE};
    unsigned count = scene_regions();
    address_count = 0;
    for (unsigned i = 0; i < count; i++) {
        add(regions[i].start - 1);
        add(regions[i].start);
        add(regions[i].end - 1);
        add(regions[i].end);
    }
    for (unsigned i = 0; i < sizeof others / sizeof others[0]; i++) {
        add(others[i]);
    }
}

/* ---- what happens ---- */

static unsigned seen[HF_OUTCOME_COUNT], seen_reasons[HF_REASON_COUNT];

/* How often that outcome has been, by the ledger; and all of them together. */
static uint64_t count_of(const struct hf_ledger *ledger, enum hf_outcome outcome) {
    const uint64_t counts[HF_OUTCOME_COUNT] = {
        [HF_OUTCOME_ZERO] = ledger->faults_zero,   [HF_OUTCOME_IMAGE] = ledger->faults_image,
        [HF_OUTCOME_LARGE] = ledger->faults_large, [HF_OUTCOME_COPY] = ledger->faults_copy,
        [HF_OUTCOME_REUSE] = ledger->faults_reuse, [HF_OUTCOME_OBJECT] = ledger->faults_object,
        [HF_OUTCOME_PAGER] = ledger->faults_pager,
    };
    uint64_t sum = 0;
    for (unsigned i = 0; i < HF_OUTCOME_COUNT; i++) {
        sum += counts[i];
    }
    return outcome == HF_OUTCOME_COUNT ? sum : counts[outcome];
}

/* The task must have ended, for that reason. */
static void expect_end(const struct hf_explain *said, enum hf_access access) {
    bool is_child = subject == child;
    struct hf_exit how = script_finish(is_child ? process : script_init, is_child ? child_handle : process_handle);
    assert_int_equal(how.how, HF_EXIT_FAULT);
    assert_int_equal(how.reason, said->access[access].reason);
    assert_string_equal(how.region, said->region.name);
    seen_reasons[how.reason]++;
    if (is_child) {
        child = NULL;
        scene_end();
    } else {
        scene_end_rest();
    }
}

/* It waits for the pager's owner. */
static void expect_asked(const struct hf_explain *said) {
    const struct hf_task_stat stat = scene_stat(said->number);
    assert_int_equal(stat.info.state, HF_INFO_WAITING);
    assert_int_not_equal(stat.info.waits_for, 0);
    scene_end();
}

static void expect_served(const struct hf_explain *said, enum hf_access access, const struct hf_ledger *before) {
    enum hf_outcome outcome = said->access[access].outcome;
    assert_int_equal(subject->state, HF_TASK_READY);
    const struct hf_ledger after = scene_stat(said->number).info.ledger;
    assert_int_equal(count_of(&after, outcome), count_of(before, outcome) + 1);
    assert_int_equal(count_of(&after, HF_OUTCOME_COUNT), count_of(before, HF_OUTCOME_COUNT) + 1);
    assert_int_equal(scene_why(said->number, said->address).access[access].outcome, HF_OUTCOME_DONE);
    scene_end();
}

static void try_one(uint64_t address, enum hf_access access) {
    const struct hf_explain said = scene_why(subject->mark, address);
    const struct hf_ledger before = scene_stat(subject->mark).info.ledger;
    enum hf_outcome outcome = said.access[access].outcome;
    bool faults = memsrv_touch(subject, address, access, VECTOR_PAGE_FAULT);
    assert_int_equal(faults, outcome != HF_OUTCOME_DONE);
    seen[outcome]++;
    script_settle();
    if (outcome == HF_OUTCOME_REFUSED) {
        expect_end(&said, access);
    } else if (outcome == HF_OUTCOME_DONE) {
        scene_end();
    } else if (outcome == HF_OUTCOME_PAGER) {
        expect_asked(&said);
    } else {
        expect_served(&said, access, &before);
    }
}

#define ALL_FRAMES UINT64_MAX

/* With a quota or 0, and so many frames free. */
static void try_short(enum stage stage, uint64_t quota, uint64_t left) {
    unsigned count = 1;
    for (unsigned i = 0; i < count; i++) {
        for (enum hf_access access = 0; access < HF_ACCESSES; access++) {
            scene_start(stage, quota);
            list_addresses();
            count = address_count;
            script_leave(left);
            try_one(addresses[i], access);
            script_put_back();
        }
    }
}

static void try_stage(enum stage stage, uint64_t quota) { try_short(stage, quota, ALL_FRAMES); }

static void test_fresh(void **state) {
    (void)state;
    try_stage(FRESH, 0);
    try_stage(PAGERLESS, 0);
}

static void test_brought(void **state) {
    (void)state;
    try_stage(READ, 0);
    try_stage(WRITTEN, 0);
}

static void test_forked(void **state) {
    (void)state;
    try_stage(FORKED, 0);
    try_stage(CHILD, 0);
    try_stage(ALONE, 0);
}

#define AMPLE 400u

/* With quotas that leave so many frames for what is to be brought. */
static void test_quota(void **state) {
    (void)state;
    scene_start(FRESH, AMPLE);
    uint64_t used = scene_stat(process->mark).quota_used;
    scene_end();
    for (uint64_t spare = 0; spare < 8; spare++) {
        try_stage(FRESH, used + spare);
    }
}

static void test_memory(void **state) {
    (void)state;
    for (uint64_t left = 0; left < 4; left++) {
        try_short(FRESH, 0, left);
        try_short(FORKED, 0, left);
    }
}

/* Whatever may happen has happened in these tests. */
static void test_all_seen(void **state) {
    static const enum hf_reason reasons[] = {
        HF_REASON_NULL_PAGE, HF_REASON_NO_REGION,     HF_REASON_GUARD, HF_REASON_READ_ONLY, HF_REASON_NOT_EXECUTABLE,
        HF_REASON_KERNEL,    HF_REASON_NOT_CANONICAL, HF_REASON_QUOTA, HF_REASON_NO_MEMORY, HF_REASON_PAGER_GONE};
    (void)state;
    for (unsigned i = 0; i < HF_OUTCOME_COUNT; i++) {
        assert_int_not_equal(seen[i], 0);
    }
    for (unsigned i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        assert_int_not_equal(seen_reasons[reasons[i]], 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_fresh, script_before, script_after),
        cmocka_unit_test_setup_teardown(test_brought, script_before, script_after),
        cmocka_unit_test_setup_teardown(test_forked, script_before, script_after),
        cmocka_unit_test_setup_teardown(test_quota, script_before, script_after),
        cmocka_unit_test_setup_teardown(test_memory, script_before, script_after),
        cmocka_unit_test(test_all_seen),
    };
    return cmocka_run_group_tests(tests, script_boot, NULL);
}
