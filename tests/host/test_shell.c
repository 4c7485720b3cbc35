// sources: servers/init/parse.c servers/init/line.c servers/init/entry.c
// include: servers/init
#include "entry.h"
#include "line.h"
#include "parse.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* ---- words ---- */

#define ROOM 5

static int cut(const char *text, char **words) {
    static char line[256];
    strcpy(line, text);
    return parse_words(line, words, ROOM);
}

#define EXPECT_WORDS(text, ...) \
    do { \
        static const char *const expected[] = {__VA_ARGS__}; \
        char *words[ROOM]; \
        int count = sizeof expected / sizeof *expected; \
        assert_int_equal(cut(text, words), count); \
        for (int i = 0; i < count; i++) { \
            assert_string_equal(words[i], expected[i]); \
        } \
        assert_null(words[count]); \
    } while (0)

static void test_words(void **state) {
    char *words[ROOM];
    (void)state;
    assert_int_equal(cut("", words), 0);
    assert_null(words[0]);
    assert_int_equal(cut(" \t ", words), 0);
    EXPECT_WORDS("ps", "ps");
    EXPECT_WORDS("  spawn   hello\tthere  ", "spawn", "hello", "there");
    EXPECT_WORDS("a b c d", "a", "b", "c", "d");
    assert_int_equal(cut("a b c d e", words), PARSE_TOO_MANY);
    EXPECT_WORDS("a b c d  ", "a", "b", "c", "d");
}

static void test_quotes(void **state) {
    char *words[ROOM];
    (void)state;
    EXPECT_WORDS("a \"b c\" d", "a", "b c", "d");
    EXPECT_WORDS("'b c'", "b c");
    EXPECT_WORDS("a'b c'd\" e\"", "ab cd e");
    EXPECT_WORDS("'\"' \"'\"", "\"", "'");
    EXPECT_WORDS("\"\" ''", "", "");
    assert_int_equal(cut("a 'b", words), PARSE_OPEN_QUOTE);
    assert_int_equal(cut("\"", words), PARSE_OPEN_QUOTE);
    assert_int_equal(cut("a\"b'c'", words), PARSE_OPEN_QUOTE);
}

/* ---- the kernel's command line ---- */

static void expect_options(const char *text, const char *const *expected) {
    char line[128], *rest = line, *option;
    strcpy(line, text);
    while ((option = parse_option(&rest)) != NULL) {
        assert_non_null(*expected);
        assert_string_equal(option, *expected++);
    }
    assert_null(*expected);
    assert_null(parse_option(&rest));
}

#define EXPECT_OPTIONS(text, ...) expect_options(text, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})

static void test_options(void **state) {
    (void)state;
    EXPECT_OPTIONS("");
    EXPECT_OPTIONS("   ");
    EXPECT_OPTIONS("selftest=text", "selftest=text");
    EXPECT_OPTIONS(" one  two ", "one", "two");
    EXPECT_OPTIONS("run=", "run=");
    EXPECT_OPTIONS("one run=hello 'a b' run=c ", "one", "run=hello 'a b' run=c ");
    EXPECT_OPTIONS("norun=x y", "norun=x", "y");
}

static void test_after(void **state) {
    char text[] = "run=hello";
    (void)state;
    assert_ptr_equal(parse_after(text, "run="), text + 4);
    assert_ptr_equal(parse_after(text, ""), text);
    assert_null(parse_after(text, "run=hello "));
    assert_null(parse_after(text, "ran"));
}

/* ---- seconds ---- */

static void expect_seconds(const char *text, uint64_t wanted) {
    uint64_t nanoseconds = 0;
    assert_true(parse_seconds(text, &nanoseconds));
    assert_int_equal(nanoseconds, wanted);
}

static void test_seconds(void **state) {
    (void)state;
    expect_seconds("0", 0);
    expect_seconds("2", 2000000000);
    expect_seconds("0.25", 250000000);
    expect_seconds(".5", 500000000);
    expect_seconds("3.", 3000000000);
    expect_seconds("1.000000001", 1000000001);
    expect_seconds("0001.10", 1100000000);
    expect_seconds("18446744073.709551615", UINT64_MAX);
}

static void test_no_seconds(void **state) {
    static const char *const wrong[] = {"",
                                        ".",
                                        "x",
                                        "1x",
                                        "-1",
                                        "+1",
                                        " 1",
                                        "1 ",
                                        "1..2",
                                        "1.2.3",
                                        "1e3",
                                        "0.0000000001",
                                        "18446744073.709551616",
                                        "18446744074",
                                        "99999999999999999999999999",
                                        "1,5"};
    uint64_t nanoseconds = 77;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(parse_seconds(wrong[i], &nanoseconds));
        assert_int_equal(nanoseconds, 77);
    }
}

/* ---- addresses ---- */

static void test_addresses(void **state) {
    static const char *const wrong[] = {"", "0x", "x", "0x0x1", "0X1", "g", "1 ", " 1", "-1", "10000000000000000"};
    uint64_t address = 77;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(parse_address(wrong[i], &address));
        assert_int_equal(address, 77);
    }
    assert_true(parse_address("0x41003010", &address));
    assert_int_equal(address, 0x41003010);
    assert_true(parse_address("fFfF800000000000", &address));
    assert_int_equal(address, 0xffff800000000000);
    assert_true(parse_address("0", &address));
    assert_int_equal(address, 0);
}

/* ---- page-table entries ---- */

static void expect_entry(uint64_t entry, unsigned level, const char *wanted) {
    char text[ENTRY_TEXT_BYTES];
    entry_text(entry, level, text);
    assert_string_equal(text, wanted);
}

static void test_entries(void **state) {
    (void)state;
    expect_entry(0, 1, "nothing");
    expect_entry(0x1ff000, 4, "nothing");
    expect_entry(0x1f5067, 4, "PDPT at 0x1f5000");
    expect_entry(0x1f6027, 3, "PD at 0x1f6000");
    expect_entry(0x1f7007, 2, "PT at 0x1f7000");
    expect_entry(0x80000000001fa005, 1, "page of 4 KiB at 0x1fa000: read");
    expect_entry(0x80000000001fa067, 1, "page of 4 KiB at 0x1fa000: read, write, accessed, dirty");
    expect_entry(0x1fa025, 1, "page of 4 KiB at 0x1fa000: read, execute, accessed");
    expect_entry(0x80000000002000e7, 2, "page of 2 MiB at 0x200000: read, write, accessed, dirty");
    expect_entry(0x1fa003, 1, "page of 4 KiB at 0x1fa000: the core's, write, execute");
    assert_true(entry_is_table(0x1f7007, 2));
    assert_false(entry_is_table(0x2000e7, 2));
    assert_false(entry_is_table(0x1fa005, 1));
    assert_false(entry_is_table(0, 3));
    assert_int_equal(entry_index(0x41003010, 1), 3);
    assert_int_equal(entry_index(0x41003010, 2), 8);
    assert_int_equal(entry_index(0x41003010, 3), 1);
    assert_int_equal(entry_index(0x7fffffffe000, 4), 255);
    for (unsigned level = 1; level <= 4; level++) {
        assert_non_null(entry_table_name(level));
    }
}

/* ---- the line editor ---- */

static char screen[8192];
static struct line line;

static void echo(const char *text) { strcat(screen, text); }

static int start(void **state) {
    (void)state;
    screen[0] = '\0';
    line_start(&line, echo);
    return 0;
}

static enum line_event type(const char *keys) {
    enum line_event event = LINE_MORE;
    for (; *keys != '\0'; keys++) {
        assert_int_equal(event, LINE_MORE);
        event = line_key(&line, (unsigned char)*keys);
    }
    return event;
}

static void test_typing(void **state) {
    (void)state;
    assert_int_equal(type("spawn hello"), LINE_MORE);
    assert_int_equal(type("\n"), LINE_DONE);
    assert_string_equal(line.text, "spawn hello");
    assert_string_equal(screen, "spawn hello\n");
}

static void test_backspace(void **state) {
    (void)state;
    type("ab\x7f\x08\x08\x7f"
         "c\n");
    assert_string_equal(line.text, "c");
    assert_string_equal(screen, "ab\b \b\b \bc\n");
}

static void test_ctrl_u_takes_all_back(void **state) {
    (void)state;
    type("abc\x15xy\n");
    assert_string_equal(line.text, "xy");
    assert_string_equal(screen, "abc\b \b\b \b\b \bxy\n");
}

static void test_ctrl_c_drops_the_line(void **state) {
    (void)state;
    assert_int_equal(type("abc\x03"), LINE_DROPPED);
    assert_string_equal(screen, "abc^C\n");
}

static void test_special_keys_do_nothing(void **state) {
    (void)state;
    type("a\x1b[Ab\x1b[1;5Cc\x1bOHd\x1bxe\x1b[3~f\x1b[@\t\x01\x80\xff\n");
    assert_string_equal(line.text, "abcdef");
}

static void test_enter_and_ctrl_c_end_an_escape(void **state) {
    (void)state;
    assert_int_equal(type("a\x1b\n"), LINE_DONE);
    start(NULL);
    assert_int_equal(type("a\x1b[\x03"), LINE_DROPPED);
}

static void test_end_of_input_is_no_key(void **state) {
    (void)state;
    assert_int_equal(line_key(&line, EOF), LINE_MORE);
    assert_string_equal(line.text, "");
}

static void test_full_line_rings(void **state) {
    (void)state;
    for (int i = 0; i < LINE_BYTES + 10; i++) {
        type("x");
    }
    assert_int_equal(line.length, LINE_BYTES - 1);
    assert_int_equal(strlen(line.text), LINE_BYTES - 1);
    assert_string_equal(screen + LINE_BYTES - 1, "\a\a\a\a\a\a\a\a\a\a\a");
    type("\x7fy");
    assert_int_equal(line.text[LINE_BYTES - 2], 'y');
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words),
        cmocka_unit_test(test_quotes),
        cmocka_unit_test(test_options),
        cmocka_unit_test(test_after),
        cmocka_unit_test(test_seconds),
        cmocka_unit_test(test_no_seconds),
        cmocka_unit_test(test_addresses),
        cmocka_unit_test(test_entries),
        cmocka_unit_test_setup(test_typing, start),
        cmocka_unit_test_setup(test_backspace, start),
        cmocka_unit_test_setup(test_ctrl_u_takes_all_back, start),
        cmocka_unit_test_setup(test_ctrl_c_drops_the_line, start),
        cmocka_unit_test_setup(test_special_keys_do_nothing, start),
        cmocka_unit_test_setup(test_enter_and_ctrl_c_end_an_escape, start),
        cmocka_unit_test_setup(test_end_of_input_is_no_key, start),
        cmocka_unit_test_setup(test_full_line_rings, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
