/* Operations drawn at random: most look as if they were meant, since what they name is what they
 * need; some are changed in one place, some are repeated. */
#include "invent.h"

static struct hf_operation missing; /* what would let the last one through; code 0 for nothing */
static struct hf_operation past[64];
static uint64_t inventions;

static hf_frame_t or_none(hf_frame_t frame) { return ONE_IN(4) ? HF_NO_FRAME : frame; }

/* A task that was given an aspace has a pager, too: without one its first fault would be taken
 * for ours, and end the machine. */
void invent_block(hf_frame_t task) {
    uint64_t fields = draw_below(8) ? draw_below(HF_TASK_FIELDS_ALL + 1) : HF_TASK_FIELDS_ALL;
    struct hf_task_block block = {
        .fields = (fields | HF_TASK_PAGER) & ~(uint64_t)HF_TASK_MEMORY,
        .priority = draw_below(8) ? 1 + draw_below(150) : draw_below(257),
        .aspace = or_none(ONE_IN(2) ? toy_home() : toy_aspace()),
        .handles = or_none(toy_of(HF_FRAME_HANDLES)),
        .buffer = or_none(toy_page()),
        .operations = or_none(toy_page()),
        .pager = draw_below(4) ? client_endpoint : toy_of(HF_FRAME_ENDPOINT),
        .pager_badge = task,
        .mark = draw(),
    };
    if (block.aspace == boot->aspace) block.aspace = HF_NO_FRAME;
    mob_registers(&block, draw());
    PAGE_OF_OPERATIONS->task = block;
}

static struct hf_operation invent_put(void) {
    static const uint16_t rights[] = {HF_RIGHT_CALL, HF_RIGHTS_ALL & ~HF_RIGHT_USE, HF_RIGHT_CALL | HF_RIGHT_GRANT,
                                      HF_RIGHT_NOTIFY | HF_RIGHT_RECEIVE};
    hf_frame_t table = toy_of(HF_FRAME_HANDLES);
    uint32_t slot = ONE_IN(4) ? HF_SLOT_ANY : (uint32_t)draw_below(12);
    switch (draw_below(12)) {
    case 0:
        return PUT(table, slot, COPY, toy_of(HF_FRAME_HANDLES), draw_below(12), HF_RIGHTS_SAME);
    case 1:
        return PUT(table, slot, PORTS, 0x40, 4, HF_RIGHT_USE | HF_RIGHT_GRANT);
    case 2:
        return PUT(table, slot, IRQ, ONE_IN(2) ? 1 : 12, 0, HF_RIGHT_USE | HF_RIGHT_GRANT);
    case 3:
        return PUT(table, slot, POWER, 0, 0, HF_RIGHT_GRANT);
    case 4:
    case 5:
    case 6:
        return PUT(table, 1, ENDPOINT, client_endpoint, draw(), HF_RIGHT_CALL | HF_RIGHT_GRANT);
    default:
        return PUT(table, slot, ENDPOINT, toy_of(HF_FRAME_ENDPOINT), draw(), DRAW_FROM(rights));
    }
}

static struct hf_operation invent_stage(void) {
    uint32_t at = (uint32_t)draw_below(4097), length = (uint32_t)draw_below(64);
    if (ONE_IN(2)) return STAGED(toy_of(HF_FRAME_FREE));
    if (ONE_IN(3)) return COPIED(toy_of(HF_FRAME_FREE), toy_page());
    hf_frame_t frame = toy_of(ONE_IN(2) ? HF_FRAME_FREE : HF_FRAME_STAGED);
    return ON(STAGE, frame, .frame = toy_page(), .count = length, .address = HF_STAGE_AT(draw_below(4097), at));
}

static struct hf_operation invent_page(void) {
    hf_frame_t aspace = toy_aspace();
    switch (draw_below(10)) {
    case 0:
    case 1:
    case 2:
        return MAPPED(aspace, place_in(aspace, false), toy_page(), page_rights());
    case 3:
        return LEAF(UNMAP, aspace, place_in(aspace, true));
    case 4:
        return LEAF(PROTECT, aspace, place_in(aspace, true), .rights = page_rights());
    case 5:
        return ON(CLEAR, aspace, .address = place_in(aspace, true));
    case 6:
        return ON(CLONE, aspace, .address = place_in(aspace, true), .frame = toy_aspace());
    case 7:
        return ON(MAP_DEVICE, aspace, .address = place_in(aspace, false), .frame = 0xb8 + draw_below(9),
                  .rights = HF_READ);
    default:
        return invent_stage();
    }
}

static struct hf_operation invent_table(void) {
    uint8_t level = (uint8_t)(1 + draw_below(3));
    switch (draw_below(6)) {
    case 0:
        return ON(ASPACE_CREATE, toy_of(HF_FRAME_FREE));
    case 1:
        return ON(ASPACE_COPY_KERNEL, toy_of(HF_FRAME_PML4));
    case 2:
        return ON(ASPACE_DESTROY, toy_of(HF_FRAME_PML4));
    case 3:
        return ON(TABLE_INSTALL, toy_aspace(), .level = level, .address = place(), .frame = toy_of(HF_FRAME_FREE));
    default:
        return ON(TABLE_REMOVE, toy_aspace(), .level = level, .address = place());
    }
}

static struct hf_operation invent_task(void) {
    hf_frame_t task = toy_of(HF_FRAME_TASK);
    switch (draw_below(8)) {
    case 0:
        return ON(TASK_CREATE, toy_of(HF_FRAME_FREE));
    case 1:
    case 2:
        return ON(TASK_SET, task);
    case 3:
        return ON(TASK_GET, task);
    case 4:
    case 5:
        return ON(TASK_START, task);
    case 6:
        return ON(TASK_STOP, task);
    default:
        return ON(TASK_DESTROY, task);
    }
}

static struct hf_operation invent_object(void) {
    switch (draw_below(9)) {
    case 0:
        return ON(HANDLES_CREATE, toy_of(HF_FRAME_FREE));
    case 1:
        return ON(HANDLES_DESTROY, toy_of(HF_FRAME_HANDLES));
    case 2:
        return ON(HANDLES_COPY, toy_of(HF_FRAME_HANDLES), .frame = toy_of(HF_FRAME_HANDLES));
    case 3:
    case 4:
        return ON(ENDPOINT_CREATE, toy_of(HF_FRAME_FREE));
    case 5:
        return ON(ENDPOINT_DESTROY, toy_of(HF_FRAME_ENDPOINT));
    default:
        return invent_put();
    }
}

static struct hf_operation invent_note(void) {
    switch (draw_below(6)) {
    case 0:
        return ON(PIN, toy_of(HF_FRAME_USER));
    case 1:
        return ON(UNPIN, toy_of(HF_FRAME_USER));
    case 2:
        return ON(TAG, toy_any(), .address = draw_below(0x10000));
    case 3:
        return ON(QUERY, toy_any(), .level = HF_QUERY_FRAMES, .count = (uint32_t)draw_below(258));
    case 4:
        return ON(RELEASE, toy_of(HF_FRAME_STAGED));
    default:
        return ON(TRANSLATE, toy_aspace(), .address = place());
    }
}

/* Whether it can be meant: its object is of the type that it works on, its frame one to begin with. */
static bool is_sound(const struct hf_operation *op) {
    bool takes_free = op->code == HF_OP_TABLE_INSTALL || op->code == HF_OP_SPLIT;
    unsigned wanted = operation_kinds[op->code].object;
    bool object = wanted == HF_FRAME_TYPE_COUNT || wanted == toy_type(op->object);
    return object && (!takes_free || toy_type(op->frame) == HF_FRAME_FREE);
}

static struct hf_operation invent_sound(void) {
    static struct hf_operation (*const kinds[])(void) = {invent_page, invent_page,   invent_page,  invent_run,
                                                         invent_run,  invent_table,  invent_task,  invent_task,
                                                         invent_note, invent_object, invent_object};
    struct hf_operation op;
    unsigned draws = 0;
    do {
        op = DRAW_FROM(kinds)();
    } while (!is_sound(&op) && draws++ < 5);
    return op;
}

static struct hf_operation next(void) {
    struct hf_operation op = missing;
    missing.code = HF_OP_NONE;
    bool goes_on = op.code == HF_OP_STAGE; /* which takes many calls for a run */
    if (op.code && draw_below(goes_on ? 256 : 4)) return op;
    if (ONE_IN(12)) return DRAW_FROM(past);
    if (ONE_IN(16)) plan_make();
    if (ONE_IN(4) || !plan_next(&op)) op = invent_sound();
    if (ONE_IN(10)) mutate(&op);
    return op;
}

struct hf_operation invent(void) {
    struct hf_operation op;
    if (inventions++ % 16 == 0) toys_refresh();
    do {
        op = next();
    } while (is_suicide(&op));
    DRAW_FROM(past) = op;
    return op;
}

/* A table that was missing; a task that wasn't stopped, or not set; a way for tasks to call us. */
void invent_learn(struct hf_operation operation, const struct hf_result *result) {
    if (result->status == HF_NO_TABLE) {
        missing = ON(TABLE_INSTALL, operation.object, .level = (uint8_t)result->detail, .address = operation.address,
                     .frame = toy_of(HF_FRAME_FREE));
    } else if (result->status == HF_OK && operation.code == HF_OP_HANDLES_CREATE) {
        missing = PUT(operation.object, 1, ENDPOINT, client_endpoint, draw(), HF_RIGHT_CALL | HF_RIGHT_GRANT);
    } else if (result->status == HF_AGAIN) {
        missing = operation;
    } else if (result->status == HF_NOT_READY && operation.code == HF_OP_TASK_START) {
        missing = ON(TASK_SET, operation.object);
    } else if (result->status == HF_NOT_READY && operation.code == HF_OP_TASK_STOP) {
        missing = ON(TASK_START, operation.object);
    } else if (result->status == HF_NOT_READY) {
        missing = ON(TASK_STOP, operation.object);
    }
}
