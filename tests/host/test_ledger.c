// sources: servers/memsrv/ledger.c servers/memsrv/quota.c servers/memsrv/buddy.c servers/memsrv/buddy_table.c
// sources: servers/memsrv/chunk.c tests/host/memsrv_stubs.c
// include: tests/host/fake servers/memsrv
/* A task's frames: taken, counted, paid for by its quota, given back. */
#include "ledger.h"

#include "core.h"
#include "draw.h"
#include "memsrv_stubs.h"
#include "own.h"
#include "record.h"
#include <stdlib.h>
#include <string.h>

#define SINGLE 200u
#define FRAMES (SINGLE + HF_RUN_FRAMES) /* and a whole run */
#define SPARES 2u

struct buddy frames;
static struct quota *machine;
static hf_frame_t spares[SPARES];
static unsigned spare_count;

bool own_spare(hf_frame_t *frame) {
    if (spare_count == 0) return false;
    *frame = spares[--spare_count];
    return true;
}

static int start(void **state) {
    uint64_t added;
    (void)state;
    draw_state = DRAW_SEED;
    buddy_init(&frames);
    for (unsigned i = 0; i < 16; i++) {
        buddy_feed(&frames, own_page());
    }
    assert_int_equal(buddy_add(&frames, 5, SINGLE, &added), HF_OK);
    assert_int_equal(buddy_add(&frames, 4 * HF_RUN_FRAMES, HF_RUN_FRAMES, &added), HF_OK);
    machine = quota_root(FRAMES);
    return 0;
}

static int finish(void **state) {
    (void)state;
    assert_int_equal(ledger_total(), 0);
    assert_int_equal(buddy_free_frames(&frames), FRAMES);
    assert_int_equal(machine->used, 0);
    quota_leave(machine);
    assert_int_equal(stub_records, 0);
    stub_finish();
    return 0;
}

/* Of a task with a quota of its own. */
static struct ledger open(uint64_t limit) {
    struct ledger ledger;
    struct quota *quota;
    assert_int_equal(quota_make(machine, limit, 0, &quota), HF_OK);
    ledger_open(&ledger, quota, true);
    return ledger;
}

static struct ledger open_sharing(const struct ledger *with) {
    struct ledger ledger;
    ledger_open(&ledger, quota_share(with->quota), false);
    return ledger;
}

static void give_all(struct ledger *ledger, enum ledger_kind kind, const hf_frame_t *given, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        ledger_give(ledger, kind, given[i]);
    }
}

static void test_quota(void **state) {
    static const enum ledger_kind kinds[] = {LEDGER_pages, LEDGER_tables, LEDGER_objects};
    struct ledger ledger = open(3);
    hf_frame_t frame[3], other;
    (void)state;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(ledger_take(&ledger, kinds[i], &frame[i]), HF_OK);
    }
    assert_int_equal(ledger_take(&ledger, LEDGER_pages, &other), HF_QUOTA);
    ledger_give(&ledger, LEDGER_tables, frame[1]);
    assert_int_equal(ledger_take(&ledger, LEDGER_pages, &frame[1]), HF_OK);
    assert_int_equal(ledger.peak, 3);
    give_all(&ledger, LEDGER_pages, frame, 2);
    ledger_give(&ledger, LEDGER_objects, frame[2]);
    assert_int_equal(ledger.sum, 0);
    ledger_close(&ledger);
}

static void test_no_quota_at_all(void **state) {
    struct ledger ledger = open(0);
    hf_frame_t frame;
    (void)state;
    assert_int_equal(ledger_take(&ledger, LEDGER_pages, &frame), HF_QUOTA);
    assert_int_equal(ledger_pay(&ledger, LEDGER_pages, 1), HF_QUOTA);
    assert_int_equal(ledger_pay(&ledger, LEDGER_pages, 0), HF_OK);
    ledger_close(&ledger);
}

/* Who shares one leaves a 16th to the task that it was made for. */
static void test_sharer_leaves_some(void **state) {
    struct ledger owner = open(32), sharer = open_sharing(&owner);
    hf_frame_t frame[32], other;
    (void)state;
    for (unsigned i = 0; i < 30; i++) {
        assert_int_equal(ledger_take(&sharer, LEDGER_pages, &frame[i]), HF_OK);
    }
    assert_int_equal(ledger_take(&sharer, LEDGER_pages, &other), HF_QUOTA);
    assert_int_equal(ledger_has_room(&sharer, 1, 0), HF_QUOTA);
    assert_int_equal(ledger_has_room(&owner, 2, 0), HF_OK);
    assert_int_equal(ledger_has_room(&owner, 1, HF_PAGE_SIZE), HF_OK);
    assert_int_equal(ledger_has_room(&owner, 2, HF_PAGE_SIZE), HF_QUOTA);
    for (unsigned i = 30; i < 32; i++) {
        assert_int_equal(ledger_take(&owner, LEDGER_tables, &frame[i]), HF_OK);
    }
    assert_int_equal(ledger_take(&owner, LEDGER_tables, &other), HF_QUOTA);
    give_all(&sharer, LEDGER_pages, frame, 30);
    give_all(&owner, LEDGER_tables, frame + 30, 2);
    ledger_close(&owner); /* its quota goes with the last one */
    assert_int_equal(machine->used, 32);
    ledger_close(&sharer);
    assert_int_equal(machine->used, 0);
}

static void test_out_of_frames(void **state) {
    struct ledger ledger = open(FRAMES - 10), other = open(10);
    static hf_frame_t frame[FRAMES];
    hf_frame_t block;
    (void)state;
    assert_int_equal(ledger_frames(3, &block), HF_OK); /* that nobody has paid for */
    unsigned count = 0;
    for (; count < FRAMES - 10; count++) {
        assert_int_equal(ledger_take(&ledger, LEDGER_pages, &frame[count]), HF_OK);
    }
    assert_int_equal(ledger_has_room(&other, 2, 0), HF_OK);
    assert_int_equal(ledger_has_room(&other, 3, 0), HF_NO_MEMORY);
    for (; count < FRAMES - 8; count++) {
        assert_int_equal(ledger_take(&other, LEDGER_pages, &frame[count]), HF_OK);
    }
    assert_int_equal(ledger_take(&other, LEDGER_pages, &block), HF_NO_MEMORY);
    assert_int_equal(other.quota->used, 2);
    assert_int_equal(ledger_total(), FRAMES);
    give_all(&ledger, LEDGER_pages, frame, FRAMES - 10);
    give_all(&other, LEDGER_pages, frame + FRAMES - 10, 2);
    ledger_frames_give(block, 3);
    ledger_close(&ledger);
    ledger_close(&other);
}

/* For what lets others go: beyond the quota, and beyond all that is free. */
static void test_urgent(void **state) {
    struct ledger ledger = open(1);
    static hf_frame_t frame[FRAMES];
    (void)state;
    for (spare_count = 0; spare_count < SPARES; spare_count++) {
        assert_int_equal(buddy_allocate(&frames, 0, &spares[spare_count]), HF_OK);
    }
    for (unsigned i = 0; i < FRAMES; i++) {
        assert_int_equal(ledger_take_urgent(&ledger, LEDGER_tables, &frame[i]), HF_OK);
    }
    assert_int_equal(spare_count, 0);
    assert_int_equal(ledger_take_urgent(&ledger, LEDGER_tables, &frame[0]), HF_NO_MEMORY);
    assert_int_equal(ledger.quota->used, FRAMES);
    assert_int_equal(ledger_take(&ledger, LEDGER_tables, &frame[0]), HF_QUOTA);
    give_all(&ledger, LEDGER_tables, frame, FRAMES);
    ledger_close(&ledger);
}

static void test_runs(void **state) {
    struct ledger ledger = open(HF_RUN_FRAMES);
    hf_frame_t run, other;
    (void)state;
    assert_int_equal(ledger_pay(&ledger, LEDGER_pages, HF_RUN_FRAMES), HF_OK);
    assert_int_equal(ledger_pay(&ledger, LEDGER_pages, 1), HF_QUOTA);
    assert_int_equal(ledger_frames(9, &run), HF_OK);
    assert_int_equal(ledger_frames(9, &other), HF_NO_MEMORY);
    assert_int_equal(ledger_total(), HF_RUN_FRAMES);
    assert_true(ledger_run_give(run));
    assert_int_equal(ledger_total(), 0);
    assert_int_equal(ledger_frames(9, &run), HF_OK);
    assert_int_equal(ledger_run_split(run), HF_OK);
    assert_int_equal(ledger_run_split(run), HF_OK);
    assert_false(ledger_run_give(run));
    for (unsigned i = 0; i < HF_RUN_FRAMES; i++) {
        ledger_give(&ledger, LEDGER_pages, run + i);
    }
    ledger_close(&ledger);
}

static void test_records(void **state) {
    struct ledger ledger = open(1);
    struct record_pool pool = {.bytes = HF_PAGE_SIZE / 4};
    void *record[7];
    hf_frame_t frame;
    (void)state;
    for (unsigned i = 0; i < 7; i++) { /* whole frames count */
        assert_non_null(record[i] = ledger_record(&ledger, &pool));
    }
    assert_null(ledger_record(&ledger, &pool));
    assert_int_equal(ledger_why_no_record(&ledger, &pool), HF_QUOTA);
    assert_int_equal(ledger_take(&ledger, LEDGER_pages, &frame), HF_QUOTA);
    assert_int_equal(ledger_show(&ledger, 0).records, 1);
    for (unsigned i = 0; i < 4; i++) {
        ledger_record_give(&ledger, &pool, record[i]);
    }
    assert_int_equal(ledger_take(&ledger, LEDGER_pages, &frame), HF_OK);
    assert_null(ledger_record(&ledger, &pool));
    ledger_give(&ledger, LEDGER_pages, frame);
    for (unsigned i = 4; i < 7; i++) {
        ledger_record_give(&ledger, &pool, record[i]);
    }
    stub_out_of_memory = true;
    assert_null(ledger_record(&ledger, &pool));
    assert_int_equal(ledger_why_no_record(&ledger, &pool), HF_NO_MEMORY);
    stub_out_of_memory = false;
    assert_int_equal(ledger.held[LEDGER_records], 0);
    ledger_close(&ledger);
}

/* What can be only if the books are wrong. */
static void test_wrong_gifts(void **state) {
    static struct ledger ledger;
    static hf_frame_t frame;
    (void)state;
    ledger = open(9);
    assert_int_equal(ledger_take(&ledger, LEDGER_pages, &frame), HF_OK);
    STOPS(ledger_give(&ledger, LEDGER_tables, frame));
    STOPS(ledger_unpay(&ledger, LEDGER_pages, 2));
    STOPS(ledger_close(&ledger));
    ledger_give(&ledger, LEDGER_pages, frame);
    STOPS(ledger_frames_give(frame, 0));
    ledger_share(&ledger, 1);
    STOPS(ledger_close(&ledger));
    ledger_unshare(&ledger, 1);
    ledger_close(&ledger);
}

/* ---- at random ---- */

#define TASKS 8u

static struct random_task {
    struct ledger ledger;
    hf_frame_t frame[40];
    enum ledger_kind kind[40];
    unsigned count, shared;
} tasks[TASKS];

static void change(struct random_task *task, unsigned limit) {
    static const enum ledger_kind kinds[] = {LEDGER_pages, LEDGER_tables, LEDGER_objects};
    if (draw(8) == 0) {
        task->shared++;
        ledger_share(&task->ledger, 1);
    } else if (draw(2)) {
        enum ledger_kind kind = kinds[draw(3)];
        hf_status_t status = ledger_take(&task->ledger, kind, &task->frame[task->count]);
        assert_int_equal(status, task->count < limit ? HF_OK : HF_QUOTA);
        task->kind[task->count] = kind;
        task->count += status == HF_OK;
    } else if (task->count > 0) {
        task->count--;
        ledger_give(&task->ledger, task->kind[task->count], task->frame[task->count]);
    }
}

static void test_random(void **state) {
    (void)state;
    for (unsigned i = 0; i < TASKS; i++) {
        tasks[i] = (struct random_task){.ledger = open(i * 5)};
    }
    for (unsigned i = 0; i < 50000; i++) {
        unsigned at = (unsigned)draw(TASKS), all = 0;
        change(&tasks[at], at * 5);
        const struct hf_ledger shown = ledger_show(&tasks[at].ledger, 5);
        assert_int_equal(shown.pages + shown.tables + shown.objects, tasks[at].count);
        assert_int_equal(shown.shared, tasks[at].shared);
        assert_true(shown.peak <= at * 5 && shown.ticks == 5);
        for (unsigned j = 0; j < TASKS; j++) {
            all += tasks[j].count;
        }
        assert_int_equal(ledger_total(), all);
    }
    for (unsigned i = 0; i < TASKS; i++) {
        struct random_task *task = &tasks[i];
        for (; task->count > 0; task->count--) {
            ledger_give(&task->ledger, task->kind[task->count - 1], task->frame[task->count - 1]);
        }
        ledger_unshare(&task->ledger, task->shared);
        ledger_close(&task->ledger);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_quota),         TEST(test_no_quota_at_all), TEST(test_sharer_leaves_some),
        TEST(test_out_of_frames), TEST(test_urgent),          TEST(test_runs),
        TEST(test_records),       TEST(test_wrong_gifts),     TEST(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
