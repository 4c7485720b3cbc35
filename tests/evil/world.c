/* Builds the world that an attack finds. */
#include "world.h"

struct world world;

static hf_frame_t made(enum hf_operation_code code) {
    hf_frame_t frame = pool_frame();
    must((struct hf_operation){.code = (uint8_t)code, .object = frame});
    return frame;
}

static hf_frame_t made_aspace(void) {
    hf_frame_t aspace = made(HF_OP_ASPACE_CREATE);
    must(ON(ASPACE_COPY_KERNEL, aspace));
    return aspace;
}

static hf_frame_t installed(hf_frame_t aspace, unsigned level) {
    hf_frame_t frame = pool_frame();
    must(ON(TABLE_INSTALL, aspace, .level = (uint8_t)level, .address = WINDOW, .frame = frame));
    return frame;
}

static hf_frame_t made_staged(void) {
    hf_frame_t frame = pool_frame();
    must(STAGED(frame));
    return frame;
}

static hf_frame_t made_page(unsigned page, unsigned rights) {
    hf_frame_t frame = made_staged();
    must(MAPPED(world.aspace, AT(page), frame, rights));
    return frame;
}

/* A pinned frame that is mapped nowhere. */
static hf_frame_t made_pinned(void) {
    hf_frame_t frame = made_page(AT_FREE, HF_READ);
    must(ON(PIN, frame));
    must(LEAF(UNMAP, world.aspace, AT(AT_FREE)));
    return frame;
}

struct hf_task_block world_block(uint64_t fields) {
    return (struct hf_task_block){
        .fields = fields,
        .registers = {.rip = AT(AT_CODE), .rsp = AT(1)},
        .priority = 10,
        .aspace = world.aspace,
        .handles = world.handles,
        .buffer = world.buffer,
        .operations = world.operations,
        .pager = world.endpoint,
    };
}

static void build_aspaces(void) {
    world.aspace = made_aspace();
    world.pdpt = installed(world.aspace, HF_LEVEL_PDPT);
    world.pd = installed(world.aspace, HF_LEVEL_PD);
    world.pt = installed(world.aspace, HF_LEVEL_PT);
    world.second = made_aspace();
    for (unsigned level = HF_LEVEL_PDPT; level >= HF_LEVEL_PT; level--)
        world.second_pt = installed(world.second, level);
}

void world_build(void) {
    pool_reset();
    world = (struct world){0};
    build_aspaces();
    world.page = made_page(AT_PAGE, READ_WRITE);
    world.code = made_page(AT_CODE, HF_READ | HF_EXECUTE);
    world.pinned = made_pinned();
    world.staged = made_staged();
    world.buffer = made_staged();
    world.operations = made_staged();
    world.endpoint = made(HF_OP_ENDPOINT_CREATE);
    world.handles = made(HF_OP_HANDLES_CREATE);
    world.task = made(HF_OP_TASK_CREATE);
    world.free = pool_frame();
    PAGE_OF_OPERATIONS->task = world_block(HF_TASK_FIELDS_ALL);
    must(ON(TASK_SET, world.task));
}

const hf_frame_t *world_used(void) {
    static hf_frame_t used[20];
    const hf_frame_t in_use[] = {
        world.aspace,
        world.pdpt,
        world.pd,
        world.pt,
        world.page,
        world.code,
        world.staged,
        world.pinned,
        world.buffer,
        world.operations,
        world.endpoint,
        world.handles,
        world.task,
        first_of(HF_FRAME_CORE),
        0xf0 /* the BIOS */,
        boot->aspace,
    };
    _Static_assert(sizeof in_use < sizeof used, "a zero stands behind them");
    __builtin_memcpy(used, in_use, sizeof in_use);
    return used;
}

hf_frame_t world_staged_run(void) {
    must(STAGED_RUN(pool_run(0)));
    return pool_run(0);
}

hf_frame_t world_large_page(unsigned rights) {
    must(MAPPED_RUN(world.aspace, BIG, world_staged_run(), rights));
    return pool_run(0);
}

hf_frame_t run_of_core(void) {
    for (hf_frame_t first = 0; first < ram_end; first += HF_RUN_FRAMES) {
        if (look_run(first).state == HF_RUN_CORE) return first;
    }
    return 0;
}

void take_handle_at(hf_handle_t slot, hf_frame_t endpoint, unsigned rights) {
    must(PUT(boot->handles, slot, ENDPOINT, endpoint, 5, (uint16_t)rights));
}

void take_handle(hf_frame_t endpoint, unsigned rights) { take_handle_at(SLOT, endpoint, rights); }

hf_frame_t world_endpoint(hf_serial_t *serial) {
    struct hf_result result;
    hf_frame_t frame = pool_frame();
    if (do_listed(ON(ENDPOINT_CREATE, frame), &result) != HF_OK) give_up("no endpoint");
    *serial = result.value[0];
    return frame;
}

#define FORGERY (OWN_WINDOW + HF_PAGE_SIZE)

volatile uint64_t *world_forge(hf_frame_t frame, uint64_t word) {
    volatile uint64_t *page = (volatile uint64_t *)FORGERY;
    must(STAGED(frame));
    must_map(boot->aspace, FORGERY, frame, READ_WRITE);
    for (unsigned i = 0; i < HF_PAGE_SIZE / 8; i++) page[i] = word;
    return page;
}

void world_forget_forgery(void) { must(LEAF(UNMAP, boot->aspace, FORGERY)); }

bool world_forged(uint64_t word) {
    bool same = true;
    for (unsigned i = 0; i < HF_PAGE_SIZE / 8; i++) same = same && ((volatile uint64_t *)FORGERY)[i] == word;
    return same;
}
