// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c ukernel/device.c ukernel/call.c
// sources: tests/host/world.c tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine ukernel
/* Operations on all leaves of one PT: CLONE, and CLEAR where leaves are of different kinds. */
#include "world.h"

#include "leaf.h"

enum { FROM = WORLD_FREE, PDPT, PD, PT, TO, TO_PDPT, TO_PD, TO_PT, NEW, SPARE, PAGES };

#define PLACE 0x40000000ull
#define SPAN (1ull << 21)
#define RUN WORLD_WHOLE_FREE

#define CLONE_AT(at) .code = HF_OP_CLONE, .object = FROM, .address = (at), .frame = TO
#define CLEAR_IN(root, at) .code = HF_OP_CLEAR, .object = (root), .address = (at)
#define MAP_IN(root, at, what, may) \
    .code = HF_OP_MAP, .level = HF_LEVEL_PT, .rights = (may), .object = (root), .address = (at), .frame = (what)
#define DEVICE_AT(at) \
    .code = HF_OP_MAP_DEVICE, .rights = HF_READ | HF_WRITE, .object = FROM, .address = (at), .frame = WORLD_FRAMEBUFFER

static uint64_t entry_of(hf_frame_t table, unsigned slot) {
    return ((const uint64_t *)(const void *)machine_ram[table])[slot];
}

static uint64_t always_write(uint64_t below) { return below - 1; }

/* Two aspaces with a PT at PLACE; the first is loaded. */
static int start(void **state) {
    world_start(state);
    make_aspace(FROM);
    make_tables(FROM, PLACE, PDPT, PD, PT);
    make_aspace(TO);
    make_tables(TO, PLACE, TO_PDPT, TO_PD, TO_PT);
    write_cr3((uint64_t)FROM << HF_PAGE_SHIFT);
    return 0;
}

static const uint16_t rights[] = {HF_READ, HF_READ | HF_WRITE, HF_READ | HF_EXECUTE};

/* Three pages with three rights, at slots 0, 100 and 511. */
static const unsigned slots[] = {0, 100, 511};

static void make_pages(void) {
    for (unsigned i = 0; i < 3; i++) make_page(FROM, PLACE + slots[i] * HF_PAGE_SIZE, PAGES + i, rights[i]);
}

/* ---- CLONE ---- */

static void clone_shares_all_leaves_read_only(void **state) {
    (void)state;
    make_pages();
    machine_use_aspace(always_write);
    GRANTED(CLONE_AT(PLACE + 7 * HF_PAGE_SIZE));
    assert_int_equal(result.detail, 3);
    assert_int_equal(world_refs(TO_PT), 3);
    assert_int_equal(world_refs(PT), 3);
    for (unsigned i = 0; i < 3; i++) {
        const uint64_t plain = (uint64_t)(PAGES + i) << HF_PAGE_SHIFT | leaf_rights(rights[i] & ~HF_WRITE);
        assert_int_equal(entry_of(TO_PT, slots[i]), plain);
        assert_int_equal(entry_of(PT, slots[i]), plain | ENTRY_ACCESSED | ((rights[i] & HF_WRITE) ? ENTRY_DIRTY : 0));
        assert_int_equal(world_refs(PAGES + i), 2);
    }
}

/* What each side does afterwards is its own affair. */
static void the_two_sides_of_a_clone(void **state) {
    (void)state;
    make_pages();
    GRANTED(CLONE_AT(PLACE));
    GRANTED(.code = HF_OP_PROTECT, .level = HF_LEVEL_PT, .rights = HF_READ | HF_WRITE, .object = FROM,
            .address = PLACE + 100 * HF_PAGE_SIZE);
    assert_int_equal(entry_of(TO_PT, 100) & ENTRY_WRITE, 0);
    GRANTED(CLEAR_IN(FROM, PLACE));
    assert_int_equal(result.detail, 0);
    assert_int_equal(result.value[0], 3);
    GRANTED(CLEAR_IN(TO, PLACE));
    assert_int_equal(result.detail, 3);
    assert_int_equal(result.value[0], 3);
    for (unsigned i = 0; i < 3; i++) assert_int_equal(frame_type(PAGES + i), HF_FRAME_FREE);
}

static void clone_a_full_table(void **state) {
    (void)state;
    for (unsigned i = 0; i < MACHINE_RUN; i++) {
        GRANTED(MAP_IN(FROM, PLACE + i * HF_PAGE_SIZE, WORLD_MODULE, HF_READ | HF_WRITE));
    }
    machine_use_aspace(always_write);
    GRANTED(CLONE_AT(PLACE));
    assert_int_equal(result.detail, MACHINE_RUN);
    assert_int_equal(world_refs(TO_PT), MACHINE_RUN);
    assert_int_equal(world_refs(WORLD_MODULE), 2 * MACHINE_RUN);
}

static void clone_an_empty_table(void **state) {
    (void)state;
    GRANTED(CLONE_AT(PLACE));
    assert_int_equal(result.detail, 0);
    GRANTED(.code = HF_OP_CLONE, .object = FROM, .address = PLACE, .frame = FROM); /* into itself */
    assert_int_equal(result.detail, 0);
}

static void clone_into_what_is_not_empty(void **state) {
    (void)state;
    make_pages();
    REFUSED(HF_NOT_EMPTY, .code = HF_OP_CLONE, .object = FROM, .address = PLACE, .frame = FROM);
    GRANTED(MAP_IN(TO, PLACE + 50 * HF_PAGE_SIZE, PAGES, HF_READ));
    REFUSED(HF_NOT_EMPTY, CLONE_AT(PLACE));
    GRANTED(CLEAR_IN(TO, PLACE));
    GRANTED(CLONE_AT(PLACE));
    REFUSED(HF_NOT_EMPTY, CLONE_AT(PLACE));
}

static void clone_leaves_devices_alone(void **state) {
    (void)state;
    make_pages();
    GRANTED(DEVICE_AT(PLACE + 5 * HF_PAGE_SIZE));
    machine_use_aspace(always_write);
    const uint64_t device = entry_of(PT, 5);
    GRANTED(CLONE_AT(PLACE));
    assert_int_equal(result.detail, 3);
    assert_int_equal(entry_of(TO_PT, 5), 0);
    assert_int_equal(entry_of(PT, 5), device);
}

static void clone_the_leaves_of_a_split_run(void **state) {
    (void)state;
    make_large(FROM, PLACE + SPAN, RUN, HF_READ | HF_WRITE);
    GRANTED(.code = HF_OP_SPLIT, .object = FROM, .address = PLACE + SPAN, .frame = NEW);
    GRANTED(.code = HF_OP_TABLE_INSTALL, .level = HF_LEVEL_PT, .object = TO, .address = PLACE + SPAN, .frame = SPARE);
    machine_use_aspace(always_write);
    GRANTED(CLONE_AT(PLACE + SPAN));
    assert_int_equal(result.detail, MACHINE_RUN);
    assert_int_equal(world_refs(RUN + 99), 2);
}

static void clone_without_a_table(void **state) {
    (void)state;
    make_large(FROM, PLACE + SPAN, RUN, HF_READ);
    REFUSED(HF_EXISTS, CLONE_AT(PLACE + SPAN)); /* a page of 2 MiB */
    REFUSED(HF_NO_TABLE, .code = HF_OP_CLONE, .object = TO, .address = PLACE + SPAN, .frame = FROM);
}

static void clone_where_tables_are_missing(void **state) {
    (void)state;
    static const struct {
        uint64_t address;
        unsigned missing;
    } places[] = {
        {PLACE + (1ull << 21), HF_LEVEL_PT}, {PLACE + (1ull << 30), HF_LEVEL_PD}, {1ull << 39, HF_LEVEL_PDPT}};
    for (unsigned i = 0; i < 3; i++) {
        REFUSED(HF_NO_TABLE, CLONE_AT(places[i].address));
        assert_int_equal(result.detail, places[i].missing);
    }
    GRANTED(.code = HF_OP_TABLE_REMOVE, .level = HF_LEVEL_PT, .object = TO, .address = PLACE);
    REFUSED(HF_NO_TABLE, CLONE_AT(PLACE));
    assert_int_equal(result.detail, HF_LEVEL_PT);
    make_large(TO, PLACE, RUN, HF_READ);
    REFUSED(HF_EXISTS, CLONE_AT(PLACE));
}

static void clone_at_bad_addresses_and_frames(void **state) {
    (void)state;
    static const uint64_t addresses[] = {0, PLACE + 1, HF_USER_END, 1ull << 47, 0xffff800000000000ull, ~0ull};
    for (unsigned i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        REFUSED(HF_BAD_ADDRESS, CLONE_AT(addresses[i]));
    }
    static const hf_frame_t frames[] = {PDPT, PT, SPARE, WORLD_CORE, WORLD_MODULE, RUN, MACHINE_FRAMES, HF_NO_FRAME};
    for (unsigned i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        REFUSED(HF_BAD_FRAME, .code = HF_OP_CLONE, .object = FROM, .address = PLACE, .frame = frames[i]);
        REFUSED(HF_BAD_FRAME, .code = HF_OP_CLONE, .object = frames[i], .address = PLACE, .frame = TO);
    }
}

static void expect_too_big(uint32_t refs) {
    frame_entry(PAGES)->refs = refs;
    world_keep();
    assert_int_equal(ask(&(struct hf_operation){CLONE_AT(PLACE)}), HF_TOO_BIG);
    assert_false(world_changed());
}

/* One frame can stand in a PT many times: all of them count. */
static void clone_with_too_many_references(void **state) {
    (void)state;
    make_pages();
    expect_too_big(UINT32_MAX);
    frame_entry(PAGES)->refs = 1;
    for (unsigned i = 1; i < 4; i++) GRANTED(MAP_IN(FROM, PLACE + i * HF_PAGE_SIZE, PAGES, HF_READ));
    for (uint32_t less = 0; less < 4; less++) expect_too_big(UINT32_MAX - less);
}

static void the_work_of_a_clone(void **state) {
    (void)state;
    uint64_t done;
    make_pages();
    asker_page.operation[0] = (struct hf_operation){.code = HF_OP_STAGE, .object = SPARE, .frame = HF_NO_FRAME};
    asker_page.operation[1] = (struct hf_operation){CLONE_AT(PLACE)};
    assert_int_equal(mmu_list(&asker, 2, &done), HF_AGAIN);
    assert_int_equal(done, 1);
    assert_int_equal(world_refs(TO_PT), 0);
    GRANTED(CLONE_AT(PLACE));
}

/* ---- CLEAR ---- */

/* A device, a module, a frame that another maps, and one of a run in use become nobody's; single frames are told. */
static void clear_leaves_of_all_kinds(void **state) {
    (void)state;
    make_pages();
    make_large(FROM, PLACE + SPAN, RUN, HF_READ);
    make_large(TO, PLACE + SPAN, 4 * MACHINE_RUN, HF_READ);
    GRANTED(.code = HF_OP_MAP, .level = HF_LEVEL_PD, .rights = HF_READ, .object = TO, .address = PLACE + 2 * SPAN,
            .frame = RUN);
    GRANTED(.code = HF_OP_SPLIT, .object = FROM, .address = PLACE + SPAN, .frame = NEW);
    GRANTED(MAP_IN(FROM, PLACE + 1 * HF_PAGE_SIZE, RUN + 44, HF_READ));
    GRANTED(MAP_IN(FROM, PLACE + 2 * HF_PAGE_SIZE, WORLD_MODULE, HF_READ));
    GRANTED(MAP_IN(TO, PLACE, PAGES + 1, HF_READ));
    GRANTED(DEVICE_AT(PLACE + 5 * HF_PAGE_SIZE));
    machine_use_aspace(always_write);
    GRANTED(CLEAR_IN(FROM, PLACE));
    assert_int_equal(result.detail, 2);
    assert_int_equal(asker_page.frames[0], PAGES);
    assert_int_equal(asker_page.frames[1], PAGES + 2);
    assert_int_equal(world_refs(PT), 0);
    assert_int_equal(world_refs(RUN + 44), 1);
    assert_int_equal(frame_type(PAGES + 1), HF_FRAME_USER);
}

static void clear_split_leaves_in_parts(void **state) {
    (void)state;
    make_large(FROM, PLACE + SPAN, RUN, HF_READ | HF_WRITE);
    GRANTED(.code = HF_OP_SPLIT, .object = FROM, .address = PLACE + SPAN, .frame = NEW);
    machine_use_aspace(always_write);
    world_expect(HF_AGAIN, &(struct hf_operation){CLEAR_IN(FROM, PLACE + SPAN)}, __FILE__, __LINE__);
    assert_int_equal(result.detail, 256);
    for (unsigned i = 0; i < 256; i++) assert_int_equal(asker_page.frames[i], RUN + i);
    assert_int_equal(machine_headers[RUN / MACHINE_RUN].busy, MACHINE_RUN - 256);
    GRANTED(CLEAR_IN(FROM, PLACE + SPAN));
    assert_int_equal(result.detail, 256);
    assert_int_equal(machine_headers[RUN / MACHINE_RUN].state, HF_RUN_FREE);
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(clone_shares_all_leaves_read_only),
        TEST(the_two_sides_of_a_clone),
        TEST(clone_a_full_table),
        TEST(clone_an_empty_table),
        TEST(clone_into_what_is_not_empty),
        TEST(clone_leaves_devices_alone),
        TEST(clone_the_leaves_of_a_split_run),
        TEST(clone_without_a_table),
        TEST(clone_where_tables_are_missing),
        TEST(clone_at_bad_addresses_and_frames),
        TEST(clone_with_too_many_references),
        TEST(the_work_of_a_clone),
        TEST(clear_leaves_of_all_kinds),
        TEST(clear_split_leaves_in_parts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
