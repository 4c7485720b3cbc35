// sources: servers/memsrv/list.c
// include: tests/host/fake servers/memsrv
/* Lists of operations: what the core has no room for in one entry is asked for again, whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/mman.h>

#include "core.h"
#include "list.h"

static unsigned per_entry; /* how many operations an entry does */
static uint64_t seen[4 * HF_OPERATIONS];
static unsigned seen_count, entries, replies;

void core_check(bool condition) { assert_true(condition); }

void core_must(hf_status_t status) { assert_int_equal(status, HF_OK); }

/* As the core does: results replace operations, also that of the one that has to wait. */
hf_status_t hf_mmu(uint64_t count, uint64_t *done) {
    entries++;
    for (*done = 0; *done < count; ++*done) {
        struct hf_operation operation = OPERATION_PAGE->operation[*done];
        bool again = *done == per_entry;
        OPERATION_PAGE->result[*done] = (struct hf_result){.status = again ? HF_AGAIN : HF_OK};
        if (again) return HF_AGAIN;
        assert_int_equal(operation.code, HF_OP_TAG);
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

static void make(struct list *list, unsigned count) {
    list->count = 0;
    for (unsigned i = 0; i < count; i++) list_add(list, HF_OP_TAG)->object = 1000 + i;
    seen_count = entries = replies = 0;
}

static void assert_each_once(unsigned count) {
    assert_int_equal(seen_count, count);
    for (unsigned i = 0; i < count; i++) assert_int_equal(seen[i], 1000 + i);
}

static void whatever_an_entry_has_room_for(void **state) {
    static struct list list;
    struct hf_message message = {0};
    struct hf_sender sender;
    (void)state;
    for (per_entry = 1; per_entry <= HF_OPERATIONS; per_entry++) {
        make(&list, HF_OPERATIONS);
        list_run(&list);
        assert_each_once(HF_OPERATIONS);
        assert_int_equal(entries, (HF_OPERATIONS + per_entry - 1) / per_entry);

        make(&list, 20);
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
    make(&list, 0);
    list_reply_receive(&list, 7, &message, &sender);
    assert_int_equal(entries, 1);
    assert_int_equal(replies, 1);
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
    };
    return cmocka_run_group_tests(tests, map_operation_page, NULL);
}
