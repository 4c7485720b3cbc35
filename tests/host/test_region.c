// sources: servers/memsrv/region.c servers/memsrv/record.c
// include: servers/memsrv
/* REGION_OPERATIONS in the environment: how many random operations (200,000). */
#include "draw.h"
#include "own.h"
#include "region.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- what regions are made of ---- */

static void *pages[4096];
static unsigned page_count;
static bool no_memory;

void *own_page(void) {
    if (no_memory) {
        return NULL;
    }
    assert_true(page_count < 4096);
    pages[page_count] = aligned_alloc(HF_PAGE_SIZE, HF_PAGE_SIZE);
    return memset(pages[page_count++], 0, HF_PAGE_SIZE);
}

static unsigned all_rights(const struct backing_data *data) {
    (void)data;
    return HF_READ | HF_WRITE | HF_EXECUTE;
}

static unsigned read_only(const struct backing_data *data) {
    (void)data;
    return HF_READ;
}

static const struct backing backings[] = {{.name = "any", .limit = all_rights}, {.name = "read", .limit = read_only}};
static const struct program programs[2];

static struct region_list list;

/* ---- the reference: what each page is ---- */

#define START 0x10000ull
#define PAGES 96u

struct page {
    bool there;
    unsigned rights, backing, segment, image;
};

static struct page model[PAGES];

static uint64_t address_of(uint64_t page) { return START + page * HF_PAGE_SIZE; }

static bool model_all(uint64_t from, uint64_t end, bool there) {
    for (uint64_t page = from; page < end; page++) {
        if (model[page].there != there) {
            return false;
        }
    }
    return true;
}

static struct page page_of(const struct region *region) {
    return (struct page){.there = true,
                         .rights = region->rights,
                         .backing = (unsigned)(region->backing - backings),
                         .segment = region->data.segment,
                         .image = (unsigned)(region->data.image - programs)};
}

static struct region region_of(uint64_t from, uint64_t end, struct page page) {
    return (struct region){.start = address_of(from),
                           .end = address_of(end),
                           .rights = page.rights,
                           .backing = &backings[page.backing],
                           .data = {&programs[page.image], page.segment}};
}

static void same_page(const struct page *a, const struct page *b) {
    assert_true(a->rights == b->rights && a->backing == b->backing && a->segment == b->segment && a->image == b->image);
}

static void compare(void) {
    uint64_t at = START, page = 0;
    for (const struct region *region = list.first; region; region = region->next) {
        const struct page is = page_of(region);
        assert_true(region->start >= at && region->start < region->end);
        assert_true(region->start % HF_PAGE_SIZE == 0 && region->end % HF_PAGE_SIZE == 0);
        for (; address_of(page) < region->start; page++) {
            assert_false(model[page].there);
        }
        for (; address_of(page) < region->end; page++) {
            assert_true(page < PAGES && model[page].there);
            same_page(&model[page], &is);
        }
        at = region->end;
    }
    assert_true(model_all(page, PAGES, false));
}

static uint64_t model_gap(uint64_t from, uint64_t pages_wanted, uint64_t limit) {
    for (uint64_t page = from; page + pages_wanted <= limit; page++) {
        if (model_all(page, page + pages_wanted, false)) {
            return address_of(page);
        }
    }
    return 0;
}

/* Every question about a random range. */
static void question(void) {
    const uint64_t from = draw(PAGES), end = from + 1 + draw(PAGES - from), length = 1 + draw(12);
    const uint64_t inside = address_of(from) + draw(HF_PAGE_SIZE);
    const unsigned rights = (unsigned)draw(8);
    const struct region *region = region_find(&list, inside);
    assert_int_equal(region != NULL, model[from].there);
    assert_true(region == NULL || (region->start <= inside && inside < region->end));
    assert_int_equal(region_is_free(&list, address_of(from), address_of(end)), model_all(from, end, false));
    assert_int_equal(region_is_full(&list, address_of(from), address_of(end)), model_all(from, end, true));
    assert_int_equal(region_gap(&list, address_of(from), length * HF_PAGE_SIZE, address_of(end)),
                     model_gap(from, length, end));
    bool may = true;
    for (uint64_t page = from; page < end; page++) {
        may = may && (!model[page].there || !(rights & ~(model[page].backing ? (unsigned)HF_READ : 7u)));
    }
    assert_int_equal(region_may(&list, address_of(from), address_of(end), rights), may);
}

/* ---- changes ---- */

static void add(uint64_t from, uint64_t end) {
    const struct page page = {true, 1 + (unsigned)draw(3), (unsigned)draw(2), (unsigned)draw(2), (unsigned)draw(2)};
    const struct region region = region_of(from, end, page);
    if (!model_all(from, end, false)) {
        return;
    }
    const hf_status_t status = region_add(&list, &region);
    assert_true(status == HF_OK || (status == HF_NO_MEMORY && no_memory));
    for (uint64_t at = from; status == HF_OK && at < end; at++) {
        model[at] = page;
    }
}

static void change(uint64_t from, uint64_t end, bool removes) {
    const unsigned rights = 1 + (unsigned)draw(3);
    const hf_status_t status = region_cut(&list, address_of(from), address_of(end));
    assert_true(status == HF_OK || (status == HF_NO_MEMORY && no_memory));
    if (status != HF_OK) {
        return;
    }
    for (uint64_t at = from; at < end; at++) {
        model[at].there = model[at].there && !removes;
        model[at].rights = rights;
    }
    if (removes) {
        region_remove(&list, address_of(from), address_of(end));
    } else {
        region_protect(&list, address_of(from), address_of(end), rights);
    }
}

static unsigned count_regions(void) {
    unsigned count = 0;
    for (const struct region *region = list.first; region; region = region->next) {
        count++;
    }
    return count;
}

static int start(void **state) {
    (void)state;
    draw_state = DRAW_SEED;
    no_memory = false;
    region_remove(&list, 0, HF_USER_END);
    memset(model, 0, sizeof model);
    return 0;
}

static int finish(void **state) {
    (void)state;
    region_remove(&list, 0, HF_USER_END);
    assert_null(list.first);
    return 0;
}

static void random_operations(void **state) {
    (void)state;
    const char *wanted = getenv("REGION_OPERATIONS");
    const unsigned long count = wanted != NULL ? strtoul(wanted, NULL, 10) : 200000;
    for (unsigned long i = 0; i < count; i++) {
        const uint64_t from = draw(PAGES), most = draw(4) ? 6 : PAGES;
        const uint64_t longest = PAGES - from < most ? PAGES - from : most;
        const uint64_t end = from + 1 + draw(longest);
        no_memory = i % 1000 > 900;
        switch (draw(5)) {
        case 0 ... 1:
            add(from, end);
            break;
        case 2:
            change(from, end, true);
            break;
        case 3:
            change(from, end, false);
            break;
        default:
            question();
        }
        compare();
    }
    assert_true(page_count < 16); /* records are used again */
}

/* ---- by hand ---- */

static void add_pages(uint64_t from, uint64_t end, unsigned rights) {
    const struct region region = region_of(from, end, (struct page){.there = true, .rights = rights});
    assert_int_equal(region_add(&list, &region), HF_OK);
    for (uint64_t at = from; at < end; at++) {
        model[at] = page_of(&region);
    }
}

static void added_in_any_order(void **state) {
    (void)state;
    add_pages(20, 30, HF_READ);
    add_pages(0, 10, HF_READ);
    add_pages(10, 20, HF_READ);
    compare();
    assert_int_equal(count_regions(), 3);
}

static void a_hole_in_the_middle(void **state) {
    (void)state;
    add_pages(0, 10, HF_READ);
    assert_int_equal(region_cut(&list, address_of(3), address_of(5)), HF_OK);
    region_remove(&list, address_of(3), address_of(5));
    memset(&model[3], 0, 2 * sizeof model[0]);
    compare();
    assert_int_equal(region_gap(&list, START, 2 * HF_PAGE_SIZE, address_of(PAGES)), address_of(3));
    assert_int_equal(region_gap(&list, START, 3 * HF_PAGE_SIZE, address_of(PAGES)), address_of(10));
    assert_int_equal(region_gap(&list, START, 3 * HF_PAGE_SIZE, address_of(12)), 0);
}

/* Rights that were changed and changed back leave one region again. */
static void what_is_alike_is_joined(void **state) {
    (void)state;
    add_pages(0, 10, HF_READ | HF_WRITE);
    assert_int_equal(region_cut(&list, address_of(3), address_of(5)), HF_OK);
    region_protect(&list, address_of(3), address_of(5), HF_READ);
    assert_int_equal(count_regions(), 3);
    region_protect(&list, address_of(3), address_of(5), HF_READ | HF_WRITE);
    assert_int_equal(count_regions(), 1);
    compare();
}

static void neighbours_that_differ_stay_apart(void **state) {
    (void)state;
    add_pages(0, 5, HF_READ);
    const struct region image = region_of(5, 9, (struct page){.rights = HF_READ, .segment = 1});
    assert_int_equal(region_add(&list, &image), HF_OK);
    const struct region guard = region_of(9, 12, (struct page){.rights = HF_READ, .backing = 1});
    assert_int_equal(region_add(&list, &guard), HF_OK);
    region_protect(&list, address_of(0), address_of(12), HF_READ);
    assert_int_equal(count_regions(), 3);
}

static void out_of_memory(void **state) {
    (void)state;
    add_pages(0, 10, HF_READ);
    while (list.first->end > address_of(2)) { /* uses up the records that there are */
        const struct region one = region_of(50, 51, (struct page){.rights = HF_READ});
        no_memory = true;
        if (region_add(&list, &one) != HF_OK) {
            break;
        }
    }
    assert_int_equal(region_cut(&list, address_of(3), address_of(5)), HF_NO_MEMORY);
    assert_int_equal(list.first->start, address_of(0));
    assert_int_equal(list.first->end, address_of(10));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(added_in_any_order),      TEST(a_hole_in_the_middle),
        TEST(what_is_alike_is_joined), TEST(neighbours_that_differ_stay_apart),
        TEST(out_of_memory),           TEST(random_operations),
    };
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    while (page_count > 0) {
        free(pages[--page_count]);
    }
    return failed;
}
