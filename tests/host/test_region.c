// sources: servers/memsrv/region.c servers/memsrv/region_find.c servers/memsrv/region_tree.c servers/memsrv/record.c
// sources: tests/host/own_pages.c tests/host/region_check.c
// include: servers/memsrv tests/host/fake
/* In the environment: REGION_OPERATIONS, how many random operations (200,000); REGION_SEED, not 0. */
#include "draw.h"
#include "own_pages.h"
#include "record.h"
#include "region_check.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- what regions are made of ---- */

static unsigned all_rights(const struct backing_data *data) {
    (void)data;
    return HF_READ | HF_WRITE | HF_EXECUTE;
}

static unsigned read_only(const struct backing_data *data) {
    (void)data;
    return HF_READ;
}

#define BACKINGS 3u
#define WITH_OFFSET 2u

static const struct backing backings[BACKINGS] = {
    {.name = "any", .limit = all_rights},
    {.name = "read", .limit = read_only},
    {.name = "object", .limit = all_rights, .has_offset = true},
};
static const struct program programs[2];

static struct region_list list;

/* ---- the reference: what each page is, and where regions begin ---- */

#define START 0x10000ull
#define PAGES 1024u

struct page {
    bool there, begins;
    unsigned rights, backing, segment, image;
    uint64_t frame, object, pager, offset; /* offset: of the page, in pages */
};

static struct page model[PAGES];
static uint64_t pages; /* that are used */

static uint64_t address_of(uint64_t page) { return START + page * HF_PAGE_SIZE; }

static uint64_t page_at(uint64_t address) { return (address - START) / HF_PAGE_SIZE; }

static bool model_all(uint64_t from, uint64_t end, bool there) {
    for (uint64_t page = from; page < end; page++) {
        if (model[page].there != there) return false;
    }
    return true;
}

static struct region region_of(uint64_t from, uint64_t end, struct page page) {
    return (struct region){.start = address_of(from),
                           .end = address_of(end),
                           .rights = page.rights,
                           .backing = &backings[page.backing],
                           .data = {.image = &programs[page.image],
                                    .segment = page.segment,
                                    .frame = page.frame,
                                    .object = (struct object *)page.object,
                                    .pager = (struct pager *)page.pager,
                                    .offset = page.offset * HF_PAGE_SIZE}};
}

static bool same_data(const struct page *a, const struct page *b) {
    return a->rights == b->rights && a->backing == b->backing && a->segment == b->segment && a->image == b->image &&
           a->frame == b->frame && a->object == b->object && a->pager == b->pager;
}

static struct page page_of(const struct region *region, uint64_t page) {
    return (struct page){.there = true,
                         .begins = address_of(page) == region->start,
                         .rights = region->rights,
                         .backing = (unsigned)(region->backing - backings),
                         .segment = region->data.segment,
                         .image = (unsigned)(region->data.image - programs),
                         .frame = region->data.frame,
                         .object = (uintptr_t)region->data.object,
                         .pager = (uintptr_t)region->data.pager,
                         .offset = region->data.offset / HF_PAGE_SIZE + page - page_at(region->start)};
}

static void compare_page(uint64_t at, const struct page *is) {
    const struct page *should = &model[at];
    assert_true(should->there && same_data(should, is));
    assert_int_equal(should->begins, is->begins);
    assert_true(is->backing != WITH_OFFSET || is->offset == should->offset);
}

static void compare(void) {
    uint64_t page = 0;
    const char *wrong = region_check(&list);
    if (wrong != NULL) fail_msg("%s", wrong);
    for (const struct region *region = region_from(&list, 0); region != NULL; region = region_next(region)) {
        assert_true(region->start % HF_PAGE_SIZE == 0 && region->end % HF_PAGE_SIZE == 0);
        assert_true(page_at(region->end) <= pages);
        assert_true(model_all(page, page_at(region->start), false));
        for (page = page_at(region->start); address_of(page) < region->end; page++) {
            const struct page is = page_of(region, page);
            compare_page(page, &is);
        }
    }
    assert_true(model_all(page, pages, false));
}

/* ---- questions ---- */

static uint64_t model_gap(uint64_t from, uint64_t wanted, uint64_t limit) {
    uint64_t length = 0;
    for (uint64_t page = from; page < limit; page++) {
        length = model[page].there ? 0 : length + 1;
        if (length == wanted) return address_of(page + 1 - wanted);
    }
    return 0;
}

static bool model_may(uint64_t from, uint64_t end, unsigned rights) {
    for (uint64_t page = from; page < end; page++) {
        if (model[page].there && (rights & ~backings[model[page].backing].limit(NULL))) return false;
    }
    return true;
}

/* Where the region that has the page ends. */
static uint64_t model_end(uint64_t page) {
    do {
        page++;
    } while (page < pages && model[page].there && !model[page].begins);
    return page;
}

/* Where the next page that is there ends its region; 0 for none. */
static uint64_t model_from(uint64_t page) {
    while (page < pages && !model[page].there) {
        page++;
    }
    return page == pages ? 0 : address_of(model_end(page));
}

static void ask_about_one(uint64_t page) {
    const uint64_t inside = address_of(page) + draw(HF_PAGE_SIZE);
    const struct region *region = region_find(&list, inside), *from = region_from(&list, inside);
    assert_int_equal(region != NULL, model[page].there);
    assert_true(region == NULL || (region->start <= inside && inside < region->end));
    assert_true(region == NULL || region == from);
    assert_int_equal(from ? from->end : 0, model_from(page));
}

/* Every question about a random range. */
static void question(uint64_t from, uint64_t end) {
    const uint64_t length = 1 + draw(12);
    const unsigned rights = (unsigned)draw(8);
    ask_about_one(from);
    assert_int_equal(region_is_free(&list, address_of(from), address_of(end)), model_all(from, end, false));
    assert_int_equal(region_is_full(&list, address_of(from), address_of(end)), model_all(from, end, true));
    assert_int_equal(region_gap(&list, address_of(from), length * HF_PAGE_SIZE, address_of(end)),
                     model_gap(from, length, end));
    assert_int_equal(region_may(&list, address_of(from), address_of(end), rights), model_may(from, end, rights));
}

/* ---- changes ---- */

static uint64_t done, refused;

static bool went_well(hf_status_t status) {
    assert_true(status == HF_OK || (status == HF_NO_MEMORY && own_pages_none));
    done += status == HF_OK;
    refused += status != HF_OK;
    return status == HF_OK;
}

/* Often what could go on from the page before. */
static struct page draw_page(uint64_t page) {
    struct page drawn = {.there = true,
                         .rights = 1 + (unsigned)draw(3),
                         .backing = (unsigned)draw(BACKINGS),
                         .segment = draw(4) == 0,
                         .image = draw(4) == 0,
                         .frame = draw(4) == 0,
                         .object = draw(4) == 0,
                         .pager = draw(4) == 0,
                         .offset = draw(3)};
    if (page > 0 && model[page - 1].there && draw(2)) {
        drawn = model[page - 1];
        drawn.offset += draw(4) > 0;
    }
    return drawn;
}

static void model_add(uint64_t from, uint64_t end, struct page page) {
    for (uint64_t at = from; at < end; at++) {
        page.begins = at == from;
        model[at] = page;
        page.offset++;
    }
}

static void add(uint64_t from, uint64_t end) {
    const struct page page = draw_page(from);
    const struct region region = region_of(from, end, page);
    if (model_all(from, end, false) && went_well(region_add(&list, &region))) {
        model_add(from, end, page);
    }
}

static void model_border(uint64_t page) {
    if (page < pages) {
        model[page].begins = model[page].there;
    }
}

/* Whether what ends before the page and what begins there may be one region. */
static void model_join(uint64_t page) {
    if (page == 0 || page >= pages || !model[page].there || !model[page - 1].there) return;
    bool goes_on = model[page].backing != WITH_OFFSET || model[page].offset == model[page - 1].offset + 1;
    if (goes_on && same_data(&model[page], &model[page - 1])) {
        model[page].begins = false;
    }
}

/* [from, end) is a region. */
static void model_set(uint64_t from, uint64_t end, unsigned rights) {
    for (uint64_t page = from; page < end; page++) {
        model[page].rights = rights;
    }
    model_join(end);
    model_join(from);
}

static void model_protect(uint64_t from, uint64_t end, unsigned rights) {
    for (uint64_t page = from; page < end; page = model[page].there ? model_end(page) : page + 1) {
        if (model[page].there) {
            model_set(page, model_end(page), rights);
        }
    }
}

static void change(uint64_t from, uint64_t end, bool removes) {
    const unsigned rights = 1 + (unsigned)draw(3);
    if (!went_well(region_cut(&list, address_of(from), address_of(end)))) return;
    model_border(from);
    model_border(end);
    if (removes) {
        memset(&model[from], 0, (end - from) * sizeof model[0]);
        region_remove(&list, address_of(from), address_of(end));
    } else {
        model_protect(from, end, rights);
        region_protect(&list, address_of(from), address_of(end), rights);
    }
}

/* The front of the next region, or all of it. */
static void drop(uint64_t page) {
    struct region *region = region_from(&list, address_of(page));
    if (region == NULL) return;
    const uint64_t from = page_at(region->start), end = page_at(region->end), until = from + 1 + draw(end - from);
    region_drop(&list, region, address_of(until));
    memset(&model[from], 0, (until - from) * sizeof model[0]);
    model_border(until);
    if (until < end) assert_ptr_equal(region_find(&list, address_of(until)), region);
}

static void set(uint64_t page) {
    const unsigned rights = 1 + (unsigned)draw(3);
    struct region *region = region_from(&list, address_of(page));
    if (region == NULL) return;
    const uint64_t start = region->start, end = region->end;
    model_set(page_at(start), page_at(end), rights);
    region = region_set(&list, region, rights);
    assert_true(region->start <= start && region->end >= end && region->rights == rights);
}

static void one_of_them(uint64_t from, uint64_t end) {
    switch (draw(10)) {
    case 0 ... 3:
        add(from, end);
        break;
    case 4:
        change(from, end, true);
        break;
    case 5:
        change(from, end, false);
        break;
    case 6:
        drop(from);
        break;
    case 7:
        set(from);
        break;
    default:
        question(from, end);
    }
}

static void one_step(void) {
    const bool many = pages == PAGES, is_long = draw(many ? 200 : 4) == 0;
    const uint64_t from = draw(pages), most = is_long ? pages / 4 : many ? 2 : 6;
    const uint64_t longest = pages - from < most ? pages - from : most;
    one_of_them(from, from + 1 + draw(longest));
}

/* ---- each test ---- */

static void clear(void) {
    region_remove(&list, 0, HF_USER_END);
    memset(model, 0, sizeof model);
    assert_null(list.root);
    assert_int_equal(list.count, 0);
}

static int start(void **state) {
    (void)state;
    pages = 96;
    own_pages_none = false;
    clear();
    return 0;
}

/* One page stays for the next regions. */
static int finish(void **state) {
    (void)state;
    clear();
    assert_int_equal(own_pages, 1);
    return 0;
}

static unsigned long from_environment(const char *name, unsigned long otherwise) {
    const char *wanted = getenv(name);
    return wanted != NULL ? strtoul(wanted, NULL, 0) : otherwise;
}

#define ROUND 20000u

/* Every other round has few pages, which are all compared after each step; the others have so many that
 * the tree gets higher. Memory is out half of the time. */
static void random_operations(void **state) {
    (void)state;
    const unsigned long count = from_environment("REGION_OPERATIONS", 200000);
    draw_state = from_environment("REGION_SEED", DRAW_SEED);
    const uint64_t seed = draw_state;
    uint64_t highest = 0;
    for (unsigned long i = 0; i < count; i++) {
        if (i % ROUND == 0) {
            clear();
            pages = i / ROUND % 2 ? PAGES : 96;
        }
        own_pages_none = i / 500 % 2 == 1;
        one_step();
        if (pages < PAGES || i % 64 == 0) compare();
        if (draw(2)) record_refill();
        assert_in_range(own_pages, 1, 50); /* records are used again */
        highest = list.count > highest ? list.count : highest;
    }
    compare();
    print_message(
        "%lu random operations, seed 0x%lx: %lu changes that take memory done, %lu refused; up to %lu regions\n", count,
        (unsigned long)seed, (unsigned long)done, (unsigned long)refused, (unsigned long)highest);
    assert_true(done > refused);
}

/* ---- by hand ---- */

static void add_page(uint64_t from, uint64_t end, struct page page) {
    const struct region region = region_of(from, end, page);
    assert_int_equal(region_add(&list, &region), HF_OK);
    model_add(from, end, page_of(&region, from));
}

static void add_pages(uint64_t from, uint64_t end, unsigned rights) {
    add_page(from, end, (struct page){.rights = rights});
}

static void cut(uint64_t from, uint64_t end) {
    assert_int_equal(region_cut(&list, address_of(from), address_of(end)), HF_OK);
    model_border(from);
    model_border(end);
}

static void protect(uint64_t from, uint64_t end, unsigned rights) {
    model_protect(from, end, rights);
    region_protect(&list, address_of(from), address_of(end), rights);
}

static void added_in_any_order(void **state) {
    (void)state;
    add_pages(20, 30, HF_READ);
    add_pages(0, 10, HF_READ);
    add_pages(10, 20, HF_READ);
    compare();
    assert_int_equal(list.count, 3);
}

static void nothing_at_all(void **state) {
    (void)state;
    question(0, 96);
    assert_null(region_from(&list, 0));
    assert_null(region_find(&list, START));
    assert_int_equal(region_gap(&list, START, HF_PAGE_SIZE, START + HF_PAGE_SIZE), START);
    assert_int_equal(region_gap(&list, START, HF_PAGE_SIZE, START + HF_PAGE_SIZE - 1), 0);
    assert_int_equal(region_gap(&list, START, HF_PAGE_SIZE, 0), 0);
}

static void a_hole_in_the_middle(void **state) {
    (void)state;
    add_pages(0, 10, HF_READ);
    cut(3, 5);
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
    add_page(0, 10, (struct page){.rights = HF_READ | HF_WRITE, .backing = WITH_OFFSET, .offset = 7});
    cut(3, 5);
    protect(3, 5, HF_READ);
    assert_int_equal(list.count, 3);
    assert_int_equal(region_find(&list, address_of(3))->data.offset, 10 * HF_PAGE_SIZE);
    protect(3, 5, HF_READ | HF_WRITE);
    assert_int_equal(list.count, 1);
    assert_int_equal(region_find(&list, address_of(3))->data.offset, 7 * HF_PAGE_SIZE);
    compare();
}

static void neighbours_that_differ_stay_apart(void **state) {
    (void)state;
    static const struct page differ[] = {
        {.rights = HF_READ},
        {.rights = HF_READ, .segment = 1},
        {.rights = HF_READ, .image = 1},
        {.rights = HF_READ, .frame = 1},
        {.rights = HF_READ, .object = 1},
        {.rights = HF_READ, .pager = 1},
        {.rights = HF_READ, .backing = 1},
        {.rights = HF_READ, .backing = WITH_OFFSET},
        {.rights = HF_READ, .backing = WITH_OFFSET, .offset = 4},
        {.rights = HF_READ, .backing = WITH_OFFSET, .offset = 5},
    };
    for (unsigned i = 0; i < 10; i++) {
        add_page(3 * i, 3 * i + 3, differ[i]);
    }
    protect(0, 30, HF_READ);
    assert_int_equal(list.count, 10);
    compare();
}

/* What was found last may be gone, smaller, or part of another region by the next time. */
static void found_again(void **state) {
    (void)state;
    add_pages(0, 10, HF_READ);
    struct region *found = region_find(&list, address_of(4));
    assert_non_null(found);
    assert_ptr_equal(list.recent, found);
    region_drop(&list, found, address_of(6));
    assert_null(region_find(&list, address_of(4)));
    assert_ptr_equal(region_find(&list, address_of(6)), found);
    add_pages(0, 6, HF_READ);
    assert_ptr_equal(region_find(&list, address_of(6)), found);
    assert_ptr_equal(region_set(&list, found, HF_READ), region_find(&list, address_of(0)));
    assert_int_equal(list.count, 1);
    region_drop(&list, region_find(&list, address_of(9)), address_of(10));
    assert_null(region_find(&list, address_of(9)));
}

/* As many as there are records for. */
static uint64_t use_up(void) {
    own_pages_none = true;
    for (uint64_t page = 0;; page += 4) {
        const struct region region = region_of(page, page + 3, (struct page){.rights = HF_READ});
        if (region_add(&list, &region) != HF_OK) return page / 4;
        model_add(page, page + 3, page_of(&region, page));
    }
}

static void add_fails(uint64_t page) {
    const struct region region = region_of(page, page + 1, (struct page){.rights = HF_READ});
    assert_int_equal(region_add(&list, &region), HF_NO_MEMORY);
}

/* When memory is out, nothing can be added; but what is there can be cut 16 times. */
static void out_of_memory(void **state) {
    (void)state;
    const uint64_t count = use_up();
    assert_in_range(count, 9, 24);
    for (uint64_t i = 0; i < 7; i++) {
        cut(4 * i + 1, 4 * i + 2);
        compare();
    }
    cut(29, 32);
    cut(0, 29);                                                                        /* has these borders */
    assert_int_equal(region_cut(&list, address_of(33), address_of(34)), HF_NO_MEMORY); /* would take two */
    compare();
    cut(33, 35);
    assert_int_equal(region_cut(&list, address_of(34), address_of(35)), HF_NO_MEMORY);
    region_drop(&list, region_find(&list, address_of(0)), address_of(1));
    model[0].there = model[0].begins = false;
    add_fails(0);
    cut(34, 35);
    compare();
    own_pages_none = false;
    add_pages(0, 1, HF_READ);
    cut(30, 31);
    compare();
}

/* What was used of the reserve comes back as soon as there is memory. */
static void the_reserve_is_filled_up(void **state) {
    (void)state;
    (void)use_up();
    cut(1, 2);
    own_pages_none = false;
    record_refill();
    const uint64_t before = own_pages;
    own_pages_none = true;
    for (uint64_t i = 1; i < 6; i++) {
        cut(4 * i + 1, 4 * i + 2);
    }
    assert_int_equal(before, 2);
    compare();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(added_in_any_order),
        TEST(nothing_at_all),
        TEST(a_hole_in_the_middle),
        TEST(what_is_alike_is_joined),
        TEST(neighbours_that_differ_stay_apart),
        TEST(found_again),
        TEST(out_of_memory),
        TEST(the_reserve_is_filled_up),
        TEST(random_operations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
