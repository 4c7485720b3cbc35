// sources: libipc/names.c
// include: libipc/include
#include <mem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void expect(const struct hf_exit *how, const char *text) {
    char own[HF_EXIT_TEXT_BYTES];
    int length = hf_exit_text(how, own, sizeof own);
    assert_string_equal(own, text);
    assert_int_equal(length, __builtin_strlen(text));
}

static void test_codes(void **state) {
    (void)state;
    expect(&(struct hf_exit){.how = HF_EXIT_CODE, .code = 0, .name = "hello"}, "hello: ended with code 0");
    expect(&(struct hf_exit){.how = HF_EXIT_CODE, .code = -7, .name = "hello"}, "hello: ended with code -7");
    expect(&(struct hf_exit){.how = HF_EXIT_KILLED, .name = "primes"}, "primes: killed");
    expect(&(struct hf_exit){.how = 77, .name = "odd"}, "odd: ended in an unknown way");
}

#define WRITE (HF_FAULT_WRITE | HF_FAULT_USER)
#define FETCH (HF_FAULT_FETCH | HF_FAULT_USER | HF_FAULT_PRESENT)

/* A sentence for each reason; an empty region: none is there. */
static const struct {
    enum hf_reason reason;
    uint64_t error;
    const char *region, *text;
} sentences[] = {
    {HF_REASON_NONE, WRITE, "", "bad: write to 0x10 for no reason, at rip 0x45000123"},
    {HF_REASON_NULL_PAGE, WRITE, "", "bad: write to 0x10 in the null page, which is never mapped, at rip 0x45000123"},
    {HF_REASON_NO_REGION, HF_FAULT_USER, "", "bad: read of 0x10 where nothing is mapped, at rip 0x45000123"},
    {HF_REASON_GUARD, WRITE, "guard",
     "bad: write to 0x10 in a guard page, which is never mapped (a stack has overflowed, or a guard was put there), at "
     "rip 0x45000123"},
    {HF_REASON_READ_ONLY, WRITE | HF_FAULT_PRESENT, ".rodata of bad",
     "bad: write to 0x10 in .rodata of bad, which is read-only, at rip 0x45000123"},
    {HF_REASON_NOT_EXECUTABLE, FETCH, "stack",
     "bad: execution of 0x10 in the stack, which may not be executed, at rip 0x45000123"},
    {HF_REASON_NOT_EXECUTABLE, FETCH, "memory",
     "bad: execution of 0x10 in memory, which may not be executed, at rip 0x45000123"},
    {HF_REASON_KERNEL, WRITE, "", "bad: write to 0x10 in the upper half, which is the core's, at rip 0x45000123"},
    {HF_REASON_NOT_CANONICAL, WRITE, "",
     "bad: write to 0x10 which is no address: bits 47 to 63 differ, at rip 0x45000123"},
    {HF_REASON_QUOTA, WRITE, "memory",
     "bad: write to 0x10 in memory, for which the task's quota has no frame left, at rip 0x45000123"},
    {HF_REASON_NO_MEMORY, HF_FAULT_USER, "IPC buffer",
     "bad: read of 0x10 in the IPC buffer, for which the machine has no frame left, at rip 0x45000123"},
    {HF_REASON_BAD_ENTRY, HF_FAULT_USER, "",
     "bad: read of 0x10 in a page whose page-table entry is malformed, at rip 0x45000123"},
    {HF_REASON_PAGER_GONE, WRITE, "pager's memory",
     "bad: write to 0x10 in the pager's memory, whose pager has ended, at rip 0x45000123"},
    {HF_REASON_PAGER_REFUSED, HF_FAULT_USER, ".data of bad",
     "bad: read of 0x10 in .data of bad, whose pager refused the page, at rip 0x45000123"},
    {HF_REASON_PAGER_NONSENSE, WRITE, "stack",
     "bad: write to 0x10 in the stack, whose pager supplied what is no page of its own, at rip 0x45000123"},
    {HF_REASON_PAGER_LOOP, WRITE, "pager's memory",
     "bad: write to 0x10 in the pager's memory, where the same fault came back each time its pager had supplied the "
     "page, at rip 0x45000123"},
    {HF_REASON_COUNT, WRITE, "stack", "bad: write to 0x10 for an unknown reason, at rip 0x45000123"},
};

static void test_faults(void **state) {
    (void)state;
    bool said[HF_REASON_COUNT + 1] = {false};
    for (size_t i = 0; i < sizeof sentences / sizeof sentences[0]; i++) {
        struct hf_exit how = {.how = HF_EXIT_FAULT,
                              .reason = sentences[i].reason,
                              .address = 0x10,
                              .error = sentences[i].error,
                              .rip = 0x45000123,
                              .name = "bad"};
        __builtin_strcpy(how.region, sentences[i].region);
        expect(&how, sentences[i].text);
        said[how.reason] = true;
    }
    for (unsigned reason = 0; reason <= HF_REASON_COUNT; reason++) {
        assert_true(said[reason]);
    }
}

static void test_exceptions(void **state) {
    struct hf_exit how = {.how = HF_EXIT_EXCEPTION, .address = 13, .error = 0x1a, .rip = 0x45000123, .name = "badptr"};
    (void)state;
    expect(&how, "badptr: exception 13 (general protection), error code 0x1a, at rip 0x45000123");
    how.address = 9; /* in the table, but reserved */
    expect(&how, "badptr: exception 9 (unknown), error code 0x1a, at rip 0x45000123");
    how.address = UINT64_MAX;
    expect(&how, "badptr: exception 18446744073709551615 (unknown), error code 0x1a, at rip 0x45000123");
}

/* A record without an end to its strings, and the longest reason, still fit. */
static void test_longest(void **state) {
    char own[HF_EXIT_TEXT_BYTES], reason[HF_REASON_TEXT_BYTES];
    struct hf_exit how = {.how = HF_EXIT_FAULT, .address = UINT64_MAX, .error = HF_FAULT_FETCH, .rip = UINT64_MAX};
    (void)state;
    __builtin_memset(how.name, 'n', sizeof how.name);
    __builtin_memset(how.region, 'r', sizeof how.region);
    for (how.reason = 0; how.reason <= HF_REASON_COUNT; how.reason++) {
        assert_in_range(hf_exit_text(&how, own, sizeof own), 1, sizeof own - 1);
        assert_in_range(hf_reason_text((enum hf_reason)how.reason, how.region, reason, sizeof reason), 1,
                        sizeof reason - 1);
    }
}

static void test_names(void **state) {
    (void)state;
    assert_string_equal(hf_status_name(HF_OK), "OK");
    assert_string_equal(hf_status_name(HF_NO_MEMORY), "NO_MEMORY");
    assert_string_equal(hf_status_text(HF_NO_MEMORY), "out of memory");
    assert_string_equal(hf_status_name(HF_STATUS_COUNT), "?");
    assert_string_equal(hf_status_text(HF_STATUS_COUNT), "an unknown status");
    assert_string_equal(hf_status_text((hf_status_t)-1), "an unknown status");
    for (unsigned i = 0; i < HF_STATUS_COUNT; i++) {
        assert_non_null(hf_status_name((hf_status_t)i));
        assert_non_null(hf_status_text((hf_status_t)i));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes),   cmocka_unit_test(test_faults), cmocka_unit_test(test_exceptions),
        cmocka_unit_test(test_longest), cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
