// sources: libipc/format.c
// include: libipc
#include "format.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define vsnprintf tested_vsnprintf
#define snprintf tested_snprintf
int tested_vsnprintf(char *text, size_t room, const char *format, va_list arguments);
int tested_snprintf(char *text, size_t room, const char *format, ...);
#include "snprintf.c"
#undef vsnprintf
#undef snprintf

/* The host's printf is the judge. */
#define SAME(...) \
    do { \
        char own[512], host[512]; \
        int own_length = tested_snprintf(own, sizeof own, __VA_ARGS__); \
        int host_length = snprintf(host, sizeof host, __VA_ARGS__); \
        assert_string_equal(own, host); \
        assert_int_equal(own_length, host_length); \
    } while (0)

static void test_plain_text_and_percent(void **state) {
    (void)state;
    SAME("%s", "");
    SAME("no conversion");
    SAME("%%");
    SAME("100%% of %s%%", "it");
}

static void test_integers_of_every_length(void **state) {
    (void)state;
    SAME("%hhd %hhu %hhx", -129, 511, 0x1ff);
    SAME("%hd %hu %ho", -40000, 70000, 70000);
    SAME("%d %i %u %o %x %X", -1, INT32_MIN, UINT32_MAX, UINT32_MAX, 0xbeefu, 0xbeefu);
    SAME("%ld %lu %lx", INT64_MIN, UINT64_MAX, UINT64_MAX);
    SAME("%lld %llu %llo", (long long)INT64_MAX, ~0ull, ~0ull);
    SAME("%zu %zx %td %jd %ju", (size_t)-1, (size_t)77, (ptrdiff_t)-5, (intmax_t)-6, (uintmax_t)7);
}

static void test_zero(void **state) {
    (void)state;
    SAME("%d %u %o %x %#o %#x", 0, 0u, 0u, 0u, 0u, 0u);
    SAME("[%.0d] [%.0u] [%.0x] [%.0o] [%#.0o] [%5.0d] [%+.0d]", 0, 0u, 0u, 0u, 0u, 0, 0);
}

static void test_strings_and_characters(void **state) {
    (void)state;
    SAME("[%s] [%10s] [%-10s] [%.2s] [%10.2s] [%.0s]", "abc", "abc", "abc", "abc", "abc", "abc");
    SAME("[%c] [%3c] [%-3c]", 'x', 'y', 'z');
    SAME("%*s %-*s %*s|", 6, "ab", 6, "ab", -6, "ab");
    SAME("%.*s %.*s", 2, "abcdef", -1, "abcdef");
}

static void test_string_without_end_is_cut_by_precision(void **state) {
    char bytes[3] = {'a', 'b', 'c'}; /* ASan tells when a fourth is read */
    (void)state;
    SAME("[%.3s]", bytes);
}

static void test_pointer(void **state) {
    (void)state;
    SAME("%p [%20p] [%-20p]", (void *)0x1234abcd, (void *)0x10, (void *)0x10);
}

static void test_null_string(void **state) {
    char own[16];
    const char *volatile none = NULL;
    (void)state;
    tested_snprintf(own, sizeof own, "%s", none);
    assert_string_equal(own, "(null)");
}

/* Written out by hand: glibc agrees, but its compiler warns of such formats. */
static void test_unknown_conversions_stand_as_they_are(void **state) {
    char own[32];
    const char *volatile formats[] = {"%y|", "a%", "%-5", "%l", "%q%%"};
    const char *expected[] = {"%y|", "a%", "%-5", "%l", "%q%"};
    (void)state;
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        int length = tested_snprintf(own, sizeof own, formats[i]);
        assert_string_equal(own, expected[i]);
        assert_int_equal(length, strlen(expected[i]));
    }
}

static void test_text_is_cut_to_its_room(void **state) {
    (void)state;
    for (size_t room = 0; room < 12; room++) {
        char own[16], host[16];
        memset(own, '#', sizeof own);
        memset(host, '#', sizeof host);
        int own_length = tested_snprintf(own, room, "%s-%d", "hello", 1234);
        int host_length = snprintf(host, room, "%s-%d", "hello", 1234);
        assert_int_equal(own_length, host_length);
        assert_memory_equal(own, host, sizeof own);
    }
}

/* Every combination of flags, width, precision, length and conversion, over values
 * at the edges. */
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"

static void compare_one(const char *format, int64_t value) {
    char own[128], host[128];
    int own_length = tested_snprintf(own, sizeof own, format, value);
    int host_length = snprintf(host, sizeof host, format, value);
    if (own_length != host_length || strcmp(own, host) != 0) {
        print_error("%s of %ld: own \"%s\", host \"%s\"\n", format, (long)value, own, host);
    }
    assert_string_equal(own, host);
    assert_int_equal(own_length, host_length);
}

static void compare_values(const char *format) {
    static const int64_t values[] = {0,     1,      -1,    7,         8,         127,        128,       -128,     255,
                                     65535, -32768, 99999, INT32_MAX, INT32_MIN, UINT32_MAX, INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        compare_one(format, values[i]);
    }
}

static void test_every_combination(void **state) {
    static const char *const sizes[] = {"", "1", "5", "12", ".0", ".1", ".7", "5.3", "3.5", "12.0", "."};
    static const char *const lengths[] = {"hh", "h", "", "l", "ll", "z", "j", "t"};
    static const char conversions[] = "diuoxX";
    static const char flags[] = "-+ 0#";
    (void)state;
    for (unsigned set = 0; set < 32; set++) {
        char chosen[8] = "";
        for (unsigned flag = 0; flag < 5; flag++) {
            strncat(chosen, &flags[flag], set >> flag & 1);
        }
        for (size_t size = 0; size < sizeof sizes / sizeof *sizes; size++) {
            for (size_t length = 0; length < sizeof lengths / sizeof *lengths; length++) {
                for (const char *conversion = conversions; *conversion != '\0'; conversion++) {
                    char format[32];
                    snprintf(format, sizeof format, "%%%s%s%s%c", chosen, sizes[size], lengths[length], *conversion);
                    compare_values(format);
                }
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plain_text_and_percent),
        cmocka_unit_test(test_integers_of_every_length),
        cmocka_unit_test(test_zero),
        cmocka_unit_test(test_strings_and_characters),
        cmocka_unit_test(test_string_without_end_is_cut_by_precision),
        cmocka_unit_test(test_pointer),
        cmocka_unit_test(test_null_string),
        cmocka_unit_test(test_unknown_conversions_stand_as_they_are),
        cmocka_unit_test(test_text_is_cut_to_its_room),
        cmocka_unit_test(test_every_combination),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
