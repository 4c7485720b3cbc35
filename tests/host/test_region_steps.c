// sources: servers/memsrv/region.c servers/memsrv/region_find.c servers/memsrv/region_tree.c servers/memsrv/record.c
// sources: tests/host/own_pages.c tests/host/region_check.c
// include: servers/memsrv tests/host/fake
// flags: -fsanitize-coverage=trace-pc
/* How long anything takes with 100,000 regions: counted are the blocks of code that are run through. */
#include "draw.h"
#include "own_pages.h"
#include "region_check.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define REGIONS 100000u

static uint64_t steps;

/* Called at the beginning of each block of code. */
void __sanitizer_cov_trace_pc(void);
__attribute__((no_sanitize_coverage)) void __sanitizer_cov_trace_pc(void) { steps++; }

static unsigned most_rights(const struct backing_data *data) { return data->segment ? HF_READ : HF_READ | HF_WRITE; }

static const struct backing backing = {.name = "any", .limit = most_rights};

static struct region_list list;
static uint32_t order[REGIONS];

/* Every region has two pages and a page of nothing behind it. */
static uint64_t address_of(uint64_t index) { return (3 * index + 1) * HF_PAGE_SIZE; }

/* ---- what is measured ---- */

#define CALL_LIST(X) X(find) X(from) X(next) X(is_free) X(is_full) X(may) X(gap) X(add) X(cut) X(set) X(drop)

enum call {
#define X(name) CALL_##name,
    CALL_LIST(X)
#undef X
        CALLS
};

static const char *const names[] = {
#define X(name) #name,
    CALL_LIST(X)
#undef X
};

static uint64_t longest[CALLS];

static void note(enum call call, uint64_t took) {
    if (took > longest[call]) {
        longest[call] = took;
    }
}

#define MEASURE(call, what) \
    do { \
        const uint64_t before_ = steps; \
        what; \
        note(CALL_##call, steps - before_); \
    } while (0)

static volatile uint64_t answer;

/* Every question, about a place in the middle of nowhere in particular. */
static void ask(void) {
    const uint64_t from = address_of(draw(REGIONS)) + draw(3) * HF_PAGE_SIZE, end = from + draw(REGIONS) * HF_PAGE_SIZE;
    const struct region *region;
    MEASURE(find, answer = region_find(&list, from) != NULL);
    MEASURE(from, region = region_from(&list, from));
    if (region != NULL) MEASURE(next, answer = region_next(region) != NULL);
    MEASURE(is_free, answer = region_is_free(&list, from, end));
    MEASURE(is_full, answer = region_is_full(&list, from, end));
    MEASURE(may, answer = region_may(&list, from, end, HF_READ));
    MEASURE(gap, answer = region_gap(&list, from, (1 + draw(3)) * HF_PAGE_SIZE, HF_USER_END));
}

static void add(uint64_t index) {
    const struct region region = {.start = address_of(index),
                                  .end = address_of(index) + 2 * HF_PAGE_SIZE,
                                  .rights = HF_READ,
                                  .backing = &backing,
                                  .data = {.segment = index % 1000 == 0}};
    hf_status_t status;
    MEASURE(add, status = region_add(&list, &region));
    assert_int_equal(status, HF_OK);
}

/* In halves with different rights, and then in one again. */
static void change(uint64_t index) {
    const uint64_t start = address_of(index), middle = start + HF_PAGE_SIZE;
    hf_status_t status;
    MEASURE(cut, status = region_cut(&list, middle, middle + HF_PAGE_SIZE));
    assert_int_equal(status, HF_OK);
    struct region *second = region_find(&list, middle);
    MEASURE(set, second = region_set(&list, second, HF_READ | HF_EXECUTE));
    assert_int_equal(second->start, middle);
    MEASURE(set, second = region_set(&list, second, HF_READ));
    assert_int_equal(second->start, start);
}

static void drop(uint64_t index) {
    struct region *region = region_find(&list, address_of(index));
    const uint64_t middle = region->start + HF_PAGE_SIZE, end = region->end;
    MEASURE(drop, region_drop(&list, region, middle));
    MEASURE(drop, region_drop(&list, region, end));
}

/* ---- orders ---- */

static void up(void) {
    for (unsigned i = 0; i < REGIONS; i++) {
        order[i] = i;
    }
}

static void down(void) {
    for (unsigned i = 0; i < REGIONS; i++) {
        order[i] = REGIONS - 1 - i;
    }
}

/* From both ends to the middle. */
static void inwards(void) {
    for (unsigned i = 0; i < REGIONS; i++) {
        order[i] = i % 2 ? REGIONS - 1 - i / 2 : i / 2;
    }
}

static void shuffled(void) {
    up();
    for (unsigned i = REGIONS; i > 1; i--) {
        const unsigned other = (unsigned)draw(i);
        const uint32_t index = order[i - 1];
        order[i - 1] = order[other];
        order[other] = index;
    }
}

static void (*const orders[])(void) = {up, down, inwards, shuffled};

/* ---- tests ---- */

static void check_tree(void) {
    const char *wrong = region_check(&list);
    if (wrong != NULL) fail_msg("%s", wrong);
    if (list.root != NULL) assert_in_range(list.root->sum.height, 1, region_height_most(list.count));
}

/* Added in one order and removed in another, with questions at its largest. */
static void there_and_back(void (*there)(void), void (*back)(void)) {
    there();
    for (unsigned i = 0; i < REGIONS; i++) {
        add(order[i]);
        if (i % 20000 == 77) check_tree();
    }
    check_tree();
    for (unsigned i = 0; i < 2000; i++) {
        ask();
        change(draw(REGIONS));
    }
    back();
    for (unsigned i = 0; i < REGIONS; i++) {
        drop(order[i]);
        if (i % 50 == 0) ask();
        if (i % 20000 == 77) check_tree();
    }
    assert_null(list.root);
    assert_int_equal(own_pages, 1);
}

/* For each level of the tree, blocks that one call runs through. On a way up, each level is refreshed and
 * perhaps rotated; setting has up to four such ways. */
static const unsigned limit[CALLS] = {
    [CALL_find] = 4, [CALL_from] = 3, [CALL_next] = 3, [CALL_is_free] = 3, [CALL_is_full] = 11, [CALL_may] = 9,
    [CALL_gap] = 9,  [CALL_add] = 20, [CALL_cut] = 30, [CALL_set] = 30,    [CALL_drop] = 25,
};

static void every_call_is_short(void **state) {
    (void)state;
    const unsigned height = region_height_most(REGIONS);
    for (unsigned there = 0; there < 4; there++) {
        there_and_back(orders[there], orders[(there + 1) % 4]);
        there_and_back(orders[there], orders[there]);
    }
    assert_int_equal(height, 23);
    for (unsigned call = 0; call < CALLS; call++) {
        print_message("region_%s: at most %lu blocks of code\n", names[call], (unsigned long)longest[call]);
        assert_in_range(longest[call], 1, limit[call] * height);
    }
}

/* The same one again takes no walk. */
static void finding_it_again_is_shorter(void **state) {
    (void)state;
    up();
    for (unsigned i = 0; i < 10000; i++) {
        add(order[i]);
    }
    longest[CALL_find] = 0;
    (void)region_find(&list, address_of(4321));
    MEASURE(find, answer = region_find(&list, address_of(4321) + HF_PAGE_SIZE) != NULL);
    assert_in_range(longest[CALL_find], 0, 6);
    region_remove(&list, 0, HF_USER_END);
    assert_null(list.root);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_is_short),
        cmocka_unit_test(finding_it_again_is_shorter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
