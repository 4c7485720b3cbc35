// sources: libipc/names.c
// include: libipc/include
#include <mem.h>
#include <setjmp.h>
#include <stdarg.h>
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

static void test_faults(void **state) {
    struct hf_exit how = {.how = HF_EXIT_FAULT,
                          .reason = HF_REASON_NULL_PAGE,
                          .address = 0x10,
                          .error = HF_FAULT_WRITE | HF_FAULT_USER,
                          .rip = 0x45000123,
                          .name = "badptr"};
    (void)state;
    expect(&how, "badptr: write to 0x10 at rip 0x45000123: the null page is never mapped");
    how.error = HF_FAULT_USER;
    how.reason = HF_REASON_NO_REGION;
    expect(&how, "badptr: read of 0x10 at rip 0x45000123: nothing is mapped there");
    how.error = HF_FAULT_USER | HF_FAULT_FETCH | HF_FAULT_PRESENT;
    how.reason = HF_REASON_NOT_EXECUTABLE;
    __builtin_strcpy(how.region, "stack");
    expect(&how, "badptr: execution of 0x10 (stack) at rip 0x45000123: the region may not be executed");
    how.reason = 1000;
    expect(&how, "badptr: execution of 0x10 (stack) at rip 0x45000123: for an unknown reason");
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
    char own[HF_EXIT_TEXT_BYTES];
    struct hf_exit how = {.how = HF_EXIT_FAULT, .address = UINT64_MAX, .error = HF_FAULT_FETCH, .rip = UINT64_MAX};
    (void)state;
    __builtin_memset(how.name, 'n', sizeof how.name);
    __builtin_memset(how.region, 'r', sizeof how.region);
    for (how.reason = 0; how.reason <= HF_REASON_COUNT; how.reason++) {
        assert_in_range(hf_exit_text(&how, own, sizeof own), 1, sizeof own - 1);
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
    for (unsigned i = 0; i < HF_REASON_COUNT; i++) {
        assert_non_null(hf_reason_text((enum hf_reason)i));
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_codes),   cmocka_unit_test(test_faults), cmocka_unit_test(test_exceptions),
        cmocka_unit_test(test_longest), cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
