// sources:
// include: libipc libipc/include
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* libipc's functions under names of their own, so that the host's can judge them. */
#define memcpy own_memcpy
#define memmove own_memmove
#define memset own_memset
#define memcmp own_memcmp
#define memchr own_memchr
#define strlen own_strlen
#define strnlen own_strnlen
#define strcmp own_strcmp
#define strncmp own_strncmp
#define strchr own_strchr
#define strrchr own_strrchr
#define strstr own_strstr
#define strcpy own_strcpy
#define strncpy own_strncpy
#define strcat own_strcat
#include "string.c"

#define LENGTHS 70
#define GUARD 16

static unsigned char field[LENGTHS + 4 * GUARD], expected[sizeof field];

static void fill(void) {
    for (size_t i = 0; i < sizeof field; i++) {
        field[i] = expected[i] = (unsigned char)(i * 37 + 11);
    }
}

static int sign(int value) { return (value > 0) - (value < 0); }

/* Every length and alignment, with what lies around it. */
static void test_memcpy_and_memset(void **state) {
    (void)state;
    for (size_t length = 0; length < LENGTHS; length++) {
        for (size_t at = 0; at < GUARD; at++) {
            unsigned char from[LENGTHS];
            for (size_t i = 0; i < length; i++) {
                from[i] = (unsigned char)(i + length);
            }
            fill();
            __builtin_memcpy(expected + GUARD + at, from, length);
            assert_ptr_equal(memcpy(field + GUARD + at, from, length), field + GUARD + at);
            assert_memory_equal(field, expected, sizeof field);
            fill();
            __builtin_memset(expected + GUARD + at, 0x1a5, length);
            assert_ptr_equal(memset(field + GUARD + at, 0x1a5, length), field + GUARD + at);
            assert_memory_equal(field, expected, sizeof field);
        }
    }
}

static void test_memmove_in_both_directions(void **state) {
    (void)state;
    for (size_t length = 0; length < LENGTHS; length++) {
        for (size_t from = 0; from < 3 * GUARD; from++) {
            fill();
            __builtin_memmove(expected + GUARD, expected + from, length);
            assert_ptr_equal(memmove(field + GUARD, field + from, length), field + GUARD);
            assert_memory_equal(field, expected, sizeof field);
        }
    }
}

static const char *const texts[] = {"",       "a",    "b",    "ab",    "abc", "abcab",
                                    "abcabd", "\x80", "\xff", "a\x80", "aab", "aaab"};
#define TEXTS (sizeof texts / sizeof *texts)

static void test_comparisons_of_all_pairs(void **state) {
    (void)state;
    for (size_t a = 0; a < TEXTS; a++) {
        for (size_t b = 0; b < TEXTS; b++) {
            assert_int_equal(sign(strcmp(texts[a], texts[b])), sign(__builtin_strcmp(texts[a], texts[b])));
            for (size_t room = 0; room < 8; room++) {
                assert_int_equal(sign(strncmp(texts[a], texts[b], room)),
                                 sign(__builtin_strncmp(texts[a], texts[b], room)));
            }
            size_t common = __builtin_strlen(texts[a]) + 1;
            if (common <= __builtin_strlen(texts[b]) + 1) {
                assert_int_equal(sign(memcmp(texts[a], texts[b], common)),
                                 sign(__builtin_memcmp(texts[a], texts[b], common)));
            }
            assert_ptr_equal(strstr(texts[a], texts[b]), __builtin_strstr(texts[a], texts[b]));
        }
    }
}

static void test_searches(void **state) {
    static const int wanted[] = {0, 'a', 'b', 'c', 'd', 0x80, 0xff, 'a' + 256};
    (void)state;
    for (size_t t = 0; t < TEXTS; t++) {
        size_t length = __builtin_strlen(texts[t]);
        assert_int_equal(strlen(texts[t]), length);
        for (size_t room = 0; room < 8; room++) {
            assert_int_equal(strnlen(texts[t], room), length < room ? length : room);
        }
        for (size_t w = 0; w < sizeof wanted / sizeof *wanted; w++) {
            assert_ptr_equal(strchr(texts[t], wanted[w]), __builtin_strchr(texts[t], wanted[w]));
            assert_ptr_equal(strrchr(texts[t], wanted[w]), __builtin_strrchr(texts[t], wanted[w]));
            assert_ptr_equal(memchr(texts[t], wanted[w], length), __builtin_memchr(texts[t], wanted[w], length));
        }
    }
}

static void test_nothing_is_read_beyond_the_room(void **state) {
    char bytes[4] = {'a', 'b', 'c', 'd'}; /* ASan tells when a fifth is read */
    (void)state;
    assert_int_equal(strnlen(bytes, sizeof bytes), 4);
    assert_int_equal(strncmp(bytes, bytes, sizeof bytes), 0);
    assert_null(memchr(bytes, 'e', sizeof bytes));
}

static void test_copies_of_strings(void **state) {
    char to[16];
    (void)state;
    assert_ptr_equal(strcpy(to, "handoff"), to);
    assert_string_equal(to, "handoff");
    assert_ptr_equal(strcat(to, "-er"), to);
    assert_string_equal(to, "handoff-er");
    assert_string_equal(strcpy(to, ""), "");
    for (size_t room = 0; room < sizeof to; room++) {
        char own[sizeof to], host[sizeof to];
        __builtin_memset(own, '#', sizeof own);
        __builtin_memset(host, '#', sizeof host);
        strncpy(own, "handoff", room);
        for (size_t i = 0; i < room; i++) {
            host[i] = i < 7 ? "handoff"[i] : '\0';
        }
        assert_memory_equal(own, host, sizeof own);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memcpy_and_memset),
        cmocka_unit_test(test_memmove_in_both_directions),
        cmocka_unit_test(test_comparisons_of_all_pairs),
        cmocka_unit_test(test_searches),
        cmocka_unit_test(test_nothing_is_read_beyond_the_room),
        cmocka_unit_test(test_copies_of_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
