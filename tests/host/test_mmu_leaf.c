// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c ukernel/device.c ukernel/call.c
// sources: tests/host/world.c tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine ukernel
/* Leaf entries: MAP, UNMAP, PROTECT, CLEAR and TRANSLATE with each of their answers. */
#include "world.h"

#include "leaf.h"

enum { ROOT = WORLD_FREE, PDPT, PD, PT, PAGE, OTHER, TASK_FRAME, HANDLES_FRAME, MORE };

#define PLACE 0x40000000ull
#define MAP_AT(at, what, may) \
    .code = HF_OP_MAP, .level = HF_LEVEL_PT, .rights = (may), .object = ROOT, .address = (at), .frame = (what)
#define UNMAP_AT(at) .code = HF_OP_UNMAP, .level = HF_LEVEL_PT, .object = ROOT, .address = (at)
#define PROTECT_AT(at, may) \
    .code = HF_OP_PROTECT, .level = HF_LEVEL_PT, .rights = (may), .object = ROOT, .address = (at)
#define CLEAR_AT(at) .code = HF_OP_CLEAR, .object = ROOT, .address = (at)

static uint64_t *leaf(unsigned slot) { return (uint64_t *)(void *)machine_ram[PT] + slot; }

static uint64_t always_write(uint64_t below) { return below - 1; }

/* An aspace with tables for PLACE, loaded, and a STAGED page. */
static int start(void **state) {
    world_start(state);
    make_aspace(ROOT);
    make_tables(ROOT, PLACE, PDPT, PD, PT);
    GRANTED(.code = HF_OP_STAGE, .object = PAGE, .frame = HF_NO_FRAME);
    write_cr3((uint64_t)ROOT << HF_PAGE_SHIFT);
    return 0;
}

static void many_pages(unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        make_page(ROOT, PLACE + i * HF_PAGE_SIZE, MORE + i, HF_READ | HF_WRITE);
    }
}

/* ---- MAP ---- */

static void map_with_all_rights_that_there_are(void **state) {
    (void)state;
    for (unsigned rights = 0; rights <= 0xffff; rights++) {
        const bool valid = rights == HF_READ || rights == (HF_READ | HF_WRITE) || rights == (HF_READ | HF_EXECUTE);
        if (!valid && rights > 16 && rights % 257 != 0 && rights % 4096 > 8) {
            continue;
        }
        if (!valid) {
            REFUSED(HF_BAD_ARGUMENT, MAP_AT(PLACE, PAGE, (uint16_t)rights));
            REFUSED(HF_BAD_ARGUMENT, PROTECT_AT(PLACE, (uint16_t)rights));
            continue;
        }
        GRANTED(MAP_AT(PLACE, PAGE, (uint16_t)rights));
        const uint64_t flags = 5ull | ((rights & HF_WRITE) ? 2 : 0) | ((rights & HF_EXECUTE) ? 0 : 1ull << 63);
        assert_int_equal(*leaf(0), (uint64_t)PAGE << HF_PAGE_SHIFT | flags);
        GRANTED(.code = HF_OP_PIN, .object = PAGE);
        GRANTED(UNMAP_AT(PLACE));
        GRANTED(MAP_AT(PLACE, PAGE, HF_READ));
        GRANTED(.code = HF_OP_UNPIN, .object = PAGE);
        GRANTED(UNMAP_AT(PLACE));
        GRANTED(.code = HF_OP_STAGE, .object = PAGE, .frame = HF_NO_FRAME);
    }
}

static void map_makes_a_staged_frame_user(void **state) {
    (void)state;
    GRANTED(MAP_AT(PLACE, PAGE, HF_READ));
    assert_int_equal(frame_type(PAGE), HF_FRAME_USER);
    assert_int_equal(world_refs(PAGE), 1);
    assert_int_equal(world_refs(PT), 1);
    GRANTED(MAP_AT(PLACE + HF_PAGE_SIZE, PAGE, HF_READ | HF_EXECUTE));
    assert_int_equal(world_refs(PAGE), 2);
    assert_int_equal(world_refs(PT), 2);
}

static void map_a_module(void **state) {
    (void)state;
    GRANTED(MAP_AT(PLACE, WORLD_MODULE, HF_READ));
    GRANTED(UNMAP_AT(PLACE));
    assert_int_equal(result.detail & HF_LEAF_FREED, 0);
    assert_int_equal(frame_type(WORLD_MODULE), HF_FRAME_USER);
}

static void map_where_something_is(void **state) {
    (void)state;
    GRANTED(MAP_AT(PLACE, PAGE, HF_READ));
    REFUSED(HF_EXISTS, MAP_AT(PLACE, PAGE, HF_READ));
    REFUSED(HF_EXISTS, MAP_AT(PLACE, WORLD_MODULE, HF_READ | HF_WRITE));
}

static void map_without_tables(void **state) {
    (void)state;
    static const struct {
        uint64_t address;
        unsigned missing;
    } places[] = {
        {PLACE + (1ull << 21), HF_LEVEL_PT}, {PLACE + (1ull << 30), HF_LEVEL_PD}, {1ull << 39, HF_LEVEL_PDPT}};
    for (unsigned i = 0; i < 3; i++) {
        REFUSED(HF_NO_TABLE, MAP_AT(places[i].address, PAGE, HF_READ));
        assert_int_equal(result.detail, places[i].missing);
        REFUSED(HF_NO_TABLE, UNMAP_AT(places[i].address));
        assert_int_equal(result.detail, places[i].missing);
        REFUSED(HF_NO_TABLE, PROTECT_AT(places[i].address, HF_READ));
        assert_int_equal(result.detail, places[i].missing);
        REFUSED(HF_NO_TABLE, CLEAR_AT(places[i].address));
        assert_int_equal(result.detail, places[i].missing);
    }
}

/* Whatever is not STAGED or USER can't be mapped, with no rights and by nobody. */
static void map_frames_of_other_types(void **state) {
    (void)state;
    make_task(TASK_FRAME, ROOT, HF_NO_FRAME, 1);
    GRANTED(.code = HF_OP_HANDLES_CREATE, .object = HANDLES_FRAME);
    GRANTED(.code = HF_OP_ENDPOINT_CREATE, .object = MORE);
    const hf_frame_t frames[] = {ROOT,
                                 PDPT,
                                 PD,
                                 PT,
                                 OTHER,
                                 TASK_FRAME,
                                 HANDLES_FRAME,
                                 MORE,
                                 WORLD_CORE,
                                 WORLD_RESERVED,
                                 WORLD_WHOLE_CORE,
                                 WORLD_WHOLE_RESERVED,
                                 WORLD_WHOLE_FREE,
                                 MACHINE_FRAMES,
                                 1ull << 40,
                                 1ull << 52,
                                 HF_NO_FRAME};
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        REFUSED(HF_BAD_FRAME, MAP_AT(PLACE, frames[i], HF_READ));
        REFUSED(HF_BAD_FRAME, MAP_AT(PLACE, frames[i], HF_READ | HF_WRITE));
    }
}

static void map_with_too_many_references(void **state) {
    (void)state;
    GRANTED(MAP_AT(PLACE, PAGE, HF_READ));
    frame_entry(PAGE)->refs = UINT32_MAX;
    world_keep();
    assert_int_equal(ask(&(struct hf_operation){MAP_AT(PLACE + HF_PAGE_SIZE, PAGE, HF_READ)}), HF_TOO_BIG);
    assert_false(world_changed());
    frame_entry(PAGE)->refs = UINT32_MAX - 1;
    assert_int_equal(ask(&(struct hf_operation){MAP_AT(PLACE + HF_PAGE_SIZE, PAGE, HF_READ)}), HF_OK);
    assert_int_equal(world_refs(PAGE), UINT32_MAX);
}

static void no_other_sizes_of_pages(void **state) {
    (void)state;
    GRANTED(MAP_AT(PLACE, PAGE, HF_READ));
    for (unsigned level = 0; level < 256; level++) {
        if (level == HF_LEVEL_PT || level == HF_LEVEL_PD) continue;
        REFUSED(HF_BAD_ARGUMENT, .code = HF_OP_MAP, .level = (uint8_t)level, .rights = HF_READ, .object = ROOT,
                .address = PLACE + HF_PAGE_SIZE, .frame = PAGE);
        REFUSED(HF_BAD_ARGUMENT, .code = HF_OP_UNMAP, .level = (uint8_t)level, .object = ROOT, .address = PLACE);
        REFUSED(HF_BAD_ARGUMENT, .code = HF_OP_PROTECT, .level = (uint8_t)level, .rights = HF_READ, .object = ROOT,
                .address = PLACE);
    }
}

/* ---- UNMAP ---- */

static void unmap_frees_the_frame(void **state) {
    (void)state;
    GRANTED(MAP_AT(PLACE, PAGE, HF_READ));
    GRANTED(UNMAP_AT(PLACE));
    assert_int_equal(result.value[0], PAGE);
    assert_int_equal(result.detail, HF_LEAF_FREED);
    assert_int_equal(*leaf(0), 0);
    assert_int_equal(frame_type(PAGE), HF_FRAME_FREE);
    assert_int_equal(world_refs(PT), 0);
    REFUSED(HF_NOT_MAPPED, UNMAP_AT(PLACE));
}

static void unmap_one_of_two(void **state) {
    (void)state;
    GRANTED(MAP_AT(PLACE, PAGE, HF_READ));
    GRANTED(MAP_AT(PLACE + HF_PAGE_SIZE, PAGE, HF_READ));
    GRANTED(UNMAP_AT(PLACE));
    assert_int_equal(result.detail, 0);
    assert_int_equal(frame_type(PAGE), HF_FRAME_USER);
    GRANTED(UNMAP_AT(PLACE + HF_PAGE_SIZE));
    assert_int_equal(result.detail, HF_LEAF_FREED);
}

static void unmap_tells_accessed_and_dirty(void **state) {
    (void)state;
    static const uint64_t bits[] = {0, 0x20, 0x40, 0x60};
    static const unsigned flags[] = {0, HF_LEAF_ACCESSED, HF_LEAF_DIRTY, HF_LEAF_ACCESSED | HF_LEAF_DIRTY};
    for (unsigned i = 0; i < 4; i++) {
        make_page(ROOT, PLACE, OTHER, HF_READ | HF_WRITE);
        *leaf(0) |= bits[i];
        GRANTED(PROTECT_AT(PLACE, HF_READ | HF_WRITE));
        assert_int_equal(result.detail, flags[i]);
        assert_int_equal(result.value[0], OTHER);
        GRANTED(PROTECT_AT(PLACE, HF_READ | HF_WRITE));
        assert_int_equal(result.detail, 0);
        *leaf(0) |= bits[i];
        GRANTED(UNMAP_AT(PLACE));
        assert_int_equal(result.detail, flags[i] | HF_LEAF_FREED);
    }
}

static void unmap_is_flushed(void **state) {
    (void)state;
    GRANTED(MAP_AT(PLACE, PAGE, HF_READ | HF_WRITE));
    machine_use_aspace(always_write);
    GRANTED(UNMAP_AT(PLACE));
    assert_int_equal(result.detail, HF_LEAF_ACCESSED | HF_LEAF_DIRTY | HF_LEAF_FREED);
}

static void nothing_is_mapped(void **state) {
    (void)state;
    REFUSED(HF_NOT_MAPPED, UNMAP_AT(PLACE));
    REFUSED(HF_NOT_MAPPED, PROTECT_AT(PLACE, HF_READ));
    REFUSED(HF_NOT_MAPPED, UNMAP_AT(PLACE + 511 * HF_PAGE_SIZE));
}

/* ---- PROTECT ---- */

static void protect_changes_rights_and_nothing_else(void **state) {
    (void)state;
    static const unsigned rights[] = {HF_READ, HF_READ | HF_WRITE, HF_READ | HF_EXECUTE};
    GRANTED(MAP_AT(PLACE, PAGE, HF_READ | HF_WRITE));
    for (unsigned from = 0; from < 3; from++) {
        for (unsigned to = 0; to < 3; to++) {
            GRANTED(PROTECT_AT(PLACE, (uint16_t)rights[from]));
            machine_use_aspace(always_write);
            GRANTED(PROTECT_AT(PLACE, (uint16_t)rights[to]));
            assert_int_equal(*leaf(0), (uint64_t)PAGE << HF_PAGE_SHIFT | leaf_rights(rights[to]));
            assert_int_equal(world_refs(PAGE), 1);
            assert_int_equal(world_refs(PT), 1);
        }
    }
}

/* ---- CLEAR ---- */

static void clear_an_empty_table(void **state) {
    (void)state;
    GRANTED(CLEAR_AT(PLACE));
    assert_int_equal(result.detail, 0);
    assert_int_equal(result.value[0], 0);
}

static void clear_tells_what_became_free(void **state) {
    (void)state;
    many_pages(20);
    GRANTED(MAP_AT(PLACE + 100 * HF_PAGE_SIZE, WORLD_MODULE, HF_READ));
    GRANTED(MAP_AT(PLACE + 511 * HF_PAGE_SIZE, MORE + 3, HF_READ)); /* twice in this table */
    GRANTED(.code = HF_OP_PIN, .object = MORE + 4);
    machine_use_aspace(always_write);
    GRANTED(CLEAR_AT(PLACE + 300 * HF_PAGE_SIZE));
    assert_int_equal(result.detail, 19);
    assert_int_equal(result.value[0], 22);
    for (unsigned i = 0; i < 19; i++) {
        assert_int_equal(frame_type(asker_page.frames[i]), HF_FRAME_FREE);
    }
    assert_int_equal(world_refs(PT), 0);
    assert_int_equal(frame_type(MORE + 4), HF_FRAME_USER);
    GRANTED(.code = HF_OP_TABLE_REMOVE, .level = HF_LEVEL_PT, .object = ROOT, .address = PLACE);
}

static void clear_a_full_table_in_parts(void **state) {
    (void)state;
    for (unsigned i = 0; i < 512; i++) {
        GRANTED(MAP_AT(PLACE + i * HF_PAGE_SIZE, WORLD_MODULE, HF_READ));
    }
    machine_use_aspace(always_write);
    world_expect(HF_AGAIN, &(struct hf_operation){CLEAR_AT(PLACE)}, __FILE__, __LINE__);
    assert_int_equal(world_refs(PT), 256);
    assert_int_equal(result.value[0], 256);
    GRANTED(CLEAR_AT(PLACE));
    assert_int_equal(world_refs(PT), 0);
    assert_int_equal(result.detail, 0);
    assert_int_equal(result.value[0], 256);
}

static void clear_without_an_operation_page(void **state) {
    (void)state;
    many_pages(2);
    asker.operations = NULL;
    REFUSED(HF_NOT_READY, CLEAR_AT(PLACE));
    REFUSED(HF_NOT_READY, .code = HF_OP_TRANSLATE, .object = ROOT, .address = PLACE);
}

/* ---- TRANSLATE ---- */

static void translate(void **state) {
    (void)state;
    GRANTED(MAP_AT(PLACE, PAGE, HF_READ));
    GRANTED(.code = HF_OP_TRANSLATE, .object = ROOT, .address = PLACE + 0x123);
    assert_int_equal(result.detail, HF_LEVEL_PT);
    assert_int_equal(result.value[0], *leaf(0));
    const uint64_t want[4] = {*leaf(0), (uint64_t)PT << 12 | 7, (uint64_t)PD << 12 | 7, (uint64_t)PDPT << 12 | 7};
    assert_memory_equal(asker_page.walk, want, sizeof want);
}

static void translate_where_tables_are_missing(void **state) {
    (void)state;
    static const struct {
        uint64_t address;
        unsigned level;
    } places[] = {{0, HF_LEVEL_PD},
                  {PLACE + (1ull << 21), HF_LEVEL_PD},
                  {PLACE + (1ull << 30), HF_LEVEL_PDPT},
                  {1ull << 39, HF_LEVEL_PML4},
                  {HF_USER_END - 1, HF_LEVEL_PML4}};
    for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++) {
        GRANTED(.code = HF_OP_TRANSLATE, .object = ROOT, .address = places[i].address);
        if (i > 0) {
            assert_int_equal(result.detail, places[i].level);
        }
        assert_int_equal(result.value[0], 0);
        for (unsigned level = HF_LEVEL_PT; level <= result.detail; level++) {
            assert_int_equal(asker_page.walk[level - 1], 0);
        }
    }
}

/* The walk stops at a large page, as the kernel half has them: data is never read as a table. */
static void translate_a_large_page(void **state) {
    (void)state;
    ((uint64_t *)(void *)machine_ram[PDPT])[3] = 0x80000000ull | 0xa5;
    assert_int_equal(
        ask(&(struct hf_operation){.code = HF_OP_TRANSLATE, .object = ROOT, .address = 3ull << 30 | 0x1000}), HF_OK);
    assert_int_equal(result.detail, HF_LEVEL_PDPT);
    assert_int_equal(asker_page.walk[0], 0);
    assert_int_equal(asker_page.walk[1], 0);
    assert_int_equal(asker_page.walk[2], 0x80000000ull | 0xa5);
    const struct hf_operation into[] = {
        {MAP_AT(3ull << 30, PAGE, HF_READ)},
        {UNMAP_AT(3ull << 30)},
        {PROTECT_AT(3ull << 30, HF_READ)},
        {CLEAR_AT(3ull << 30)},
        {.code = HF_OP_TABLE_INSTALL, .level = HF_LEVEL_PD, .object = ROOT, .address = 3ull << 30, .frame = OTHER},
        {.code = HF_OP_TABLE_REMOVE, .level = HF_LEVEL_PD, .object = ROOT, .address = 3ull << 30},
        {.code = HF_OP_TABLE_REMOVE, .level = HF_LEVEL_PT, .object = ROOT, .address = 3ull << 30},
    };
    world_keep();
    for (unsigned i = 0; i < sizeof into / sizeof into[0]; i++) {
        assert_int_equal(ask(&into[i]), HF_EXISTS);
        assert_false(world_changed());
    }
}

static void translate_bad_addresses(void **state) {
    (void)state;
    static const uint64_t addresses[] = {HF_USER_END, 1ull << 47, 0xffff800000000000ull, ~0ull};
    for (unsigned i = 0; i < 4; i++) {
        REFUSED(HF_BAD_ADDRESS, .code = HF_OP_TRANSLATE, .object = ROOT, .address = addresses[i]);
    }
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(map_with_all_rights_that_there_are),
        TEST(map_makes_a_staged_frame_user),
        TEST(map_a_module),
        TEST(map_where_something_is),
        TEST(map_without_tables),
        TEST(map_frames_of_other_types),
        TEST(map_with_too_many_references),
        TEST(no_other_sizes_of_pages),
        TEST(unmap_frees_the_frame),
        TEST(unmap_one_of_two),
        TEST(unmap_tells_accessed_and_dirty),
        TEST(unmap_is_flushed),
        TEST(nothing_is_mapped),
        TEST(protect_changes_rights_and_nothing_else),
        TEST(clear_an_empty_table),
        TEST(clear_tells_what_became_free),
        TEST(clear_a_full_table_in_parts),
        TEST(clear_without_an_operation_page),
        TEST(translate),
        TEST(translate_where_tables_are_missing),
        TEST(translate_a_large_page),
        TEST(translate_bad_addresses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
