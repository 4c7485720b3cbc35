// sources: libipc/mem.c libipc/inspect.c libipc/format.c
// include: tests/host/fake libipc libipc/include
#include <handoff/console.h>
#include <ipc.h>
#include <mem.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define printf own_printf
#define vprintf own_vprintf
#define puts own_puts
#define putchar own_putchar
#define getchar own_getchar
#include "stdio.c"

/* ---- the other side: one answer, made by the test ---- */

static struct hf_buffer buffer;
static struct hf_message sent, answer;
static uint8_t sent_bytes[HF_MESSAGE_BYTES];
static hf_handle_t sent_to, closed;
static hf_status_t call_status;
static int calls;

struct hf_buffer *hf_buffer(void) {
    return &buffer;
}

static struct stdio_output output;

struct stdio_output *thread_output(void) {
    return &output;
}

static char console_text[8192];

static void note_console(const struct hf_message *message) {
    const void *bytes = message->word[0] <= HF_CONSOLE_WORD_BYTES ? (const void *)&message->word[1] : buffer.bytes;
    size_t used = strlen(console_text);
    assert_true(used + message->word[0] < sizeof console_text);
    memcpy(console_text + used, bytes, message->word[0]);
    console_text[used + message->word[0]] = '\0';
}

hf_status_t hf_call(hf_handle_t to, struct hf_message *message) {
    calls++;
    sent = *message;
    sent_to = to;
    memcpy(sent_bytes, buffer.bytes, sizeof sent_bytes);
    if (to == HF_SLOT_CONSOLE && message->label == HF_CONSOLE_WRITE) {
        note_console(message);
    }
    if (call_status == HF_OK) {
        *message = answer;
    }
    return call_status;
}

hf_status_t hf_handle_close(hf_handle_t handle) {
    closed = handle;
    return HF_OK;
}

static int start(void **state) {
    (void)state;
    answer = (struct hf_message){0};
    call_status = HF_OK;
    calls = 0;
    closed = 0;
    console_text[0] = '\0';
    memset(&buffer, 0xcc, sizeof buffer);
    output.used = input.used = input.taken = 0;
    return 0;
}

static void expect_sent(hf_handle_t to, uint32_t label, uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
    assert_int_equal(sent_to, to);
    assert_int_equal(sent.label, label);
    assert_int_equal(sent.handle, 0);
    assert_int_equal(sent.word[0], a);
    assert_int_equal(sent.word[1], b);
    assert_int_equal(sent.word[2], c);
    assert_int_equal(sent.word[3], d);
}

/* ---- memsrv's client ---- */

static void test_spawn_without_options(void **state) {
    const struct hf_spawn *request = (const void *)sent_bytes;
    struct mem_task task;
    (void)state;
    answer.word[0] = 9;
    answer.word[1] = 77;
    assert_int_equal(mem_spawn("hello", (const char *const[]){"a", "", "b c", NULL}, NULL, &task), HF_OK);
    assert_int_equal(task.handle, 9);
    assert_int_equal(task.number, 77);
    expect_sent(HF_SLOT_MEMSRV, HF_MEM_SPAWN, 0, 0, 0, 0);
    assert_int_equal(sent.bytes, offsetof(struct hf_spawn, strings) + 13);
    assert_int_equal(request->argument_count, 3);
    assert_int_equal(request->string_bytes, 13);
    assert_memory_equal(request->strings, "hello\0a\0\0b c", 13);
    assert_int_equal(request->console, HF_SLOT_CONSOLE);
    assert_int_equal(request->handle_count, 0);
    assert_int_equal(request->quota | request->priority | request->flags, 0);
}

static void test_spawn_with_options(void **state) {
    const struct hf_spawn *request = (const void *)sent_bytes;
    struct mem_spawn_options options = {
        .quota = 100, .priority = 7, .flags = HF_SPAWN_INSPECT, .handle_count = 2, .handles = {11, 12}};
    struct mem_task task;
    (void)state;
    assert_int_equal(mem_spawn("x", NULL, &options, &task), HF_OK);
    assert_int_equal(request->argument_count, 0);
    assert_int_equal(request->quota, 100);
    assert_int_equal(request->priority, 7);
    assert_int_equal(request->flags, HF_SPAWN_INSPECT);
    assert_int_equal(request->console, 0);
    assert_int_equal(request->handle_count, 2);
    assert_int_equal(request->handles[0], 11);
    assert_int_equal(request->handles[1], 12);
}

static void test_spawn_too_much(void **state) {
    static char longest[HF_SPAWN_STRINGS + 1];
    const char *many[HF_SPAWN_ARGUMENTS + 2] = {NULL};
    struct mem_spawn_options options = {.handle_count = HF_SPAWN_HANDLES + 1};
    struct mem_task task;
    (void)state;
    memset(longest, 'x', HF_SPAWN_STRINGS);
    assert_int_equal(mem_spawn(longest, NULL, NULL, &task), HF_TOO_BIG);
    longest[HF_SPAWN_STRINGS - 2] = '\0';
    assert_int_equal(mem_spawn("n", (const char *const[]){longest, NULL}, NULL, &task), HF_TOO_BIG);
    assert_int_equal(mem_spawn("n", NULL, &options, &task), HF_TOO_BIG);
    for (unsigned i = 0; i <= HF_SPAWN_ARGUMENTS; i++) {
        many[i] = "";
    }
    assert_int_equal(mem_spawn("n", many, NULL, &task), HF_TOO_BIG);
    assert_int_equal(calls, 0);
    options.handle_count = HF_SPAWN_HANDLES;
    assert_int_equal(mem_spawn("n", NULL, &options, &task), HF_OK);
    many[HF_SPAWN_ARGUMENTS] = NULL;
    assert_int_equal(mem_spawn("n", many, NULL, &task), HF_OK);
    longest[HF_SPAWN_STRINGS - 4] = '\0';
    assert_int_equal(mem_spawn("n", (const char *const[]){longest, "", NULL}, NULL, &task), HF_OK);
    assert_int_equal(sent.bytes, sizeof(struct hf_spawn));
}

static void test_answers_status(void **state) {
    struct mem_task task = {5, 6};
    (void)state;
    answer.label = HF_NOT_FOUND;
    assert_int_equal(mem_spawn("x", NULL, NULL, &task), HF_NOT_FOUND);
    call_status = HF_DEAD;
    assert_int_equal(mem_spawn("x", NULL, NULL, &task), HF_DEAD);
    assert_int_equal(task.handle, 5);
    assert_int_equal(task.number, 6);
}

static void test_wait_takes_the_record(void **state) {
    struct hf_exit how, record = {.how = HF_EXIT_FAULT, .reason = HF_REASON_GUARD, .address = 0x1234};
    (void)state;
    memcpy(buffer.bytes, &record, sizeof record);
    answer.bytes = sizeof record;
    assert_int_equal(mem_wait(9, &how), HF_OK);
    expect_sent(9, HF_MEM_WAIT, 0, 0, 0, 0);
    assert_memory_equal(&how, &record, sizeof how);
    /* What the reply doesn't have isn't taken from an older message. */
    answer.bytes = 4;
    assert_int_equal(mem_wait(9, &how), HF_OK);
    assert_int_equal(how.how, HF_EXIT_FAULT);
    assert_int_equal(how.reason, 0);
    assert_int_equal(how.address, 0);
}

static void test_run_closes_the_handle(void **state) {
    struct hf_exit how;
    (void)state;
    answer.word[0] = 33;
    assert_int_equal(mem_run("x", NULL, &how), HF_OK);
    assert_int_equal(closed, 33);
}

static void test_map_and_unmap(void **state) {
    void *at = (void *)0x5000;
    (void)state;
    answer.word[0] = 0x700000;
    assert_int_equal(mem_map(0x3000, HF_READ, HF_MAP_NOW, &at), HF_OK);
    expect_sent(HF_SLOT_MEMSRV, HF_MEM_MAP, 0, 0x3000, HF_READ, HF_MAP_NOW);
    assert_ptr_equal(at, (void *)0x700000);
    assert_int_equal(mem_map(0x3000, HF_READ, HF_MAP_FIXED, &at), HF_OK);
    expect_sent(HF_SLOT_MEMSRV, HF_MEM_MAP, 0x700000, 0x3000, HF_READ, HF_MAP_FIXED);
    answer.label = HF_EXISTS;
    answer.word[0] = 1;
    assert_int_equal(mem_map(1, HF_READ, 0, &at), HF_EXISTS);
    assert_ptr_equal(at, (void *)0x700000);
    answer.label = HF_OK;
    assert_int_equal(mem_unmap(at, 0x1000), HF_OK);
    expect_sent(HF_SLOT_MEMSRV, HF_MEM_UNMAP, 0x700000, 0x1000, 0, 0);
    assert_int_equal(mem_protect(at, 0x1000, HF_READ), HF_OK);
    expect_sent(HF_SLOT_MEMSRV, HF_MEM_PROTECT, 0x700000, 0x1000, HF_READ, 0);
}

static void test_tasks(void **state) {
    struct hf_task_info infos[MEM_TASKS_AT_ONCE];
    uint64_t cursor = 4;
    size_t count;
    (void)state;
    memset(buffer.bytes, 0, sizeof buffer.bytes);
    ((struct hf_task_info *)(void *)buffer.bytes)[1].number = 55;
    answer = (struct hf_message){.bytes = 2 * sizeof(struct hf_task_info), .word = {6, 2}};
    assert_int_equal(mem_tasks(&cursor, infos, &count), HF_OK);
    expect_sent(HF_SLOT_MEMSRV, HF_MEM_TASKS, 4, 0, 0, 0);
    assert_int_equal(cursor, 6);
    assert_int_equal(count, 2);
    assert_int_equal(infos[1].number, 55);
    answer.word[1] = 1000;
    assert_int_equal(mem_tasks(&cursor, infos, &count), HF_OK);
    assert_int_equal(count, MEM_TASKS_AT_ONCE);
}

static void test_regions(void **state) {
    struct hf_region regions[MEM_REGIONS_AT_ONCE];
    uint64_t cursor = 0x5000;
    size_t count;
    (void)state;
    memset(buffer.bytes, 0, sizeof buffer.bytes);
    ((struct hf_region *)(void *)buffer.bytes)[1].start = 0x7000;
    answer = (struct hf_message){.bytes = 2 * sizeof(struct hf_region), .word = {0x9000, 2}};
    assert_int_equal(mem_regions(9, &cursor, regions, &count), HF_OK);
    expect_sent(HF_SLOT_MEMSRV, HF_MEM_REGIONS, 9, 0x5000, 0, 0);
    assert_int_equal(cursor, 0x9000);
    assert_int_equal(count, 2);
    assert_int_equal(regions[1].start, 0x7000);
    answer.word[1] = 1000;
    assert_int_equal(mem_regions(9, &cursor, regions, &count), HF_OK);
    assert_int_equal(count, MEM_REGIONS_AT_ONCE);
    answer = (struct hf_message){.label = HF_DENIED, .word = {1, 1}};
    assert_int_equal(mem_regions(9, &cursor, regions, &count), HF_DENIED);
    assert_int_equal(count, MEM_REGIONS_AT_ONCE);
}

static void test_explain(void **state) {
    struct hf_task_stat stat;
    struct hf_explain explain = {.address = 1};
    (void)state;
    memset(buffer.bytes, 0, sizeof buffer.bytes);
    ((struct hf_explain *)(void *)buffer.bytes)->address = 0x7000;
    answer = (struct hf_message){.label = HF_NOT_FOUND};
    assert_int_equal(mem_explain(9, 0x7000, &explain), HF_NOT_FOUND);
    assert_int_equal(explain.address, 1);
    answer = (struct hf_message){.bytes = sizeof explain};
    assert_int_equal(mem_explain(9, 0x7000, &explain), HF_OK);
    expect_sent(HF_SLOT_MEMSRV, HF_MEM_EXPLAIN, 9, 0x7000, 0, 0);
    assert_int_equal(explain.address, 0x7000);
    memset(&stat, 0xff, sizeof stat);
    answer.bytes = 0; /* zeroes where nothing came */
    assert_int_equal(mem_task_stat(9, &stat), HF_OK);
    expect_sent(HF_SLOT_MEMSRV, HF_MEM_TASK_STAT, 9, 0, 0, 0);
    assert_int_equal(stat.regions, 0);
}

static void test_images(void **state) {
    char name[HF_NAME_BYTES];
    uint64_t count = 0;
    (void)state;
    answer = (struct hf_message){.bytes = 6, .word = {12}};
    memcpy(buffer.bytes, "hello", 6);
    assert_int_equal(mem_images(3, name, &count), HF_OK);
    expect_sent(HF_SLOT_MEMSRV, HF_MEM_IMAGES, 3, 0, 0, 0);
    assert_string_equal(name, "hello");
    assert_int_equal(count, 12);
    memset(buffer.bytes, 'x', sizeof buffer.bytes); /* no end: cut */
    answer.bytes = 1000;
    assert_int_equal(mem_images(3, name, &count), HF_OK);
    assert_int_equal(strlen(name), HF_NAME_BYTES - 1);
    answer = (struct hf_message){.label = HF_NOT_FOUND, .word = {1}};
    assert_int_equal(mem_images(12, name, &count), HF_NOT_FOUND);
    assert_int_equal(count, 12);
}

static void test_plain_requests(void **state) {
    hf_handle_t endpoint = 0;
    struct hf_mem_stat stat;
    (void)state;
    assert_int_equal(mem_kill(8), HF_OK);
    expect_sent(8, HF_MEM_KILL, 0, 0, 0, 0);
    assert_int_equal(mem_task_kill(8), HF_OK);
    expect_sent(HF_SLOT_MEMSRV, HF_MEM_TASK_KILL, 8, 0, 0, 0);
    answer.word[0] = 17;
    assert_int_equal(mem_endpoint_create(&endpoint), HF_OK);
    expect_sent(HF_SLOT_MEMSRV, HF_MEM_ENDPOINT_CREATE, 0, 0, 0, 0);
    assert_int_equal(endpoint, 17);
    answer.bytes = sizeof stat;
    assert_int_equal(mem_stat(&stat), HF_OK);
    expect_sent(HF_SLOT_MEMSRV, HF_MEM_STAT, 0, 0, 0, 0);
    assert_memory_equal(&stat, buffer.bytes, sizeof stat);
}

static void test_names(void **state) {
    static char longest[HF_NAME_BYTES + 10];
    hf_handle_t server = 3;
    (void)state;
    assert_int_equal(mem_register("timer", 9), HF_OK);
    expect_sent(HF_SLOT_MEMSRV, HF_MEM_REGISTER, 9, 0, 0, 0);
    assert_int_equal(sent.bytes, 6);
    assert_memory_equal(sent_bytes, "timer", 6);
    answer.word[0] = 21;
    assert_int_equal(mem_lookup("timer", &server), HF_OK);
    expect_sent(HF_SLOT_MEMSRV, HF_MEM_LOOKUP, 0, 0, 0, 0);
    assert_int_equal(server, 21);
    assert_int_equal(mem_lookup_wait("", &server), HF_OK);
    expect_sent(HF_SLOT_MEMSRV, HF_MEM_LOOKUP, HF_LOOKUP_WAIT, 0, 0, 0);
    assert_int_equal(sent.bytes, 1);
    answer = (struct hf_message){.label = HF_NOT_FOUND, .word = {5}};
    memset(longest, 'n', sizeof longest - 1); /* cut, but not so short that it could be one */
    assert_int_equal(mem_lookup(longest, &server), HF_NOT_FOUND);
    assert_int_equal(sent.bytes, HF_NAME_BYTES + 1);
    assert_int_equal(server, 21);
}

static void test_command_line(void **state) {
    char text[8];
    (void)state;
    memcpy(buffer.bytes, "abcdefg", 8);
    answer.bytes = 8;
    assert_int_equal(mem_command_line(text, sizeof text), HF_OK);
    assert_string_equal(text, "abcdefg");
    answer.bytes = 3; /* without its 0 */
    assert_int_equal(mem_command_line(text, sizeof text), HF_OK);
    assert_string_equal(text, "abc");
    buffer.bytes[7] = 'h';
    answer.bytes = 9;
    assert_int_equal(mem_command_line(text, sizeof text), HF_TOO_BIG);
    assert_int_equal(mem_command_line(text, 0), HF_TOO_BIG);
}

/* ---- output ---- */

static void test_output_goes_by_lines(void **state) {
    (void)state;
    own_printf("no line");
    assert_int_equal(calls, 0);
    own_printf(" yet\nnext");
    assert_int_equal(calls, 1);
    assert_int_equal(sent.bytes, 0);
    assert_string_equal(console_text, "no line yet\n");
    assert_int_equal(own_puts(""), 1);
    assert_string_equal(console_text, "no line yet\nnext\n");
}

static void test_long_lines_go_by_the_buffer(void **state) {
    char text[3000];
    (void)state;
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_int_equal(own_puts(text), sizeof text);
    assert_int_equal(calls, 3);
    assert_int_equal(strlen(console_text), sizeof text);
    text[41] = '\0';
    console_text[0] = '\0';
    own_puts(text);
    assert_int_equal(sent.bytes, 42);
    text[39] = '\0';
    own_puts(text);
    assert_int_equal(sent.bytes, 0);
    assert_int_equal(strlen(console_text), 42 + 40);
}

static void test_no_console(void **state) {
    (void)state;
    call_status = HF_BAD_HANDLE;
    assert_int_equal(own_puts("nobody hears"), 13);
    assert_int_equal(output.used, 0);
    assert_int_equal(own_getchar(), EOF);
}

/* ---- input ---- */

static void test_input_flushes_and_comes_in_parts(void **state) {
    (void)state;
    own_printf("prompt> ");
    answer.word[0] = 3;
    memcpy(&answer.word[1], "a\xff\n", 3);
    assert_int_equal(own_getchar(), 'a');
    assert_string_equal(console_text, "prompt> ");
    assert_int_equal(calls, 2);
    expect_sent(HF_SLOT_CONSOLE, HF_CONSOLE_READ, 0, 0, 0, 0);
    assert_int_equal(own_getchar(), 0xff);
    assert_int_equal(own_getchar(), '\n');
    assert_int_equal(calls, 2);
    memcpy(&answer.word[1], "xyz", 3);
    assert_int_equal(own_getchar(), 'x');
    assert_int_equal(own_getchar(), 'y');
    assert_int_equal(calls, 3);
}

static void test_end_of_input(void **state) {
    (void)state;
    answer.word[0] = 2;
    memcpy(&answer.word[1], "\x04x", 2);
    assert_int_equal(own_getchar(), EOF);
    assert_int_equal(own_getchar(), 'x');
    answer.label = HF_NO_MEMORY;
    assert_int_equal(own_getchar(), EOF);
    answer.label = HF_OK;
    answer.word[0] = HF_CONSOLE_WORD_BYTES + 1;
    assert_int_equal(own_getchar(), EOF);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_spawn_without_options, start),
        cmocka_unit_test_setup(test_spawn_with_options, start),
        cmocka_unit_test_setup(test_spawn_too_much, start),
        cmocka_unit_test_setup(test_answers_status, start),
        cmocka_unit_test_setup(test_wait_takes_the_record, start),
        cmocka_unit_test_setup(test_run_closes_the_handle, start),
        cmocka_unit_test_setup(test_map_and_unmap, start),
        cmocka_unit_test_setup(test_tasks, start),
        cmocka_unit_test_setup(test_regions, start),
        cmocka_unit_test_setup(test_explain, start),
        cmocka_unit_test_setup(test_images, start),
        cmocka_unit_test_setup(test_plain_requests, start),
        cmocka_unit_test_setup(test_names, start),
        cmocka_unit_test_setup(test_command_line, start),
        cmocka_unit_test_setup(test_output_goes_by_lines, start),
        cmocka_unit_test_setup(test_long_lines_go_by_the_buffer, start),
        cmocka_unit_test_setup(test_no_console, start),
        cmocka_unit_test_setup(test_input_flushes_and_comes_in_parts, start),
        cmocka_unit_test_setup(test_end_of_input, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
