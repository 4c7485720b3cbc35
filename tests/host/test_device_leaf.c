// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c ukernel/device.c ukernel/call.c
// sources: tests/host/world.c tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine ukernel
/* MAP_DEVICE: leaves of frames that are no RAM, and what may be done with them. */
#include "world.h"

#include "device.h"
#include "ipc.h"
#include "leaf.h"

enum { ROOT = WORLD_FREE, PDPT, PD, PT, PAGE, SPARE };

#define PLACE 0x40000000ull
#define DEVICE_FLAGS 0x218ull /* the core's mark, PCD and PWT */
#define SCREEN WORLD_FRAMEBUFFER

#define DEVICE_AT(at, what, may) \
    .code = HF_OP_MAP_DEVICE, .rights = (may), .object = ROOT, .address = (at), .frame = (what)
#define LEAF_AT(what, at) .code = (what), .level = HF_LEVEL_PT, .object = ROOT, .address = (at)

static uint64_t *leaf(unsigned slot) { return (uint64_t *)(void *)machine_ram[PT] + slot; }

static uint64_t always_write(uint64_t below) { return below - 1; }

/* An aspace with a PT at PLACE, loaded. */
static int start(void **state) {
    world_start(state);
    world_leave_out_vga();
    make_aspace(ROOT);
    make_tables(ROOT, PLACE, PDPT, PD, PT);
    write_cr3((uint64_t)ROOT << HF_PAGE_SHIFT);
    return 0;
}

static void map_every_frame_of_the_list(void **state) {
    (void)state;
    static const struct { hf_frame_t first, count; } devices[] = {{0xb8, 8}, {SCREEN, WORLD_FRAMEBUFFER_FRAMES}};
    unsigned slot = 0;
    for (unsigned i = 0; i < 2; i++) {
        for (hf_frame_t frame = devices[i].first; frame < devices[i].first + devices[i].count; frame++, slot++) {
            const uint16_t rights = frame % 2 ? HF_READ : HF_READ | HF_WRITE;
            GRANTED(DEVICE_AT(PLACE + slot * HF_PAGE_SIZE, frame, rights));
            assert_int_equal(*leaf(slot), frame << HF_PAGE_SHIFT | DEVICE_FLAGS | leaf_rights(rights));
            assert_int_equal(world_refs(PT), slot + 1);
        }
    }
    machine_use_aspace(always_write);
    GRANTED(.code = HF_OP_CLEAR, .object = ROOT, .address = PLACE);
    assert_int_equal(result.detail, 0);
    assert_int_equal(result.value[0], slot);
}

/* Next to the list, the registers of APICs, HPET and PCI, and no frame at all. */
static void map_frames_that_are_not_on_the_list(void **state) {
    (void)state;
    static const hf_frame_t frames[] = {0,
                                        0xb7,
                                        0xc0,
                                        0xa0,
                                        SCREEN - 1,
                                        SCREEN + WORLD_FRAMEBUFFER_FRAMES,
                                        0xfee00,
                                        0xfec00,
                                        0xfed00,
                                        WORLD_WHOLE_RESERVED,
                                        MACHINE_FRAMES,
                                        1ull << 40,
                                        SCREEN + (1ull << 52),
                                        0xb8 + (1ull << 40),
                                        HF_NO_FRAME};
    for (unsigned i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        REFUSED(HF_DENIED, DEVICE_AT(PLACE, frames[i], HF_READ));
    }
}

static void map_ram_as_a_device(void **state) {
    (void)state;
    make_page(ROOT, PLACE + HF_PAGE_SIZE, PAGE, HF_READ);
    const hf_frame_t frames[] = {PAGE, SPARE, ROOT, PT, WORLD_CORE, WORLD_MODULE, WORLD_WHOLE_FREE, WORLD_WHOLE_CORE};
    for (unsigned i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        REFUSED(HF_DENIED, DEVICE_AT(PLACE, frames[i], HF_READ));
    }
}

/* A machine that has RAM where the list says there is a device: RAM wins, whatever it is used for. */
static void map_a_device_that_is_ram(void **state) {
    world_start(state);
    make_aspace(ROOT);
    make_tables(ROOT, PLACE, PDPT, PD, WORLD_VGA + 1);
    GRANTED(.code = HF_OP_STAGE, .object = WORLD_VGA + 2, .frame = HF_NO_FRAME);
    make_page(ROOT, PLACE, WORLD_VGA + 3, HF_READ);
    for (unsigned i = 0; i < WORLD_VGA_FRAMES; i++) {
        REFUSED(HF_DENIED, DEVICE_AT(PLACE + HF_PAGE_SIZE, WORLD_VGA + i, HF_READ));
    }
}

static void rights_of_a_device(void **state) {
    (void)state;
    for (unsigned rights = 0; rights < 64; rights++) {
        if (rights == HF_READ || rights == (HF_READ | HF_WRITE)) continue;
        REFUSED(HF_BAD_ARGUMENT, DEVICE_AT(PLACE, SCREEN, (uint16_t)rights));
    }
    REFUSED(HF_BAD_ARGUMENT, DEVICE_AT(PLACE, SCREEN, 0x8000 | HF_READ));
    REFUSED(HF_BAD_ARGUMENT, DEVICE_AT(PLACE, SCREEN, HF_READ), .level = HF_LEVEL_PD);
    REFUSED(HF_BAD_ARGUMENT, DEVICE_AT(PLACE, SCREEN, HF_READ), .count = 1);
}

static void places_of_a_device(void **state) {
    (void)state;
    static const struct {
        uint64_t address;
        unsigned missing;
    } missing[] = {
        {PLACE + (1ull << 21), HF_LEVEL_PT}, {PLACE + (1ull << 30), HF_LEVEL_PD}, {1ull << 39, HF_LEVEL_PDPT}};
    for (unsigned i = 0; i < 3; i++) {
        REFUSED(HF_NO_TABLE, DEVICE_AT(missing[i].address, SCREEN, HF_READ));
        assert_int_equal(result.detail, missing[i].missing);
    }
    static const uint64_t bad[] = {0, 0xf000, PLACE + 1, HF_USER_END, 1ull << 47, 0xffff800000000000ull, ~0ull};
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        REFUSED(HF_BAD_ADDRESS, DEVICE_AT(bad[i], SCREEN, HF_READ));
    }
    make_page(ROOT, PLACE, PAGE, HF_READ);
    REFUSED(HF_EXISTS, DEVICE_AT(PLACE, SCREEN, HF_READ));
    GRANTED(DEVICE_AT(PLACE + HF_PAGE_SIZE, SCREEN, HF_READ));
    REFUSED(HF_EXISTS, DEVICE_AT(PLACE + HF_PAGE_SIZE, SCREEN, HF_READ));
    REFUSED(HF_EXISTS, .code = HF_OP_MAP, .level = HF_LEVEL_PT, .rights = HF_READ, .object = ROOT,
            .address = PLACE + HF_PAGE_SIZE, .frame = PAGE);
}

static void unmap_a_device(void **state) {
    (void)state;
    GRANTED(DEVICE_AT(PLACE, SCREEN + 1, HF_READ | HF_WRITE));
    REFUSED(HF_NOT_EMPTY, .code = HF_OP_TABLE_REMOVE, .level = HF_LEVEL_PT, .object = ROOT, .address = PLACE);
    machine_use_aspace(always_write);
    GRANTED(LEAF_AT(HF_OP_UNMAP, PLACE));
    assert_int_equal(result.detail, HF_LEAF_ACCESSED | HF_LEAF_DIRTY);
    assert_int_equal(result.value[0], SCREEN + 1);
    assert_int_equal(world_refs(PT), 0);
    GRANTED(DEVICE_AT(PLACE, WORLD_VGA, HF_READ));
    GRANTED(LEAF_AT(HF_OP_UNMAP, PLACE));
    assert_int_equal(result.detail, 0);
    assert_int_equal(frame_type(WORLD_VGA), HF_FRAME_RESERVED);
    assert_int_equal(world_refs(WORLD_VGA), 0);
}

static void protect_a_device(void **state) {
    (void)state;
    GRANTED(DEVICE_AT(PLACE, SCREEN, HF_READ | HF_WRITE));
    machine_use_aspace(always_write);
    REFUSED(HF_BAD_ARGUMENT, LEAF_AT(HF_OP_PROTECT, PLACE), .rights = HF_READ | HF_EXECUTE);
    GRANTED(LEAF_AT(HF_OP_PROTECT, PLACE), .rights = HF_READ);
    assert_int_equal(result.detail, HF_LEAF_ACCESSED | HF_LEAF_DIRTY);
    assert_int_equal(*leaf(0), (uint64_t)SCREEN << HF_PAGE_SHIFT | DEVICE_FLAGS | leaf_rights(HF_READ));
    GRANTED(LEAF_AT(HF_OP_PROTECT, PLACE), .rights = HF_READ | HF_WRITE);
    assert_int_equal(*leaf(0), (uint64_t)SCREEN << HF_PAGE_SHIFT | DEVICE_FLAGS | leaf_rights(HF_READ | HF_WRITE));
}

/* A device's frame is nothing else: no page, no table, no object, no buffer. */
static void frames_of_devices(void **state) {
    (void)state;
    static const hf_frame_t frames[] = {WORLD_VGA, SCREEN};
    make_task(SPARE, ROOT, HF_NO_FRAME, 1);
    for (unsigned i = 0; i < 2; i++) {
        GRANTED(DEVICE_AT(PLACE + i * HF_PAGE_SIZE, frames[i], HF_READ));
        REFUSED(HF_BAD_FRAME, .code = HF_OP_STAGE, .object = frames[i], .frame = HF_NO_FRAME);
        REFUSED(HF_BAD_FRAME, .code = HF_OP_STAGE, .object = PAGE, .frame = frames[i], .count = 8);
        REFUSED(HF_BAD_FRAME, .code = HF_OP_PIN, .object = frames[i]);
        REFUSED(HF_BAD_FRAME, .code = HF_OP_TAG, .object = frames[i], .address = 1);
        REFUSED(HF_BAD_FRAME, .code = HF_OP_TASK_CREATE, .object = frames[i]);
        REFUSED(HF_BAD_FRAME, LEAF_AT(HF_OP_MAP, PLACE + 0x8000), .rights = HF_READ, .frame = frames[i]);
        REFUSED(HF_BAD_FRAME, LEAF_AT(HF_OP_TABLE_INSTALL, 1ull << 40), .frame = frames[i]);
        asker_page.task = (struct hf_task_block){.fields = HF_TASK_BUFFER, .buffer = frames[i]};
        REFUSED(HF_BAD_FRAME, .code = HF_OP_TASK_SET, .object = SPARE);
    }
}

static void the_words_of_a_fault_on_a_device(void **state) {
    (void)state;
    struct task *task = make_task(SPARE, ROOT, HF_NO_FRAME, 1);
    GRANTED(DEVICE_AT(PLACE, SCREEN, HF_READ));
    GRANTED(DEVICE_AT(PLACE + HF_PAGE_SIZE, WORLD_VGA, HF_READ));
    for (unsigned i = 0; i < 2; i++) {
        task->fault_address = PLACE + i * HF_PAGE_SIZE + 8;
        const struct fault_words words = ipc_fault_words(task);
        assert_int_equal(words.entry, *leaf(i));
        assert_int_equal(words.frame, HF_LEVEL_PT); /* no refs */
    }
}

/* ---- the framebuffer's place, as the boot loader tells it ---- */

static void expect_screen(uint64_t address, uint64_t length, hf_frame_t first, hf_frame_t count) {
    device_init(address, length);
    assert_true(device_frame_grantable(first) && device_frame_grantable(first + count - 1));
    assert_false(device_frame_grantable(first - 1));
    assert_false(device_frame_grantable(first + count));
}

static void a_framebuffer_anywhere(void **state) {
    (void)state;
    expect_screen(0xe0000000, 0x300000, 0xe0000, 0x300);
    expect_screen(0xe0000000, 1, 0xe0000, 1);
    expect_screen(0xe0000800, 0x1000, 0xe0000, 2);
    expect_screen(0xfebff000, 0x1000, 0xfebff, 1); /* up to the APICs */
    expect_screen(0xff000000, 0x1000, 0xff000, 1); /* behind them */
    expect_screen(0x380000000000, 0x2000, 0x380000000, 2);
    expect_screen((1ull << 52) - 0x1000, 0x1000, (1ull << 40) - 1, 1); /* the last one */
}

/* Lengths of nothing, over the APICs, and beyond what physical addresses there are: no frame is added. */
static void a_framebuffer_that_cannot_be(void **state) {
    (void)state;
    static const struct {
        uint64_t address, length;
        hf_frame_t frame;
    } bad[] = {{0xe0000000, 0, 0xe0000},
               {0xfee00000, 0x1000, 0xfee00},
               {0xfec00000, 0x1000, 0xfec00},
               {0xfebff000, 0x1001, 0xfebff},
               {0xfefffff0, 1, 0xfefff},
               {0, ~0ull, 0xfee00},
               {0x1000, 1ull << 32, 0xfee00},
               {0xff000000, ~0ull, 0xff000},
               {0xff000000, 1ull << 52, 0xff000},
               {1ull << 52, 0x1000, 1ull << 40},
               {(1ull << 52) - 0x1000, 0x1001, (1ull << 40) - 1},
               {~0ull, 1, ~0ull >> 12},
               {~0ull << 12, 0x1000, ~0ull >> 12}};
    for (unsigned i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        device_init(0xe1000000, 0x1000);
        device_init(bad[i].address, bad[i].length);
        assert_false(device_frame_grantable(bad[i].frame));
    }
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(map_every_frame_of_the_list),
        TEST(map_frames_that_are_not_on_the_list),
        TEST(map_ram_as_a_device),
        TEST(map_a_device_that_is_ram),
        TEST(rights_of_a_device),
        TEST(places_of_a_device),
        TEST(unmap_a_device),
        TEST(protect_a_device),
        TEST(frames_of_devices),
        TEST(the_words_of_a_fault_on_a_device),
        TEST(a_framebuffer_anywhere),
        TEST(a_framebuffer_that_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
