// sources: servers/memsrv/table.c tests/host/memsrv_stubs.c
// include: tests/host/fake servers/memsrv
/* What memsrv notes of page tables: found by any address that they cover, and listed by level, against a plain
 * list of them. */
#include "aspace.h"
#include "draw.h"
#include "ledger.h"
#include "memsrv_stubs.h"
#include "record.h"
#include "table.h"

#define ASPACES 3u
#define NOTES 600u

/* ---- the ledger pays, or doesn't ---- */

static bool out_of_quota;
static unsigned paid[ASPACES];
static struct ledger ledgers[ASPACES];

void *ledger_record(struct ledger *ledger, struct record_pool *pool) {
    void *record = out_of_quota ? NULL : record_take(pool);
    paid[ledger - ledgers] += record != NULL;
    return record;
}

void ledger_record_give(struct ledger *ledger, struct record_pool *pool, void *record) {
    paid[ledger - ledgers]--;
    record_give(pool, record);
}

hf_status_t ledger_why_no_record(const struct ledger *ledger, const struct record_pool *pool) {
    (void)ledger;
    (void)pool;
    return out_of_quota ? HF_QUOTA : HF_NO_MEMORY;
}

/* ---- the model ---- */

struct note {
    unsigned aspace, level;
    uint64_t address;
    hf_frame_t frame;
    struct table *table; /* NULL: there is none */
};

static struct aspace aspaces[ASPACES];
static struct note notes[NOTES];

static unsigned place(unsigned level) { return level == TABLE_LARGE ? HF_LEVEL_PT : level; }

static struct note *find(unsigned aspace, uint64_t address, unsigned level) {
    uint64_t span = 1ull << (12 + 9 * level);
    for (unsigned i = 0; i < NOTES; i++) {
        if (notes[i].table && notes[i].aspace == aspace && place(notes[i].level) == level &&
            notes[i].address / span == address / span) {
            return &notes[i];
        }
    }
    return NULL;
}

/* Near others, or at the ends. */
static uint64_t draw_address(void) {
    static const uint64_t places[] = {0, 0x40000000, 0x7fc00000, 0x100000000000, 0x7fffffc00000};
    return (places[draw(5)] ^ draw(12) << 21 ^ draw(3) << 30) + draw(512) * HF_PAGE_SIZE;
}

static void compare_found(void) {
    unsigned aspace = (unsigned)draw(ASPACES), level = HF_LEVEL_PT + (unsigned)draw(3);
    uint64_t address = draw_address();
    const struct table *table = table_find(&aspaces[aspace], address, level);
    const struct note *note = find(aspace, address, level);
    assert_ptr_equal(table, note ? note->table : NULL);
    if (!table) return;
    assert_int_equal(table->frame, note->frame);
    assert_int_equal(table->level, note->level);
    assert_int_equal(table->address, note->address);
}

static void compare_lists(void) {
    unsigned listed = 0, noted = 0;
    for (unsigned aspace = 0; aspace < ASPACES; aspace++) {
        unsigned own = 0;
        for (unsigned level = 0; level < TABLE_LEVELS; level++) {
            const struct table *before = NULL;
            for (const struct table *table = aspaces[aspace].tables[level]; table; table = table->next) {
                assert_int_equal(table->level, level);
                assert_int_equal(table->root, aspaces[aspace].root);
                assert_ptr_equal(table->previous, before);
                before = table;
                own++;
            }
        }
        assert_int_equal(paid[aspace], own);
        listed += own;
    }
    for (unsigned i = 0; i < NOTES; i++) {
        noted += notes[i].table != NULL;
    }
    assert_int_equal(listed, noted);
    assert_int_equal(stub_records, noted);
}

static void add(struct note *note) {
    unsigned aspace = (unsigned)draw(ASPACES), level = (unsigned)draw(TABLE_LEVELS);
    uint64_t address = draw_address() & (level == TABLE_LARGE ? ~(HF_RUN_SIZE - 1) : UINT64_MAX);
    if (find(aspace, address, place(level))) return;
    *note = (struct note){.aspace = aspace, .level = level, .address = address, .frame = draw(1u << 20)};
    note->table = table_add(&aspaces[aspace], address, level, note->frame);
    assert_non_null(note->table);
}

static void change(struct note *note) {
    if (!note->table) {
        add(note);
    } else if (note->level == TABLE_LARGE && draw(2)) {
        note->frame = draw(1u << 20);
        table_split(&aspaces[note->aspace], note->table, note->frame);
        note->level = HF_LEVEL_PT;
    } else {
        table_drop(&aspaces[note->aspace], note->table);
        note->table = NULL;
    }
}

static int start(void **state) {
    (void)state;
    draw_state = DRAW_SEED;
    for (unsigned i = 0; i < ASPACES; i++) {
        aspaces[i] = (struct aspace){.root = 100 + i, .ledger = &ledgers[i]};
    }
    return 0;
}

static void test_random(void **state) {
    (void)state;
    for (unsigned i = 0; i < 100000; i++) {
        change(&notes[draw(NOTES)]);
        compare_found();
        if (i % 500 == 0) compare_lists();
    }
    for (unsigned i = 0; i < NOTES; i++) {
        while (notes[i].table) change(&notes[i]);
    }
    compare_lists();
    assert_int_equal(stub_records, 0);
}

static void test_refused(void **state) {
    (void)state;
    out_of_quota = true;
    assert_null(table_add(&aspaces[0], 0x40000000, HF_LEVEL_PT, 5));
    assert_int_equal(table_why_not(&aspaces[0]), HF_QUOTA);
    out_of_quota = false;
    stub_out_of_memory = true;
    assert_null(table_add(&aspaces[0], 0x40000000, HF_LEVEL_PT, 5));
    assert_int_equal(table_why_not(&aspaces[0]), HF_NO_MEMORY);
    stub_out_of_memory = false;
    assert_null(table_find(&aspaces[0], 0x40000000, HF_LEVEL_PT));
    compare_lists();
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test_setup(test_random, start),
                                       cmocka_unit_test_setup(test_refused, start)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
