/* Giving frames a content, and taking it away: the only way from FREE to ring 3. */
#include "run.h"

static bool range_valid(uint64_t offset, uint64_t length, uint64_t size) {
    return offset <= size && length <= size - offset;
}

/* Of a target of `size` bytes. */
static hf_status_t check_source(const struct hf_operation *op, uint64_t size) {
    if (op->frame == HF_NO_FRAME) return (op->count | op->address) != 0 ? HF_BAD_ARGUMENT : HF_OK;
    if (!frame_has_content(op->frame) || op->frame == op->object) return HF_BAD_FRAME;
    bool inside =
        range_valid((uint32_t)op->address, op->count, HF_PAGE_SIZE) && range_valid(op->address >> 32, op->count, size);
    return inside ? HF_OK : HF_BAD_ARGUMENT;
}

static void copy_source(const struct hf_operation *op) {
    uint8_t *target = frame_pointer(op->object);
    const uint8_t *source = frame_pointer(op->frame);
    copy_bytes(target + (op->address >> 32), source + (uint32_t)op->address, op->count);
}

/* Zeroes a page but for the whole words between two offsets. */
static void zero_around(uint8_t *page, uint64_t start, uint64_t end) {
    fill_words(page, 0, (start + 7) / 8);
    fill_words(page + end / 8 * 8, 0, (HF_PAGE_SIZE - end / 8 * 8) / 8);
}

static hf_status_t stage_frame(struct mmu *mmu, const struct hf_operation *op) {
    enum hf_frame_type type = frame_type(op->object);
    bool fresh = type == HF_FRAME_FREE;
    if (!fresh && !(frame_has_content(op->object) && type == HF_FRAME_STAGED)) return HF_BAD_FRAME;
    hf_status_t status = check_source(op, HF_PAGE_SIZE);
    if (status != HF_OK) return status;
    if (!(fresh ? mmu_take_object(mmu, op->object) : mmu_take_page(mmu))) return HF_AGAIN;
    /* commit */
    uint64_t at = op->address >> 32;
    if (fresh) {
        frame_claim(op->object, HF_FRAME_STAGED);
        zero_around(frame_pointer(op->object), at, at + op->count);
    }
    if (op->frame != HF_NO_FRAME) copy_source(op);
    return HF_OK;
}

/* What comes into a run is copied when all of it has been zeroed. */
static hf_status_t stage_run(struct mmu *mmu, const struct hf_operation *op) {
    const struct hf_run_header *run = run_at(op->object);
    hf_status_t status = run ? check_source(op, RUN_FRAMES * HF_PAGE_SIZE) : HF_BAD_FRAME;
    if (status == HF_OK && run->state != HF_RUN_STAGED) status = run_zero(mmu, op->object);
    if (status != HF_OK || op->frame == HF_NO_FRAME) return status;
    if (!mmu_take_page(mmu)) return HF_AGAIN;
    /* commit */
    copy_source(op);
    return HF_OK;
}

static __attribute__((noinline)) hf_status_t stage_other(struct mmu *mmu, const struct hf_operation *op) {
    if (!extent_valid(op)) return HF_BAD_ARGUMENT;
    return op->level == HF_WHOLE_RUN ? stage_run(mmu, op) : stage_frame(mmu, op);
}

hf_status_t mmu_stage(struct mmu *mmu, const struct hf_operation *op, struct hf_result *) {
    /* The common case: a page of zeroes. */
    bool plain = op->frame == HF_NO_FRAME && (op->level | op->count | op->address) == 0;
    if (!plain || frame_type(op->object) != HF_FRAME_FREE) return stage_other(mmu, op);
    return mmu_create(mmu, op->object, HF_FRAME_STAGED) ? HF_OK : HF_AGAIN;
}

hf_status_t mmu_release(struct mmu *, const struct hf_operation *op, struct hf_result *) {
    struct hf_run_header *run = run_at(op->object);
    const struct hf_frame_entry *entry = frame_entry(op->object);
    bool large = op->level == HF_WHOLE_RUN;
    if (!extent_valid(op)) return HF_BAD_ARGUMENT;
    bool staged = large ? run && (run->state == HF_RUN_STAGED || run->state == HF_RUN_ZEROING)
                        : entry && entry->type == HF_FRAME_STAGED;
    if (!staged) return HF_BAD_FRAME;
    /* commit */
    if (large) {
        *run = (struct hf_run_header){.state = HF_RUN_FREE};
    } else {
        frame_release(op->object);
    }
    return HF_OK;
}
