/* Plans: several operations that make sense one after the other. */
#include "invent.h"

static struct hf_operation plan[48];
static unsigned planned, followed;

bool plan_next(struct hf_operation *op) {
    if (followed == planned) return false;
    *op = plan[followed++];
    return true;
}

static void add(struct hf_operation op) {
    if (planned < sizeof plan / sizeof plan[0]) plan[planned++] = op;
}

static hf_frame_t toy_free(void) { return toy_of(HF_FRAME_FREE); }

static void plan_aspace(void) {
    hf_frame_t aspace = toy_free();
    add(ON(ASPACE_CREATE, aspace));
    add(ON(ASPACE_COPY_KERNEL, aspace));
    for (unsigned level = HF_LEVEL_PDPT; level >= HF_LEVEL_PT; level--) {
        add(ON(TABLE_INSTALL, aspace, .level = (uint8_t)level, .address = WINDOW, .frame = toy_free()));
    }
}

static void plan_pages(void) {
    hf_frame_t aspace = toy_aspace();
    for (uint64_t left = 1 + draw_below(4); left > 0; left--) {
        hf_frame_t frame = toy_free();
        uint64_t address = place_in(aspace, false);
        add(STAGED(frame));
        add(MAPPED(aspace, address, frame, page_rights()));
        if (ONE_IN(3)) add(MAPPED(toy_aspace(), address, frame, page_rights()));
        if (ONE_IN(4)) add(ON(PIN, frame));
    }
}

static void plan_task(void) {
    hf_frame_t task = toy_free(), handles = toy_free();
    add(ON(HANDLES_CREATE, handles));
    add(PUT(handles, 1, ENDPOINT, client_endpoint, draw(), HF_RIGHT_CALL | HF_RIGHT_GRANT));
    for (uint32_t slot = 2; slot < 6; slot++) {
        add(PUT(handles, slot, ENDPOINT, toy_of(HF_FRAME_ENDPOINT), draw(), HF_RIGHTS_ALL & ~HF_RIGHT_USE));
    }
    add(ON(TASK_CREATE, task));
    add(ON(TASK_SET, task));
    add(ON(TASK_START, task));
}

/* It goes on with what it did, or finds that its call has ended. */
static void plan_restart(void) {
    hf_frame_t task = toy_of(HF_FRAME_TASK);
    add(ON(TASK_STOP, task));
    add(ON(TASK_START, task));
}

static void plan_large_page(void) {
    static const uint8_t states[] = {HF_RUN_FREE, HF_RUN_ZEROING, HF_RUN_STAGED, HF_RUN_STAGED, HF_RUN_USER};
    hf_frame_t aspace = toy_aspace(), run = toy_run(DRAW_FROM(states));
    uint64_t address = BIG + draw_below(4) * HF_RUN_SIZE;
    unsigned state = look_run(run).state;
    if (state == HF_RUN_FREE || state == HF_RUN_ZEROING) add(STAGED_RUN(run));
    add(MAPPED_RUN(aspace, address, run, page_rights()));
    if (ONE_IN(2)) add(MAPPED_RUN(toy_aspace(), address, run, page_rights()));
    if (ONE_IN(3)) add(ON(PIN, run, .level = HF_WHOLE_RUN));
    if (ONE_IN(2)) add(ON(SPLIT, aspace, .address = address, .frame = toy_free()));
    if (ONE_IN(2)) add(LEAF(UNMAP, aspace, address + draw_below(8) * HF_PAGE_SIZE));
}

static const uint64_t table_places[] = {
    WINDOW,        BIG,       BIG + HF_RUN_SIZE, BIG + 2 * HF_RUN_SIZE,     BIG + 3 * HF_RUN_SIZE,
    NEXT_GIGABYTE, NO_TABLES, HF_USER_FIRST,     HF_USER_END - HF_PAGE_SIZE};

/* Takes an aspace apart, as far as the addresses go that are used here. */
static void plan_end_of(hf_frame_t aspace) {
    if (look_frame(aspace).type != HF_FRAME_PML4) return;
    for (unsigned level = HF_LEVEL_PD; level <= HF_LEVEL_PML4; level++) {
        for (unsigned i = 0; i < sizeof table_places / sizeof table_places[0]; i++) {
            uint64_t address = table_places[i], entry = look_entry(aspace, address, level);
            bool same_as_before =
                i > 0 && level > HF_LEVEL_PD && address >> 9 * level == table_places[i - 1] >> 9 * level;
            if (!entry || same_as_before) continue;
            if (entry & ENTRY_LARGE) add(LARGE(UNMAP, aspace, address & ~(HF_RUN_SIZE - 1)));
            if (entry & ENTRY_LARGE) continue;
            if (level == HF_LEVEL_PD) add(ON(CLEAR, aspace, .address = address));
            add(ON(TABLE_REMOVE, aspace, .level = (uint8_t)(level - 1), .address = address));
        }
    }
    if (ONE_IN(2)) add(ON(ASPACE_DESTROY, aspace));
}

static void plan_end_of_task(hf_frame_t task) {
    if (look_task(task)->state != HF_TASK_STOPPED) add(ON(TASK_STOP, task));
    add(ON(TASK_DESTROY, task));
}

static void plan_end_of_run(void) {
    hf_frame_t run = pool_run((unsigned)draw_below(POOL_RUNS));
    struct hf_run_header header = look_run(run);
    if (header.flags) add(ON(UNPIN, run, .level = HF_WHOLE_RUN));
    if (header.state == HF_RUN_STAGED) add(ON(RELEASE, run, .level = HF_WHOLE_RUN));
}

/* Makes toys FREE that are in use. */
static void plan_end(void) {
    plan_end_of_run();
    for (unsigned left = 8; left > 0; left--) {
        hf_frame_t toy = toy_any();
        struct hf_frame_entry entry = look_frame(toy);
        if (entry.type == HF_FRAME_STAGED) add(ON(RELEASE, toy));
        if (entry.type == HF_FRAME_USER && entry.flags) add(ON(UNPIN, toy));
        if (entry.type == HF_FRAME_HANDLES && !entry.refs) add(ON(HANDLES_DESTROY, toy));
        if (entry.type == HF_FRAME_ENDPOINT) add(ON(ENDPOINT_DESTROY, toy));
        if (entry.type == HF_FRAME_TASK) plan_end_of_task(toy);
        if (entry.type == HF_FRAME_PML4) plan_end_of(toy);
    }
    if (ONE_IN(4)) plan_end_of(toy_home());
}

void plan_make(void) {
    static void (*const plans[])(void) = {plan_aspace,  plan_pages,      plan_pages,     plan_task,
                                          plan_restart, plan_large_page, plan_large_page};
    planned = followed = 0;
    if (toys_left() < TOYS / 4 || ONE_IN(12)) {
        plan_end();
    } else {
        DRAW_FROM(plans)();
    }
}
