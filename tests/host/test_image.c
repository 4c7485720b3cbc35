// sources: servers/memsrv/image.c
// include: servers/memsrv
#include "corpus.h"
#include "draw.h"
#include "image.h"
#include <elf.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define BASE 0x41000000ul
#define LENGTH 0x4000u

/* A good image, which each test spoils in one place: text, constants, data with .bss. */
static struct {
    Elf64_Ehdr header;
    Elf64_Phdr segment[66];
} file;

static struct image image;

enum { TEXT, CONSTANTS, DATA, NOTE, STACK };

static Elf64_Phdr load(uint32_t flags, uint64_t address, uint64_t offset, uint64_t file_bytes, uint64_t memory_bytes) {
    return (Elf64_Phdr){.p_type = PT_LOAD,
                        .p_flags = flags,
                        .p_offset = offset,
                        .p_vaddr = address,
                        .p_paddr = address,
                        .p_filesz = file_bytes,
                        .p_memsz = memory_bytes,
                        .p_align = 0x1000};
}

static int start(void **state) {
    (void)state;
    memset(&file, 0, sizeof file);
    file.header = (Elf64_Ehdr){
        .e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
        .e_type = ET_EXEC,
        .e_machine = EM_X86_64,
        .e_version = EV_CURRENT,
        .e_entry = BASE + 0x10,
        .e_phoff = sizeof(Elf64_Ehdr),
        .e_ehsize = sizeof(Elf64_Ehdr),
        .e_phentsize = sizeof(Elf64_Phdr),
        .e_phnum = 5,
    };
    file.segment[TEXT] = load(PF_R | PF_X, BASE, 0x1000, 0x1234, 0x1234);
    file.segment[CONSTANTS] = load(PF_R, BASE + 0x2000, 0x3000, 0x100, 0x100);
    file.segment[DATA] = load(PF_R | PF_W, BASE + 0x3100, 0x3100, 0x80, 0x5000);
    file.segment[NOTE].p_type = PT_NOTE;
    file.segment[STACK].p_type = PT_GNU_STACK;
    return 0;
}

/* The bytes stand at the end of a block, so that a read behind them is seen. */
static hf_status_t parse_bytes(size_t length) {
    uint8_t *bytes = malloc(length);
    assert_true(length == 0 || bytes != NULL);
    memset(bytes, 0, length);
    memcpy(bytes, &file, length < sizeof file ? length : sizeof file);
    const hf_status_t status = image_parse(bytes, length, &image);
    free(bytes);
    return status;
}

static hf_status_t parse(void) {
    corpus_keep(&file, sizeof file);
    return parse_bytes(LENGTH);
}

static void expect(unsigned i, uint64_t at, uint64_t memory, uint64_t offset, uint64_t bytes, unsigned rights) {
    assert_int_equal(image.segment[i].start, at);
    assert_int_equal(image.segment[i].memory_bytes, memory);
    assert_int_equal(image.segment[i].file_offset, offset);
    assert_int_equal(image.segment[i].file_bytes, bytes);
    assert_int_equal(image.segment[i].rights, rights);
}

static void good_image(void **state) {
    (void)state;
    assert_int_equal(parse(), HF_OK);
    assert_int_equal(image.entry, BASE + 0x10);
    assert_int_equal(image.count, 3);
    expect(0, BASE, 0x1234, 0x1000, 0x1234, HF_READ | HF_EXECUTE);
    expect(1, BASE + 0x2000, 0x100, 0x3000, 0x100, HF_READ);
    expect(2, BASE + 0x3100, 0x5000, 0x3100, 0x80, HF_READ | HF_WRITE);
}

/* Each spoils a good image so that it must be refused. */
#define SPOIL(name, ...) \
    static void name(void **state) { \
        (void)state; \
        __VA_ARGS__; \
        assert_int_equal(parse(), HF_BAD_IMAGE); \
    }

SPOIL(wrong_magic, file.header.e_ident[3] = 'G')
SPOIL(class_32, file.header.e_ident[EI_CLASS] = ELFCLASS32)
SPOIL(big_endian, file.header.e_ident[EI_DATA] = ELFDATA2MSB)
SPOIL(other_ident_version, file.header.e_ident[EI_VERSION] = 2)
SPOIL(other_version, file.header.e_version = 0)
SPOIL(relocatable, file.header.e_type = ET_REL)
SPOIL(position_independent, file.header.e_type = ET_DYN)
SPOIL(core_dump, file.header.e_type = ET_CORE)
SPOIL(other_machine, file.header.e_machine = EM_AARCH64)
SPOIL(other_header_size, file.header.e_ehsize = 52)
SPOIL(other_program_header_size, file.header.e_phentsize = 64)
SPOIL(no_program_headers, file.header.e_phnum = 0)
SPOIL(too_many_program_headers, file.header.e_phnum = 65)
SPOIL(most_program_headers, file.header.e_phnum = PN_XNUM)
SPOIL(program_headers_behind_the_end, file.header.e_phoff = LENGTH - 5 * sizeof(Elf64_Phdr) + 1)
SPOIL(program_headers_overflow, file.header.e_phoff = UINT64_MAX - 10)
SPOIL(interpreter, file.segment[NOTE].p_type = PT_INTERP)
SPOIL(dynamic, file.segment[NOTE].p_type = PT_DYNAMIC)
SPOIL(more_file_than_memory, file.segment[DATA].p_memsz = 0x7f)
SPOIL(file_range_behind_the_end, file.segment[CONSTANTS].p_memsz = file.segment[CONSTANTS].p_filesz = 0x1001)
SPOIL(file_offset_behind_the_end, file.segment[CONSTANTS].p_offset = 0x5000)
SPOIL(file_range_overflows, file.segment[CONSTANTS].p_offset = UINT64_MAX - 0xfff)
SPOIL(file_size_overflows, file.segment[DATA].p_filesz = file.segment[DATA].p_memsz = UINT64_MAX)
SPOIL(memory_overflows, file.segment[DATA].p_memsz = UINT64_MAX - BASE)
SPOIL(memory_wraps, file.segment[DATA].p_memsz = UINT64_MAX)
SPOIL(address_is_not_canonical, file.segment[DATA].p_vaddr = 0x800000000100)
SPOIL(address_in_the_upper_half, file.segment[DATA].p_vaddr = 0xffffffff80000100)
SPOIL(address_wraps, file.segment[DATA].p_vaddr = 0xfffffffffffff100)
SPOIL(not_congruent, file.segment[CONSTANTS].p_offset = 0x2100)
SPOIL(not_sorted, Elf64_Phdr data = file.segment[DATA]; file.segment[DATA] = file.segment[CONSTANTS];
      file.segment[CONSTANTS] = data)
SPOIL(overlapping, file.segment[CONSTANTS].p_vaddr = BASE + 0x1000)
SPOIL(the_same_twice, file.segment[CONSTANTS] = file.segment[TEXT])
SPOIL(overlapping_by_zeros, file.segment[TEXT].p_memsz = 0x2001)
SPOIL(sharing_a_page, file.segment[DATA].p_vaddr = BASE + 0x2800; file.segment[DATA].p_offset = 0x3800)
SPOIL(write_and_execute, file.segment[DATA].p_flags |= PF_X)
SPOIL(execute_and_write, file.segment[TEXT].p_flags |= PF_W)
SPOIL(no_rights, file.segment[CONSTANTS].p_flags = 0)
SPOIL(only_odd_rights, file.segment[CONSTANTS].p_flags = 0xfffffff8)
SPOIL(nothing_executable, file.segment[TEXT].p_flags = PF_R)
SPOIL(entry_in_data, file.header.e_entry = BASE + 0x3100)
SPOIL(entry_nowhere, file.header.e_entry = 0)
SPOIL(entry_in_a_gap, file.header.e_entry = BASE + 0x1800)
SPOIL(entry_before_the_text, file.header.e_entry = BASE - 1)
SPOIL(entry_behind_the_text, file.header.e_entry = BASE + 0x1234)
SPOIL(no_segments, file.segment[TEXT].p_type = file.segment[CONSTANTS].p_type = file.segment[DATA].p_type = PT_NOTE)

static void null_page(void **state) {
    (void)state;
    file.header.e_entry = HF_USER_FIRST;
    file.segment[TEXT].p_vaddr = HF_USER_FIRST;
    assert_int_equal(parse(), HF_OK);
    file.header.e_entry = file.segment[TEXT].p_vaddr = HF_USER_FIRST - 0x1000;
    assert_int_equal(parse(), HF_BAD_IMAGE);
    file.header.e_entry = file.segment[TEXT].p_vaddr = 0;
    assert_int_equal(parse(), HF_BAD_IMAGE);
}

static void last_page(void **state) {
    (void)state;
    file.segment[DATA].p_vaddr = IMAGE_END - 0xf00;
    file.segment[DATA].p_memsz = 0xf00;
    assert_int_equal(parse(), HF_OK);
    file.segment[DATA].p_memsz = 0xf01;
    assert_int_equal(parse(), HF_BAD_IMAGE);
    file.segment[DATA] = load(PF_R | PF_W, IMAGE_END, 0, 0, 1);
    assert_int_equal(parse(), HF_BAD_IMAGE);
}

static void truncated(void **state) {
    (void)state;
    const size_t headers = sizeof(Elf64_Ehdr) + 5 * sizeof(Elf64_Phdr);
    file.segment[TEXT] = load(PF_X, BASE, 0, 64, 64);
    file.segment[CONSTANTS].p_type = file.segment[DATA].p_type = PT_NULL;
    for (size_t length = 0; length < headers; length++) {
        assert_int_equal(parse_bytes(length), HF_BAD_IMAGE);
    }
    assert_int_equal(parse_bytes(headers), HF_OK);
    expect(0, BASE, 64, 0, 64, HF_READ | HF_EXECUTE);
}

static void only_zeros_need_no_place_in_the_file(void **state) {
    (void)state;
    file.segment[DATA] = load(PF_R | PF_W, BASE + 0x3100, 0x3777, 0, 0x5000);
    assert_int_equal(parse(), HF_OK);
    expect(2, BASE + 0x3100, 0x5000, 0x3777, 0, HF_READ | HF_WRITE);
}

static void entry_in_a_later_segment(void **state) {
    (void)state;
    file.segment[CONSTANTS].p_flags = PF_R | PF_X;
    file.header.e_entry = BASE + 0x2000 + 0xff;
    assert_int_equal(parse(), HF_OK);
    file.header.e_entry++;
    assert_int_equal(parse(), HF_BAD_IMAGE);
}

static void segments_may_touch(void **state) {
    (void)state;
    file.segment[TEXT].p_memsz = 0x2000;
    assert_int_equal(parse(), HF_OK);
    file.segment[DATA] = load(PF_R | PF_W, BASE + 0x3100, LENGTH, 0, 0x10); /* nothing, at the file's end */
    assert_int_equal(parse(), HF_OK);
}

static void empty_segments_are_skipped(void **state) {
    (void)state;
    file.segment[CONSTANTS] = load(PF_R | PF_W | PF_X, 0, 0, 0, 0);
    assert_int_equal(parse(), HF_OK);
    assert_int_equal(image.count, 2);
    file.segment[CONSTANTS].p_filesz = 1;
    assert_int_equal(parse(), HF_BAD_IMAGE);
}

static void whoever_writes_or_executes_may_read(void **state) {
    (void)state;
    file.segment[TEXT].p_flags = PF_X;
    file.segment[DATA].p_flags = PF_W;
    assert_int_equal(parse(), HF_OK);
    assert_int_equal(image.segment[0].rights, HF_READ | HF_EXECUTE);
    assert_int_equal(image.segment[2].rights, HF_READ | HF_WRITE);
}

static void eight_segments_and_no_more(void **state) {
    (void)state;
    for (unsigned i = 1; i < 9; i++) {
        file.segment[i] = load(PF_R, BASE + i * 0x10000, 0, 0x10, 0x10);
    }
    file.header.e_phnum = 8;
    assert_int_equal(parse(), HF_OK);
    assert_int_equal(image.count, 8);
    file.header.e_phnum = 9;
    assert_int_equal(parse(), HF_BAD_IMAGE);
}

static void sixty_four_program_headers(void **state) {
    (void)state;
    file.header.e_phnum = 64;
    assert_int_equal(parse(), HF_OK);
}

/* Whatever is accepted keeps the promises of image.h. */
static void check_promises(size_t length) {
    bool may_enter = false;
    uint64_t end = HF_USER_FIRST;
    assert_in_range(image.count, 1, IMAGE_SEGMENTS);
    for (unsigned i = 0; i < image.count; i++) {
        const struct image_segment *s = &image.segment[i];
        assert_true(s->start / 4096 * 4096 >= end && s->memory_bytes > 0 && s->file_bytes <= s->memory_bytes);
        end = (s->start + s->memory_bytes + 4095) / 4096 * 4096;
        assert_true(end > s->start && end <= IMAGE_END);
        assert_true(s->file_offset + s->file_bytes <= length || s->file_bytes == 0);
        assert_true(s->file_bytes == 0 || s->start % 4096 == s->file_offset % 4096);
        assert_true((s->rights & HF_READ) != 0 && (s->rights & 6) != 6 && s->rights < 8);
        may_enter |=
            (s->rights & HF_EXECUTE) != 0 && image.entry >= s->start && image.entry < s->start + s->memory_bytes;
    }
    assert_true(may_enter);
}

static void random_damage(void **state) {
    (void)state;
    const size_t size = sizeof(Elf64_Ehdr) + 5 * sizeof(Elf64_Phdr);
    unsigned accepted = 0;
    for (unsigned round = 0; round < 100000; round++) {
        start(state);
        for (uint64_t i = draw(3) + 1; i > 0; i--) {
            static const uint8_t favourites[] = {0, 1, 7, 0x10, 0x7f, 0x80, 0xf0, 0xff};
            ((uint8_t *)&file)[draw(size)] = draw(2) != 0 ? favourites[draw(8)] : (uint8_t)draw(256);
        }
        if (parse_bytes(LENGTH) == HF_OK) {
            check_promises(LENGTH);
            accepted++;
        }
    }
    assert_in_range(accepted, 10000, 90000);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup(name, start)
    const struct CMUnitTest tests[] = {
        TEST(good_image),
        TEST(wrong_magic),
        TEST(class_32),
        TEST(big_endian),
        TEST(other_ident_version),
        TEST(other_version),
        TEST(relocatable),
        TEST(position_independent),
        TEST(core_dump),
        TEST(other_machine),
        TEST(other_header_size),
        TEST(other_program_header_size),
        TEST(no_program_headers),
        TEST(too_many_program_headers),
        TEST(most_program_headers),
        TEST(program_headers_behind_the_end),
        TEST(program_headers_overflow),
        TEST(interpreter),
        TEST(dynamic),
        TEST(more_file_than_memory),
        TEST(file_range_behind_the_end),
        TEST(file_offset_behind_the_end),
        TEST(file_range_overflows),
        TEST(file_size_overflows),
        TEST(memory_overflows),
        TEST(memory_wraps),
        TEST(address_is_not_canonical),
        TEST(address_in_the_upper_half),
        TEST(address_wraps),
        TEST(not_congruent),
        TEST(not_sorted),
        TEST(overlapping),
        TEST(the_same_twice),
        TEST(overlapping_by_zeros),
        TEST(sharing_a_page),
        TEST(write_and_execute),
        TEST(execute_and_write),
        TEST(no_rights),
        TEST(only_odd_rights),
        TEST(nothing_executable),
        TEST(entry_in_data),
        TEST(entry_nowhere),
        TEST(entry_in_a_gap),
        TEST(entry_before_the_text),
        TEST(entry_behind_the_text),
        TEST(no_segments),
        TEST(null_page),
        TEST(last_page),
        TEST(truncated),
        TEST(only_zeros_need_no_place_in_the_file),
        TEST(entry_in_a_later_segment),
        TEST(segments_may_touch),
        TEST(empty_segments_are_skipped),
        TEST(whoever_writes_or_executes_may_read),
        TEST(eight_segments_and_no_more),
        TEST(sixty_four_program_headers),
        TEST(random_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
