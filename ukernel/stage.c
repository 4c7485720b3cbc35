/* Giving frames a content, and taking it away: the only way from FREE to ring 3. */
#include "mmu.h"

static bool range_valid(uint64_t offset, uint64_t length) {
    return offset <= HF_PAGE_SIZE && length <= HF_PAGE_SIZE - offset;
}

static hf_status_t check_source(const struct hf_operation *op) {
    if (op->frame == HF_NO_FRAME) {
        return op->count || op->address ? HF_BAD_ARGUMENT : HF_OK;
    }
    if (!frame_has_content(op->frame) || op->frame == op->object) return HF_BAD_FRAME;
    bool inside = range_valid((uint32_t)op->address, op->count) && range_valid(op->address >> 32, op->count);
    return inside ? HF_OK : HF_BAD_ARGUMENT;
}

/* Zeroes a page but for the whole words between two offsets. */
static void zero_around(uint8_t *page, uint64_t start, uint64_t end) {
    fill_words(page, 0, (start + 7) / 8);
    fill_words(page + end / 8 * 8, 0, (HF_PAGE_SIZE - end / 8 * 8) / 8);
}

hf_status_t mmu_stage(struct mmu *mmu, const struct hf_operation *op, struct hf_result *) {
    enum hf_frame_type type = frame_type(op->object);
    if (type != HF_FRAME_FREE && type != HF_FRAME_STAGED) return HF_BAD_FRAME;
    hf_status_t status = check_source(op);
    if (status != HF_OK) return status;
    bool fresh = type == HF_FRAME_FREE;
    if (!(fresh ? mmu_take_object(mmu, op->object) : mmu_take_page(mmu))) return HF_AGAIN;
    /* commit */
    uint8_t *target = frame_pointer(op->object);
    uint64_t at = op->address >> 32;
    if (fresh) {
        frame_claim(op->object, HF_FRAME_STAGED);
        zero_around(target, at, at + op->count);
    }
    if (op->frame != HF_NO_FRAME) {
        const uint8_t *source = frame_pointer(op->frame);
        copy_bytes(target + at, source + (uint32_t)op->address, op->count);
    }
    return HF_OK;
}

hf_status_t mmu_release(struct mmu *, const struct hf_operation *op, struct hf_result *) {
    /* commit */
    frame_release(op->object);
    return HF_OK;
}
