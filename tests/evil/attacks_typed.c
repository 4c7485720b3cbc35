/* Attacks on types: whoever can write a page table, a task's saved registers or a handle table
 * owns the machine, so none of these may ever be seen as a page. */
#include "judge.h"

static void try_map(hf_frame_t frame) {
    REFUSED_EACH(MAPPED(world.aspace, AT(AT_FREE), frame, READ_WRITE),
                 MAPPED(world.aspace, AT(AT_FREE), frame, HF_READ));
}

static void map_pml4(void) { try_map(world.aspace); }
static void map_pdpt(void) { try_map(world.pdpt); }
static void map_pd(void) { try_map(world.pd); }
static void map_pt(void) { try_map(world.pt); }
static void map_own_pml4(void) { refused(MAPPED(boot->aspace, OWN_WINDOW, boot->aspace, READ_WRITE)); }
static void map_task(void) { try_map(world.task); }
static void map_own_task(void) { try_map(boot->task); }
static void map_handles(void) { try_map(world.handles); }
static void map_endpoint(void) { try_map(world.endpoint); }
static void map_firmware(void) { try_map(0xf0); }
static void map_boot_page(void) { try_map(0); }

static void map_beyond_ram(void) {
    const hf_frame_t beyond[] = {ram_end, ram_end + HF_RUN_FRAMES, 1ul << 24, 1ul << 40, 1ul << 52, 1ul << 63, ~0ul};
    for (unsigned i = 0; i < sizeof beyond / sizeof beyond[0]; i++) try_map(beyond[i]);
}

static void try_map_core(hf_frame_t frame, struct hf_frame_entry entry) {
    if (entry.type == HF_FRAME_CORE) refused(MAPPED(world.aspace, AT(AT_FREE), frame, READ_WRITE));
}

static void map_each_core_frame(void) { look_each(try_map_core); }

static void map_core_run(void) {
    hf_frame_t run = run_of_core() ? run_of_core() : first_of(HF_FRAME_CORE) & ~(HF_RUN_FRAMES - 1);
    REFUSED_EACH(MAPPED_RUN(world.aspace, BIG, run, READ_WRITE), MAPPED_RUN(world.aspace, BIG, run, HF_READ));
}

static void map_run_of_tables(void) {
    refused(MAPPED_RUN(world.aspace, BIG, world.pt & ~(HF_RUN_FRAMES - 1), READ_WRITE));
}

/* ---- one frame as two things ---- */

/* Everything that wants a FREE frame as its object. */
static void try_create(enum hf_operation_code code) {
    for (const hf_frame_t *used = world_used(); *used; used++) {
        refused((struct hf_operation){.code = (uint8_t)code, .object = *used});
    }
}

static void use_again_as_aspace(void) { try_create(HF_OP_ASPACE_CREATE); }
static void use_again_as_task(void) { try_create(HF_OP_TASK_CREATE); }
static void use_again_as_handles(void) { try_create(HF_OP_HANDLES_CREATE); }
static void use_again_as_endpoint(void) { try_create(HF_OP_ENDPOINT_CREATE); }

static void use_again_as_table(void) {
    for (const hf_frame_t *used = world_used(); *used; used++) {
        REFUSED_EACH(TABLE(PT, world.aspace, BIG, *used), TABLE(PD, world.aspace, NEXT_GIGABYTE, *used),
                     TABLE(PDPT, world.aspace, NO_TABLES, *used));
    }
}

static void use_again_as_page(void) {
    for (const hf_frame_t *used = world_used(); *used; used++) {
        if (*used != world.staged) refused(STAGED(*used)); /* a staged frame can be filled on */
    }
}

static void make_table_of_buffer(void) { refused(TABLE(PT, world.aspace, BIG, world.buffer)); }
static void make_table_of_operation_page(void) { refused(TABLE(PT, world.aspace, BIG, world.operations)); }
static void make_table_of_own_operation_page(void) {
    hf_frame_t frame = (look_entry(boot->aspace, HF_MEMSRV_OPERATIONS, HF_LEVEL_PT) & ENTRY_FRAME) >> HF_PAGE_SHIFT;
    refused(TABLE(PT, world.aspace, BIG, frame));
}
static void make_task_of_mapped_page(void) { refused(ON(TASK_CREATE, world.page)); }
static void make_handles_of_pinned_page(void) { refused(ON(HANDLES_CREATE, world.pinned)); }

static void split_into_used(void) {
    world_large_page(READ_WRITE);
    for (const hf_frame_t *used = world_used(); *used; used++) {
        refused(ON(SPLIT, world.aspace, .address = BIG, .frame = *used));
    }
}

static void split_into_itself(void) {
    hf_frame_t run = world_large_page(READ_WRITE);
    REFUSED_EACH(ON(SPLIT, world.aspace, .address = BIG, .frame = run),
                 ON(SPLIT, world.aspace, .address = BIG, .frame = run + 77));
}

/* ---- one thing for another ---- */

static void mistake_object(void) {
    for (unsigned code = HF_OP_NONE + 1; code < HF_OP_COUNT; code++) {
        unsigned wanted = operation_kinds[code].object;
        if (wanted == HF_FRAME_TYPE_COUNT) continue;
        for (const hf_frame_t *used = world_used(); *used; used++) {
            if (look_frame(*used).type == wanted) continue;
            refused((struct hf_operation){.code = (uint8_t)code, .object = *used});
        }
    }
}

static void mistake_free_frame(void) {
    REFUSED_EACH(ON(TASK_START, world.free), ON(ENDPOINT_DESTROY, world.free), ON(ASPACE_DESTROY, world.free),
                 ON(HANDLES_DESTROY, world.free), ON(TASK_DESTROY, world.free), ON(TASK_SET, world.free),
                 ON(TASK_GET, world.free), ON(ASPACE_COPY_KERNEL, world.free),
                 MAPPED(world.free, AT(AT_FREE), world.staged, HF_READ));
}

static void mistake_table_for_aspace(void) {
    const hf_frame_t tables[] = {world.pdpt, world.pd, world.pt};
    for (unsigned i = 0; i < 3; i++) {
        REFUSED_EACH(MAPPED(tables[i], AT(AT_FREE), world.staged, READ_WRITE), LEAF(UNMAP, tables[i], AT(AT_PAGE)),
                     ON(ASPACE_COPY_KERNEL, tables[i]), ON(ASPACE_DESTROY, tables[i]),
                     ON(TRANSLATE, tables[i], .address = WINDOW));
    }
}

static void tag_what_has_no_tag(void) {
    REFUSED_EACH(ON(TAG, world.free, .address = 1), ON(TAG, first_of(HF_FRAME_CORE), .address = 1),
                 ON(TAG, 0xf0, .address = 1), ON(TAG, ram_end, .address = 1), ON(TAG, ~0ul, .address = 1));
}

const struct attack attacks_typed[] = {
    ATTACK(map_pml4, TYPED, BAD_FRAME, "an aspace's root as a page: its owner would write page-table entries himself"),
    ATTACK(map_pdpt, TYPED, BAD_FRAME, "a PDPT as a page, to be written or only to be read"),
    ATTACK(map_pd, TYPED, BAD_FRAME, "a PD as a page"),
    ATTACK(map_pt, TYPED, BAD_FRAME, "a PT as a page: the oldest way to own a machine"),
    ATTACK(map_own_pml4, TYPED, BAD_FRAME, "the root that is in CR3 right now"),
    ATTACK(map_task, TYPED, BAD_FRAME, "a task as a page: the saved CS would decide in which ring it goes on"),
    ATTACK(map_own_task, TYPED, BAD_FRAME, "the running task as a page"),
    ATTACK(map_handles, TYPED, BAD_FRAME, "a handle table as a page: every right could be written into it"),
    ATTACK(map_endpoint, TYPED, BAD_FRAME, "an endpoint as a page: its queues hold the core's pointers"),
    ATTACK(map_firmware, TYPED, BAD_FRAME, "the BIOS, which is no RAM"),
    ATTACK(map_boot_page, TYPED, BAD_FRAME, "frame 0, with the firmware's vectors"),
    ATTACK(map_beyond_ram, TYPED, BAD_FRAME, "frames above all RAM, up to numbers that overflow an address"),
    ATTACK(map_each_core_frame, TYPED, BAD_FRAME,
           "every frame of the core in a run that is split: code, stacks, tables"),
    ATTACK(map_core_run, TYPED, BAD_FRAME, "the run where the core begins, as a page of 2 MiB"),
    ATTACK(map_run_of_tables, TYPED, BAD_FRAME, "a page of 2 MiB over a run in which page tables lie"),
    ATTACK(use_again_as_aspace, TYPED, BAD_FRAME, "a frame of each kind that is in use becomes a PML4, too"),
    ATTACK(use_again_as_task, TYPED, BAD_FRAME, "... a task"),
    ATTACK(use_again_as_handles, TYPED, BAD_FRAME, "... a handle table"),
    ATTACK(use_again_as_endpoint, TYPED, BAD_FRAME, "... an endpoint"),
    ATTACK(use_again_as_table, TYPED, BAD_FRAME, "... a page table of each level"),
    ATTACK(use_again_as_page, TYPED, BAD_FRAME, "... a fresh page, which would zero it"),
    ATTACK(make_table_of_buffer, TYPED, BAD_FRAME, "a task's IPC buffer as a PT: messages would be its entries"),
    ATTACK(make_table_of_operation_page, TYPED, BAD_FRAME, "an operation page as a PT: results would be its entries"),
    ATTACK(make_table_of_own_operation_page, TYPED, BAD_FRAME, "the page that this very operation may stand in"),
    ATTACK(make_task_of_mapped_page, TYPED, BAD_FRAME, "a page that can be written becomes a task"),
    ATTACK(make_handles_of_pinned_page, TYPED, BAD_FRAME, "a page that is only pinned becomes a handle table"),
    ATTACK(split_into_used, TYPED, BAD_FRAME, "the PT for a split page of 2 MiB in a frame that is in use"),
    ATTACK(split_into_itself, TYPED, BAD_FRAME, "... in a frame of that very page"),
    ATTACK(mistake_object, TYPED, BAD_FRAME, "every operation on an object of every other type"),
    ATTACK(mistake_free_frame, TYPED, BAD_FRAME, "operations on what is no object at all"),
    ATTACK(mistake_table_for_aspace, TYPED, BAD_FRAME,
           "a lower table as if it were a root: its levels would shift by one"),
    ATTACK(tag_what_has_no_tag, TYPED, BAD_FRAME, "notes on frames whose entries are not memsrv's to write"),
    ATTACKS_END,
};
