#include "mmu.h"

#define PAGES_PER_ENTRY 16u
#define ENTRIES_PER_ENTRY 512u

#define HF_FRAME_ANY HF_FRAME_TYPE_COUNT

static const struct {
    mmu_operation *run;
    uint8_t object; /* enum hf_frame_type, or HF_FRAME_ANY */
    uint8_t fields; /* enum hf_operation_field */
} operations[HF_OP_COUNT] = {
#define X(upper, lower, object, fields, text) [HF_OP_##upper] = {mmu_##lower, HF_FRAME_##object, fields},
    HF_OPERATION_LIST(X)
#undef X
};

bool mmu_take_page(struct mmu *mmu) { return mmu->pages != 0 && mmu->pages--; }

bool mmu_take_entries(struct mmu *mmu, unsigned count) {
    if (mmu->entries < count) return false;
    mmu->entries -= count;
    return true;
}

bool mmu_take_object(struct mmu *mmu, hf_frame_t frame) {
    unsigned pages = frame_claim_splits(frame) ? 2 : 1;
    if (mmu->pages < pages) return false;
    mmu->pages -= pages;
    return true;
}

void *mmu_create(struct mmu *mmu, hf_frame_t frame, enum hf_frame_type type) {
    if (!mmu_take_object(mmu, frame)) return NULL;
    frame_claim(frame, type);
    zero_page(frame_pointer(frame));
    return frame_pointer(frame);
}

hf_status_t mmu_spill(struct mmu *mmu, struct hf_operation_page **page) {
    if (!mmu->task->operations) return HF_NOT_READY;
    if (mmu->spilled) return HF_BAD_ARGUMENT;
    mmu->spilled = true;
    *page = mmu->task->operations;
    return HF_OK;
}

hf_status_t mmu_find(const struct hf_operation *op, unsigned level, struct walk *found, struct hf_result *result) {
    if (!address_is_user(op->address)) return HF_BAD_ADDRESS;
    *found = walk(op->object, op->address, level);
    if (found->level == level) return HF_OK;
    if (entry_present(*found->entry)) return HF_EXISTS;
    result->detail = found->level - 1;
    return HF_NO_TABLE;
}

static bool unused_are_zero(const struct hf_operation *op, unsigned fields) {
    unsigned set = (op->level ? HF_LEVEL : 0u) | (op->rights ? HF_RIGHTS : 0u) | (op->count ? HF_COUNT : 0u) |
                   (op->address ? HF_ADDRESS : 0u) | (op->frame ? HF_FRAME : 0u);
    return (set & ~fields) == 0;
}

static hf_status_t dispatch(struct mmu *mmu, const struct hf_operation *op, struct hf_result *result) {
    unsigned code = op->code;
    if (code == HF_OP_NONE || code >= HF_OP_COUNT) return HF_BAD_CALL;
    if (!unused_are_zero(op, operations[code].fields)) return HF_BAD_ARGUMENT;
    unsigned type = operations[code].object;
    if (type != HF_FRAME_ANY && frame_type(op->object) != type) return HF_BAD_FRAME;
    return operations[code].run(mmu, op, result);
}

static hf_status_t run(struct mmu *mmu, const struct hf_operation *op, struct hf_result *result) {
    *result = (struct hf_result){0};
    hf_status_t status = dispatch(mmu, op, result);
    result->status = status;
    return status;
}

hf_status_t mmu_one(struct task *task, const struct hf_operation *op, struct hf_result *result) {
    struct mmu mmu = {.task = task, .pages = PAGES_PER_ENTRY, .entries = ENTRIES_PER_ENTRY};
    return task->memory ? run(&mmu, op, result) : HF_DENIED;
}

hf_status_t mmu_list(struct task *task, uint64_t count, uint64_t *done) {
    struct mmu mmu = {.task = task, .pages = PAGES_PER_ENTRY, .entries = ENTRIES_PER_ENTRY};
    *done = 0;
    if (!task->memory) return HF_DENIED;
    if (!task->operations) return HF_NOT_READY;
    if (count > HF_OPERATIONS) return HF_BAD_ARGUMENT;
    for (; *done < count; ++*done) {
        /* Copied first: the page is shared with ring 3, so nothing in it is read twice. */
        struct hf_operation op = task->operations->operation[*done];
        hf_status_t status = run(&mmu, &op, &task->operations->result[*done]);
        if (status != HF_OK) return status;
    }
    return HF_OK;
}
