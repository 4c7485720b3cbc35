// sources: servers/memsrv/ledger.c servers/memsrv/buddy.c servers/memsrv/buddy_table.c servers/memsrv/chunk.c
// include: tests/host/fake servers/memsrv
/* A task's frames: taken, counted, limited, given back. */
#include "core.h"
#include "draw.h"
#include "ledger.h"
#include "own.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FRAMES 200u

struct buddy frames;
static void *pages[64];
static unsigned page_count;
static jmp_buf wrong;

/* Where memsrv would stop. */
void core_check(bool condition) {
    if (!condition) {
        longjmp(wrong, 1);
    }
}

static int start(void **state) {
    uint64_t added;
    (void)state;
    draw_state = DRAW_SEED;
    buddy_init(&frames);
    for (unsigned i = 0; i < 16; i++) {
        pages[page_count] = aligned_alloc(HF_PAGE_SIZE, HF_PAGE_SIZE);
        buddy_feed(&frames, memset(pages[page_count++], 0, HF_PAGE_SIZE));
    }
    assert_int_equal(buddy_add(&frames, 5, FRAMES, &added), HF_OK);
    return 0;
}

static int finish(void **state) {
    (void)state;
    assert_int_equal(ledger_total(), 0);
    assert_int_equal(buddy_free_frames(&frames), FRAMES);
    while (page_count > 0) {
        free(pages[--page_count]);
    }
    return 0;
}

static void quota(void **state) {
    (void)state;
    struct ledger ledger = {.quota = 3};
    hf_frame_t frame[3], other;
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(ledger_take(&ledger, (enum ledger_kind)i, &frame[i]), HF_OK);
    }
    assert_int_equal(ledger_take(&ledger, LEDGER_PAGES, &other), HF_QUOTA);
    ledger_give(&ledger, LEDGER_TABLES, frame[LEDGER_TABLES]);
    assert_int_equal(ledger_take(&ledger, LEDGER_PAGES, &frame[LEDGER_TABLES]), HF_OK);
    assert_int_equal(ledger.peak, 3);
    ledger_give(&ledger, LEDGER_PAGES, frame[LEDGER_TABLES]);
    ledger_give(&ledger, LEDGER_PAGES, frame[LEDGER_PAGES]);
    ledger_give(&ledger, LEDGER_OBJECTS, frame[LEDGER_OBJECTS]);
}

static void no_quota_at_all(void **state) {
    (void)state;
    struct ledger ledger = {.quota = 0};
    hf_frame_t frame;
    assert_int_equal(ledger_take(&ledger, LEDGER_PAGES, &frame), HF_QUOTA);
}

static void out_of_frames(void **state) {
    (void)state;
    struct ledger ledger = {.quota = UINT64_MAX};
    hf_frame_t frame[FRAMES], other;
    for (unsigned i = 0; i < FRAMES; i++) {
        assert_int_equal(ledger_take(&ledger, LEDGER_PAGES, &frame[i]), HF_OK);
    }
    assert_int_equal(ledger_take(&ledger, LEDGER_PAGES, &other), HF_NO_MEMORY);
    assert_int_equal(ledger.sum, FRAMES);
    assert_int_equal(ledger_total(), FRAMES);
    for (unsigned i = 0; i < FRAMES; i++) {
        ledger_give(&ledger, LEDGER_PAGES, frame[i]);
    }
    assert_int_equal(ledger.peak, FRAMES);
}

/* What can be only if the books are wrong. */
static void wrong_gifts(void **state) {
    (void)state;
    static struct ledger ledger;
    hf_frame_t frame;
    ledger = (struct ledger){.quota = 9};
    assert_int_equal(ledger_take(&ledger, LEDGER_PAGES, &frame), HF_OK);
    if (setjmp(wrong) == 0) {
        ledger_give(&ledger, LEDGER_TABLES, frame);
        fail_msg("a page was taken for a table");
    }
    ledger_give(&ledger, LEDGER_PAGES, frame);
    assert_int_equal(ledger.sum, 0);
}

static void random_tasks(void **state) {
    (void)state;
    struct {
        struct ledger ledger;
        hf_frame_t frame[40];
        enum ledger_kind kind[40];
        unsigned count;
    } tasks[8] = {0};
    uint64_t all = 0;
    for (unsigned i = 0; i < 8; i++) {
        tasks[i].ledger.quota = i * 5;
    }
    for (unsigned i = 0; i < 50000; i++) {
        const unsigned task = (unsigned)draw(8);
        struct ledger *ledger = &tasks[task].ledger;
        if (draw(2)) {
            const enum ledger_kind kind = (enum ledger_kind)draw(LEDGER_KINDS);
            const hf_status_t status = ledger_take(ledger, kind, &tasks[task].frame[tasks[task].count]);
            assert_int_equal(status, tasks[task].count < task * 5 ? HF_OK : HF_QUOTA);
            tasks[task].kind[tasks[task].count] = kind;
            tasks[task].count += status == HF_OK;
            all += status == HF_OK;
        } else if (tasks[task].count > 0) {
            tasks[task].count--;
            all--;
            ledger_give(ledger, tasks[task].kind[tasks[task].count], tasks[task].frame[tasks[task].count]);
        }
        const struct hf_ledger shown = ledger_show(ledger, 5);
        assert_int_equal(shown.pages + shown.tables + shown.objects, tasks[task].count);
        assert_int_equal(ledger_total(), all);
        assert_true(shown.peak <= task * 5 && shown.ticks == 5);
    }
    for (unsigned task = 0; task < 8; task++) {
        while (tasks[task].count > 0) {
            tasks[task].count--;
            ledger_give(&tasks[task].ledger, tasks[task].kind[tasks[task].count], tasks[task].frame[tasks[task].count]);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(quota), TEST(no_quota_at_all), TEST(out_of_frames), TEST(wrong_gifts), TEST(random_tasks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
