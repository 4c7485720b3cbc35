// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c ukernel/device.c ukernel/call.c
// sources: tests/host/world.c tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine ukernel
/* Address spaces and page tables: each operation with each of its answers. */
#include "world.h"

#include <string.h>

enum { ROOT = WORLD_FREE, PDPT, PD, PT, PAGE, OTHER, TASK_FRAME, HANDLES_FRAME };

#define PLACE 0x40000000ull

static uint64_t entry_of(hf_frame_t table, unsigned slot) {
    return ((const uint64_t *)(const void *)machine_ram[table])[slot];
}

/* ---- ASPACE_CREATE ---- */

static void create_aspace(void **state) {
    (void)state;
    GRANTED(.code = HF_OP_ASPACE_CREATE, .object = ROOT);
    assert_int_equal(frame_type(ROOT), HF_FRAME_PML4);
    assert_int_equal(world_refs(ROOT), 0);
    for (unsigned slot = 0; slot < MACHINE_RUN; slot++) {
        assert_int_equal(entry_of(ROOT, slot), 0);
    }
}

static void create_aspace_in_a_whole_run(void **state) {
    (void)state;
    GRANTED(.code = HF_OP_ASPACE_CREATE, .object = WORLD_WHOLE_FREE + 3);
    assert_int_equal(machine_headers[1].state, HF_RUN_SPLIT);
    GRANTED(.code = HF_OP_ASPACE_DESTROY, .object = WORLD_WHOLE_FREE + 3);
    assert_int_equal(machine_headers[1].state, HF_RUN_FREE);
}

/* Every frame that is something already, and every number that is no frame. */
static void create_on_what_is_not_free(void **state) {
    (void)state;
    static const uint8_t codes[] = {HF_OP_ASPACE_CREATE, HF_OP_TASK_CREATE, HF_OP_HANDLES_CREATE,
                                    HF_OP_ENDPOINT_CREATE};
    make_aspace(ROOT);
    make_tables(ROOT, PLACE, PDPT, PD, PT);
    make_page(ROOT, PLACE, PAGE, HF_READ);
    GRANTED(.code = HF_OP_STAGE, .object = OTHER, .frame = HF_NO_FRAME);
    make_task(TASK_FRAME, HF_NO_FRAME, HF_NO_FRAME, 1);
    GRANTED(.code = HF_OP_HANDLES_CREATE, .object = HANDLES_FRAME);
    GRANTED(.code = HF_OP_ENDPOINT_CREATE, .object = HANDLES_FRAME + 1);
    const hf_frame_t frames[] = {WORLD_RESERVED,
                                 WORLD_CORE,
                                 WORLD_MODULE,
                                 WORLD_WHOLE_CORE,
                                 WORLD_WHOLE_RESERVED,
                                 ROOT,
                                 PDPT,
                                 PD,
                                 PT,
                                 PAGE,
                                 OTHER,
                                 TASK_FRAME,
                                 HANDLES_FRAME,
                                 HANDLES_FRAME + 1,
                                 MACHINE_FRAMES,
                                 1ull << 40,
                                 1ull << 52,
                                 HF_NO_FRAME};
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        for (size_t code = 0; code < sizeof codes; code++) {
            REFUSED(HF_BAD_FRAME, .code = codes[code], .object = frames[i]);
        }
        REFUSED(HF_BAD_FRAME, .code = HF_OP_TABLE_INSTALL, .level = HF_LEVEL_PDPT, .object = ROOT,
                .address = 1ull << 40, .frame = frames[i]);
    }
}

/* ---- ASPACE_COPY_KERNEL ---- */

static void copy_kernel(void **state) {
    (void)state;
    GRANTED(.code = HF_OP_ASPACE_CREATE, .object = ROOT);
    GRANTED(.code = HF_OP_ASPACE_COPY_KERNEL, .object = ROOT);
    assert_memory_equal(machine_ram[ROOT] + HF_PAGE_SIZE / 2, machine_kernel_half, HF_PAGE_SIZE / 2);
    assert_int_equal(frame_entry(ROOT)->flags, HF_FRAME_KERNEL_HALF);
    GRANTED(.code = HF_OP_ASPACE_COPY_KERNEL, .object = ROOT);
    GRANTED(.code = HF_OP_TABLE_INSTALL, .level = HF_LEVEL_PDPT, .object = ROOT, .address = PLACE, .frame = PDPT);
    GRANTED(.code = HF_OP_ASPACE_COPY_KERNEL, .object = ROOT);
    REFUSED(HF_BAD_FRAME, .code = HF_OP_ASPACE_COPY_KERNEL, .object = PDPT);
    REFUSED(HF_BAD_FRAME, .code = HF_OP_ASPACE_COPY_KERNEL, .object = PD);
    REFUSED(HF_BAD_FRAME, .code = HF_OP_ASPACE_COPY_KERNEL, .object = WORLD_CORE);
    REFUSED(HF_BAD_FRAME, .code = HF_OP_ASPACE_COPY_KERNEL, .object = HF_NO_FRAME);
}

/* A frame that was an aspace before has no kernel half when it is one again. */
static void kernel_half_does_not_outlive_the_aspace(void **state) {
    (void)state;
    make_aspace(ROOT);
    GRANTED(.code = HF_OP_ASPACE_DESTROY, .object = ROOT);
    GRANTED(.code = HF_OP_ASPACE_CREATE, .object = ROOT);
    assert_int_equal(frame_entry(ROOT)->flags, 0);
    GRANTED(.code = HF_OP_TASK_CREATE, .object = TASK_FRAME);
    asker_page.task = (struct hf_task_block){.fields = HF_TASK_ASPACE, .aspace = ROOT};
    REFUSED(HF_NOT_READY, .code = HF_OP_TASK_SET, .object = TASK_FRAME);
}

/* ---- ASPACE_DESTROY ---- */

static void destroy_aspace(void **state) {
    (void)state;
    make_aspace(ROOT);
    GRANTED(.code = HF_OP_ASPACE_DESTROY, .object = ROOT);
    assert_int_equal(frame_type(ROOT), HF_FRAME_FREE);
    REFUSED(HF_BAD_FRAME, .code = HF_OP_ASPACE_DESTROY, .object = ROOT);
    REFUSED(HF_BAD_FRAME, .code = HF_OP_ASPACE_DESTROY, .object = WORLD_MODULE);
    REFUSED(HF_BAD_FRAME, .code = HF_OP_ASPACE_DESTROY, .object = MACHINE_FRAMES);
}

static void destroy_aspace_with_a_table(void **state) {
    (void)state;
    make_aspace(ROOT);
    GRANTED(.code = HF_OP_TABLE_INSTALL, .level = HF_LEVEL_PDPT, .object = ROOT, .address = PLACE, .frame = PDPT);
    REFUSED(HF_NOT_EMPTY, .code = HF_OP_ASPACE_DESTROY, .object = ROOT);
    GRANTED(.code = HF_OP_TABLE_REMOVE, .level = HF_LEVEL_PDPT, .object = ROOT, .address = PLACE);
    GRANTED(.code = HF_OP_ASPACE_DESTROY, .object = ROOT);
}

static void destroy_aspace_of_a_task(void **state) {
    (void)state;
    make_aspace(ROOT);
    make_task(TASK_FRAME, ROOT, HF_NO_FRAME, 1);
    REFUSED(HF_NOT_EMPTY, .code = HF_OP_ASPACE_DESTROY, .object = ROOT);
    GRANTED(.code = HF_OP_TASK_DESTROY, .object = TASK_FRAME);
    GRANTED(.code = HF_OP_ASPACE_DESTROY, .object = ROOT);
}

/* While idle CR3 keeps the last task's aspace, which nothing may count any more. */
static void destroy_the_loaded_aspace(void **state) {
    (void)state;
    make_aspace(ROOT);
    write_cr3((uint64_t)ROOT << HF_PAGE_SHIFT);
    REFUSED(HF_NOT_EMPTY, .code = HF_OP_ASPACE_DESTROY, .object = ROOT);
    write_cr3(0);
    GRANTED(.code = HF_OP_ASPACE_DESTROY, .object = ROOT);
}

/* ---- TABLE_INSTALL ---- */

static void install_each_level(void **state) {
    (void)state;
    make_aspace(ROOT);
    memset(machine_ram[PDPT], 0xff, 3 * HF_PAGE_SIZE);
    make_tables(ROOT, PLACE, PDPT, PD, PT);
    assert_int_equal(frame_type(PDPT), HF_FRAME_PDPT);
    assert_int_equal(frame_type(PD), HF_FRAME_PD);
    assert_int_equal(frame_type(PT), HF_FRAME_PT);
    assert_int_equal(entry_of(ROOT, 0), (uint64_t)PDPT << HF_PAGE_SHIFT | 7);
    assert_int_equal(entry_of(PDPT, 1), (uint64_t)PD << HF_PAGE_SHIFT | 7);
    assert_int_equal(entry_of(PD, 0), (uint64_t)PT << HF_PAGE_SHIFT | 7);
    assert_int_equal(world_refs(ROOT), 1);
    assert_int_equal(world_refs(PDPT), 1);
    assert_int_equal(world_refs(PD), 1);
    assert_int_equal(world_refs(PT), 0);
}

static void install_bad_arguments(void **state) {
    (void)state;
    make_aspace(ROOT);
    for (unsigned level = 0; level < 256; level++) {
        if (level < HF_LEVEL_PT || level > HF_LEVEL_PDPT) {
            REFUSED(HF_BAD_ARGUMENT, .code = HF_OP_TABLE_INSTALL, .level = (uint8_t)level, .object = ROOT,
                    .address = PLACE, .frame = PDPT);
            REFUSED(HF_BAD_ARGUMENT, .code = HF_OP_TABLE_REMOVE, .level = (uint8_t)level, .object = ROOT,
                    .address = PLACE);
        }
    }
}

/* What no operation on an aspace's addresses accepts. */
static void bad_addresses(void **state) {
    (void)state;
    static const uint64_t addresses[] = {0,
                                         0x1000,
                                         0xf000,
                                         0xffff,
                                         0x10001,
                                         0x40000800,
                                         0x7ffffffff000,
                                         0x7ffffffff001,
                                         0x800000000000,
                                         0xffff800000000000,
                                         0xfffffffffffff000,
                                         0x8000000000000000,
                                         0x0001000040000000};
    make_aspace(ROOT);
    make_tables(ROOT, PLACE, PDPT, PD, PT);
    GRANTED(.code = HF_OP_STAGE, .object = PAGE, .frame = HF_NO_FRAME);
    for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        const uint64_t at = addresses[i];
        REFUSED(HF_BAD_ADDRESS, .code = HF_OP_TABLE_INSTALL, .level = HF_LEVEL_PDPT, .object = ROOT, .address = at,
                .frame = OTHER);
        REFUSED(HF_BAD_ADDRESS, .code = HF_OP_TABLE_REMOVE, .level = HF_LEVEL_PDPT, .object = ROOT, .address = at);
        REFUSED(HF_BAD_ADDRESS, .code = HF_OP_MAP, .level = HF_LEVEL_PT, .rights = HF_READ, .object = ROOT,
                .address = at, .frame = PAGE);
        REFUSED(HF_BAD_ADDRESS, .code = HF_OP_UNMAP, .level = HF_LEVEL_PT, .object = ROOT, .address = at);
        REFUSED(HF_BAD_ADDRESS, .code = HF_OP_PROTECT, .level = HF_LEVEL_PT, .rights = HF_READ, .object = ROOT,
                .address = at);
        REFUSED(HF_BAD_ADDRESS, .code = HF_OP_CLEAR, .object = ROOT, .address = at);
    }
}

static void the_first_and_the_last_page(void **state) {
    (void)state;
    make_aspace(ROOT);
    make_tables(ROOT, HF_USER_FIRST, PDPT, PD, PT);
    make_page(ROOT, HF_USER_FIRST, PAGE, HF_READ);
    make_tables(ROOT, HF_USER_END - HF_PAGE_SIZE, OTHER, OTHER + 1, OTHER + 2);
    make_page(ROOT, HF_USER_END - HF_PAGE_SIZE, OTHER + 3, HF_READ | HF_WRITE);
    assert_int_equal(entry_of(OTHER + 2, 510) & 0xfffff000, (OTHER + 3) << HF_PAGE_SHIFT);
}

static void install_where_the_level_above_is_missing(void **state) {
    (void)state;
    make_aspace(ROOT);
    for (unsigned level = HF_LEVEL_PT; level <= HF_LEVEL_PD; level++) {
        REFUSED(HF_NO_TABLE, .code = HF_OP_TABLE_INSTALL, .level = (uint8_t)level, .object = ROOT, .address = PLACE,
                .frame = PD);
        assert_int_equal(result.detail, HF_LEVEL_PDPT);
        REFUSED(HF_NO_TABLE, .code = HF_OP_TABLE_REMOVE, .level = (uint8_t)level, .object = ROOT, .address = PLACE);
        assert_int_equal(result.detail, HF_LEVEL_PDPT);
    }
    GRANTED(.code = HF_OP_TABLE_INSTALL, .level = HF_LEVEL_PDPT, .object = ROOT, .address = PLACE, .frame = PDPT);
    REFUSED(HF_NO_TABLE, .code = HF_OP_TABLE_INSTALL, .level = HF_LEVEL_PT, .object = ROOT, .address = PLACE,
            .frame = PT);
    assert_int_equal(result.detail, HF_LEVEL_PD);
}

static void install_where_one_is(void **state) {
    (void)state;
    make_aspace(ROOT);
    make_tables(ROOT, PLACE, PDPT, PD, PT);
    for (unsigned level = HF_LEVEL_PT; level <= HF_LEVEL_PDPT; level++) {
        REFUSED(HF_EXISTS, .code = HF_OP_TABLE_INSTALL, .level = (uint8_t)level, .object = ROOT,
                .address = PLACE + HF_PAGE_SIZE, .frame = OTHER);
    }
}

static void objects_that_are_no_aspace(void **state) {
    (void)state;
    make_aspace(ROOT);
    make_tables(ROOT, PLACE, PDPT, PD, PT);
    GRANTED(.code = HF_OP_STAGE, .object = PAGE, .frame = HF_NO_FRAME);
    const hf_frame_t frames[] = {PDPT,
                                 PD,
                                 PT,
                                 PAGE,
                                 OTHER,
                                 WORLD_CORE,
                                 WORLD_MODULE,
                                 WORLD_RESERVED,
                                 WORLD_WHOLE_FREE,
                                 WORLD_WHOLE_CORE,
                                 WORLD_WHOLE_RESERVED,
                                 MACHINE_FRAMES,
                                 HF_NO_FRAME};
    for (size_t i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        const hf_frame_t object = frames[i];
        REFUSED(HF_BAD_FRAME, .code = HF_OP_ASPACE_COPY_KERNEL, .object = object);
        REFUSED(HF_BAD_FRAME, .code = HF_OP_ASPACE_DESTROY, .object = object);
        REFUSED(HF_BAD_FRAME, .code = HF_OP_TABLE_INSTALL, .level = HF_LEVEL_PDPT, .object = object, .address = PLACE,
                .frame = OTHER);
        REFUSED(HF_BAD_FRAME, .code = HF_OP_TABLE_REMOVE, .level = HF_LEVEL_PT, .object = object, .address = PLACE);
        REFUSED(HF_BAD_FRAME, .code = HF_OP_MAP, .level = HF_LEVEL_PT, .rights = HF_READ, .object = object,
                .address = PLACE, .frame = PAGE);
        REFUSED(HF_BAD_FRAME, .code = HF_OP_UNMAP, .level = HF_LEVEL_PT, .object = object, .address = PLACE);
        REFUSED(HF_BAD_FRAME, .code = HF_OP_PROTECT, .level = HF_LEVEL_PT, .rights = HF_READ, .object = object,
                .address = PLACE);
        REFUSED(HF_BAD_FRAME, .code = HF_OP_CLEAR, .object = object, .address = PLACE);
        REFUSED(HF_BAD_FRAME, .code = HF_OP_TRANSLATE, .object = object, .address = PLACE);
    }
}

/* ---- TABLE_REMOVE ---- */

static void remove_each_level(void **state) {
    (void)state;
    make_aspace(ROOT);
    make_tables(ROOT, PLACE, PDPT, PD, PT);
    const hf_frame_t tables[] = {[HF_LEVEL_PT] = PT, [HF_LEVEL_PD] = PD, [HF_LEVEL_PDPT] = PDPT};
    REFUSED(HF_NOT_EMPTY, .code = HF_OP_TABLE_REMOVE, .level = HF_LEVEL_PDPT, .object = ROOT, .address = PLACE);
    REFUSED(HF_NOT_EMPTY, .code = HF_OP_TABLE_REMOVE, .level = HF_LEVEL_PD, .object = ROOT, .address = PLACE);
    for (unsigned level = HF_LEVEL_PT; level <= HF_LEVEL_PDPT; level++) {
        GRANTED(.code = HF_OP_TABLE_REMOVE, .level = (uint8_t)level, .object = ROOT,
                .address = PLACE + 5 * HF_PAGE_SIZE);
        assert_int_equal(result.value[0], tables[level]);
        assert_int_equal(frame_type(tables[level]), HF_FRAME_FREE);
        REFUSED(HF_NO_TABLE, .code = HF_OP_TABLE_REMOVE, .level = (uint8_t)level, .object = ROOT, .address = PLACE);
        assert_int_equal(result.detail, level);
    }
    assert_int_equal(world_refs(ROOT), 0);
}

static void remove_with_a_page(void **state) {
    (void)state;
    make_aspace(ROOT);
    make_tables(ROOT, PLACE, PDPT, PD, PT);
    make_page(ROOT, PLACE, PAGE, HF_READ);
    REFUSED(HF_NOT_EMPTY, .code = HF_OP_TABLE_REMOVE, .level = HF_LEVEL_PT, .object = ROOT, .address = PLACE);
    REFUSED(HF_BAD_ARGUMENT, .code = HF_OP_TABLE_REMOVE, .level = HF_LEVEL_PT, .object = ROOT, .address = PLACE,
            .frame = PT);
}

static uint64_t always_write(uint64_t below) { return below - 1; }

/* A removed table must be forgotten by the processor before its frame is anything else. */
static void remove_is_flushed(void **state) {
    (void)state;
    make_aspace(ROOT);
    make_tables(ROOT, PLACE, PDPT, PD, PT);
    write_cr3((uint64_t)ROOT << HF_PAGE_SHIFT);
    for (unsigned level = HF_LEVEL_PT; level <= HF_LEVEL_PDPT; level++) {
        machine_use_aspace(always_write);
        GRANTED(.code = HF_OP_TABLE_REMOVE, .level = (uint8_t)level, .object = ROOT, .address = PLACE);
    }
}

#define TEST(name) cmocka_unit_test_setup(name, world_start)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(create_aspace),
        TEST(create_aspace_in_a_whole_run),
        TEST(create_on_what_is_not_free),
        TEST(copy_kernel),
        TEST(kernel_half_does_not_outlive_the_aspace),
        TEST(destroy_aspace),
        TEST(destroy_aspace_with_a_table),
        TEST(destroy_aspace_of_a_task),
        TEST(destroy_the_loaded_aspace),
        TEST(install_each_level),
        TEST(install_bad_arguments),
        TEST(bad_addresses),
        TEST(the_first_and_the_last_page),
        TEST(install_where_the_level_above_is_missing),
        TEST(install_where_one_is),
        TEST(objects_that_are_no_aspace),
        TEST(remove_each_level),
        TEST(remove_with_a_page),
        TEST(remove_is_flushed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
