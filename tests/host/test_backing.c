// sources: servers/memsrv/backing.c servers/memsrv/image.c
// include: tests/host/fake servers/memsrv
/* Where a page of each kind of region comes from. An image's pages, put together the way that they
 * say, must be what a loader that copies byte by byte makes of the file. */
#include "backing.h"
#include "draw.h"
#include <handoff/mmu.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FILE_PAGES 24u
#define FIRST_FRAME 1000u
#define IMAGE_START 0x400000ull

static _Alignas(HF_PAGE_SIZE) uint8_t file[FILE_PAGES * HF_PAGE_SIZE];
static struct program program = {.name = "image", .first = FIRST_FRAME};

static void fill_file(size_t length) {
    for (size_t i = 0; i < sizeof file; i++) {
        file[i] = i < length ? (uint8_t)(1 + i % 251) : 0;
    }
}

/* The page as the core makes it of what the backing says. */
static void make_page(const struct page_source *source, uint8_t *page) {
    memset(page, 0, HF_PAGE_SIZE);
    if (source->shared) {
        assert_in_range(source->frame, FIRST_FRAME, FIRST_FRAME + FILE_PAGES - 1);
        memcpy(page, file + (source->frame - FIRST_FRAME) * HF_PAGE_SIZE, HF_PAGE_SIZE);
    } else if (source->frame != HF_NO_FRAME) {
        assert_in_range(source->frame, FIRST_FRAME, FIRST_FRAME + FILE_PAGES - 1);
        assert_true(source->offset + source->length <= HF_PAGE_SIZE); /* STAGE wants one source frame */
        assert_true(source->at + source->length <= HF_PAGE_SIZE);
        memcpy(page + source->at, file + (source->frame - FIRST_FRAME) * HF_PAGE_SIZE + source->offset, source->length);
    } else {
        assert_true(source->length == 0 && source->offset == 0 && source->at == 0);
    }
}

/* Byte `address` of the segment. What the file has behind a shared last page's end may be seen, if it is never written. */
static bool byte_is(const struct image_segment *segment, uint64_t address, uint8_t is, bool shared) {
    if (address >= segment->start && address < segment->start + segment->file_bytes) {
        return is == file[segment->file_offset + (address - segment->start)];
    }
    return is == 0 || (shared && segment->memory_bytes == segment->file_bytes) || (shared && address < segment->start);
}

static void check_page(const struct image_segment *segment, uint64_t at, bool write) {
    const struct backing_data data = {.image = &program, .segment = (unsigned)(segment - program.image.segment)};
    uint8_t page[HF_PAGE_SIZE];
    struct page_source source = {0};
    assert_int_equal(backing_image.page(&data, at, write, &source), HF_REASON_NONE);
    assert_false(source.shared && write);
    make_page(&source, page);
    bool rest_is_seen = source.shared && !(segment->rights & HF_WRITE);
    for (uint64_t i = 0; i < HF_PAGE_SIZE; i++) {
        if (!byte_is(segment, at + i, page[i], rest_is_seen)) {
            fail_msg("byte %#llx", (unsigned long long)(at + i));
        }
    }
}

static void check_segment(unsigned number) {
    const struct image_segment *segment = &program.image.segment[number];
    const uint64_t first = segment->start & ~(HF_PAGE_SIZE - 1);
    for (uint64_t at = first; at < segment->start + segment->memory_bytes; at += HF_PAGE_SIZE) {
        check_page(segment, at, false);
        if (segment->rights & HF_WRITE) {
            check_page(segment, at, true);
        }
    }
    assert_int_equal(backing_image.limit(&(struct backing_data){.image = &program, .segment = number}),
                     segment->rights);
}

static void one_segment(uint64_t start, uint64_t memory, uint64_t offset, uint64_t bytes, unsigned rights) {
    fill_file(sizeof file);
    program.image.count = 1;
    program.image.segment[0] = (struct image_segment){start, memory, offset, bytes, rights};
    check_segment(0);
}

static struct page_source page_for(uint64_t address, bool write) {
    struct page_source source = {0};
    const struct backing_data data = {.image = &program};
    assert_int_equal(backing_image.page(&data, address, write, &source), HF_REASON_NONE);
    return source;
}

static struct page_source page_at(uint64_t address) { return page_for(address, false); }

static void whole_read_only_pages_are_shared(void **state) {
    (void)state;
    one_segment(IMAGE_START, 3 * HF_PAGE_SIZE, HF_PAGE_SIZE, 3 * HF_PAGE_SIZE, HF_READ | HF_EXECUTE);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(page_at(IMAGE_START + i * HF_PAGE_SIZE).shared);
        assert_int_equal(page_at(IMAGE_START + i * HF_PAGE_SIZE).frame, FIRST_FRAME + 1 + i);
    }
}

/* Until they are written, if they are the file's altogether. */
static void writable_pages_are_copies(void **state) {
    (void)state;
    one_segment(IMAGE_START, 3 * HF_PAGE_SIZE, HF_PAGE_SIZE, 2 * HF_PAGE_SIZE + 5, HF_READ | HF_WRITE);
    assert_true(page_at(IMAGE_START + HF_PAGE_SIZE).shared);
    assert_int_equal(page_at(IMAGE_START + HF_PAGE_SIZE).frame, FIRST_FRAME + 2);
    assert_false(page_for(IMAGE_START + HF_PAGE_SIZE, true).shared);
    assert_int_equal(page_for(IMAGE_START + HF_PAGE_SIZE, true).frame, FIRST_FRAME + 2);
    assert_int_equal(page_for(IMAGE_START + HF_PAGE_SIZE, true).length, HF_PAGE_SIZE);
    assert_false(page_at(IMAGE_START + 2 * HF_PAGE_SIZE).shared);
    assert_int_equal(page_at(IMAGE_START + 2 * HF_PAGE_SIZE).length, 5);
}

static void bytes_behind_the_files_are_zero(void **state) {
    (void)state;
    one_segment(IMAGE_START + 100, 3 * HF_PAGE_SIZE, 2 * HF_PAGE_SIZE + 100, 5000, HF_READ | HF_WRITE);
    assert_int_equal(page_at(IMAGE_START).at, 100);
    assert_int_equal(page_at(IMAGE_START).length, HF_PAGE_SIZE - 100);
    assert_int_equal(page_at(IMAGE_START + HF_PAGE_SIZE).length, 5000 - (HF_PAGE_SIZE - 100));
    assert_int_equal(page_at(IMAGE_START + 2 * HF_PAGE_SIZE).frame, HF_NO_FRAME);
}

/* Zeros in a segment that is never written: the last page is no page of the file. */
static void read_only_zeros(void **state) {
    (void)state;
    one_segment(IMAGE_START, 2 * HF_PAGE_SIZE, 0, 100, HF_READ);
    assert_false(page_at(IMAGE_START).shared);
    one_segment(IMAGE_START, HF_PAGE_SIZE, 0, 0, HF_READ);
    assert_int_equal(page_at(IMAGE_START).frame, HF_NO_FRAME);
}

static void random_segments(void **state) {
    (void)state;
    static const unsigned rights[] = {HF_READ, HF_READ | HF_WRITE, HF_READ | HF_EXECUTE};
    for (unsigned i = 0; i < 3000; i++) {
        const uint64_t in_page = draw(3) ? draw(HF_PAGE_SIZE) : 0;
        const uint64_t offset = draw(8) * HF_PAGE_SIZE + in_page;
        const uint64_t bytes = draw(4) ? draw(8 * HF_PAGE_SIZE) : draw(8) * HF_PAGE_SIZE;
        const uint64_t more = draw(2) ? 0 : draw(4 * HF_PAGE_SIZE);
        if (bytes + more > 0) {
            one_segment(IMAGE_START + draw(9) * HF_PAGE_SIZE + in_page, bytes + more, offset, bytes, rights[draw(3)]);
        }
    }
}

static void other_backings(void **state) {
    (void)state;
    static const struct backing *const zeroed[] = {&backing_anonymous, &backing_large, &backing_stack, &backing_buffer};
    const struct backing_data none = {0};
    struct page_source source;
    for (unsigned i = 0; i < sizeof zeroed / sizeof zeroed[0]; i++) {
        source = (struct page_source){.shared = true, .offset = 1, .length = 1, .at = 1};
        assert_int_equal(zeroed[i]->page(&none, 0x80000000, draw(2), &source), HF_REASON_NONE);
        assert_true(!source.shared && source.frame == HF_NO_FRAME && source.length == 0);
        assert_true(source.offset == 0 && source.at == 0);
        assert_int_equal(zeroed[i]->limit(&none), HF_READ | HF_WRITE | HF_EXECUTE);
        assert_false(zeroed[i]->image || zeroed[i]->unpaid || zeroed[i]->has_offset);
    }
    assert_int_equal(backing_guard.page(&none, 0x80000000, false, &source), HF_REASON_GUARD);
    assert_int_equal(backing_guard.limit(&none), 0);
    assert_string_equal(backing_large.name, backing_anonymous.name);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_read_only_pages_are_shared),
        cmocka_unit_test(writable_pages_are_copies),
        cmocka_unit_test(bytes_behind_the_files_are_zero),
        cmocka_unit_test(read_only_zeros),
        cmocka_unit_test(random_segments),
        cmocka_unit_test(other_backings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
