#include "campaign_draw.h"

#include "draw.h"
#include "pick.h"
#include "world.h"

#define TYPE(name) PICK_TYPE(name)
#define STATE(name) PICK_STATE(name)

void chance_start(unsigned long seed) { draw_state = DRAW_SEED ^ seed << 20; }

uint64_t chance(uint64_t below) { return draw(below); }

static unsigned number(unsigned below) { return (unsigned)chance(below); }

static bool one_of(unsigned many) { return chance(many) == 0; }

/* What was drawn has nothing that it could be about. */
static bool unfit;

/* Mostly a frame of one of these types; now and then any number. */
static hf_frame_t some_frame(unsigned types) {
    if (one_of(40)) return pick_odd_frame(number(PICK_ODD_FRAMES));
    if (one_of(20)) return pick_frame(number(PICK_FRAMES));
    const bool spare = types == TYPE(FREE) && !one_of(50);
    const hf_frame_t frame = spare ? pick_spare(number(PICK_FRAMES)) : pick_frame_of(types, number(PICK_FRAMES));
    unfit = unfit || !(types & 1u << frame_type(frame));
    return frame;
}

static hf_frame_t some_run(unsigned states) {
    if (one_of(40)) return pick_odd_frame(number(PICK_ODD_FRAMES));
    const hf_frame_t first = pick_run_in(states, number(PICK_RUNS));
    unfit = unfit || !(states & 1u << frame_run(first)->state);
    return first;
}

static hf_frame_t some_device(void) {
    return one_of(20) ? pick_odd_frame(number(PICK_ODD_FRAMES)) : pick_device_frame(number(PICK_DEVICE_FRAMES));
}

/* Mostly in the same PD, so that aspaces have tables at the same places. */
static unsigned number_of_place(void) { return number(one_of(3) ? PICK_PLACES : PICK_PLACES_OF_PD); }

static uint64_t some_place(void) {
    return one_of(50) ? pick_odd_place(number(PICK_ODD_PLACES)) : pick_place(number_of_place());
}

static uint16_t some_rights(void) {
    static const uint16_t good[] = {HF_READ, HF_READ | HF_WRITE, HF_READ | HF_EXECUTE};
    return one_of(12) ? (uint16_t)chance(16) : good[chance(3)];
}

static struct hf_operation on(enum hf_operation_code code, unsigned types) {
    return (struct hf_operation){.code = (uint8_t)code, .object = some_frame(types)};
}

static struct hf_operation on_run(enum hf_operation_code code, unsigned states) {
    return (struct hf_operation){.code = (uint8_t)code, .level = HF_WHOLE_RUN, .object = some_run(states)};
}

/* Whether the walk ends at an entry of this level, present or not. */
static bool ends_at(hf_frame_t aspace, uint64_t address, unsigned level, bool present) {
    const struct hf_operation walk = {.code = HF_OP_TRANSLATE, .object = aspace, .address = address};
    return ask(&walk) == HF_OK && result.detail == level && (result.value[0] & 1) == present;
}

#define STRIDE 37u /* and the number of places have no common factor */

/* An address in some aspace; mostly one where the walk ends like this. */
static struct hf_operation in_aspace(enum hf_operation_code code, unsigned until, bool present) {
    struct hf_operation operation = on(code, TYPE(PML4));
    unsigned at = number_of_place();
    operation.address = some_place();
    for (unsigned tries = 0; tries < PICK_PLACES && !one_of(500); tries++, at += STRIDE) {
        if (ends_at(operation.object, operation.address, until, present)) return operation;
        operation.address = pick_place(at);
    }
    unfit = true;
    return operation;
}

/* ---- leaves ---- */

static struct hf_operation at_leaf(enum hf_operation_code code, bool present) {
    struct hf_operation operation = in_aspace(code, HF_LEVEL_PT, present);
    operation.level = HF_LEVEL_PT;
    if (code != HF_OP_UNMAP) operation.rights = some_rights();
    if (code == HF_OP_MAP) operation.frame = some_frame(PICK_PAGES);
    return operation;
}

static void align(struct hf_operation *operation) {
    if (!one_of(40)) operation->address &= ~(PICK_SPAN(HF_LEVEL_PD) - 1);
}

static struct hf_operation at_large_leaf(enum hf_operation_code code, bool present) {
    struct hf_operation operation = in_aspace(code, HF_LEVEL_PD, present);
    operation.level = HF_LEVEL_PD;
    align(&operation);
    if (code != HF_OP_UNMAP) operation.rights = some_rights();
    if (code == HF_OP_MAP) operation.frame = some_run(STATE(STAGED) | STATE(USER) | (one_of(3) ? STATE(SPLIT) : 0));
    return operation;
}

static struct hf_operation draw_split(void) {
    struct hf_operation operation = in_aspace(HF_OP_SPLIT, HF_LEVEL_PD, true);
    align(&operation);
    operation.frame = some_frame(TYPE(FREE));
    return operation;
}

/* Whether there is an empty PT. */
static bool is_target(hf_frame_t aspace, uint64_t address) {
    if (!ends_at(aspace, address, HF_LEVEL_PT, false)) return false;
    return world_refs((asker_page.walk[1] & 0x000ffffffffff000ull) >> HF_PAGE_SHIFT) == 0;
}

/* From where there is something to such a place. */
static struct hf_operation draw_clone(void) {
    struct hf_operation operation = in_aspace(HF_OP_CLONE, HF_LEVEL_PT, true);
    operation.frame = some_frame(TYPE(PML4));
    for (unsigned tries = 0; tries < 8 && !is_target(operation.frame, operation.address); tries++) {
        operation.frame = some_frame(TYPE(PML4));
    }
    unfit = unfit || !is_target(operation.frame, operation.address);
    return operation;
}

static struct hf_operation draw_device(void) {
    struct hf_operation operation = in_aspace(HF_OP_MAP_DEVICE, HF_LEVEL_PT, false);
    operation.rights = some_rights();
    operation.frame = some_device();
    return operation;
}

/* ---- tables ---- */

static struct hf_operation draw_install(void) {
    const unsigned level = 1 + number(3);
    struct hf_operation operation = in_aspace(HF_OP_TABLE_INSTALL, level + 1, false);
    operation.level = (uint8_t)level;
    operation.frame = some_frame(TYPE(FREE));
    return operation;
}

/* Of a PT without a page, mostly. */
static struct hf_operation draw_remove(void) {
    const unsigned level = 1 + number(3);
    struct hf_operation operation = in_aspace(HF_OP_TABLE_REMOVE, level, false);
    operation.level = (uint8_t)level;
    return operation;
}

/* ---- frames and runs ---- */

static void draw_source(struct hf_operation *operation, uint64_t target) {
    operation->frame = HF_NO_FRAME;
    if (one_of(2)) return;
    operation->frame = some_frame(PICK_PAGES);
    operation->count = (uint32_t)chance(HF_PAGE_SIZE + 2);
    operation->address =
        HF_STAGE_AT(chance(HF_PAGE_SIZE - operation->count + 3), chance(target - operation->count + 3));
}

static struct hf_operation draw_stage(void) {
    struct hf_operation operation = on(HF_OP_STAGE, chance(3) ? TYPE(FREE) : TYPE(STAGED));
    draw_source(&operation, HF_PAGE_SIZE);
    return operation;
}

static struct hf_operation draw_stage_run(void) {
    struct hf_operation operation =
        on_run(HF_OP_STAGE, one_of(4) ? STATE(STAGED) : STATE(FREE) | (one_of(2) ? STATE(ZEROING) : 0));
    draw_source(&operation, MACHINE_RUN * HF_PAGE_SIZE);
    return operation;
}

static struct hf_operation draw_tag(void) {
    struct hf_operation operation =
        one_of(3) ? on_run(HF_OP_TAG, STATE(STAGED) | STATE(USER)) : on(HF_OP_TAG, ~TYPE(FREE));
    operation.address = chance(70000);
    return operation;
}

/* On a frame, or on a run that is or was one page. */
static struct hf_operation draw_mark(enum hf_operation_code code) {
    return one_of(2) ? on(code, TYPE(USER)) : on_run(code, STATE(USER) | (one_of(2) ? STATE(SPLIT) : 0));
}

static struct hf_operation draw_release(void) {
    return one_of(3) ? on_run(HF_OP_RELEASE, STATE(STAGED) | STATE(ZEROING)) : on(HF_OP_RELEASE, TYPE(STAGED));
}

static struct hf_operation draw_query(void) {
    struct hf_operation operation = {.code = HF_OP_QUERY, .level = (uint8_t)chance(2), .count = (uint32_t)chance(258)};
    operation.object = operation.level ? some_frame(~0u) : chance(MACHINE_RUNS + 1);
    return operation;
}

/* ---- objects ---- */

static struct hf_operation draw_put(void) {
    struct hf_operation operation = on(HF_OP_HANDLE_PUT, TYPE(HANDLES));
    operation.level = (uint8_t)(chance(3) / 2);
    operation.rights = (uint16_t)chance(HF_RIGHTS_ALL + 1);
    operation.count = chance(2) ? HF_SLOT_ANY : (uint32_t)chance(HF_HANDLE_COUNT + 2);
    operation.frame = some_frame(operation.level == HF_PUT_COPY ? TYPE(HANDLES) : TYPE(ENDPOINT));
    operation.address = chance(HF_HANDLE_COUNT + 2);
    return operation;
}

static struct hf_operation draw_copy(void) {
    struct hf_operation operation = on(HF_OP_HANDLES_COPY, TYPE(HANDLES));
    operation.frame = some_frame(TYPE(HANDLES));
    return operation;
}

static hf_frame_t frame_or_none(unsigned types) {
    return chance(5) && pick_there_is(types) ? some_frame(types) : HF_NO_FRAME;
}

static struct hf_operation draw_task_set(void) {
    asker_page.task = (struct hf_task_block){
        .fields = chance(4) ? 1ull << chance(9) : chance(HF_TASK_FIELDS_ALL + 2),
        .priority = chance(20) ? chance(256) : 256,
        .registers = {.rip = some_place(), .rflags = chance(2) ? 0x202 : chance(1u << 22)},
        .aspace = frame_or_none(TYPE(PML4)),
        .handles = frame_or_none(TYPE(HANDLES)),
        .buffer = frame_or_none(PICK_PAGES),
        .operations = frame_or_none(PICK_PAGES),
        .pager = frame_or_none(TYPE(ENDPOINT)),
        .memory = chance(2),
    };
    return on(HF_OP_TASK_SET, TYPE(TASK));
}

static struct hf_operation draw_read(void) {
    if (one_of(2)) return on(HF_OP_TASK_GET, TYPE(TASK));
    struct hf_operation operation = on(HF_OP_TRANSLATE, TYPE(PML4));
    operation.address = some_place();
    return operation;
}

/* ---- any of them ---- */

static struct hf_operation draw_object(void) {
    switch (chance(11)) {
    case 0:
        return on(HF_OP_TASK_CREATE, TYPE(FREE));
    case 1 ... 3:
        return draw_task_set();
    case 4:
        return on(chance(2) ? HF_OP_TASK_START : HF_OP_TASK_STOP, TYPE(TASK));
    case 5:
        return on(HF_OP_TASK_DESTROY, TYPE(TASK));
    case 6:
        return on(chance(2) ? HF_OP_HANDLES_CREATE : HF_OP_ENDPOINT_CREATE, TYPE(FREE));
    case 7:
        return one_of(2) ? on(HF_OP_HANDLES_DESTROY, TYPE(HANDLES)) : draw_copy();
    case 8:
        return on(HF_OP_ENDPOINT_DESTROY, TYPE(ENDPOINT));
    default:
        return draw_put();
    }
}

static struct hf_operation draw_run(void) {
    switch (chance(12)) {
    case 0 ... 4:
        return draw_stage_run();
    case 5 ... 8:
        return at_large_leaf(HF_OP_MAP, false);
    case 9:
        return at_large_leaf(HF_OP_UNMAP, true);
    case 10:
        return at_large_leaf(HF_OP_PROTECT, true);
    default:
        return draw_split();
    }
}

static struct hf_operation draw_small(void) {
    switch (chance(21)) {
    case 0:
        return on(HF_OP_ASPACE_CREATE, TYPE(FREE));
    case 1:
        return on(one_of(2) ? HF_OP_ASPACE_DESTROY : HF_OP_ASPACE_COPY_KERNEL, TYPE(PML4));
    case 2 ... 8:
        return draw_install();
    case 9 ... 10:
        return draw_remove();
    case 11 ... 14:
        return draw_stage();
    case 15 ... 19:
        return at_leaf(HF_OP_MAP, false);
    default:
        return draw_device();
    }
}

static struct hf_operation draw_other(void) {
    switch (chance(12)) {
    case 0 ... 1:
        return at_leaf(HF_OP_UNMAP, true);
    case 2 ... 3:
        return at_leaf(HF_OP_PROTECT, true);
    case 4 ... 5:
        return in_aspace(HF_OP_CLEAR, HF_LEVEL_PT, true);
    case 6 ... 7:
        return draw_clone();
    case 8:
        return draw_mark(HF_OP_PIN);
    case 9:
        return draw_mark(HF_OP_UNPIN);
    case 10:
        return draw_release();
    default:
        return one_of(2) ? draw_tag() : one_of(2) ? draw_query() : draw_read();
    }
}

static struct hf_operation draw_any(void) {
    static struct hf_operation (*const kinds[])(void) = {draw_small, draw_small, draw_other, draw_run, draw_object};
    return kinds[chance(sizeof kinds / sizeof kinds[0])]();
}

/* What takes frames and references; the rest gives them back, or is neutral. */
static bool takes(unsigned code) {
    return code == HF_OP_ASPACE_CREATE || code == HF_OP_TABLE_INSTALL || code == HF_OP_STAGE || code == HF_OP_MAP ||
           code == HF_OP_PIN || code == HF_OP_TASK_CREATE || code == HF_OP_HANDLES_CREATE ||
           code == HF_OP_ENDPOINT_CREATE || code == HF_OP_CLONE || code == HF_OP_MAP_DEVICE;
}

struct hf_operation draw_operation(bool giving) {
    struct hf_operation operation;
    do {
        unfit = false;
        operation = draw_any();
    } while ((unfit || (giving && takes(operation.code))) && chance(10) != 0);
    return operation;
}
