// sources: servers/memsrv/quota.c tests/host/memsrv_stubs.c
// include: tests/host/fake servers/memsrv
/* Quotas: what is put by out of each other, used, given back, and goes when nobody uses it any more. A tree
 * of them, changed at random, against plain sums. QUOTA_OPERATIONS and QUOTA_SEED in the environment: how many changes
 * (200,000), and which. */
#include "draw.h"
#include "memsrv_stubs.h"
#include "quota.h"
#include <handoff/types.h>
#include <stdlib.h>

#define MACHINE 10000u
#define QUOTAS 40u

/* ---- one by one ---- */

static void test_parts_of_parts(void **state) {
    struct quota *root = quota_root(1000), *first, *second, *third;
    (void)state;
    assert_int_equal(quota_make(root, 1001, 0, &first), HF_NO_MEMORY);
    assert_int_equal(quota_make(root, 1000, 1, &first), HF_NO_MEMORY);
    assert_int_equal(quota_make(root, 600, 0, &first), HF_OK);
    assert_int_equal(quota_make(first, 601, 0, &second), HF_QUOTA);
    assert_int_equal(quota_make(first, 600, 0, &second), HF_OK);
    assert_int_equal(quota_take(first, 1, 0), HF_QUOTA);
    assert_int_equal(quota_take(second, 600, 0), HF_OK);
    assert_int_equal(quota_take(second, 1, 0), HF_QUOTA);
    assert_int_equal(quota_make(root, 400, 0, &third), HF_OK);
    assert_int_equal(quota_take(root, 1, 0), HF_NO_MEMORY);
    quota_leave(first); /* its part is used by another still */
    assert_int_equal(root->used, 1000);
    quota_give(second, 600);
    quota_leave(second);
    assert_int_equal(root->used, 400);
    quota_leave(third);
    quota_leave(root);
    assert_int_equal(stub_records, 0);
}

static void test_kept(void **state) {
    struct quota *root = quota_root(1600);
    (void)state;
    assert_int_equal(quota_kept(root), 100);
    assert_int_equal(quota_take(root, 1501, quota_kept(root)), HF_NO_MEMORY);
    assert_int_equal(quota_take(root, 1500, quota_kept(root)), HF_OK);
    assert_int_equal(quota_room(root, HF_PAGE_SIZE, quota_kept(root)), HF_NO_MEMORY);
    assert_int_equal(quota_room(root, HF_PAGE_SIZE, 0), HF_OK);
    assert_int_equal(quota_take(root, 100, 0), HF_OK);
    quota_give(root, 1600);
    assert_int_equal(quota_take(root, UINT64_MAX, 0), HF_NO_MEMORY);
    quota_leave(root);
}

static void test_records(void **state) {
    struct quota *root = quota_root(2), *part;
    (void)state;
    assert_int_equal(quota_make(root, 1, 0, &part), HF_OK);
    quota_records(part, HF_PAGE_SIZE - 1);
    assert_int_equal(part->used, 0);
    assert_int_equal(quota_room(part, 1, 0), HF_OK);
    assert_int_equal(quota_take(part, 1, 0), HF_OK);
    assert_int_equal(quota_room(part, 1, 0), HF_QUOTA);
    quota_records(part, 1); /* all the same */
    assert_int_equal(part->used, 2);
    assert_int_equal(quota_take(part, 0, 0), HF_QUOTA);
    quota_give(part, 1);
    quota_records(part, -(int64_t)HF_PAGE_SIZE);
    assert_int_equal(part->used, 0);
    quota_leave(part);
    quota_leave(root);
}

static void test_no_memory_for_a_record(void **state) {
    struct quota *root = quota_root(10), *part;
    (void)state;
    stub_out_of_memory = true;
    assert_int_equal(quota_make(root, 1, 0, &part), HF_NO_MEMORY);
    stub_out_of_memory = false;
    assert_int_equal(root->used, 0);
    quota_leave(root);
    assert_int_equal(stub_records, 0);
}

static void test_left_behind(void **state) {
    static struct quota *root;
    (void)state;
    root = quota_root(10);
    assert_int_equal(quota_take(root, 1, 0), HF_OK);
    STOPS(quota_leave(root));
    quota_give(root, 1);
    root->users = 1;
    quota_leave(root);
}

/* ---- at random ---- */

struct model {
    struct quota *quota; /* NULL: there is none */
    unsigned parent;     /* of the root itself */
    uint64_t limit, taken, bytes;
    unsigned tasks, children;
};

static struct model models[QUOTAS];
static unsigned long tried, granted;

static uint64_t used(unsigned of) {
    uint64_t sum = models[of].taken + models[of].bytes / HF_PAGE_SIZE;
    for (unsigned i = 1; i < QUOTAS; i++) {
        if (models[i].quota && models[i].parent == of) sum += models[i].limit;
    }
    return sum;
}

static void compare(unsigned of) {
    const struct model *model = &models[of];
    assert_int_equal(model->quota->used, used(of));
    assert_int_equal(model->quota->limit, model->limit);
    assert_int_equal(model->quota->users, model->tasks + model->children);
    assert_ptr_equal(model->quota->parent, of ? models[model->parent].quota : NULL);
}

static void check_answer(hf_status_t status, unsigned of, uint64_t more) {
    hf_status_t refused = of ? HF_QUOTA : HF_NO_MEMORY;
    assert_int_equal(status, used(of) + more <= models[of].limit ? HF_OK : refused);
    tried++;
    granted += status == HF_OK;
}

static void take(unsigned of) {
    uint64_t count = draw(4) ? draw(20) : draw(2 * models[of].limit + 1),
             leave = draw(2) * quota_kept(models[of].quota);
    hf_status_t status = quota_take(models[of].quota, count, leave);
    check_answer(status, of, count + leave);
    models[of].taken += status == HF_OK ? count : 0;
}

static void give(unsigned of) {
    uint64_t count = draw(models[of].taken + 1);
    quota_give(models[of].quota, count);
    models[of].taken -= count;
}

static void make(unsigned of) {
    unsigned other = 1 + (unsigned)draw(QUOTAS - 1);
    uint64_t limit = draw(models[of].limit + 2), leave = draw(2) * quota_kept(models[of].quota);
    if (models[other].quota) return;
    struct quota *made = NULL;
    hf_status_t status = quota_make(models[of].quota, limit, leave, &made);
    check_answer(status, of, limit + leave);
    if (status != HF_OK) return;
    models[other] = (struct model){.quota = made, .parent = of, .limit = limit, .tasks = 1};
    models[of].children++;
    compare(other);
}

static void change_records(unsigned of) {
    bool less = draw(2);
    uint64_t bytes = less ? draw(models[of].bytes + 1) : draw(2 * HF_PAGE_SIZE);
    if (!less) {
        uint64_t more = (models[of].bytes + bytes) / HF_PAGE_SIZE - models[of].bytes / HF_PAGE_SIZE;
        check_answer(quota_room(models[of].quota, bytes, 0), of, more);
    }
    quota_records(models[of].quota, less ? -(int64_t)bytes : (int64_t)bytes);
    models[of].bytes += less ? 0 - bytes : bytes;
}

static void share(unsigned of) {
    assert_ptr_equal(quota_share(models[of].quota), models[of].quota);
    models[of].tasks++;
}

/* The last one gives everything back first; those that have nobody any more go. */
static void leave(unsigned of) {
    struct model *model = &models[of];
    if (model->tasks == 0 || (of == 0 && model->tasks == 1)) return;
    if (--model->tasks == 0) {
        quota_give(model->quota, model->taken);
        quota_records(model->quota, -(int64_t)model->bytes);
        model->taken = model->bytes = 0;
    }
    quota_leave(model->quota);
    while (model->tasks + model->children == 0) {
        model->quota = NULL;
        model = &models[model->parent];
        model->children--;
    }
    compare((unsigned)(model - models));
}

static void change(void) {
    static void (*const changes[])(unsigned) = {take,           take,  take,  give,  give,
                                                change_records, share, leave, leave, make};
    unsigned of = (unsigned)draw(QUOTAS);
    if (!models[of].quota) of = 0;
    if (models[of].tasks == 0) return; /* nobody who could ask for it */
    changes[draw(sizeof changes / sizeof changes[0])](of);
    if (models[of].quota) compare(of);
}

static unsigned count_quotas(void) {
    unsigned count = 0;
    for (unsigned i = 0; i < QUOTAS; i++) {
        count += models[i].quota != NULL;
    }
    return count;
}

static void end_all(void) {
    for (unsigned of = QUOTAS; of-- > 1;) {
        while (models[of].quota && models[of].tasks > 0) leave(of);
    }
    assert_int_equal(count_quotas(), 1);
    quota_give(models[0].quota, models[0].taken);
    quota_records(models[0].quota, -(int64_t)models[0].bytes);
    for (; models[0].tasks > 0; models[0].tasks--) {
        quota_leave(models[0].quota);
    }
    assert_int_equal(stub_records, 0);
}

static unsigned long number_from(const char *name, unsigned long usual) {
    const char *given = getenv(name);
    return given ? strtoul(given, NULL, 0) : usual;
}

static void test_random(void **state) {
    unsigned long seed = number_from("QUOTA_SEED", 1), count = number_from("QUOTA_OPERATIONS", 200000);
    unsigned most = 0;
    (void)state;
    draw_state = DRAW_SEED ^ seed << 20;
    models[0] = (struct model){.quota = quota_root(MACHINE), .limit = MACHINE, .tasks = 1};
    for (unsigned long i = 0; i < count; i++) {
        change();
        if (i % 64 == 0 && count_quotas() > most) most = count_quotas();
    }
    print_message("seed %lu: %lu changes, %lu %% of what was asked for granted, up to %u quotas\n", seed, count,
                  granted * 100 / tried, most);
    assert_true(granted * 10 >= tried * 3 && most >= 10);
    end_all();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts_of_parts), cmocka_unit_test(test_kept),
        cmocka_unit_test(test_records),        cmocka_unit_test(test_no_memory_for_a_record),
        cmocka_unit_test(test_left_behind),    cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
