// sources: ukernel/bootmap.c
// include: ukernel
#include "bootmap.h"
#include "draw.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct bootmap map;

static int start(void **state) {
    (void)state;
    memset(&map, 0, sizeof map);
    draw_state = DRAW_SEED;
    return 0;
}

/* What must hold of every map of frames. */
static void check(void) {
    assert_true(map.count <= BOOTMAP_RANGES);
    for (unsigned i = 0; i < map.count; i++) {
        const struct boot_range *range = &map.range[i];
        assert_true(range->first < range->end);
        assert_true(range->end <= BOOTMAP_FRAMES);
        if (i > 0) {
            assert_true(range[-1].end <= range->first);
            assert_false(range[-1].end == range->first && range[-1].kind == range->kind);
        }
    }
}

static void expect(const struct boot_range *want, unsigned count) {
    check();
    assert_int_equal(map.count, count);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(map.range[i].first, want[i].first);
        assert_int_equal(map.range[i].end, want[i].end);
        assert_int_equal(map.range[i].kind, want[i].kind);
    }
}

#define EXPECT(...) \
    expect((const struct boot_range[]){__VA_ARGS__}, \
           sizeof((const struct boot_range[]){__VA_ARGS__}) / sizeof(struct boot_range))

static void add(uint64_t first, uint64_t end) {
    assert_int_equal(bootmap_add_bytes(&map, first, end - first), BOOT_OK);
}

static void drop(uint64_t first, uint64_t end) {
    assert_int_equal(bootmap_remove_bytes(&map, first, end - first), BOOT_OK);
}

static void frames_of_a_pc(void **state) {
    (void)state;
    add(0x100000, 0x8000000);
    add(0, 0x9fc00);
    drop(0x9fc00, 0x100000);
    drop(0x7fe0000, 0x8000000);
    bootmap_round_to_frames(&map);
    EXPECT({0, 0x9f, HF_RANGE_FREE}, {0x100, 0x7fe0, HF_RANGE_FREE});
    assert_int_equal(bootmap_total(&map), 0x9f + 0x7ee0);
    assert_int_equal(bootmap_end(&map), 0x7fe0);
    assert_int_equal(map.ignored, 0);
}

static void empty_map(void **state) {
    (void)state;
    bootmap_round_to_frames(&map);
    hf_frame_t first;
    assert_int_equal(map.count, 0);
    assert_int_equal(bootmap_total(&map), 0);
    assert_int_equal(bootmap_end(&map), 0);
    assert_int_equal(bootmap_claim(&map, 0, 1, HF_RANGE_CORE), BOOT_NOT_FREE);
    assert_int_equal(bootmap_take(&map, &(struct boot_request){.count = 1}, &first), BOOT_NO_ROOM);
}

static void usable_is_rounded_inward_and_reserved_outward(void **state) {
    (void)state;
    add(0x1001, 0x9fff);
    drop(0x4fff, 0x5001);
    bootmap_round_to_frames(&map);
    EXPECT({2, 4, HF_RANGE_FREE}, {6, 9, HF_RANGE_FREE});
}

static void halves_of_a_frame_make_a_frame(void **state) {
    (void)state;
    add(0x1800, 0x3000);
    add(0x1000, 0x1800);
    bootmap_round_to_frames(&map);
    EXPECT({1, 3, HF_RANGE_FREE});
}

static void less_than_a_frame_is_nothing(void **state) {
    (void)state;
    add(0x1001, 0x1fff);
    add(0x2800, 0x3800);
    bootmap_round_to_frames(&map);
    assert_int_equal(map.count, 0);
}

static void a_gap_of_one_byte_costs_a_frame(void **state) {
    (void)state;
    add(0x1000, 0x2fff);
    add(0x3000, 0x5000);
    bootmap_round_to_frames(&map);
    EXPECT({1, 2, HF_RANGE_FREE}, {3, 5, HF_RANGE_FREE});
}

static void empty_ranges_do_nothing(void **state) {
    (void)state;
    assert_int_equal(bootmap_add_bytes(&map, 0x5000, 0), BOOT_OK);
    assert_int_equal(bootmap_add_bytes(&map, UINT64_MAX, 0), BOOT_OK);
    assert_int_equal(map.count, 0);
    add(0x1000, 0x9000);
    assert_int_equal(bootmap_remove_bytes(&map, 0x5000, 0), BOOT_OK);
    assert_int_equal(bootmap_remove_bytes(&map, UINT64_MAX, 0), BOOT_OK);
    bootmap_round_to_frames(&map);
    EXPECT({1, 9, HF_RANGE_FREE});
}

static void overflowing_ranges_are_refused(void **state) {
    (void)state;
    add(0x1000, 0x9000);
    const struct bootmap before = map;
    assert_int_equal(bootmap_add_bytes(&map, UINT64_MAX, 1), BOOT_RANGE_OVERFLOW);
    assert_int_equal(bootmap_add_bytes(&map, 0x1000, UINT64_MAX), BOOT_RANGE_OVERFLOW);
    assert_int_equal(bootmap_add_bytes(&map, 1ull << 52, 1), BOOT_RANGE_OVERFLOW);
    assert_int_equal(bootmap_add_bytes(&map, (1ull << 52) - 1, 2), BOOT_RANGE_OVERFLOW);
    assert_int_equal(bootmap_remove_bytes(&map, UINT64_MAX, 1), BOOT_RANGE_OVERFLOW);
    assert_int_equal(bootmap_remove_bytes(&map, 0x2000, UINT64_MAX - 0x1fff), BOOT_RANGE_OVERFLOW);
    assert_memory_equal(&map, &before, sizeof map);
    assert_int_equal(bootmap_remove_bytes(&map, 0x2000, UINT64_MAX - 0x2000), BOOT_OK);
    bootmap_round_to_frames(&map);
    EXPECT({1, 2, HF_RANGE_FREE});
}

static void ram_beyond_the_pmo_is_counted(void **state) {
    (void)state;
    const uint64_t limit = BOOTMAP_FRAMES * HF_PAGE_SIZE;
    add(limit - 0x2000, limit + 0x3800);
    add(limit + 0x10000, limit + 0x20000);
    add((1ull << 52) - 0x1000, 1ull << 52);
    drop(limit + 0x10000, limit + 0x18000);
    bootmap_round_to_frames(&map);
    EXPECT({BOOTMAP_FRAMES - 2, BOOTMAP_FRAMES, HF_RANGE_FREE});
    assert_int_equal(map.ignored, 3 + 8 + 1);
}

static void room_for_512_ranges_and_no_more(void **state) {
    (void)state;
    for (uint64_t i = 0; i < BOOTMAP_RANGES; i++) {
        add(i * 0x3000, i * 0x3000 + 0x2000);
    }
    const struct bootmap full = map;
    assert_int_equal(bootmap_add_bytes(&map, 0x4000000, 0x1000), BOOT_TOO_MANY_RANGES);
    assert_int_equal(bootmap_remove_bytes(&map, 0x3800, 0x100), BOOT_TOO_MANY_RANGES);
    assert_memory_equal(&map, &full, sizeof map);
    bootmap_round_to_frames(&map);
    const struct bootmap rounded = map;
    assert_int_equal(bootmap_claim(&map, 3, 1, HF_RANGE_CORE), BOOT_TOO_MANY_RANGES);
    assert_memory_equal(&map, &rounded, sizeof map);
    assert_int_equal(bootmap_claim(&map, 3, 2, HF_RANGE_CORE), BOOT_OK);
    assert_int_equal(map.count, BOOTMAP_RANGES);
}

static void one_range_over_all_joins_512(void **state) {
    (void)state;
    for (uint64_t i = BOOTMAP_RANGES; i > 0; i--) {
        add(i * 0x3000, i * 0x3000 + 0x1000);
    }
    add(0x1000, 0x1000000);
    bootmap_round_to_frames(&map);
    EXPECT({1, 0x1000, HF_RANGE_FREE});
}

static void claims(void **state) {
    (void)state;
    add(0x10000, 0x20000);
    add(0x30000, 0x40000);
    bootmap_round_to_frames(&map);
    assert_int_equal(bootmap_claim(&map, 0x14, 2, HF_RANGE_MODULE), BOOT_OK);
    EXPECT({0x10, 0x14, HF_RANGE_FREE}, {0x14, 0x16, HF_RANGE_MODULE}, {0x16, 0x20, HF_RANGE_FREE},
           {0x30, 0x40, HF_RANGE_FREE});
    assert_int_equal(bootmap_claim(&map, 0x16, 10, HF_RANGE_MODULE), BOOT_OK);
    assert_int_equal(bootmap_claim(&map, 0x10, 2, HF_RANGE_MODULE), BOOT_OK);
    assert_int_equal(bootmap_claim(&map, 0x12, 2, HF_RANGE_MODULE), BOOT_OK);
    EXPECT({0x10, 0x20, HF_RANGE_MODULE}, {0x30, 0x40, HF_RANGE_FREE});
    assert_int_equal(bootmap_sum(&map, HF_RANGE_MODULE), 16);
    assert_int_equal(bootmap_sum(&map, HF_RANGE_FREE), 16);
    assert_int_equal(bootmap_sum(&map, HF_RANGE_CORE), 0);
}

static void refused_claims_change_nothing(void **state) {
    (void)state;
    add(0x10000, 0x20000);
    bootmap_round_to_frames(&map);
    assert_int_equal(bootmap_claim(&map, 0x18, 1, HF_RANGE_CORE), BOOT_OK);
    const struct bootmap before = map;
    const struct {
        uint64_t first, count;
    } refused[] = {{0xf, 1},   {0xf, 2},   {0x1f, 2},  {0x20, 1},      {0x17, 2},     {0x18, 1},
                   {0x10, 16}, {0, ~0ull}, {~0ull, 1}, {~0ull, ~0ull}, {0x11, ~0ull}, {0x11, ~0x11ull + 1}};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_int_equal(bootmap_claim(&map, refused[i].first, refused[i].count, HF_RANGE_CORE),
                         BOOT_NOT_FREE);
    }
    assert_int_equal(bootmap_claim(&map, 0x18, 0, HF_RANGE_CORE), BOOT_OK);
    assert_memory_equal(&map, &before, sizeof map);
}

static void takes(void **state) {
    (void)state;
    hf_frame_t first;
    add(0x10000, 0x20000);
    add(0x400000, 0x900000);
    bootmap_round_to_frames(&map);
    struct boot_request request = {.count = 17, .kind = HF_RANGE_CORE};
    assert_int_equal(bootmap_take(&map, &request, &first), BOOT_OK);
    assert_int_equal(first, 0x400);
    request = (struct boot_request){.count = 512, .align = 512, .highest = true, .kind = HF_RANGE_CORE};
    assert_int_equal(bootmap_take(&map, &request, &first), BOOT_OK);
    assert_int_equal(first, 0x600);
    request =
        (struct boot_request){.count = 1, .align = 16, .offset = 3, .below = 0x100, .kind = HF_RANGE_CORE};
    assert_int_equal(bootmap_take(&map, &request, &first), BOOT_OK);
    assert_int_equal(first, 0x13);
    assert_int_equal(bootmap_take(&map, &request, &first), BOOT_NO_ROOM);
    request = (struct boot_request){.count = 0x100, .at_least = 0x850, .kind = HF_RANGE_CORE};
    assert_int_equal(bootmap_take(&map, &request, &first), BOOT_NO_ROOM);
    request.count = ~0ull;
    assert_int_equal(bootmap_take(&map, &request, &first), BOOT_NO_ROOM);
}

/* Neighbours of different kinds are one span. */
static void spans(void **state) {
    (void)state;
    add(0x10000, 0x20000);
    add(0x30000, 0x40000);
    bootmap_round_to_frames(&map);
    assert_int_equal(bootmap_claim(&map, 0x14, 2, HF_RANGE_MODULE), BOOT_OK);
    assert_int_equal(bootmap_claim(&map, 0x3f, 1, HF_RANGE_CORE), BOOT_OK);
    hf_frame_t first = 0, end = 0;
    assert_true(bootmap_next_span(&map, 0, &first, &end));
    assert_int_equal(first, 0x10);
    assert_int_equal(end, 0x20);
    assert_true(bootmap_next_span(&map, end, &first, &end));
    assert_int_equal(first, 0x30);
    assert_int_equal(end, 0x40);
    assert_false(bootmap_next_span(&map, end, &first, &end));
}

static void every_error_has_a_sentence(void **state) {
    (void)state;
    for (unsigned i = 0; i < BOOT_ERROR_COUNT; i++) {
        assert_true(strlen(boot_error_text((enum boot_error)i)) > 5);
    }
    assert_string_equal(boot_error_text(BOOT_ERROR_COUNT), "unknown error");
}

/* The model: one byte for each cell of 256 bytes of RAM, then one for each frame. */
enum { FRAMES = 96, CELLS = 16, NONE = 99 };

static uint8_t cell[FRAMES * CELLS];
static uint8_t frame[FRAMES];

static void random_building(uint64_t base) {
    memset(&map, 0, sizeof map);
    memset(cell, NONE, sizeof cell);
    const unsigned adds = (unsigned)draw(20), removes = (unsigned)draw(12);
    for (unsigned i = 0; i < adds + removes; i++) {
        const uint64_t first = draw(FRAMES * CELLS),
                       length = draw(FRAMES * CELLS - first + 1) / (1 + draw(8));
        if (i < adds) {
            assert_int_equal(bootmap_add_bytes(&map, base + first * 256, length * 256), BOOT_OK);
        } else {
            assert_int_equal(bootmap_remove_bytes(&map, base + first * 256, length * 256), BOOT_OK);
        }
        memset(cell + first, i < adds ? HF_RANGE_FREE : NONE, length);
    }
    bootmap_round_to_frames(&map);
    uint64_t ignored = 0;
    for (unsigned f = 0; f < FRAMES; f++) {
        frame[f] = HF_RANGE_FREE;
        for (unsigned c = 0; c < CELLS; c++) {
            frame[f] = cell[f * CELLS + c] == NONE ? NONE : frame[f];
        }
        if (frame[f] != NONE && base / HF_PAGE_SIZE + f >= BOOTMAP_FRAMES) {
            frame[f] = NONE;
            ignored++;
        }
    }
    assert_int_equal(map.ignored, ignored);
}

static void compare_with_model(uint64_t base) {
    check();
    const hf_frame_t low = base / HF_PAGE_SIZE;
    uint64_t sums[4] = {0}, total = 0, end = 0;
    unsigned at = 0;
    for (unsigned f = 0; f < FRAMES; f++) {
        while (at < map.count && map.range[at].end <= low + f) {
            at++;
        }
        const bool there = at < map.count && map.range[at].first <= low + f;
        assert_int_equal(there ? map.range[at].kind : (int)NONE, frame[f]);
        if (there) {
            sums[frame[f]]++;
            total++;
            end = low + f + 1;
        }
    }
    for (unsigned kind = 0; kind < 4; kind++) {
        assert_int_equal(bootmap_sum(&map, (enum hf_range_kind)kind), sums[kind]);
    }
    assert_int_equal(bootmap_total(&map), total);
    assert_int_equal(bootmap_end(&map), end);
}

static bool model_is_free(uint64_t first, uint64_t count) {
    for (uint64_t f = first; f < first + count; f++) {
        if (f >= FRAMES || frame[f] != HF_RANGE_FREE) {
            return false;
        }
    }
    return true;
}

static void random_claim(uint64_t base) {
    const uint64_t first = draw(FRAMES), count = 1 + draw(12);
    const enum hf_range_kind kind = (enum hf_range_kind)(1 + draw(3));
    const bool possible = model_is_free(first, count);
    assert_int_equal(bootmap_claim(&map, base / HF_PAGE_SIZE + first, count, kind),
                     possible ? BOOT_OK : BOOT_NOT_FREE);
    if (possible) {
        memset(frame + first, kind, count);
    }
}

static bool model_suits(const struct boot_request *request, hf_frame_t low, uint64_t f) {
    return model_is_free(f, request->count) && low + f >= request->at_least &&
           (request->below == 0 || low + f + request->count <= request->below) &&
           (request->align == 0 || (low + f) % request->align == request->offset);
}

static void random_take(uint64_t base) {
    const hf_frame_t low = base / HF_PAGE_SIZE;
    struct boot_request request = {.count = 1 + draw(10), .align = draw(9), .highest = draw(2) != 0};
    request.offset = request.align == 0 ? 0 : draw(request.align);
    request.at_least = draw(2) != 0 ? low + draw(FRAMES) : 0;
    request.below = draw(2) != 0 ? low + draw(FRAMES) : 0;
    request.kind = (enum hf_range_kind)(1 + draw(3));
    uint64_t want = FRAMES;
    for (uint64_t f = 0; f < FRAMES; f++) {
        if (model_suits(&request, low, f) && (want == FRAMES || request.highest)) {
            want = f;
        }
    }
    hf_frame_t first = 0;
    const enum boot_error error = bootmap_take(&map, &request, &first);
    assert_int_equal(error, want == FRAMES ? BOOT_NO_ROOM : BOOT_OK);
    if (error == BOOT_OK) {
        assert_int_equal(first, low + want);
        memset(frame + want, request.kind, request.count);
    }
}

static void random_maps_agree_with_a_bitmap(void **state) {
    (void)state;
    static const uint64_t bases[] = {0, 0x100000, (BOOTMAP_FRAMES - FRAMES / 2) * HF_PAGE_SIZE,
                                     (1ull << 52) - FRAMES * HF_PAGE_SIZE};
    for (unsigned round = 0; round < 4000; round++) {
        const uint64_t base = bases[draw(4)];
        random_building(base);
        compare_with_model(base);
        for (unsigned i = 0; i < 12; i++) {
            if (draw(2) != 0) {
                random_claim(base);
            } else {
                random_take(base);
            }
            compare_with_model(base);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(frames_of_a_pc, start),
        cmocka_unit_test_setup(empty_map, start),
        cmocka_unit_test_setup(usable_is_rounded_inward_and_reserved_outward, start),
        cmocka_unit_test_setup(halves_of_a_frame_make_a_frame, start),
        cmocka_unit_test_setup(less_than_a_frame_is_nothing, start),
        cmocka_unit_test_setup(a_gap_of_one_byte_costs_a_frame, start),
        cmocka_unit_test_setup(empty_ranges_do_nothing, start),
        cmocka_unit_test_setup(overflowing_ranges_are_refused, start),
        cmocka_unit_test_setup(ram_beyond_the_pmo_is_counted, start),
        cmocka_unit_test_setup(room_for_512_ranges_and_no_more, start),
        cmocka_unit_test_setup(one_range_over_all_joins_512, start),
        cmocka_unit_test_setup(claims, start),
        cmocka_unit_test_setup(refused_claims_change_nothing, start),
        cmocka_unit_test_setup(takes, start),
        cmocka_unit_test_setup(spans, start),
        cmocka_unit_test_setup(every_error_has_a_sentence, start),
        cmocka_unit_test_setup(random_maps_agree_with_a_bitmap, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
