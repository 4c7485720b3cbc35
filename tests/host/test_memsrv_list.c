// sources: servers/memsrv/list.c
// include: tests/host/fake servers/memsrv
/* Lists of operations: what the core has no room for in one entry is asked for again, whole; and an optional MAP
 * where something is mapped already is left out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/mman.h>

#include "core.h"
#include "draw.h"
#include "list.h"

#define FIRST 1000u /* the objects are numbered from here on */

static unsigned per_entry; /* how many operations an entry does */
static uint64_t seen[4 * HF_OPERATIONS];
static unsigned seen_count, entries, replies;
static bool is_there[HF_OPERATIONS]; /* where a MAP finds something */
static uint64_t left_out[HF_OPERATIONS];
static unsigned left_out_count;

static jmp_buf stopped;
static bool may_stop;

void core_check(bool condition) {
    if (!condition && may_stop) longjmp(stopped, 1);
    assert_true(condition);
}

void core_must(hf_status_t status) { assert_int_equal(status, HF_OK); }

/* As the core does: results replace operations, also that of the one that has to wait. */
hf_status_t hf_mmu(uint64_t count, uint64_t *done) {
    entries++;
    for (*done = 0; *done < count; ++*done) {
        struct hf_operation operation = OPERATION_PAGE->operation[*done];
        hf_status_t status = *done == per_entry                                                  ? HF_AGAIN
                             : operation.code == HF_OP_MAP && is_there[operation.object - FIRST] ? HF_EXISTS
                                                                                                 : HF_OK;
        OPERATION_PAGE->result[*done] = (struct hf_result){.status = status};
        if (status != HF_OK) return status;
        seen[seen_count++] = operation.object;
    }
    return HF_OK;
}

hf_status_t hf_mmu_reply_receive(uint64_t count, uint64_t *done, hf_handle_t from, struct hf_message *message,
                                 struct hf_sender *sender) {
    hf_status_t status = hf_mmu(count, done);
    assert_int_equal(from, 7);
    assert_non_null(message);
    assert_non_null(sender);
    replies += status == HF_OK;
    return status;
}

static unsigned plain_replies;

hf_status_t hf_reply_receive(hf_handle_t from, struct hf_message *message, struct hf_sender *sender) {
    (void)message;
    (void)sender;
    assert_int_equal(from, 7);
    plain_replies++;
    return HF_OK;
}

static void note_left_out(void *context, const struct hf_operation *map) {
    assert_ptr_equal(context, left_out);
    assert_int_equal(map->code, HF_OP_MAP);
    left_out[left_out_count++] = map->object;
}

static void make(struct list *list, enum hf_operation_code code, unsigned count) {
    list_clear(list);
    list->left_out = note_left_out;
    list->context = left_out;
    for (unsigned i = 0; i < count; i++) {
        list_add(list, &(struct hf_operation){.code = (uint16_t)code, .object = FIRST + i});
    }
    seen_count = entries = replies = left_out_count = 0;
    memset(is_there, 0, sizeof is_there);
}

static void assert_each_once(unsigned count) {
    assert_int_equal(seen_count, count);
    for (unsigned i = 0; i < count; i++) assert_int_equal(seen[i], FIRST + i);
}

static void whatever_an_entry_has_room_for(void **state) {
    static struct list list;
    struct hf_message message = {0};
    struct hf_sender sender;
    (void)state;
    for (per_entry = 1; per_entry <= HF_OPERATIONS; per_entry++) {
        make(&list, HF_OP_TAG, HF_OPERATIONS);
        list_run(&list);
        assert_each_once(HF_OPERATIONS);
        assert_int_equal(entries, (HF_OPERATIONS + per_entry - 1) / per_entry);

        make(&list, HF_OP_TAG, 20);
        list_reply_receive(&list, 7, &message, &sender);
        assert_each_once(20);
        assert_int_equal(replies, 1);
    }
}

static void nothing_at_all(void **state) {
    static struct list list;
    struct hf_message message = {0};
    struct hf_sender sender;
    (void)state;
    make(&list, HF_OP_TAG, 0);
    list_reply_receive(&list, 7, &message, &sender);
    assert_int_equal(entries, 0); /* it is a plain hf_reply_receive */
    assert_int_equal(plain_replies, 1);
}

/* Each is done once or left out once, in order, however many an entry has room for. */
static void check_split(unsigned count) {
    unsigned done = 0, left = 0;
    for (unsigned i = 0; i < count; i++) {
        if (is_there[i]) {
            assert_int_equal(left_out[left++], FIRST + i);
        } else {
            assert_int_equal(seen[done++], FIRST + i);
        }
    }
    assert_int_equal(left_out_count, left);
    assert_int_equal(seen_count, done);
}

static void optional_ones(void **state) {
    static struct list list;
    struct hf_message message = {0};
    struct hf_sender sender;
    (void)state;
    for (unsigned i = 0; i < 3000; i++) {
        unsigned count = 1 + (unsigned)draw(HF_OPERATIONS);
        per_entry = 1 + (unsigned)draw(10);
        make(&list, HF_OP_MAP, count);
        list.optional = (unsigned)draw(count + 1);
        for (unsigned j = list.optional; j < count; j++) {
            is_there[j] = draw(3) == 0;
        }
        if (draw(2)) {
            list_run(&list);
        } else {
            list_reply_receive(&list, 7, &message, &sender);
            assert_int_equal(replies, 1);
        }
        check_split(count);
    }
}

static void none_left(void **state) {
    static struct list list;
    struct hf_message message = {0};
    struct hf_sender sender;
    (void)state;
    per_entry = HF_OPERATIONS;
    make(&list, HF_OP_MAP, 5);
    list.optional = 0;
    memset(is_there, 1, sizeof is_there);
    list_reply_receive(&list, 7, &message, &sender);
    check_split(5);
    assert_int_equal(replies, 1); /* the last entry has nothing left but that */
}

/* Its books are wrong where something is that must not be. */
static void one_that_is_not_optional(void **state) {
    static struct list list;
    (void)state;
    per_entry = HF_OPERATIONS;
    make(&list, HF_OP_MAP, 5);
    list.optional = 3;
    is_there[2] = true;
    may_stop = true;
    if (setjmp(stopped) == 0) {
        list_run(&list);
        fail_msg("memsrv goes on");
    }
    may_stop = false;
    assert_int_equal(left_out_count, 0);
}

static int map_operation_page(void **state) {
    (void)state;
    void *page = mmap((void *)HF_MEMSRV_OPERATIONS, HF_PAGE_SIZE, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    return page == (void *)HF_MEMSRV_OPERATIONS ? 0 : -1;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whatever_an_entry_has_room_for),
        cmocka_unit_test(nothing_at_all),
        cmocka_unit_test(optional_ones),
        cmocka_unit_test(none_left),
        cmocka_unit_test(one_that_is_not_optional),
    };
    return cmocka_run_group_tests(tests, map_operation_page, NULL);
}
