// sources:
// include: libipc libipc/include
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define strtol own_strtol
#define strtoul own_strtoul
#define atoi own_atoi
#include "number.c"
#undef strtol
#undef strtoul
#undef atoi

/* The host's. */
long strtol(const char *text, char **end, int base);
unsigned long strtoul(const char *text, char **end, int base);

static const char *const texts[] = {
    "",
    " ",
    "-",
    "+",
    "0",
    "-0",
    "7",
    "  \t\n42x",
    "+42",
    "-42",
    "--1",
    "+-1",
    "0x",
    "0x1f",
    "0X1F",
    "0xg",
    "-0x10",
    "017",
    "08",
    "09.5",
    "zz",
    "Zz",
    "1 2",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "-9223372036854775809",
    "18446744073709551615",
    "18446744073709551616",
    "-18446744073709551615",
    "99999999999999999999999",
    "-99999999999999999999999",
    "0xffffffffffffffff",
    "0x10000000000000000",
    "777777777777777777777777777",
};
#define TEXTS (sizeof texts / sizeof *texts)

static void test_like_the_hosts(void **state) {
    static const int bases[] = {0, 2, 8, 10, 16, 36};
    (void)state;
    for (size_t t = 0; t < TEXTS; t++) {
        for (size_t b = 0; b < sizeof bases / sizeof *bases; b++) {
            char *own_end, *host_end;
            assert_int_equal(own_strtol(texts[t], &own_end, bases[b]), strtol(texts[t], &host_end, bases[b]));
            assert_ptr_equal(own_end, host_end);
            assert_int_equal(own_strtoul(texts[t], &own_end, bases[b]), strtoul(texts[t], &host_end, bases[b]));
            assert_ptr_equal(own_end, host_end);
        }
    }
    assert_int_equal(own_strtol("12", NULL, 10), 12);
    assert_int_equal(own_atoi("-12 monkeys"), -12);
}

static void test_numbers_that_someone_typed(void **state) {
    uint64_t number = 99;
    (void)state;
    assert_false(number_parse("", UINT64_MAX, &number));
    assert_false(number_parse("-1", UINT64_MAX, &number));
    assert_false(number_parse("+1", UINT64_MAX, &number));
    assert_false(number_parse(" 1", UINT64_MAX, &number));
    assert_false(number_parse("1 ", UINT64_MAX, &number));
    assert_false(number_parse("0x1", UINT64_MAX, &number));
    assert_false(number_parse("12a", UINT64_MAX, &number));
    assert_int_equal(number, 99);
    assert_true(number_parse("0", 0, &number));
    assert_int_equal(number, 0);
    assert_true(number_parse("00063", 63, &number));
    assert_int_equal(number, 63);
}

static void test_limits(void **state) {
    uint64_t number = 99;
    (void)state;
    assert_true(number_parse("63", 63, &number));
    assert_false(number_parse("64", 63, &number));
    assert_false(number_parse("630", 63, &number));
    assert_false(number_parse("9", 8, &number));
    assert_int_equal(number, 63);
    assert_true(number_parse("18446744073709551615", UINT64_MAX, &number));
    assert_true(number == UINT64_MAX);
    assert_false(number_parse("18446744073709551616", UINT64_MAX, &number));
    assert_false(number_parse("184467440737095516150", UINT64_MAX, &number));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_like_the_hosts),
        cmocka_unit_test(test_numbers_that_someone_typed),
        cmocka_unit_test(test_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
