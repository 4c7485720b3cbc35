/* Attacks on the border between the halves, and on rights of pages. */
#include "judge.h"

/* Every operation that takes an address, there. */
static void try_address(uint64_t address) {
    REFUSED_EACH(MAPPED(world.aspace, address, world.staged, READ_WRITE), LEAF(UNMAP, world.aspace, address),
                 LEAF(PROTECT, world.aspace, address, .rights = HF_READ), ON(CLEAR, world.aspace, .address = address),
                 ON(CLONE, world.aspace, .address = address, .frame = world.second),
                 ON(SPLIT, world.aspace, .address = address, .frame = world.free),
                 TABLE(PT, world.aspace, address, world.free), TABLE(PD, world.aspace, address, world.free),
                 TABLE(PDPT, world.aspace, address, world.free), NO_TABLE(PT, world.aspace, address),
                 NO_TABLE(PD, world.aspace, address), NO_TABLE(PDPT, world.aspace, address),
                 ON(MAP_DEVICE, world.aspace, .address = address, .frame = 0xb8, .rights = HF_READ));
}

static void at_null_page(void) { try_address(0); }
static void below_64_kib(void) { try_address(HF_USER_FIRST - HF_PAGE_SIZE); }
static void at_last_page(void) { try_address(HF_USER_END); }
static void beyond_user_half(void) { try_address(0x800000000000); }
static void in_the_hole(void) { try_address(0xffff7ffffffff000); }
static void at_pmo(void) { try_address(0xffff800000000000); }
static void at_frame_table(void) { try_address(0xffffc00000000000); }
static void at_core_stacks(void) { try_address(0xffffe00000000000); }
static void at_core_image(void) { try_address(0xffffffff80000000); }
static void at_top(void) { try_address(0xfffffffffffff000); }
static void misaligned_by_one(void) { try_address(AT(AT_FREE) + 1); }
static void misaligned_by_half(void) { try_address(AT(AT_PAGE) + HF_PAGE_SIZE / 2); }

static void translate_kernel_half(void) {
    const uint64_t addresses[] = {HF_USER_END, 0x800000000000, 0xffff800000000000, 0xffffffff80000000, ~0ul};
    for (unsigned i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
        refused(ON(TRANSLATE, world.aspace, .address = addresses[i]));
    }
}

static void try_large_address(uint64_t address) {
    if (look_run(pool_run(0)).state == HF_RUN_FREE) world_large_page(READ_WRITE);
    REFUSED_EACH(MAPPED_RUN(world.aspace, address, pool_run(0), READ_WRITE), LARGE(UNMAP, world.aspace, address),
                 LARGE(PROTECT, world.aspace, address, .rights = HF_READ));
}

static void large_misaligned(void) {
    try_large_address(BIG + HF_PAGE_SIZE);
    try_large_address(BIG + HF_RUN_SIZE / 2);
}
static void large_at_null(void) { try_large_address(0); }
static void large_at_pmo(void) { try_large_address(0xffff800000000000); }
static void large_in_the_hole(void) { try_large_address(0x800000000000); }

/* With the tables that it takes, so that nothing but the address is wrong. */
static void large_over_last_page(void) {
    uint64_t last = HF_USER_END & ~(HF_RUN_SIZE - 1);
    must(TABLE(PDPT, world.aspace, last, pool_frame()));
    must(TABLE(PD, world.aspace, last, pool_frame()));
    refused(MAPPED_RUN(world.aspace, last, world_staged_run(), READ_WRITE));
}

static void small_at_last_page(void) {
    uint64_t before = HF_USER_END - HF_PAGE_SIZE;
    must_map(world.aspace, before, world.staged, HF_READ);
    REFUSED_EACH(MAPPED(world.aspace, HF_USER_END, world.staged, HF_READ), LEAF(UNMAP, world.aspace, HF_USER_END));
}

/* ---- the kernel half ---- */

static void set_aspace_without_kernel_half(void) {
    struct hf_task_block block = world_block(HF_TASK_ASPACE);
    block.aspace = pool_frame();
    must(ON(ASPACE_CREATE, block.aspace));
    refused_set(block);
}

static void set_aspace_to_table(void) {
    const hf_frame_t frames[] = {world.pdpt, world.pt, world.page, world.task, world.free, 0xf0, ~0ul - 1};
    for (unsigned i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        struct hf_task_block block = world_block(HF_TASK_ASPACE);
        block.aspace = frames[i];
        refused_set(block);
    }
}

static void start_without_aspace(void) {
    PAGE_OF_OPERATIONS->task = (struct hf_task_block){.fields = HF_TASK_ASPACE, .aspace = HF_NO_FRAME};
    must(ON(TASK_SET, world.task));
    refused(ON(TASK_START, world.task));
}

/* ---- W^X ---- */

static void try_rights(uint16_t rights) {
    REFUSED_EACH(MAPPED(world.aspace, AT(AT_FREE), world.staged, rights),
                 LEAF(PROTECT, world.aspace, AT(AT_PAGE), .rights = rights),
                 LEAF(PROTECT, world.aspace, AT(AT_CODE), .rights = rights),
                 ON(MAP_DEVICE, world.aspace, .address = AT(AT_FREE), .frame = 0xb8, .rights = rights));
}

static void write_and_execute(void) { try_rights(HF_READ | HF_WRITE | HF_EXECUTE); }
static void write_and_execute_only(void) { try_rights(HF_WRITE | HF_EXECUTE); }
static void write_only(void) { try_rights(HF_WRITE); }
static void execute_only(void) { try_rights(HF_EXECUTE); }
static void no_rights(void) { try_rights(0); }

static void unknown_rights(void) {
    for (unsigned bit = 3; bit < 16; bit++) try_rights((uint16_t)(HF_READ | 1u << bit));
}

static void large_write_and_execute(void) {
    hf_frame_t run = world_large_page(READ_WRITE);
    uint16_t all = HF_READ | HF_WRITE | HF_EXECUTE;
    REFUSED_EACH(MAPPED_RUN(world.second, BIG, run, all), LARGE(PROTECT, world.aspace, BIG, .rights = all),
                 MAPPED_RUN(world.second, BIG, run, HF_WRITE), LARGE(PROTECT, world.aspace, BIG, .rights = 0));
}

static bool has(uint64_t entry, uint64_t set, uint64_t clear) { return (entry & set) == set && !(entry & clear); }

static void executable_by_clone(void) {
    must(ON(CLONE, world.aspace, .address = WINDOW, .frame = world.second));
    bool page = has(look_entry(world.second, AT(AT_PAGE), HF_LEVEL_PT), ENTRY_PRESENT | ENTRY_NO_EXECUTE, ENTRY_WRITE);
    bool code = has(look_entry(world.second, AT(AT_CODE), HF_LEVEL_PT), ENTRY_PRESENT, ENTRY_NO_EXECUTE | ENTRY_WRITE);
    saw(page && code, "CLONE a page that can be written, and one that can be executed, and look at the entries");
}

static void executable_by_split(void) {
    world_large_page(READ_WRITE);
    must(ON(SPLIT, world.aspace, .address = BIG, .frame = world.free));
    bool good = true;
    for (unsigned i = 0; i < HF_RUN_FRAMES; i++) {
        uint64_t entry = look_entry(world.aspace, BIG + i * HF_PAGE_SIZE, HF_LEVEL_PT);
        good = good && has(entry, ENTRY_PRESENT | ENTRY_WRITE | ENTRY_NO_EXECUTE, ENTRY_LARGE);
    }
    saw(good, "SPLIT 2 MiB that can be written, and look at its 512 entries");
}

static void writable_by_split(void) {
    world_large_page(HF_READ | HF_EXECUTE);
    must(ON(SPLIT, world.aspace, .address = BIG, .frame = world.free));
    saw(has(look_entry(world.aspace, BIG, HF_LEVEL_PT), ENTRY_PRESENT, ENTRY_WRITE | ENTRY_NO_EXECUTE),
        "SPLIT 2 MiB that can be executed, and look at its entries");
}

const struct attack attacks_half[] = {
    ATTACK(at_null_page, USER_HALF, BAD_ADDRESS, "address 0, by every operation: null pointers would point somewhere"),
    ATTACK(below_64_kib, USER_HALF, BAD_ADDRESS, "the last of the pages that null pointers with offsets reach"),
    ATTACK(at_last_page, USER_HALF, BAD_ADDRESS,
           "the user half's last page: behind a SYSCALL at its end is no address"),
    ATTACK(small_at_last_page, USER_HALF, BAD_ADDRESS, "... when the page before it, and so its table, are there"),
    ATTACK(large_over_last_page, USER_HALF, BAD_ADDRESS, "... as the end of a page of 2 MiB"),
    ATTACK(beyond_user_half, USER_HALF, BAD_ADDRESS,
           "the first address that isn't canonical: its PML4 slot is the core's first"),
    ATTACK(in_the_hole, USER_HALF, BAD_ADDRESS, "the last address that isn't canonical"),
    ATTACK(at_pmo, USER_HALF, BAD_ADDRESS, "the core's map of all RAM"),
    ATTACK(at_frame_table, USER_HALF, BAD_ADDRESS, "the frame table"),
    ATTACK(at_core_stacks, USER_HALF, BAD_ADDRESS, "the core's stacks and its APIC"),
    ATTACK(at_core_image, USER_HALF, BAD_ADDRESS, "the core's code"),
    ATTACK(at_top, USER_HALF, BAD_ADDRESS, "the last page there is"),
    ATTACK(misaligned_by_one, USER_HALF, BAD_ADDRESS,
           "an address that is no page's: the low bits are an entry's flags"),
    ATTACK(misaligned_by_half, USER_HALF, BAD_ADDRESS, "the middle of a page"),
    ATTACK(translate_kernel_half, USER_HALF, BAD_ADDRESS, "reading the core's page-table entries"),
    ATTACK(large_misaligned, USER_HALF, BAD_ADDRESS,
           "2 MiB at an address that is none of theirs: reserved bits would be set"),
    ATTACK(large_at_null, USER_HALF, BAD_ADDRESS, "2 MiB over the null page"),
    ATTACK(large_at_pmo, USER_HALF, BAD_ADDRESS, "2 MiB over the core's map of RAM"),
    ATTACK(large_in_the_hole, USER_HALF, BAD_ADDRESS, "2 MiB where no address is canonical"),
    ATTACK(set_aspace_without_kernel_half, KERNEL_HALF, NOT_READY,
           "a task in an aspace without the core: the first interrupt would be the last"),
    ATTACK(set_aspace_to_table, KERNEL_HALF, BAD_FRAME, "anything else as what CR3 gets"),
    ATTACK(start_without_aspace, KERNEL_HALF, NOT_READY, "a task without an aspace is started: CR3 would be 0"),
    ATTACK(write_and_execute, W_XOR_X, BAD_ARGUMENT,
           "pages to be written and executed, by MAP, PROTECT and MAP_DEVICE"),
    ATTACK(write_and_execute_only, W_XOR_X, BAD_ARGUMENT, "the same without saying that they are read"),
    ATTACK(write_only, W_XOR_X, BAD_ARGUMENT, "pages to be written only, which the processor doesn't have"),
    ATTACK(execute_only, W_XOR_X, BAD_ARGUMENT, "pages to be executed only"),
    ATTACK(no_rights, W_XOR_X, BAD_ARGUMENT, "pages for nothing, which would be read all the same"),
    ATTACK(unknown_rights, W_XOR_X, BAD_ARGUMENT, "each bit that is no right: it might end up in the entry"),
    ATTACK(large_write_and_execute, W_XOR_X, BAD_ARGUMENT, "2 MiB to be written and executed"),
    ATTACK(executable_by_clone, W_XOR_X, OK, "rights that change on the way into another aspace"),
    ATTACK(executable_by_split, W_XOR_X, OK, "rights that change when 2 MiB are split: NX forgotten"),
    ATTACK(writable_by_split, W_XOR_X, OK, "... or the page made writable"),
    ATTACKS_END,
};
