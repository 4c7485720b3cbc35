// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c ukernel/device.c ukernel/call.c
// sources: tests/host/pick.c tests/host/drain.c tests/host/foresee.c tests/host/world.c tests/host/check_state.c
// sources: tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine ukernel
// flags: -DTABLE_BITS=3u -DMACHINE_RUNS=8u
/* MMU operations on a small machine. The input is a row of records of eight bytes: each is an operation,
 * a list of the records behind it, another aspace in CR3, or memory that is used. After each of them every
 * invariant must hold, a refusal must have changed nothing, and no translation may be left that the tables
 * don't justify; in the end, all must become FREE again. */
#include "drain.h"
#include "foresee.h"
#include "pick.h"
#include "world.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct record {
    uint8_t what; /* which operation, or enum action */
    uint8_t object, frame, place;
    uint8_t level, rights;
    uint8_t number, oddity;
};

enum action {
    ACTION_LIST = 0xf0, /* of the next `number` records */
    ACTION_LOAD,        /* an aspace that can be run, or none */
    ACTION_USE,         /* what is mapped there */
};

static const unsigned objects[HF_OP_COUNT] = {
#define HF_FRAME_ANY HF_FRAME_TYPE_COUNT
#define X(upper, lower, object, fields, text) [HF_OP_##upper] = 1u << HF_FRAME_##object,
    HF_OPERATION_LIST(X)
#undef X
};

static void require(const char *wrong) {
    if (!wrong) return;
    fprintf(stderr, "%s\n", wrong);
    abort();
}

/* ---- records as operations ---- */

/* Three quarters of all numbers are frames of these types, if there are any. */
static hf_frame_t frame_of_types(unsigned types, uint8_t number) {
    if (number >= 0xf0) return pick_odd_frame(number);
    return number >= 0xc0 ? pick_frame(number % PICK_FRAMES) : pick_frame_of(types, number);
}

static hf_frame_t run_of_number(uint8_t number) {
    return number >= 0xf0 ? pick_odd_frame(number) : pick_run_in(~0u << (number / PICK_RUNS % 8), number);
}

static hf_frame_t object_of(const struct hf_operation *operation, const struct record *record) {
    const unsigned types = operation->code < HF_OP_COUNT ? objects[operation->code] : ~0u;
    const bool any = types == 1u << HF_FRAME_ANY;
    if (any && operation->code != HF_OP_QUERY && operation->level == HF_WHOLE_RUN) return run_of_number(record->object);
    if (types == PICK_TYPE(FREE) && record->object < 0xc0) return pick_spare(record->object);
    return frame_of_types(any ? ~PICK_TYPE(FREE) : types, record->object);
}

static hf_frame_t source_of(const struct record *record) {
    return record->frame % 2 ? HF_NO_FRAME : frame_of_types(PICK_PAGES, record->frame);
}

static hf_frame_t frame_of_record(const struct hf_operation *operation, const struct record *record) {
    switch (operation->code) {
    case HF_OP_MAP:
        return operation->level == HF_LEVEL_PD ? run_of_number(record->frame)
                                               : frame_of_types(PICK_PAGES, record->frame);
    case HF_OP_TABLE_INSTALL:
    case HF_OP_SPLIT:
        return record->frame < 0xc0 ? pick_spare(record->frame) : frame_of_types(~0u, record->frame);
    case HF_OP_CLONE:
        return frame_of_types(PICK_TYPE(PML4), record->frame);
    case HF_OP_MAP_DEVICE:
        return record->frame < 0xf0 ? WORLD_FRAMEBUFFER + record->frame % 4 : pick_odd_frame(record->frame);
    case HF_OP_HANDLES_COPY:
        return frame_of_types(PICK_TYPE(HANDLES), record->frame);
    case HF_OP_HANDLE_PUT:
        return frame_of_types(operation->level == HF_PUT_COPY ? PICK_TYPE(HANDLES) : PICK_TYPE(ENDPOINT),
                              record->frame);
    default:
        return 0;
    }
}

static uint64_t place_of(const struct hf_operation *operation, const struct record *record) {
    if (record->place >= 0xfc) return pick_odd_place(record->place);
    const uint64_t page = pick_place(record->place);
    const bool large = operation->code == HF_OP_SPLIT || operation->level == HF_LEVEL_PD;
    return large && record->place < 0xe0 ? page & ~(PICK_SPAN(HF_LEVEL_PD) - 1) : page;
}

/* STAGE: a source for whatever is there, and offsets around the ends of pages. */
static void fill_stage(struct hf_operation *operation, const struct record *record) {
    operation->frame = source_of(record);
    if (operation->frame == HF_NO_FRAME) return;
    operation->count = record->number * 16u + record->rights % 3;
    operation->address = HF_STAGE_AT(record->rights * 16u, record->place * (record->level % 2 ? 1u : 128u));
}

static void fill_task(const struct record *record) {
    const uint8_t number = record->number;
    asker_page.task = (struct hf_task_block){
        .fields = record->rights < 0x80 ? 1ull << record->rights % 9 : record->rights * 5u % (HF_TASK_FIELDS_ALL + 2u),
        .priority = number,
        .registers = {.rip = pick_place(number), .rflags = number % 3 ? 0x202 : 1ull << number % 64},
        .aspace = number % 5 ? frame_of_types(PICK_TYPE(PML4), record->frame) : HF_NO_FRAME,
        .handles = number % 5 ? frame_of_types(PICK_TYPE(HANDLES), record->frame) : HF_NO_FRAME,
        .buffer = number % 5 ? frame_of_types(PICK_PAGES, record->frame) : HF_NO_FRAME,
        .operations = number % 3 ? frame_of_types(PICK_PAGES, record->place) : HF_NO_FRAME,
        .pager = number % 5 ? frame_of_types(PICK_TYPE(ENDPOINT), record->frame) : HF_NO_FRAME,
        .memory = number % 2,
    };
}

/* One field is something else. */
static void disturb(struct hf_operation *operation, const struct record *record) {
    const unsigned bit = record->number;
    switch (record->oddity) {
    case 0xf0:
        operation->level ^= (uint8_t)(1u << bit % 8);
        break;
    case 0xf1:
        operation->rights ^= (uint16_t)(1u << bit % 16);
        break;
    case 0xf2:
        operation->count ^= 1u << bit % 32;
        break;
    case 0xf3:
        operation->address ^= 1ull << bit % (HF_PAGE_SHIFT + TABLE_LEVELS * TABLE_BITS - 1);
        break;
    case 0xf4:
        operation->frame ^= 1ull << bit % 64;
        break;
    case 0xf5:
        operation->object ^= 1ull << bit % 64;
        break;
    default:
        break;
    }
}

static bool names_a_place(const struct hf_operation *operation) {
    return operation->code < HF_OP_COUNT && objects[operation->code] == PICK_TYPE(PML4) &&
           operation->code != HF_OP_ASPACE_COPY_KERNEL && operation->code != HF_OP_ASPACE_DESTROY;
}

static const uint16_t good_rights[] = {HF_READ, HF_READ | HF_WRITE, HF_READ | HF_EXECUTE};

/* Levels and rights that the operation has no use for are left out, mostly. */
static struct hf_operation operation_of(const struct record *record) {
    static const unsigned with_rights[] = {HF_OP_MAP, HF_OP_PROTECT, HF_OP_MAP_DEVICE, HF_OP_HANDLE_PUT};
    struct hf_operation operation = {.code = record->what % (HF_OP_COUNT + 2)};
    const bool large = record->level % 2;
    switch (operation.code) {
    case HF_OP_MAP:
    case HF_OP_UNMAP:
    case HF_OP_PROTECT:
        operation.level = large ? HF_LEVEL_PD : HF_LEVEL_PT;
        break;
    case HF_OP_STAGE:
    case HF_OP_RELEASE:
    case HF_OP_PIN:
    case HF_OP_UNPIN:
    case HF_OP_TAG:
        operation.level = large ? HF_WHOLE_RUN : HF_ONE_FRAME;
        break;
    case HF_OP_TABLE_INSTALL:
    case HF_OP_TABLE_REMOVE:
        operation.level = record->level % 5;
        break;
    case HF_OP_HANDLE_PUT:
        operation.level = record->level % 6;
        operation.count = record->number;
        operation.address = record->place;
        break;
    case HF_OP_QUERY:
        operation.level = record->level % 3;
        operation.count = record->number;
        break;
    case HF_OP_TASK_SET:
        fill_task(record);
        break;
    default:
        break;
    }
    for (unsigned i = 0; i < sizeof with_rights / sizeof with_rights[0]; i++) {
        if (operation.code == with_rights[i]) {
            operation.rights = record->rights < 0xc0 ? good_rights[record->rights % 3] : record->rights % 64;
        }
    }
    operation.object = object_of(&operation, record);
    operation.frame = frame_of_record(&operation, record);
    if (names_a_place(&operation)) operation.address = place_of(&operation, record);
    if (operation.code == HF_OP_STAGE) fill_stage(&operation, record);
    if (operation.code == HF_OP_TAG) operation.address = record->number * 258u;
    disturb(&operation, record);
    return operation;
}

/* ---- what is done ---- */

static void run_one(const struct record *record) {
    const struct hf_operation operation = operation_of(record);
    foresee(&operation);
    world_keep();
    const hf_status_t status = ask(&operation);
    const bool refused = status != HF_OK && status != HF_AGAIN;
    if (refused && world_changed()) require("I12: refused, and something has changed");
    require(unforeseen(&operation, status));
}

/* How many records it took. */
static size_t run_list(const struct record *record, size_t left) {
    const size_t length = record->number % (left + 1) % (HF_OPERATIONS + 1);
    uint64_t done;
    for (size_t i = 0; i < length; i++) {
        asker_page.operation[i] = operation_of(&record[1 + i]);
    }
    const hf_status_t status = mmu_list(&asker, length, &done);
    const bool consistent = done <= length && (done == length) == (status == HF_OK) &&
                            (status == HF_OK || asker_page.result[done].status == status);
    require(consistent ? NULL : "a list's status is not that of its last operation");
    return length;
}

static void load(const struct record *record) {
    const hf_frame_t root = pick_frame_of(PICK_TYPE(PML4), record->object);
    const struct hf_frame_entry *entry = frame_entry(root);
    const bool ready = entry && entry->type == HF_FRAME_PML4 && (entry->flags & HF_FRAME_KERNEL_HALF);
    write_cr3(ready && record->number ? root << HF_PAGE_SHIFT : 0);
}

static uint64_t touched;

/* Each leaf takes two bits of what the record says, over and over. */
static uint64_t touch(uint64_t below) {
    touched = touched << 2 | touched >> 62;
    return touched % 4 % below;
}

static void use(const struct record *record) {
    memcpy(&touched, record, sizeof touched);
    machine_use_aspace(touch);
}

/* What the next record is about; how many further ones it took. */
static size_t step(const struct record *record, size_t left) {
    size_t taken = 0;
    switch (record->what) {
    case ACTION_LIST:
        taken = run_list(record, left);
        break;
    case ACTION_LOAD:
        load(record);
        break;
    case ACTION_USE:
        use(record);
        break;
    default:
        run_one(record);
    }
    require(world_broken());
    return taken;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct record records[512];
    _Static_assert(sizeof records[0] == 8, "eight bytes");
    const size_t count = size / sizeof records[0] < 512 ? size / sizeof records[0] : 512;
    memcpy(records, data, count * sizeof records[0]);
    world_start(NULL);
    for (size_t at = 0; at < count; at++) {
        at += step(&records[at], count - at - 1);
    }
    require(drain());
    require(world_broken());
    return 0;
}
