/* Giving frames a content, and taking it away: the only way from FREE to ring 3. */
#include "mmu.h"

static hf_status_t check_range(uint64_t offset, uint64_t length) {
    return offset <= HF_PAGE_SIZE && length <= HF_PAGE_SIZE - offset ? HF_OK : HF_BAD_ARGUMENT;
}

static hf_status_t check_source(const struct hf_operation *operation) {
    if (operation->frame == HF_NO_FRAME) {
        return operation->count || operation->address ? HF_BAD_ARGUMENT : HF_OK;
    }
    enum hf_frame_type type = frame_type(operation->frame);
    if ((type != HF_FRAME_STAGED && type != HF_FRAME_USER) || operation->frame == operation->object) {
        return HF_BAD_FRAME;
    }
    hf_status_t status = check_range((uint32_t)operation->address, operation->count);
    return status == HF_OK ? check_range(operation->address >> 32, operation->count) : status;
}

hf_status_t mmu_stage(struct mmu *mmu, const struct hf_operation *operation, struct hf_result *result) {
    (void)result;
    enum hf_frame_type type = frame_type(operation->object);
    if (operation->level || operation->rights) {
        return HF_BAD_ARGUMENT;
    }
    if (type != HF_FRAME_FREE && type != HF_FRAME_STAGED) {
        return HF_BAD_FRAME;
    }
    hf_status_t status = check_source(operation);
    if (status != HF_OK) {
        return status;
    }
    if (!mmu_take_object(mmu, operation->object)) {
        return HF_AGAIN;
    }
    /* commit */
    uint8_t *target = frame_pointer(operation->object);
    if (type == HF_FRAME_FREE) {
        frame_claim(operation->object, HF_FRAME_STAGED);
        if (operation->count < HF_PAGE_SIZE) {
            zero_page(target);
        }
    }
    if (operation->frame != HF_NO_FRAME) {
        const uint8_t *source = frame_pointer(operation->frame);
        copy_bytes(target + (operation->address >> 32), source + (uint32_t)operation->address, operation->count);
    }
    return HF_OK;
}

hf_status_t mmu_release(struct mmu *mmu, const struct hf_operation *operation, struct hf_result *result) {
    (void)mmu;
    (void)result;
    if (!only_object(operation)) {
        return HF_BAD_ARGUMENT;
    }
    if (!frame_is(operation->object, HF_FRAME_STAGED)) {
        return HF_BAD_FRAME;
    }
    /* commit */
    frame_release(operation->object);
    return HF_OK;
}
