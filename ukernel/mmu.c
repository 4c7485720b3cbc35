#include "mmu.h"

#define HF_FRAME_ANY HF_FRAME_TYPE_COUNT

/* What must be zero in an operation with these fields: of its first word, and of one that
 * is a field altogether. */
#define UNUSED_OF_HEAD(fields) \
    (((fields)&HF_LEVEL ? 0 : 0xff00ul) | ((fields)&HF_RIGHTS ? 0 : 0xffff0000ul) | \
     ((fields)&HF_COUNT ? 0 : 0xffffffff00000000ul))
#define UNUSED_OF(fields, field) ((fields) & (field) ? 0 : ~0ul)

/* Aligned, so that one is found by a shift and stands in one cache line. */
static const struct known {
    _Alignas(64) mmu_operation *run;
    uint64_t object; /* enum hf_frame_type, or HF_FRAME_ANY */
    uint64_t unused_head, unused_address, unused_frame;
} operations[HF_OP_COUNT] = {
#define X(upper, lower, object, fields, text) \
    [HF_OP_##upper] = {mmu_##lower, HF_FRAME_##object, UNUSED_OF_HEAD(fields), UNUSED_OF(fields, HF_ADDRESS), \
                       UNUSED_OF(fields, HF_FRAME)},
    HF_OPERATION_LIST(X)
#undef X
};

bool mmu_take_entries(struct mmu *mmu, unsigned count) {
    if (mmu->work < count) return false;
    mmu->work -= count;
    return true;
}

static bool take_pages(struct mmu *mmu, unsigned count) {
    if (mmu->pages < count || !mmu_take_entries(mmu, count * WORK_OF_PAGE)) return false;
    mmu->pages -= count;
    return true;
}

bool mmu_take_page(struct mmu *mmu) { return take_pages(mmu, 1); }

bool mmu_take_object(struct mmu *mmu, hf_frame_t frame) { return take_pages(mmu, frame_claim_splits(frame) ? 2 : 1); }

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

static bool unused_are_zero(const struct hf_operation *op, const struct known *known) {
    uint64_t head;
    __builtin_memcpy(&head, op, sizeof(head));
    return ((head & known->unused_head) | (op->address & known->unused_address) | (op->frame & known->unused_frame)) ==
           0;
}

hf_status_t mmu_granted(struct mmu *mmu, const struct hf_operation *op, struct hf_result *result) {
    uint64_t code = op->code;
    if (code == HF_OP_NONE || code >= HF_OP_COUNT) return HF_BAD_CALL;
    const struct known *known = &operations[code];
    if (!unused_are_zero(op, known)) return HF_BAD_ARGUMENT;
    if (known->object != HF_FRAME_ANY && frame_type(op->object) != known->object) return HF_BAD_FRAME;
    return known->run(mmu, op, result);
}

hf_status_t mmu_one(struct task *task, const struct hf_operation *op, struct hf_result *result) {
    struct mmu mmu = {.task = task, .pages = PAGES_PER_ENTRY, .work = WORK_PER_ENTRY};
    if (!task->memory) return HF_DENIED;
    *result = (struct hf_result){0};
    hf_status_t status = mmu_granted(&mmu, op, result);
    result->status = status;
    return status;
}

hf_status_t mmu_list(struct task *task, uint64_t count, uint64_t *done) {
    struct mmu mmu = {.task = task, .pages = PAGES_PER_ENTRY, .work = WORK_PER_ENTRY};
    *done = 0;
    if (!task->memory) return HF_DENIED;
    if (!task->operations) return HF_NOT_READY;
    if (count > HF_OPERATIONS) return HF_BAD_ARGUMENT;
    struct hf_operation_page *page = task->operations;
    hf_status_t status = HF_OK;
    uint64_t i = 0;
    for (; i < count; i++) {
        /* Copied first: the page is shared with ring 3, so nothing in it is read twice. */
        struct hf_operation op = page->operation[i];
        page->result[i] = (struct hf_result){0};
        status = mmu_take_entries(&mmu, WORK_OF_OPERATION) ? mmu_granted(&mmu, &op, &page->result[i]) : HF_AGAIN;
        page->result[i].status = status;
        if (status != HF_OK) break;
    }
    *done = i;
    return status;
}
