// sources: ukernel/names.c ukernel/multiboot.c ukernel/bootmap.c ukernel/frame.c tests/host/machine/machine.c
// include: tests/host/machine ukernel
/* Names for addresses, out of tables that are right and of those that are anything else. Each table
 * stands in a block of its own size, so that a read beyond it is seen by the address sanitizer. */
#include "machine/control.h"
#include "boot.h"
#include "draw.h"
#include "names.h"
#include <handoff/names.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- what the core's file needs ---- */

struct hf_boot boot;
static char said[256];

void log_text(const char *text) { strncat(said, text, sizeof said - strlen(said) - 1); }

_Noreturn void boot_refuse(const char *format, ...) {
    fail_msg("%s", format);
    abort();
}

void boot_require(bool good, const char *otherwise) { assert_string_equal(good ? "" : otherwise, ""); }

/* ---- tables ---- */

#define ENTRIES_MOST 64u

static struct {
    struct hf_names header;
    struct hf_name entry[ENTRIES_MOST];
    char text[512];
    size_t used;
} draft;

static void begin(void) {
    memset(&draft, 0, sizeof draft);
    draft.header.magic = HF_NAMES_MAGIC;
}

/* The last ones first: where texts stand is known when all entries do. */
static uint32_t add_text(const char *text) {
    const size_t at = draft.used;
    memcpy(draft.text + at, text, strlen(text) + 1);
    draft.used += strlen(text) + 1;
    return (uint32_t)at;
}

/* Offsets of texts count from the first text until `finish`. */
static void add(uint32_t address, const char *program, const char *function) {
    draft.entry[draft.header.count++] = (struct hf_name){.address = address,
                                                         .program = program ? add_text(program) : UINT32_MAX,
                                                         .function = function ? add_text(function) : UINT32_MAX};
}

static size_t entry_bytes(void) { return sizeof draft.header + draft.header.count * sizeof draft.entry[0]; }

static uint8_t *finish(size_t *bytes) {
    const uint32_t first = (uint32_t)entry_bytes();
    for (uint32_t i = 0; i < draft.header.count; i++) {
        struct hf_name *entry = &draft.entry[i];
        entry->program = entry->program == UINT32_MAX ? 0 : first + entry->program;
        entry->function = entry->function == UINT32_MAX ? 0 : first + entry->function;
    }
    *bytes = first + draft.used;
    uint8_t *table = malloc(*bytes);
    memcpy(table, &draft.header, sizeof draft.header);
    memcpy(table + sizeof draft.header, draft.entry, first - sizeof draft.header);
    memcpy(table + first, draft.text, draft.used);
    return table;
}

static void build(void) {
    begin();
    add(0x40000000, "memsrv", "first");
    add(0x40000010, "memsrv", "second");
    add(0x40002000, NULL, NULL);
    add(0x7f000000, "last", "main");
    add(0x7f001000, NULL, NULL);
    add(0x80200000, NULL, "core_main");
    add(0x80200100, NULL, "panic");
    add(0x80201000, NULL, NULL);
}

static void expect_in(const uint8_t *table, size_t bytes, uint64_t address, const char *want) {
    struct hf_name_text text = {.bytes = "?"};
    const bool found = hf_name_of((const void *)table, bytes, address, &text);
    assert_int_equal(found, want != NULL);
    if (want) assert_string_equal(text.bytes, want);
    if (want) assert_int_equal(text.length, strlen(want));
}

static void expect(uint64_t address, const char *want) {
    size_t bytes;
    build();
    uint8_t *table = finish(&bytes);
    expect_in(table, bytes, address, want);
    free(table);
}

/* ---- a table as it should be ---- */

static void test_names(void **state) {
    (void)state;
    expect(0x40000000, "memsrv.first");
    expect(0x4000000f, "memsrv.first+0xf");
    expect(0x40000010, "memsrv.second");
    expect(0x40001fff, "memsrv.second+0x1fef");
    expect(0x7f000123, "last.main+0x123");
    expect(0xffffffff80200000, "core_main");
    expect(0xffffffff80200101, "panic+0x1");
    expect(0xffffffff80200fff, "panic+0xeff");
}

static void test_no_names(void **state) {
    static const uint64_t addresses[] = {0,          0x3fffffff,         0x40002000,         0x7effffff,
                                         0x7f001000, 0x7fffffff,         0x80200000,         0x140000000,
                                         0xffffffff, 0xffffffff801fffff, 0xffffffff80201000, 0xffffffffffffffff,
                                         1ull << 63, 0xffff800080200000, 0x0000800040000000};
    (void)state;
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) expect(addresses[i], NULL);
}

static void test_long_names_are_cut(void **state) {
    char name[200], want[HF_NAME_TEXT_BYTES];
    size_t bytes;
    (void)state;
    memset(name, 'n', sizeof name);
    name[sizeof name - 1] = 0;
    begin();
    add(0x1000, "p", name);
    add(0x2000, NULL, NULL);
    uint8_t *table = finish(&bytes);
    memset(want, 'n', sizeof want);
    memcpy(want, "p.", 2);
    want[sizeof want - 1] = 0;
    expect_in(table, bytes, 0x1800, want);
    free(table);
}

/* ---- tables that are no such thing ---- */

static void test_truncated(void **state) {
    size_t bytes;
    (void)state;
    build();
    uint8_t *whole = finish(&bytes);
    const size_t entries = entry_bytes();
    for (size_t left = 0; left < bytes; left++) {
        uint8_t *table = malloc(left + !left);
        struct hf_name_text text;
        memcpy(table, whole, left);
        const bool found = hf_name_of((const void *)table, left, 0x40000015, &text);
        assert_int_equal(found, left >= entries);
        free(table);
    }
    free(whole);
}

static void test_wrong_magic_and_counts(void **state) {
    static const uint32_t counts[] = {0, 1, 9, 100, 0x10000000, 0x15555556, 0x80000000, UINT32_MAX};
    size_t bytes;
    (void)state;
    build();
    uint8_t *table = finish(&bytes);
    struct hf_names *header = (void *)table;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        struct hf_name_text text;
        header->count = counts[i];
        (void)hf_name_of(header, bytes, 0x40000015, &text); /* 9 reach into the texts: any answer will do */
        if (counts[i] < 2 || counts[i] > 50) expect_in(table, bytes, 0x40000015, NULL);
    }
    header->count = 8;
    expect_in(table, bytes, 0x40000015, "memsrv.second+0x5");
    header->magic++;
    expect_in(table, bytes, 0x40000015, NULL);
    free(table);
}

/* The table ends with what its texts are to begin with: nothing behind it may be read. */
static void test_texts_beyond(void **state) {
    size_t bytes;
    (void)state;
    build();
    uint8_t *table = finish(&bytes);
    struct hf_names *header = (void *)table;
    header->entries[1].function = (uint32_t)bytes;
    expect_in(table, bytes, 0x40000010, "memsrv.");
    header->entries[1].function = UINT32_MAX;
    expect_in(table, bytes, 0x40000010, "memsrv.");
    header->entries[1].program = UINT32_MAX;
    expect_in(table, bytes, 0x40000010, ".");
    free(table);
}

static void test_text_without_end(void **state) {
    size_t bytes;
    (void)state;
    begin();
    add(0x1000, NULL, "abc");
    add(0x2000, NULL, NULL);
    uint8_t *table = finish(&bytes);
    uint8_t *cut = malloc(bytes - 1);
    memcpy(cut, table, bytes - 1);
    expect_in(cut, bytes - 1, 0x1004, "abc+0x4");
    free(cut);
    free(table);
}

static void test_unprintable(void **state) {
    size_t bytes;
    (void)state;
    begin();
    add(0x1000, "a\033[2Jb", "f\x7fx");
    add(0x2000, NULL, NULL);
    uint8_t *table = finish(&bytes);
    expect_in(table, bytes, 0x1000, "a.f");
    free(table);
}

/* Whatever the entries are: an answer is of one that has the address. */
static void test_unsorted(void **state) {
    (void)state;
    for (unsigned round = 0; round < 20000; round++) {
        size_t bytes;
        begin();
        for (unsigned i = 0; i < 2 + draw(ENTRIES_MOST - 2); i++) add((uint32_t)(draw(8) << 20), NULL, "f");
        uint8_t *table = finish(&bytes);
        const struct hf_names *header = (const void *)table;
        const uint32_t address = (uint32_t)(draw(9) << 20 | draw(1 << 20));
        const struct hf_name *found = hf_name_find(header, bytes, address);
        if (found) assert_true(found[0].address <= address && address < found[1].address);
        if (found) assert_true(found >= header->entries && found + 1 < header->entries + header->count);
        free(table);
    }
}

static void test_random_bytes(void **state) {
    (void)state;
    unsigned answers = 0;
    for (unsigned round = 0; round < 20000; round++) {
        const size_t bytes = draw(200);
        uint8_t *table = malloc(bytes + !bytes);
        struct hf_name_text text;
        for (size_t i = 0; i < bytes; i++) table[i] = (uint8_t)draw(256);
        if (bytes >= sizeof(struct hf_names)) memcpy(table, &(struct hf_names){HF_NAMES_MAGIC, (uint32_t)draw(20)}, 8);
        const bool has_entry = bytes >= sizeof(struct hf_names) + sizeof(struct hf_name);
        const int32_t first =
            has_entry ? (int32_t)((const struct hf_names *)(const void *)table)->entries[0].address : 0;
        if (hf_name_of((const void *)table, bytes, (uint64_t)(int64_t)first, &text)) {
            answers++;
            assert_true(text.length < HF_NAME_TEXT_BYTES && strlen(text.bytes) == text.length);
            for (unsigned i = 0; i < text.length; i++) assert_in_range(text.bytes[i], '!', '~');
        }
        free(table);
    }
    assert_true(answers > 1000);
}

/* ---- the core's use of it ---- */

#define MODULE_FRAME 5u

static void print(uint64_t address, const char *want) {
    said[0] = 0;
    names_print(address);
    assert_string_equal(said, want);
}

static void test_core_prints(void **state) {
    size_t bytes;
    (void)state;
    machine_reset();
    machine_add_ram(MODULE_FRAME, 1);
    build();
    uint8_t *table = finish(&bytes);
    memcpy(machine_ram[MODULE_FRAME], table, bytes);
    free(table);
    boot = (struct hf_boot){.module_count = 1, .module = {{MODULE_FRAME, bytes, "other", ""}}};
    print(0x40000015, "");
    boot.module_count = 2;
    boot.module[1] = (struct hf_boot_module){MODULE_FRAME, bytes, HF_NAMES_MODULE, ""};
    print(0x40000015, " memsrv.second+0x5");
    print(0xffffffff80200100, " panic");
    print(0xffffffff80201000, "");
    memset(machine_ram[MODULE_FRAME], 0xff, HF_PAGE_SIZE); /* as memsrv could */
    print(0x40000015, "");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),        cmocka_unit_test(test_no_names),
        cmocka_unit_test(test_truncated),    cmocka_unit_test(test_long_names_are_cut),
        cmocka_unit_test(test_texts_beyond), cmocka_unit_test(test_wrong_magic_and_counts),
        cmocka_unit_test(test_unprintable),  cmocka_unit_test(test_text_without_end),
        cmocka_unit_test(test_unsorted),     cmocka_unit_test(test_random_bytes),
        cmocka_unit_test(test_core_prints),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
