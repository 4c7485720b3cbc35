/* Address spaces: their roots. */
#include "kernelmap.h"
#include "mmu.h"

hf_status_t mmu_aspace_create(struct mmu *mmu, const struct hf_operation *operation, struct hf_result *result) {
    (void)result;
    if (!only_object(operation)) {
        return HF_BAD_ARGUMENT;
    }
    if (!frame_is(operation->object, HF_FRAME_FREE)) {
        return HF_BAD_FRAME;
    }
    if (!mmu_take_object(mmu, operation->object)) {
        return HF_AGAIN;
    }
    /* commit */
    frame_claim(operation->object, HF_FRAME_PML4);
    zero_page(frame_pointer(operation->object));
    return HF_OK;
}

hf_status_t mmu_aspace_copy_kernel(struct mmu *mmu, const struct hf_operation *operation,
                                   struct hf_result *result) {
    (void)result;
    if (!only_object(operation)) {
        return HF_BAD_ARGUMENT;
    }
    if (!frame_is(operation->object, HF_FRAME_PML4)) {
        return HF_BAD_FRAME;
    }
    if (!mmu_take_page(mmu)) {
        return HF_AGAIN;
    }
    /* commit */
    kernelmap_copy(frame_pointer(operation->object));
    frame_entry(operation->object)->flags |= HF_FRAME_KERNEL_HALF;
    return HF_OK;
}

hf_status_t mmu_aspace_destroy(struct mmu *mmu, const struct hf_operation *operation, struct hf_result *result) {
    (void)mmu;
    (void)result;
    if (!only_object(operation)) {
        return HF_BAD_ARGUMENT;
    }
    if (!frame_is(operation->object, HF_FRAME_PML4)) {
        return HF_BAD_FRAME;
    }
    /* The aspace in CR3 is counted by the running task; while none runs it stays loaded all the same. */
    if (frame_entry(operation->object)->refs != 0 || read_cr3() >> HF_PAGE_SHIFT == operation->object) {
        return HF_NOT_EMPTY;
    }
    /* commit */
    frame_release(operation->object);
    return HF_OK;
}
