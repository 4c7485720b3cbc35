// sources: servers/console/input.c servers/console/output.c
// include: tests/host/fake servers/console
#include <handoff/console.h>
#include <ipc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "input.h"
#include "output.h"
#include "uart.h"

/* ---- a UART whose line takes a FIFO's bytes when the test says so ---- */

static char line[20000];
static size_t line_length, fifo_used, yields_left;
static const char *arriving;
static bool slow, shifting; /* shifting: the last byte is still on its way */

bool uart_can_send(void) { return fifo_used == 0; }
bool uart_all_sent(void) { return fifo_used == 0 && !shifting; }

void uart_send(char byte) {
    assert_true(fifo_used < UART_FIFO_BYTES);
    fifo_used += slow;
    line[line_length++] = byte;
}

bool uart_receive(char *byte) {
    if (*arriving == '\0') {
        return false;
    }
    *byte = *arriving++;
    return true;
}

static void line_moves(void) { fifo_used = 0; }

void hf_yield(void) {
    assert_true(yields_left-- > 0); /* a server that waits for ever */
    line_moves();
    shifting = false;
}

/* ---- the core's side ---- */

#define CALLERS 100

static struct hf_buffer buffer;
static struct hf_message replies[CALLERS]; /* by slot; label ~0: no reply yet */
static bool dead[CALLERS];
static hf_handle_t next_slot;
static int held;

struct hf_buffer *hf_buffer(void) {
    return &buffer;
}

hf_status_t hf_hold(hf_handle_t *reply) {
    assert_int_equal(*reply, HF_SLOT_ANY);
    if (next_slot == CALLERS) {
        return HF_NO_MEMORY;
    }
    *reply = next_slot++;
    replies[*reply].label = ~0u;
    held++;
    return HF_OK;
}

hf_status_t hf_reply_held(hf_handle_t reply, const struct hf_message *message) {
    assert_int_equal(replies[reply].label, ~0u); /* once */
    replies[reply] = *message;
    held--;
    return dead[reply] ? HF_DEAD : HF_OK;
}

static bool is_answered(hf_handle_t slot) { return replies[slot].label != ~0u; }

static int start(void **state) {
    (void)state;
    line_length = fifo_used = 0;
    yields_left = 10000;
    arriving = "";
    slow = true;
    memset(dead, 0, sizeof dead);
    next_slot = 1;
    return 0;
}

static hf_handle_t read_input(void) {
    assert_int_equal(input_take_reader(), HF_OK);
    input_deliver();
    return next_slot - 1;
}

static void come(const char *bytes) {
    arriving = bytes;
    input_collect();
    input_deliver();
}

/* Nothing is left for the next test: the servers' state is static. */
static int finish(void **state) {
    (void)state;
    while (output_is_waiting()) {
        line_moves();
        output_advance();
    }
    memset(dead, 0, sizeof dead);
    while (held > 0) {
        come("\r");
    }
    do { /* what was not read */
        next_slot = 1;
    } while (is_answered(read_input()));
    come("\r");
    return 0;
}

/* ---- output ---- */

static hf_handle_t write_bytes(const char *text, size_t length) {
    struct hf_message message = {.label = HF_CONSOLE_WRITE, .word = {length}};
    if (length <= HF_CONSOLE_WORD_BYTES) {
        memcpy(&message.word[1], text, length);
    } else {
        memcpy(buffer.bytes, text, length);
        message.bytes = (uint16_t)length;
    }
    assert_int_equal(output_take(&message), HF_OK);
    return next_slot - 1;
}

static void expect_line(const char *text) {
    assert_int_equal(line_length, strlen(text));
    assert_memory_equal(line, text, line_length);
}

static void test_short_write_is_sent_and_answered(void **state) {
    (void)state;
    hf_handle_t writer = write_bytes("hello\n", 6);
    assert_true(output_is_waiting());
    output_advance();
    expect_line("hello\r\n");
    assert_true(is_answered(writer));
    assert_int_equal(replies[writer].label, HF_OK);
    assert_false(output_is_waiting());
}

static void test_fifo_is_never_overfilled(void **state) {
    (void)state;
    hf_handle_t writer = write_bytes("0123456789abcd\n\n\n\nx", 19);
    output_advance();
    expect_line("0123456789abcd\r\n");
    output_advance();
    expect_line("0123456789abcd\r\n"); /* the line hasn't moved */
    assert_false(is_answered(writer));
    line_moves();
    output_advance();
    expect_line("0123456789abcd\r\n\r\n\r\n\r\nx");
    assert_true(is_answered(writer));
}

static void test_newline_split_between_two_fifos(void **state) {
    (void)state;
    write_bytes("0123456789abcde\nx", 17);
    output_advance();
    expect_line("0123456789abcde\r");
    line_moves();
    output_advance();
    expect_line("0123456789abcde\r\nx");
}

static void test_long_write_comes_from_the_buffer(void **state) {
    char text[HF_MESSAGE_BYTES];
    (void)state;
    for (size_t i = 0; i < sizeof text; i++) {
        text[i] = (char)('a' + i % 26);
    }
    write_bytes(text, sizeof text);
    memset(buffer.bytes, '#', sizeof buffer.bytes); /* as the next message does */
    while (output_is_waiting()) {
        line_moves();
        output_advance();
    }
    assert_int_equal(line_length, sizeof text);
    assert_memory_equal(line, text, sizeof text);
}

static void test_writers_are_served_in_order(void **state) {
    (void)state;
    hf_handle_t first = write_bytes("first first first\n", 18);
    hf_handle_t second = write_bytes("second\n", 7);
    output_advance();
    assert_false(is_answered(first));
    line_moves();
    output_advance();
    assert_true(is_answered(first));
    assert_false(is_answered(second));
    line_moves();
    output_advance();
    assert_true(is_answered(second));
    expect_line("first first first\r\nsecond\r\n");
}

static void test_more_writers_than_places_lose_nothing(void **state) {
    char expected[1000] = "";
    (void)state;
    for (char c = 'a'; c <= 'z'; c++) {
        char text[] = {c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, c, '\0'};
        write_bytes(text, 20);
        strcat(expected, text);
    }
    while (output_is_waiting()) {
        line_moves();
        output_advance();
    }
    expect_line(expected);
    for (hf_handle_t slot = 1; slot < next_slot; slot++) {
        assert_true(is_answered(slot));
    }
}

static void test_empty_write_waits_for_the_line(void **state) {
    (void)state;
    write_bytes("x", 1);
    hf_handle_t flush = write_bytes("", 0);
    output_advance();
    assert_false(is_answered(flush));
    line_moves();
    shifting = true;
    output_advance();
    assert_true(is_answered(flush));
    assert_false(shifting);
}

static void test_dead_writer_is_no_trouble(void **state) {
    (void)state;
    hf_handle_t writer = write_bytes("last words\n", 11);
    dead[writer] = true;
    write_bytes("more\n", 5);
    output_advance();
    line_moves();
    output_advance();
    expect_line("last words\r\nmore\r\n");
}

static void test_malformed_writes(void **state) {
    struct hf_message message = {.label = HF_CONSOLE_WRITE, .word = {41}};
    (void)state;
    assert_int_equal(output_take(&message), HF_BAD_ARGUMENT);
    message.bytes = 40;
    assert_int_equal(output_take(&message), HF_BAD_ARGUMENT);
    message.bytes = HF_LOST | 41;
    assert_int_equal(output_take(&message), HF_BAD_ARGUMENT);
    message.bytes = HF_MESSAGE_BYTES;
    message.word[0] = HF_MESSAGE_BYTES + 1;
    assert_int_equal(output_take(&message), HF_BAD_ARGUMENT);
    message.word[0] = UINT64_MAX;
    assert_int_equal(output_take(&message), HF_BAD_ARGUMENT);
    assert_false(output_is_waiting());
}

static void test_no_slot_to_hold_a_write(void **state) {
    struct hf_message message = {.label = HF_CONSOLE_WRITE, .word = {1}};
    (void)state;
    next_slot = CALLERS;
    assert_int_equal(output_take(&message), HF_NO_MEMORY);
    assert_false(output_is_waiting());
}

static void test_note(void **state) {
    (void)state;
    output_note("note\n");
    output_advance();
    expect_line("note\r\n");
    for (int i = 0; i < 20; i++) {
        output_note("0123456789abcdef"); /* those without room are left out */
    }
    while (output_is_waiting()) {
        line_moves();
        output_advance();
    }
    assert_int_equal(line_length, 6 + 8 * 16);
}

/* ---- input ---- */

static void expect_read(hf_handle_t reader, const char *text) {
    assert_true(is_answered(reader));
    assert_int_equal(replies[reader].label, HF_OK);
    assert_int_equal(replies[reader].word[0], strlen(text));
    assert_memory_equal(&replies[reader].word[1], text, strlen(text));
}

static void test_reader_waits_for_input(void **state) {
    (void)state;
    hf_handle_t reader = read_input();
    assert_false(is_answered(reader));
    come("x");
    expect_read(reader, "x");
}

static void test_input_waits_for_a_reader(void **state) {
    (void)state;
    come("ab");
    come("c");
    expect_read(read_input(), "abc");
}

static void test_first_come_first_served(void **state) {
    (void)state;
    hf_handle_t first = read_input(), second = read_input();
    come("x");
    expect_read(first, "x");
    assert_false(is_answered(second));
    come("y");
    expect_read(second, "y");
}

static void test_a_read_ends_with_the_line(void **state) {
    (void)state;
    come("one\rtwo\r");
    expect_read(read_input(), "one\n");
    expect_read(read_input(), "two\n");
    come("last\004next");
    expect_read(read_input(), "last\004");
    expect_read(read_input(), "next");
}

static void test_line_ends(void **state) {
    (void)state;
    come("\r\n\n\r\r\n");
    for (int i = 0; i < 4; i++) {
        expect_read(read_input(), "\n");
    }
    assert_false(is_answered(read_input()));
}

static void test_long_input_comes_in_parts(void **state) {
    (void)state;
    come("0123456789012345678901234567890123456789abc");
    expect_read(read_input(), "0123456789012345678901234567890123456789");
    expect_read(read_input(), "abc");
}

static void test_dead_reader_takes_no_input_along(void **state) {
    (void)state;
    hf_handle_t gone = read_input();
    hf_handle_t reader = read_input();
    dead[gone] = true;
    come("x");
    expect_read(reader, "x");
    gone = read_input();
    dead[gone] = true;
    come("y");
    expect_read(read_input(), "y");
}

static void test_full_ring_leaves_input_in_the_uart(void **state) {
    static char flood[3000];
    size_t got = 0;
    (void)state;
    for (size_t i = 0; i < sizeof flood - 1; i++) {
        flood[i] = (char)('a' + i % 25);
    }
    come(flood);
    assert_false(input_has_room());
    while (got < sizeof flood - 1) {
        next_slot = 1;
        hf_handle_t reader = read_input();
        assert_true(is_answered(reader));
        assert_memory_equal(&replies[reader].word[1], flood + got, replies[reader].word[0]);
        got += replies[reader].word[0];
        input_collect();
    }
    assert_true(input_has_room());
}

static void test_too_many_readers(void **state) {
    unsigned readers = 0;
    (void)state;
    while (input_take_reader() == HF_OK) {
        readers++;
    }
    assert_int_equal(readers, 64);
    for (unsigned i = 0; i < readers; i++) {
        come("z");
    }
    for (hf_handle_t slot = 1; slot < next_slot; slot++) {
        expect_read(slot, "z");
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_short_write_is_sent_and_answered),
        TEST(test_fifo_is_never_overfilled),
        TEST(test_newline_split_between_two_fifos),
        TEST(test_long_write_comes_from_the_buffer),
        TEST(test_writers_are_served_in_order),
        TEST(test_more_writers_than_places_lose_nothing),
        TEST(test_empty_write_waits_for_the_line),
        TEST(test_dead_writer_is_no_trouble),
        TEST(test_malformed_writes),
        TEST(test_no_slot_to_hold_a_write),
        TEST(test_note),
        TEST(test_reader_waits_for_input),
        TEST(test_input_waits_for_a_reader),
        TEST(test_first_come_first_served),
        TEST(test_a_read_ends_with_the_line),
        TEST(test_line_ends),
        TEST(test_long_input_comes_in_parts),
        TEST(test_dead_reader_takes_no_input_along),
        TEST(test_full_ring_leaves_input_in_the_uart),
        TEST(test_too_many_readers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
