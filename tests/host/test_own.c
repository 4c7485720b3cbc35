// sources: servers/memsrv/own.c servers/memsrv/record.c servers/memsrv/core.c servers/memsrv/buddy.c
// sources: servers/memsrv/buddy_table.c servers/memsrv/buddy_check.c servers/memsrv/chunk.c
// include: servers/memsrv tests/host/fake
// flags: -fno-sanitize=address
/* memsrv's own pages: mapped when they are taken, unmapped when they are given back, and counted. The
 * core is a table of what each frame is. OWN_OPERATIONS in the environment: how many random operations
 * (20,000). (What AddressSanitizer keeps for itself is at memsrv's addresses.) */
#define _GNU_SOURCE
#include "draw.h"
#include "own.h"
#include "record.h"
#include <mmu.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

/* memsrv could not begin. */
_Noreturn void last_words(const char *text);

_Noreturn void last_words(const char *text) {
    print_error("%s\n", text);
    abort();
}

#define FIRST 16u
#define FRAMES 6016u /* that are memsrv's to give */
#define MEMSRV 40u   /* that it has from the beginning */
#define ASPACE 3u
#define OWN_START 0x100000000ull
#define OWN_PAGES 8192u

/* ---- the core ---- */

enum kind { FREE, STAGED, MAPPED, TABLE };

static enum kind kinds[FIRST + FRAMES];
static hf_frame_t behind[OWN_PAGES]; /* 0: nothing is mapped */
static bool has_table[OWN_PAGES / 512];
static unsigned upper_tables; /* PDPT and PD */
static bool pinned;           /* nothing gets FREE any more */
static uint64_t counts[4];

static void become(hf_frame_t frame, enum kind from, enum kind to) {
    assert_true(frame >= FIRST && frame < FIRST + FRAMES);
    assert_int_equal(kinds[frame], from);
    kinds[frame] = to;
    counts[from]--;
    counts[to]++;
}

static uint64_t page_at(uint64_t address) {
    assert_true(address >= OWN_START && address < OWN_START + OWN_PAGES * HF_PAGE_SIZE);
    return (address - OWN_START) / HF_PAGE_SIZE;
}

static hf_status_t map(const struct hf_operation *operation, struct hf_result *result) {
    const uint64_t page = page_at(operation->address);
    if (upper_tables < 2 || !has_table[page / 512]) {
        result->detail = upper_tables < 2 ? HF_LEVEL_PDPT - upper_tables : HF_LEVEL_PT;
        return HF_NO_TABLE;
    }
    assert_int_equal(behind[page], 0);
    become(operation->frame, STAGED, MAPPED);
    behind[page] = operation->frame;
    void *at = mmap((void *)operation->address, HF_PAGE_SIZE, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    assert_ptr_equal(at, (void *)operation->address);
    return HF_OK;
}

static hf_status_t install(const struct hf_operation *operation) {
    become(operation->frame, FREE, TABLE);
    if (operation->level == HF_LEVEL_PT) {
        has_table[page_at(operation->address) / 512] = true;
    } else {
        upper_tables++;
    }
    return HF_OK;
}

static hf_status_t unmap(const struct hf_operation *operation, struct hf_result *result) {
    const uint64_t page = page_at(operation->address);
    const hf_frame_t frame = behind[page];
    if (frame == 0) return HF_NOT_MAPPED;
    become(frame, MAPPED, FREE);
    behind[page] = 0;
    result->detail = pinned ? 0 : HF_LEAF_FREED;
    result->value[0] = frame;
    assert_int_equal(munmap((void *)operation->address, HF_PAGE_SIZE), 0);
    return HF_OK;
}

hf_status_t hf_mmu_one(const struct hf_operation *operation, struct hf_result *result) {
    assert_true(operation->code == HF_OP_STAGE || operation->code == HF_OP_RELEASE || operation->object == ASPACE);
    memset(result, 0, sizeof *result);
    switch (operation->code) {
    case HF_OP_STAGE:
        become(operation->object, FREE, STAGED);
        break;
    case HF_OP_RELEASE:
        become(operation->object, STAGED, FREE);
        break;
    case HF_OP_MAP:
        result->status = map(operation, result);
        break;
    case HF_OP_TABLE_INSTALL:
        result->status = install(operation);
        break;
    case HF_OP_UNMAP:
        result->status = unmap(operation, result);
        break;
    default:
        fail_msg("operation %u was not expected", operation->code);
    }
    return (hf_status_t)result->status;
}

/* ---- what must always hold ---- */

static uint64_t used; /* pages that this test has */

#define SPARE 16u /* frames that are put by at most */

static uint64_t spare(void) { return counts[FREE] - buddy_free_frames(&frames); }

/* Every frame is the allocator's or memsrv's, which has some put by. What is mapped and not the test's is at
 * hand, the allocator's or a record's. */
static void check_books(void) {
    assert_int_equal(counts[STAGED], 0);
    assert_in_range(spare(), 0, SPARE);
    assert_int_equal(own_count(), MEMSRV + counts[MAPPED] + counts[TABLE] + spare());
    assert_true(counts[MAPPED] >= used);
}

static hf_frame_t taken[FRAMES];
static unsigned taken_count;

/* Is somebody else's until put_back. */
static void give_away(hf_frame_t frame) {
    become(frame, FREE, TABLE);
    counts[TABLE]--;
    taken[taken_count++] = frame;
}

static void leave(uint64_t count) {
    while (buddy_free_frames(&frames) > count) {
        hf_frame_t frame;
        assert_int_equal(buddy_allocate(&frames, 0, &frame), HF_OK);
        give_away(frame);
    }
}

static void put_back(void) {
    while (taken_count > 0) {
        const hf_frame_t frame = taken[--taken_count];
        counts[TABLE]++;
        become(frame, TABLE, FREE);
        assert_int_equal(buddy_free(&frames, frame, 0), BUDDY_OK);
    }
}

static uint8_t *pages[OWN_PAGES];

static bool take(void) {
    uint8_t *page = own_page();
    if (page == NULL) return false;
    assert_true(behind[page_at((uint64_t)page)] != 0);
    for (unsigned at = 0; at < HF_PAGE_SIZE; at += 8) {
        assert_true(*(uint64_t *)(void *)(page + at) == 0);
    }
    memset(page, 0x5a, HF_PAGE_SIZE);
    pages[used++] = page;
    return true;
}

static void give(uint64_t index) {
    own_page_give(pages[index]);
    pages[index] = pages[--used];
}

static void give_all(void) {
    while (used > 0) {
        give(used - 1);
    }
    check_books();
}

/* ---- tests ---- */

static int boot(void **state) {
    static const struct hf_boot information = {
        .aspace = ASPACE,
        .map = {.count = 4,
                .range = {{FIRST, HF_RANGE_FREE},
                          {FIRST + FRAMES, HF_RANGE_MEMSRV},
                          {FIRST + FRAMES + MEMSRV, HF_RANGE_CORE},
                          {FIRST + FRAMES + MEMSRV + 9, HF_RANGE_NONE}}},
    };
    (void)state;
    counts[FREE] = FRAMES;
    own_init(&information);
    check_books();
    return 0;
}

static void a_few_pages_stay_at_hand(void **state) {
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        assert_true(take());
    }
    const uint64_t before = own_count();
    for (unsigned i = 0; i < 20; i++) {
        give(used - 1);
        check_books();
        assert_int_equal(own_count(), before - (i < 4 ? 0 : i - 3));
    }
    for (unsigned i = 0; i < 4; i++) {
        assert_true(take());
        assert_int_equal(own_count(), before - 16);
    }
    assert_true(take());
    assert_int_equal(own_count(), before - 15);
    give_all();
    assert_int_equal(own_count(), before - 16);
}

/* However often pages come and go, no more addresses are used. */
static void addresses_are_used_again(void **state) {
    (void)state;
    uint64_t highest = 0;
    for (unsigned round = 0; round < 50; round++) {
        for (unsigned i = 0; i < 300; i++) {
            assert_true(take());
            const uint64_t page = page_at((uint64_t)pages[used - 1]);
            assert_true(round == 0 || page <= highest);
            highest = page > highest ? page : highest;
        }
        give_all();
    }
}

/* 4,096 addresses can be remembered; pages beyond stay as they are, and are used first. */
static void more_than_can_be_remembered(void **state) {
    (void)state;
    for (unsigned i = 0; i < 5000; i++) {
        assert_true(take());
    }
    const uint64_t before = own_count();
    give_all();
    assert_int_equal(own_count(), before - 4096);
    for (unsigned i = 0; i < 5000; i++) {
        assert_true(take());
    }
    assert_int_equal(own_count(), before);
    give_all();
    assert_int_equal(own_count(), before - 4096);
}

static void memory_is_out(void **state) {
    (void)state;
    for (unsigned i = 0; i < 10; i++) {
        assert_true(take());
    }
    leave(0);
    const uint64_t count = own_count();
    while (take()) {
    }
    assert_null(own_page());
    assert_int_equal(own_count(), count);
    check_books();
    give(2);
    assert_true(take());
    put_back();
    assert_true(take());
    give_all();
}

/* Not even a table can be had, after the page itself: that goes back. */
static void no_memory_for_a_table(void **state) {
    (void)state;
    uint64_t highest = 0;
    for (unsigned i = 0; i < OWN_PAGES / 512; i++) {
        highest = has_table[i] ? i : highest;
    }
    while (take() && page_at((uint64_t)pages[used - 1]) != highest * 512 + 511) {
    }
    leave(1);
    assert_null(own_page());
    assert_int_equal(buddy_free_frames(&frames), 1);
    check_books();
    put_back();
    assert_true(take());
    assert_int_equal(page_at((uint64_t)pages[used - 1]), (highest + 1) * 512);
    give_all();
}

static void stops_memsrv(void *page) {
    int how;
    const pid_t child = fork();
    if (child == 0) {
        (void)signal(SIGILL, SIG_DFL);
        own_page_give(page);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &how, 0), child);
    assert_true(WIFSIGNALED(how) && WTERMSIG(how) == SIGILL);
}

static void given_wrongly(void **state) {
    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        assert_true(take());
    }
    uint8_t *page = pages[2], *last = pages[0];
    stops_memsrv(page + 8);
    stops_memsrv((void *)(OWN_START - HF_PAGE_SIZE));
    stops_memsrv((void *)(OWN_START + OWN_PAGES * HF_PAGE_SIZE));
    for (unsigned i = 0; i < 4; i++) {
        give(used - 1);
    }
    pinned = true;
    stops_memsrv(last);
    pinned = false;
    give_all();
    stops_memsrv(last); /* it is unmapped */
}

/* A pool with a reserve gets it back between messages. */
static void reserves_are_refilled(void **state) {
    (void)state;
    static struct record_pool pool = {.bytes = 1000, .reserve = 4};
    void *records[8];
    records[0] = record_take(&pool);
    leave(0);
    while (take()) { /* what is at hand */
    }
    for (unsigned i = 1; i < 8; i++) {
        records[i] = record_take_reserved(&pool);
        assert_non_null(records[i]);
    }
    assert_null(record_take_reserved(&pool));
    own_refill();
    assert_int_equal(pool.free, 0);
    put_back();
    own_refill();
    assert_int_equal(pool.free, 4);
    for (unsigned i = 0; i < 8; i++) {
        record_give(&pool, records[i]);
    }
    give_all();
}

/* Frames put by are there when there are no others, and are put by again as soon as there are. */
static void spare_frames(void **state) {
    (void)state;
    hf_frame_t frame;
    own_refill();
    assert_int_equal(spare(), SPARE);
    leave(0);
    for (unsigned i = 0; i < SPARE; i++) {
        assert_true(own_spare(&frame));
        give_away(frame);
        check_books();
    }
    assert_false(own_spare(&frame));
    own_refill();
    assert_false(own_spare(&frame));
    put_back();
    assert_false(own_spare(&frame));
    own_refill();
    assert_int_equal(spare(), SPARE);
    check_books();
}

static void random_operations(void **state) {
    (void)state;
    const char *wanted = getenv("OWN_OPERATIONS");
    const unsigned long operations = wanted != NULL ? strtoul(wanted, NULL, 10) : 20000;
    unsigned long refused = 0;
    for (unsigned long i = 0; i < operations; i++) {
        const bool grows = i / 3000 % 2 == 0;
        if (i % 1000 == 700) leave(draw(8));
        if (i % 1000 == 0) put_back();
        if (draw(8) < (grows ? 5 : 3)) {
            refused += !take();
        } else if (used > 0) {
            give(draw(used));
        }
        if (draw(4) == 0) own_refill();
        check_books();
    }
    put_back();
    give_all();
    print_message("%lu random operations, seed 0x%llx: %lu refused\n", operations, DRAW_SEED, refused);
    assert_null(buddy_check(&frames));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_few_pages_stay_at_hand),
        cmocka_unit_test(addresses_are_used_again),
        cmocka_unit_test(memory_is_out),
        cmocka_unit_test(given_wrongly),
        cmocka_unit_test(reserves_are_refilled),
        cmocka_unit_test(spare_frames),
        cmocka_unit_test(random_operations),
        cmocka_unit_test(more_than_can_be_remembered),
        cmocka_unit_test(no_memory_for_a_table),
    };
    return cmocka_run_group_tests(tests, boot, NULL);
}
