// sources: ukernel/bootmap.c
// include: ukernel
#include "draw.h"
#include "refusal.h"
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct hf_boot_map map;

/* Frames of one kind: how the tests write down what they expect. */
struct piece {
    hf_frame_t first, end;
    enum hf_range_kind kind;
};

#define TOO_MANY "the memory map has more ranges than the core has room for"
#define OVERFLOW "a range of the memory map reaches beyond the physical address space"
#define NOT_FREE "the core or a boot module lies in memory that is not usable RAM, or is used twice by an overlap"

static int start(void **state) {
    (void)state;
    memset(&map, 0, sizeof map);
    draw_state = DRAW_SEED;
    return 0;
}

/* What must hold of every map of frames. */
static void check(void) {
    uint64_t ram = 0, end = 0;
    assert_true(map.count <= HF_BOOT_RANGES);
    for (unsigned i = 0; i < map.count; i++) {
        const struct hf_boot_range *range = &map.range[i];
        assert_true(range->first <= BOOTMAP_FRAMES);
        assert_true(range->kind != (i > 0 ? range[-1].kind : HF_RANGE_NONE));
        assert_true(i == 0 || range[-1].first < range->first);
        if (range->kind != HF_RANGE_NONE) {
            assert_true(i + 1 < map.count);
            ram += range[1].first - range[0].first;
            end = range[1].first;
        }
    }
    assert_int_equal(map.total_ram, ram * HF_PAGE_SIZE);
    assert_int_equal(map.phys_max, end * HF_PAGE_SIZE);
}

static void expect(const struct piece *want, unsigned count) {
    unsigned found = 0;
    check();
    for (unsigned i = 0; i < map.count; i++) {
        const struct hf_boot_range *range = &map.range[i];
        if (range->kind == HF_RANGE_NONE) continue;
        assert_true(found < count);
        assert_int_equal(range[0].first, want[found].first);
        assert_int_equal(range[1].first, want[found].end);
        assert_int_equal(range->kind, want[found].kind);
        found++;
    }
    assert_int_equal(found, count);
}

#define EXPECT(...) \
    expect((const struct piece[]){__VA_ARGS__}, sizeof((const struct piece[]){__VA_ARGS__}) / sizeof(struct piece))

static void add(uint64_t first, uint64_t end) { bootmap_set_bytes(&map, first, end - first, HF_RANGE_FREE); }

static void drop(uint64_t first, uint64_t end) { bootmap_set_bytes(&map, first, end - first, HF_RANGE_NONE); }

static void frames_of_a_pc(void **state) {
    (void)state;
    add(0x100000, 0x8000000);
    add(0, 0x9fc00);
    drop(0x9fc00, 0x100000);
    drop(0x7fe0000, 0x8000000);
    bootmap_round_to_frames(&map);
    EXPECT({0, 0x9f, HF_RANGE_FREE}, {0x100, 0x7fe0, HF_RANGE_FREE});
    assert_int_equal(map.total_ram, (0x9f + 0x7ee0) * HF_PAGE_SIZE);
    assert_int_equal(map.phys_max, 0x7fe0000);
    assert_int_equal(map.ignored, 0);
}

static void empty_map(void **state) {
    (void)state;
    bootmap_round_to_frames(&map);
    hf_frame_t first;
    assert_int_equal(map.count, 0);
    assert_int_equal(map.total_ram, 0);
    assert_int_equal(map.phys_max, 0);
    assert_string_equal(REFUSAL(bootmap_claim(&map, 0, 1, HF_RANGE_CORE)), NOT_FREE);
    assert_false(bootmap_take(&map, &(struct boot_request){.count = 1, .align = 1, .below = BOOTMAP_FRAMES}, &first));
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
    bootmap_set_bytes(&map, 0x5000, 0, HF_RANGE_FREE);
    bootmap_set_bytes(&map, UINT64_MAX, 0, HF_RANGE_FREE);
    assert_int_equal(map.count, 0);
    add(0x1000, 0x9000);
    bootmap_set_bytes(&map, 0x5000, 0, HF_RANGE_NONE);
    bootmap_set_bytes(&map, UINT64_MAX, 0, HF_RANGE_NONE);
    bootmap_round_to_frames(&map);
    EXPECT({1, 9, HF_RANGE_FREE});
}

static void overflowing_ranges_are_refused(void **state) {
    (void)state;
    add(0x1000, 0x9000);
    const struct hf_boot_map before = map;
    assert_string_equal(REFUSAL(bootmap_set_bytes(&map, UINT64_MAX, 1, HF_RANGE_FREE)), OVERFLOW);
    assert_string_equal(REFUSAL(bootmap_set_bytes(&map, 0x1000, UINT64_MAX, HF_RANGE_FREE)), OVERFLOW);
    assert_string_equal(REFUSAL(bootmap_set_bytes(&map, 1ull << 52, 1, HF_RANGE_FREE)), OVERFLOW);
    assert_string_equal(REFUSAL(bootmap_set_bytes(&map, (1ull << 52) - 1, 2, HF_RANGE_FREE)), OVERFLOW);
    assert_string_equal(REFUSAL(bootmap_set_bytes(&map, UINT64_MAX, 1, HF_RANGE_NONE)), OVERFLOW);
    assert_string_equal(REFUSAL(bootmap_set_bytes(&map, 0x2000, UINT64_MAX - 0x1fff, HF_RANGE_NONE)), OVERFLOW);
    assert_memory_equal(&map, &before, sizeof map);
    bootmap_set_bytes(&map, 0x2000, UINT64_MAX - 0x2000, HF_RANGE_NONE);
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
    assert_int_equal(map.ignored, (3 + 8 + 1) * HF_PAGE_SIZE);
}

static void room_for_512_ranges_and_no_more(void **state) {
    (void)state;
    for (uint64_t i = 0; i < HF_BOOT_RANGES / 2; i++) {
        add(i * 0x3000, i * 0x3000 + 0x2000);
    }
    const struct hf_boot_map full = map;
    assert_string_equal(REFUSAL(bootmap_set_bytes(&map, 0x4000000, 0x1000, HF_RANGE_FREE)), TOO_MANY);
    assert_string_equal(REFUSAL(bootmap_set_bytes(&map, 0x3800, 0x100, HF_RANGE_NONE)), TOO_MANY);
    assert_memory_equal(&map, &full, sizeof map);
    bootmap_round_to_frames(&map);
    const struct hf_boot_map rounded = map;
    assert_string_equal(REFUSAL(bootmap_claim(&map, 3, 1, HF_RANGE_CORE)), TOO_MANY);
    assert_memory_equal(&map, &rounded, sizeof map);
    bootmap_claim(&map, 3, 2, HF_RANGE_CORE);
    assert_int_equal(map.count, HF_BOOT_RANGES);
}

static void one_range_over_all_joins_512(void **state) {
    (void)state;
    for (uint64_t i = HF_BOOT_RANGES / 2; i > 0; i--) {
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
    bootmap_claim(&map, 0x14, 2, HF_RANGE_MODULE);
    EXPECT({0x10, 0x14, HF_RANGE_FREE}, {0x14, 0x16, HF_RANGE_MODULE}, {0x16, 0x20, HF_RANGE_FREE},
           {0x30, 0x40, HF_RANGE_FREE});
    bootmap_claim(&map, 0x16, 10, HF_RANGE_MODULE);
    bootmap_claim(&map, 0x10, 2, HF_RANGE_MODULE);
    bootmap_claim(&map, 0x12, 2, HF_RANGE_MODULE);
    EXPECT({0x10, 0x20, HF_RANGE_MODULE}, {0x30, 0x40, HF_RANGE_FREE});
}

static void refused_claims_change_nothing(void **state) {
    (void)state;
    add(0x10000, 0x20000);
    bootmap_round_to_frames(&map);
    bootmap_claim(&map, 0x18, 1, HF_RANGE_CORE);
    const struct hf_boot_map before = map;
    const struct {
        uint64_t first, count;
    } refused[] = {{0xf, 1},   {0xf, 2},   {0x1f, 2},  {0x20, 1},      {0x17, 2},     {0x18, 1},
                   {0x10, 16}, {0, ~0ull}, {~0ull, 1}, {~0ull, ~0ull}, {0x11, ~0ull}, {0x11, ~0x11ull + 1}};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        assert_string_equal(REFUSAL(bootmap_claim(&map, refused[i].first, refused[i].count, HF_RANGE_CORE)), NOT_FREE);
    }
    bootmap_claim(&map, 0x18, 0, HF_RANGE_CORE);
    assert_memory_equal(&map, &before, sizeof map);
}

static void takes(void **state) {
    (void)state;
    hf_frame_t first;
    add(0x10000, 0x20000);
    add(0x400000, 0x900000);
    bootmap_round_to_frames(&map);
    struct boot_request request = {.count = 17, .align = 1, .below = BOOTMAP_FRAMES, .kind = HF_RANGE_CORE};
    assert_true(bootmap_take(&map, &request, &first));
    assert_int_equal(first, 0x400);
    request.count = request.align = 512;
    request.highest = true;
    assert_true(bootmap_take(&map, &request, &first));
    assert_int_equal(first, 0x600);
    request = (struct boot_request){.count = 1, .align = 16, .offset = 3, .below = 0x100, .kind = HF_RANGE_CORE};
    assert_true(bootmap_take(&map, &request, &first));
    assert_int_equal(first, 0x13);
    assert_false(bootmap_take(&map, &request, &first));
    request = (struct boot_request){
        .count = 0x100, .align = 1, .from = 0x850, .below = BOOTMAP_FRAMES, .kind = HF_RANGE_CORE};
    assert_false(bootmap_take(&map, &request, &first));
    request.count = ~0ull;
    assert_false(bootmap_take(&map, &request, &first));
}

/* Neighbours of different kinds are one span. */
static void spans(void **state) {
    (void)state;
    add(0x10000, 0x20000);
    add(0x30000, 0x40000);
    bootmap_round_to_frames(&map);
    bootmap_claim(&map, 0x14, 2, HF_RANGE_MODULE);
    bootmap_claim(&map, 0x3f, 1, HF_RANGE_CORE);
    hf_frame_t first = 0, end = 0;
    assert_true(bootmap_next_span(&map, 0, &first, &end));
    assert_int_equal(first, 0x10);
    assert_int_equal(end, 0x20);
    assert_true(bootmap_next_span(&map, end, &first, &end));
    assert_int_equal(first, 0x30);
    assert_int_equal(end, 0x40);
    assert_false(bootmap_next_span(&map, end, &first, &end));
    assert_true(bootmap_next_span(&map, 0x30, &first, &end));
    assert_int_equal(first, 0x30);
    assert_true(bootmap_next_span(&map, 0x11, &first, &end));
    assert_int_equal(first, 0x30);
}

/* The model: one byte for each cell of 256 bytes of RAM, then one for each frame. */
enum { FRAMES = 96, CELLS = 16, NONE = HF_RANGE_NONE };

static uint8_t cell[FRAMES * CELLS];
static uint8_t frame[FRAMES];

static void random_building(uint64_t base) {
    memset(&map, 0, sizeof map);
    memset(cell, NONE, sizeof cell);
    const unsigned adds = (unsigned)draw(20), removes = (unsigned)draw(12);
    for (unsigned i = 0; i < adds + removes; i++) {
        const uint64_t first = draw(FRAMES * CELLS), length = draw(FRAMES * CELLS - first + 1) / (1 + draw(8));
        if (i < adds) {
            bootmap_set_bytes(&map, base + first * 256, length * 256, HF_RANGE_FREE);
        } else {
            bootmap_set_bytes(&map, base + first * 256, length * 256, HF_RANGE_NONE);
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
    assert_int_equal(map.ignored, ignored * HF_PAGE_SIZE);
}

static void compare_with_model(uint64_t base) {
    check();
    const hf_frame_t low = base / HF_PAGE_SIZE;
    unsigned at = 0; /* ranges that start at or below the frame */
    for (unsigned f = 0; f < FRAMES; f++) {
        while (at < map.count && map.range[at].first <= low + f) {
            at++;
        }
        assert_int_equal(at > 0 ? map.range[at - 1].kind : HF_RANGE_NONE, frame[f]);
    }
}

static bool model_is_free(uint64_t first, uint64_t count) {
    for (uint64_t f = first; f < first + count; f++) {
        if (f >= FRAMES || frame[f] != HF_RANGE_FREE) {
            return false;
        }
    }
    return true;
}

static const char *claim(hf_frame_t first, uint64_t count, enum hf_range_kind kind) {
    return REFUSAL(bootmap_claim(&map, first, count, kind));
}

static void random_claim(uint64_t base) {
    const uint64_t first = draw(FRAMES), count = 1 + draw(12);
    const enum hf_range_kind kind = (enum hf_range_kind)(HF_RANGE_CORE + draw(3));
    const char *refused = claim(base / HF_PAGE_SIZE + first, count, kind);
    assert_true((refused == NULL) == model_is_free(first, count));
    if (!refused) {
        memset(frame + first, (int)kind, count);
    }
}

static bool model_suits(const struct boot_request *request, hf_frame_t low, uint64_t f) {
    return model_is_free(f, request->count) && low + f >= request->from && low + f + request->count <= request->below &&
           (low + f) % request->align == request->offset;
}

static void random_take(uint64_t base) {
    const hf_frame_t low = base / HF_PAGE_SIZE;
    struct boot_request request = {.count = 1 + draw(10), .align = 1 + draw(8), .highest = draw(2) != 0};
    request.offset = draw(request.align);
    request.from = draw(2) != 0 ? low + draw(FRAMES) : 0;
    request.below = draw(2) != 0 ? low + draw(FRAMES) : BOOTMAP_FRAMES;
    request.kind = (enum hf_range_kind)(HF_RANGE_CORE + draw(3));
    uint64_t want = FRAMES;
    for (uint64_t f = 0; f < FRAMES; f++) {
        if (model_suits(&request, low, f) && (want == FRAMES || request.highest)) {
            want = f;
        }
    }
    hf_frame_t first = 0;
    const bool found = bootmap_take(&map, &request, &first);
    assert_int_equal(found, want != FRAMES);
    if (found) {
        assert_int_equal(first, low + want);
        memset(frame + want, (int)request.kind, request.count);
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
        cmocka_unit_test_setup(random_maps_agree_with_a_bitmap, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
