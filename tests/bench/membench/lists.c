/* Lists of MMU operations. What is counted is the first entry into the core, which
 * does as much of the list as it may. The list is written to the operation page
 * before that. */
#include "operations.h"

#define ADDRESS 0x60000000ul
#define CLEARED 256u /* as many leaves as CLEAR takes away at a time */
#define CLONED 512u  /* as many leaves as CLONE copies at a time */
#define FILLED 16u   /* as many pages as one entry fills */

struct list {
    const struct hf_operation *operation;
    unsigned count;
};
#define LIST(array) ((struct list){array, sizeof(array) / sizeof *(array)})

static const struct hf_operation nothing[1];
#define NO_LIST ((struct list){nothing, 0})

static void put(struct list list) {
    for (unsigned i = 0; i < list.count; i++) {
        OPERATION_PAGE->operation[i] = list.operation[i];
    }
}

/* Does what an entry left of a list. (The operation that answered HF_AGAIN isn't in
 * the page any more: its result is.) */
static void finish(struct list list, hf_status_t status, uint64_t done) {
    while (status == HF_AGAIN) {
        list.operation += done;
        list.count -= (unsigned)done;
        put(list);
        status = hf_mmu(list.count, &done);
    }
    core_must(status);
}

static void run(struct list list) {
    uint64_t done;
    put(list);
    hf_status_t status = hf_mmu(list.count, &done);
    finish(list, status, done);
}

static hf_frame_t leaves[CLONED];

/* A page table with a page of its own at each of many places. */
struct filled {
    hf_frame_t aspace;
    unsigned leaves;
    unsigned rights;
};
static const struct filled not_filled = {.leaves = 0};

static void fill_table(struct filled filled) {
    struct hf_result result;
    for (unsigned i = 0; i < filled.leaves; i++) {
        core_must(core_stage(leaves[i], HF_NO_FRAME, 0, 0, 0));
        core_must(core_map(filled.aspace, ADDRESS + i * HF_PAGE_SIZE, leaves[i], filled.rights, &result));
    }
}

/* `work` is counted, between what it needs and what makes it undone. Before, a table is filled. */
static void measure(const char *name, struct filled filled, struct list before, struct list work, struct list after) {
    hf_status_t status;
    uint64_t done;
    sample_begin(name);
    SAMPLES(
        {
            fill_table(filled);
            run(before);
            put(work);
        },
        status = hf_mmu(work.count, &done),
        {
            finish(work, status, done);
            run(after);
        });
    machine_report();
}

/* A task with an aspace of its own, tables, one page, and handles: made, started, stopped, and all removed. */
static void measure_lifecycle(void) {
    hf_frame_t aspace = machine_frame(), pdpt = machine_frame(), pd = machine_frame(), pt = machine_frame(),
               page = machine_frame(), handles = machine_frame(), task = machine_frame();
    const struct hf_operation life[] = {
        ON(ASPACE_CREATE, aspace),
        ON(ASPACE_COPY_KERNEL, aspace),
        TABLE(PDPT, aspace, ADDRESS, pdpt),
        TABLE(PD, aspace, ADDRESS, pd),
        TABLE(PT, aspace, ADDRESS, pt),
        STAGED(page),
        MAPPED(aspace, ADDRESS, page),
        ON(HANDLES_CREATE, handles),
        ON(TASK_CREATE, task),
        ON(TASK_SET, task),
        ON(TASK_START, task),
        ON(TASK_STOP, task),
        ON(TASK_DESTROY, task),
        ON(HANDLES_DESTROY, handles),
        LEAF(UNMAP, aspace, ADDRESS),
        NO_TABLE(PT, aspace, ADDRESS),
        NO_TABLE(PD, aspace, ADDRESS),
        NO_TABLE(PDPT, aspace, ADDRESS),
        ON(ASPACE_DESTROY, aspace),
    };
    OPERATION_PAGE->task = (struct hf_task_block){
        .fields = HF_TASK_REGISTERS | HF_TASK_PRIORITY | HF_TASK_ASPACE | HF_TASK_HANDLES | HF_TASK_BUFFER,
        .registers = {.rip = ADDRESS, .rsp = ADDRESS + HF_PAGE_SIZE},
        .aspace = aspace,
        .handles = handles,
        .buffer = page,
    };
    measure("aspace.lifecycle", not_filled, NO_LIST, LIST(life), NO_LIST);
}

/* ---- The longest entries ---- */

static void measure_clear(hf_frame_t aspace) {
    const struct hf_operation clear[] = {ON(CLEAR, aspace, .address = ADDRESS)};
    measure("mmu.clear_256", (struct filled){aspace, CLEARED, HF_READ}, NO_LIST, LIST(clear), NO_LIST);
}

/* A full page table that may be written, and what else one entry does then. */
static void measure_clone(hf_frame_t aspace, hf_frame_t child, hf_frame_t source) {
    const uint64_t behind = ADDRESS + 2 * HF_RUN_SIZE - 2 * HF_PAGE_SIZE;
    const struct hf_operation clone[] = {
        ON(CLONE, aspace, .address = ADDRESS, .frame = child), MAPPED(aspace, behind, source),
        MAPPED(aspace, behind - HF_PAGE_SIZE, source),         MAPPED(aspace, behind - 2 * HF_PAGE_SIZE, source),
        MAPPED(aspace, behind - 3 * HF_PAGE_SIZE, source),
    };
    const struct hf_operation undo[] = {
        ON(CLEAR, child, .address = ADDRESS),
        ON(CLEAR, aspace, .address = ADDRESS),
        LEAF(UNMAP, aspace, behind),
        LEAF(UNMAP, aspace, behind - HF_PAGE_SIZE),
        LEAF(UNMAP, aspace, behind - 2 * HF_PAGE_SIZE),
        LEAF(UNMAP, aspace, behind - 3 * HF_PAGE_SIZE),
    };
    measure("mmu.clone_512", (struct filled){aspace, CLONED, HF_READ | HF_WRITE}, NO_LIST, LIST(clone), LIST(undo));
}

/* As many operations as a list can have: as many pages are copied as one entry
 * allows, the rest maps, and with `cleared` the first clears a full table. */
static void measure_longest(const char *name, hf_frame_t aspace, hf_frame_t source, bool cleared) {
    struct hf_operation work[HF_OPERATIONS], undo[HF_OPERATIONS];
    unsigned count = 0;
    if (cleared) {
        work[count] = ON(CLEAR, aspace, .address = ADDRESS);
        undo[count++] = ON(TAG, source); /* there is nothing to undo */
    }
    for (unsigned filled = 0; count < HF_OPERATIONS; count++, filled++) {
        uint64_t address = ADDRESS + HF_RUN_SIZE + count * HF_PAGE_SIZE;
        hf_frame_t frame = machine_frame();
        work[count] = filled < FILLED ? COPIED(frame, source) : MAPPED(aspace, address, source);
        undo[count] = filled < FILLED ? ON(RELEASE, frame) : LEAF(UNMAP, aspace, address);
    }
    measure(name, cleared ? (struct filled){aspace, CLEARED, HF_READ} : not_filled, NO_LIST, LIST(work), LIST(undo));
}

void measure_lists(const struct hf_boot *boot) {
    hf_frame_t aspace = client_aspace(boot), child = client_aspace(boot);
    hf_frame_t source = machine_frame(), neighbour = machine_frame();
    struct hf_result unused;
    measure_lifecycle();
    core_must(core_stage(source, HF_NO_FRAME, 0, 0, 0));
    core_must(core_stage(neighbour, HF_NO_FRAME, 0, 0, 0));
    /* Two page tables, one empty and one that stays, and a page that stays mapped. */
    client_map(aspace, ADDRESS, neighbour, HF_READ);
    core_must(core_do(&LEAF(UNMAP, aspace, ADDRESS), &unused));
    client_map(aspace, ADDRESS + 2 * HF_RUN_SIZE - HF_PAGE_SIZE, source, HF_READ);
    client_map(child, ADDRESS, source, HF_READ);
    core_must(core_do(&LEAF(UNMAP, child, ADDRESS), &unused));
    for (unsigned i = 0; i < CLONED; i++) {
        leaves[i] = machine_frame();
    }
    measure_clear(aspace);
    measure_clone(aspace, child, source);
    measure_longest("mmu.list_longest", aspace, source, false);
    measure_longest("mmu.list_cleared", aspace, source, true);
}
