/* Giving frames a content, and taking it away: the only way from FREE to ring 3. */
#include "mmu.h"

static bool range_valid(uint64_t offset, uint64_t length) {
    return offset <= HF_PAGE_SIZE && length <= HF_PAGE_SIZE - offset;
}

static hf_status_t check_source(const struct hf_operation *operation) {
    if (operation->frame == HF_NO_FRAME) {
        return operation->count || operation->address ? HF_BAD_ARGUMENT : HF_OK;
    }
    if (!frame_has_content(operation->frame) || operation->frame == operation->object) return HF_BAD_FRAME;
    bool inside = range_valid((uint32_t)operation->address, operation->count) &&
                  range_valid(operation->address >> 32, operation->count);
    return inside ? HF_OK : HF_BAD_ARGUMENT;
}

hf_status_t mmu_stage(struct mmu *mmu, const struct hf_operation *operation, struct hf_result *) {
    enum hf_frame_type type = frame_type(operation->object);
    if (type != HF_FRAME_FREE && type != HF_FRAME_STAGED) return HF_BAD_FRAME;
    hf_status_t status = check_source(operation);
    if (status != HF_OK) return status;
    bool fresh = type == HF_FRAME_FREE;
    if (!(fresh ? mmu_take_object(mmu, operation->object) : mmu_take_page(mmu))) return HF_AGAIN;
    /* commit */
    uint8_t *target = frame_pointer(operation->object);
    if (fresh) frame_claim(operation->object, HF_FRAME_STAGED);
    if (fresh && operation->count < HF_PAGE_SIZE) zero_page(target);
    if (operation->frame != HF_NO_FRAME) {
        const uint8_t *source = frame_pointer(operation->frame);
        copy_bytes(target + (operation->address >> 32), source + (uint32_t)operation->address,
                   operation->count);
    }
    return HF_OK;
}

hf_status_t mmu_release(struct mmu *, const struct hf_operation *operation, struct hf_result *) {
    /* commit */
    frame_release(operation->object);
    return HF_OK;
}
