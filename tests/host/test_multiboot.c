// sources: ukernel/multiboot.c ukernel/bootmap.c
// include: ukernel
#include "corpus.h"
#include "draw.h"
#include "refusal.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The information under construction; built in a block of its own size before it
 * is parsed, so that a read behind its end is seen by the address sanitizer. */
static struct {
    _Alignas(8) uint8_t bytes[65536];
    size_t size;
} draft;

static struct hf_boot info;
static uint8_t *block;

static void put(const void *bytes, size_t size) {
    memcpy(draft.bytes + draft.size, bytes, size);
    draft.size += size;
}

static void put32(uint32_t value) { put(&value, sizeof value); }

static void put64(uint64_t value) { put(&value, sizeof value); }

static void set32(size_t at, uint32_t value) { memcpy(draft.bytes + at, &value, sizeof value); }

static int start(void **state) {
    (void)state;
    memset(&draft, 0, sizeof draft);
    draft.size = 8;
    return 0;
}

static int finish(void **state) {
    (void)state;
    free(block);
    block = NULL;
    return 0;
}

static size_t tag_open(uint32_t type) {
    const size_t at = draft.size;
    put32(type);
    put32(0);
    return at;
}

static void tag_close(size_t at) {
    set32(at + 4, (uint32_t)(draft.size - at));
    draft.size = (draft.size + 7) / 8 * 8;
}

static size_t command_line(const char *text) {
    const size_t at = tag_open(1);
    put(text, strlen(text) + 1);
    tag_close(at);
    return at;
}

static size_t module(uint32_t first, uint32_t end, const char *string) {
    const size_t at = tag_open(3);
    put32(first);
    put32(end);
    put(string, strlen(string) + 1);
    tag_close(at);
    return at;
}

struct entry {
    uint64_t start, length;
    uint32_t type;
};

static size_t memory_map(const struct entry *entries, size_t count, uint32_t stride) {
    const size_t at = tag_open(6);
    put32(stride);
    put32(0);
    for (size_t i = 0; i < count; i++) {
        put64(entries[i].start);
        put64(entries[i].length);
        put32(entries[i].type);
        draft.size += stride - 20;
    }
    tag_close(at);
    return at;
}

#define MAP(...) \
    memory_map((const struct entry[]){__VA_ARGS__}, \
               sizeof((const struct entry[]){__VA_ARGS__}) / sizeof(struct entry), 24)

#define PLAIN_MAP() MAP({0, 0x9fc00, 1}, {0x9fc00, 0x400, 2}, {0x100000, 0x7ee0000, 1})

static void tag_end(void) {
    tag_close(tag_open(0));
    set32(0, (uint32_t)draft.size);
}

static const char *parse_block(void) {
    free(block);
    block = malloc(draft.size); /* aligned to 16 */
    assert_non_null(block);
    memcpy(block, draft.bytes, draft.size);
    return REFUSAL(multiboot_parse(block, draft.size, &info));
}

static const char *parse(void) {
    corpus_keep(draft.bytes, draft.size);
    return parse_block();
}

/* The sentences, by what was wrong. */
#define MISALIGNED "the boot information is not aligned to 8 bytes"
#define INFO_SIZE "the boot information's size is impossible"
#define TAG_SIZE "a boot information tag is too short, or reaches beyond the end"
#define TAG_TWICE "a boot information tag that may stand once stands there twice"
#define TRUNCATED "the boot information has no end tag"
#define STRING_OPEN "a string in the boot information does not end inside its tag"
#define STRING_LONG "the command line, or a boot module's name or arguments, is too long"
#define NO_MEMORY_MAP "the boot loader gave no memory map"
#define ENTRY_SIZE "the memory map's entry size is impossible"
#define NO_RAM "the memory map has no usable RAM"
#define OVERFLOW "a range of the memory map reaches beyond the physical address space"
#define TOO_MANY_RANGES "the memory map has more ranges than the core has room for"
#define TOO_MANY_MODULES "there are more boot modules than the core has room for"
#define MODULE_RANGE "a boot module ends before it starts, or does not start at a page"
#define MODULE_UNNAMED "a boot module has no name"
#define MODULE_NAME_TWICE "two boot modules have the same name"

static void result_is(const char *sentence, const char *want) {
    if (want ? !sentence || strcmp(sentence, want) != 0 : sentence != NULL) {
        fail_msg("\"%s\" instead of \"%s\"", sentence ? sentence : "", want ? want : "");
    }
}

static void refused(const char *want) { result_is(parse(), want); }

static void accepted(void) { result_is(parse(), NULL); }

static void what_grub_gives(void **state) {
    (void)state;
    command_line("run=hello a b");
    tag_close(tag_open(2)); /* the loader's name: skipped */
    module(0x200000, 0x20a123, "memsrv");
    module(0x20b000, 0x20c000, "hello  one two ");
    PLAIN_MAP();
    size_t at = tag_open(8);
    put64(0xfd000000);
    put32(4096);
    put32(1024);
    put32(768);
    put((const uint8_t[]){32, 1, 0, 0, 16, 8, 8, 8, 0, 8}, 10);
    tag_close(at);
    at = tag_open(0x7777);
    put("xxx", 3);
    tag_close(at);
    tag_end();
    accepted();
    assert_string_equal(info.command_line, "run=hello a b");
    assert_int_equal(info.module_count, 2);
    assert_int_equal(info.module[0].first, 0x200);
    assert_int_equal(info.module[0].bytes, 0xa123);
    assert_string_equal(info.module[0].name, "memsrv");
    assert_string_equal(info.module[0].arguments, "");
    assert_string_equal(info.module[1].name, "hello");
    assert_string_equal(info.module[1].arguments, "one two ");
    assert_int_equal(info.framebuffer.address, 0xfd000000);
    assert_int_equal(info.framebuffer.pitch, 4096);
    assert_int_equal(info.framebuffer.width, 1024);
    assert_int_equal(info.framebuffer.height, 768);
    assert_int_equal(info.framebuffer.bits, 32);
    assert_int_equal(info.framebuffer.type, 1);
    assert_ptr_equal(boot_module(&info, "memsrv"), &info.module[0]);
    assert_ptr_equal(boot_module(&info, "hello"), &info.module[1]);
    assert_null(boot_module(&info, "hell"));
    assert_null(boot_module(&info, "hello "));
    assert_int_equal(info.map.count, 4);
    assert_int_equal(info.map.range[1].first, 0x9f);
    assert_int_equal(info.map.range[2].first, 0x100);
    assert_int_equal(info.map.range[3].first, 0x7fe0);
    assert_int_equal(info.map.range[3].kind, HF_RANGE_NONE);
}

static void the_least_there_can_be(void **state) {
    (void)state;
    PLAIN_MAP();
    tag_end();
    accepted();
    assert_string_equal(info.command_line, "");
    assert_int_equal(info.module_count, 0);
    assert_int_equal(info.framebuffer.address, 0);
}

static void what_follows_the_end_is_not_read(void **state) {
    (void)state;
    PLAIN_MAP();
    tag_end();
    module(0x200000, 0x100000, "");
    set32(0, (uint32_t)draft.size);
    accepted();
}

static void misaligned_information(void **state) {
    (void)state;
    PLAIN_MAP();
    tag_end();
    assert_string_equal(REFUSAL(multiboot_parse(draft.bytes + 4, draft.size, &info)), MISALIGNED);
}

static void impossible_total_sizes(void **state) {
    (void)state;
    PLAIN_MAP();
    tag_end();
    const uint32_t size = (uint32_t)draft.size;
    const uint32_t bad[] = {0, 7, 8, 15, size + 8, size - 1, size - 4, 0x7fffffff, 0xfffffff8, 0xffffffff};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        set32(0, bad[i]);
        refused(INFO_SIZE);
    }
    for (draft.size = 0; draft.size < 8; draft.size++) {
        refused(INFO_SIZE);
    }
}

static void limit_below_the_total(void **state) {
    (void)state;
    PLAIN_MAP();
    tag_end();
    for (size_t limit = 0; limit < draft.size; limit++) {
        assert_string_equal(REFUSAL(multiboot_parse(draft.bytes, limit, &info)), INFO_SIZE);
    }
    multiboot_parse(draft.bytes, SIZE_MAX, &info);
}

static void no_end_tag(void **state) {
    (void)state;
    PLAIN_MAP();
    set32(0, (uint32_t)draft.size);
    refused(TRUNCATED);
    command_line("x");
    set32(0, (uint32_t)draft.size);
    refused(TRUNCATED);
}

static void tags_of_impossible_size(void **state) {
    (void)state;
    PLAIN_MAP();
    const size_t at = command_line("abc");
    tag_end();
    const uint32_t rest = (uint32_t)(draft.size - at);
    const uint32_t bad[] = {0, 1, 4, 7, 8, rest + 1, rest + 8, 0x80000000, 0xfffffff9, 0xffffffff};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        set32(at + 4, bad[i]);
        refused(TAG_SIZE);
    }
}

static void zero_size_of_an_unknown_tag_does_not_loop(void **state) {
    (void)state;
    PLAIN_MAP();
    const size_t at = tag_open(99);
    tag_close(at);
    tag_end();
    accepted();
    set32(at + 4, 0);
    refused(TAG_SIZE);
}

static void short_tags(void **state) {
    (void)state;
    static const struct { uint32_t type, least; } kinds[] = {{1, 9}, {3, 17}, {6, 16}, {8, 30}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        for (uint32_t size = 8; size < kinds[i].least; size++) {
            start(state);
            const size_t at = tag_open(kinds[i].type);
            draft.size += size - 8;
            tag_close(at);
            tag_end();
            refused(TAG_SIZE);
        }
    }
}

static void end_tag_shorter_than_its_header(void **state) {
    (void)state;
    PLAIN_MAP();
    tag_end();
    set32(draft.size - 4, 4);
    refused(TAG_SIZE);
}

static void open_strings(void **state) {
    (void)state;
    PLAIN_MAP();
    size_t at = command_line("1234567");
    tag_end();
    draft.bytes[at + 15] = '8';
    refused(STRING_OPEN);
    start(state);
    PLAIN_MAP();
    at = module(0x200000, 0x201000, "1234567");
    tag_end();
    draft.bytes[at + 23] = '8';
    refused(STRING_OPEN);
    start(state);
    PLAIN_MAP();
    at = module(0x200000, 0x201000, "a      ");
    set32(0, (uint32_t)draft.size); /* and that is all: the string ends with the information */
    draft.bytes[at + 23] = ' ';
    refused(STRING_OPEN);
}

static void tags_that_stand_twice(void **state) {
    (void)state;
    PLAIN_MAP();
    PLAIN_MAP();
    tag_end();
    refused(TAG_TWICE);
    start(state);
    PLAIN_MAP();
    command_line("a");
    command_line("a");
    tag_end();
    refused(TAG_TWICE);
}

static void no_memory_map(void **state) {
    (void)state;
    command_line("a");
    tag_end();
    refused(NO_MEMORY_MAP);
}

static void no_ram(void **state) {
    (void)state;
    memory_map(NULL, 0, 24);
    tag_end();
    refused(NO_RAM);
    start(state);
    MAP({0, 0x100000, 2}, {0x100800, 0x1000, 1});
    tag_end();
    refused(NO_RAM);
}

static void entry_sizes(void **state) {
    (void)state;
    const size_t at = PLAIN_MAP();
    tag_end();
    const uint32_t bad[] = {0, 1, 8, 16, 20, 23, 25, 28, 32, 36, 40, 48, 80, 0x80000000, 0xffffffff, 0xfffffff8};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        set32(at + 8, bad[i]);
        refused(ENTRY_SIZE);
    }
}

static void longer_entries_are_stepped_over(void **state) {
    (void)state;
    const struct entry entries[] = {{0x100000, 0x100000, 1}, {0x400000, 0x100000, 1}};
    memory_map(entries, 2, 40);
    tag_end();
    accepted();
    assert_int_equal(info.map.count, 4);
    assert_int_equal(info.map.range[2].first, 0x400);
    assert_int_equal(info.map.total_ram, 0x200000);
}

static void half_an_entry(void **state) {
    (void)state;
    const size_t at = PLAIN_MAP();
    tag_end();
    set32(at + 4, 16 + 3 * 24 - 8);
    refused(ENTRY_SIZE);
}

static void reserved_wins_in_any_order(void **state) {
    (void)state;
    for (unsigned order = 0; order < 2; order++) {
        start(state);
        const struct entry reserved = {0x180000, 0x1001, 77}, usable = {0x100000, 0x100000, 1};
        const struct entry entries[] = {order == 0 ? reserved : usable, order == 0 ? usable : reserved};
        memory_map(entries, 2, 24);
        tag_end();
        accepted();
        assert_int_equal(info.map.count, 4);
        assert_int_equal(info.map.range[1].first, 0x180);
        assert_int_equal(info.map.range[2].first, 0x182);
    }
}

static void overflowing_entries(void **state) {
    (void)state;
    for (uint32_t type = 1; type < 3; type++) {
        start(state);
        MAP({0x100000, 0x100000, 1}, {0xfffffffffffff000, 0x2000, type});
        tag_end();
        refused(OVERFLOW);
    }
}

static void too_many_ranges(void **state) {
    (void)state;
    for (size_t count = 512; count <= 513; count++) {
        start(state);
        struct entry entries[513];
        for (size_t i = 0; i < count; i++) {
            entries[i] = (struct entry){i * 0x2000, 0x1000, 1};
        }
        memory_map(entries, count, 24);
        tag_end();
        refused(count == 512 ? NULL : TOO_MANY_RANGES);
    }
}

static void too_many_modules(void **state) {
    (void)state;
    PLAIN_MAP();
    for (uint32_t i = 0; i < HF_BOOT_MODULES; i++) {
        char name[8];
        snprintf(name, sizeof name, "m%u", i);
        module(0x200000 + i * 0x1000, 0x200000 + i * 0x1000 + 0x1000, name);
    }
    const size_t size = draft.size;
    tag_end();
    accepted();
    assert_int_equal(info.module_count, HF_BOOT_MODULES);
    draft.size = size;
    module(0x500000, 0x501000, "more");
    tag_end();
    refused(TOO_MANY_MODULES);
}

static void two_modules(uint32_t first, uint32_t end, const char *string, const char *want) {
    void *state = NULL;
    start(&state);
    module(0x200000, 0x203001, "memsrv x");
    module(first, end, string);
    PLAIN_MAP();
    tag_end();
    refused(want);
}

static void bad_modules(void **state) {
    (void)state;
    two_modules(0x204000, 0x204000, "empty", NULL);
    two_modules(0x204000, 0x205000, "memsr", NULL);
    two_modules(0x204000, 0x205000, "memsrv2", NULL);
    two_modules(0x1ff000, 0x200000, "below", NULL);
    two_modules(0x204000, 0x203fff, "backwards", MODULE_RANGE);
    two_modules(0x204800, 0x205000, "inside", MODULE_RANGE);
    two_modules(0x204000, 0x205000, "", MODULE_UNNAMED);
    two_modules(0x204000, 0x205000, " a", MODULE_UNNAMED);
    two_modules(0x204000, 0x205000, "memsrv", MODULE_NAME_TWICE);
    two_modules(0x204000, 0x205000, "memsrv other", MODULE_NAME_TWICE);
}

static void a_name_that_a_later_module_has(void **state) {
    (void)state;
    module(0x200000, 0x201000, "first");
    module(0x300000, 0x301000, "second");
    module(0x400000, 0x401000, "second");
    PLAIN_MAP();
    tag_end();
    refused(MODULE_NAME_TWICE);
}

/* Up to the last byte that there is room for, and one more. */
static void long_strings(void **state) {
    static char text[sizeof(info.command_line) + 1];
    for (unsigned over = 0; over < 2; over++) {
        static char line[sizeof(text) + 8];
        const char *want = over ? STRING_LONG : NULL;
        memset(text, 'x', sizeof(text) - 1);
        start(state);
        PLAIN_MAP();
        command_line(text + 1 - over);
        tag_end();
        refused(want);
        assert_true(over || strcmp(info.command_line, text + 1) == 0);
        snprintf(line, sizeof(line), "%.*s a", (int)(sizeof(info.module[0].name) - 1 + over), text);
        two_modules(0x204000, 0x205000, line, want);
        snprintf(line, sizeof(line), "n %.*s", (int)(sizeof(info.module[0].arguments) - 1 + over), text);
        two_modules(0x204000, 0x205000, line, want);
        assert_true(over || strlen(info.module[1].arguments) == sizeof(info.module[0].arguments) - 1);
    }
}

/* Whatever one or a few wrong bytes say, the parser ends and stays inside. */
static void random_damage(void **state) {
    command_line("run=hello");
    module(0x200000, 0x20a123, "memsrv");
    module(0x20b000, 0x20c000, "hello one");
    PLAIN_MAP();
    tag_end();
    static uint8_t sound[1024];
    const size_t size = draft.size;
    memcpy(sound, draft.bytes, size);
    unsigned sound_ones = 0;
    for (unsigned round = 0; round < 50000; round++) {
        memcpy(draft.bytes, sound, size);
        for (uint64_t i = draw(3) + 1; i > 0; i--) {
            static const uint8_t favourites[] = {0, 1, 7, 8, 0x7f, 0x80, 0xff, 0x10};
            const size_t at = 8 + draw(size - 8);
            draft.bytes[at] = draw(2) != 0 ? favourites[draw(8)] : (uint8_t)draw(256);
        }
        sound_ones += parse_block() == NULL;
    }
    assert_in_range(sound_ones, 10000, 45000);
    finish(state);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, start, finish)
    const struct CMUnitTest tests[] = {
        TEST(what_grub_gives),
        TEST(the_least_there_can_be),
        TEST(what_follows_the_end_is_not_read),
        TEST(misaligned_information),
        TEST(impossible_total_sizes),
        TEST(limit_below_the_total),
        TEST(no_end_tag),
        TEST(tags_of_impossible_size),
        TEST(zero_size_of_an_unknown_tag_does_not_loop),
        TEST(short_tags),
        TEST(end_tag_shorter_than_its_header),
        TEST(open_strings),
        TEST(tags_that_stand_twice),
        TEST(no_memory_map),
        TEST(no_ram),
        TEST(entry_sizes),
        TEST(longer_entries_are_stepped_over),
        TEST(half_an_entry),
        TEST(reserved_wins_in_any_order),
        TEST(overflowing_entries),
        TEST(too_many_ranges),
        TEST(too_many_modules),
        TEST(bad_modules),
        TEST(a_name_that_a_later_module_has),
        TEST(long_strings),
        TEST(random_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
