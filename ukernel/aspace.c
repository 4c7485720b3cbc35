/* Address spaces: their roots. */
#include "kernelmap.h"
#include "mmu.h"

hf_status_t mmu_aspace_create(struct mmu *mmu, const struct hf_operation *op, struct hf_result *) {
    return mmu_create(mmu, op->object, HF_FRAME_PML4) ? HF_OK : HF_AGAIN;
}

hf_status_t mmu_aspace_copy_kernel(struct mmu *mmu, const struct hf_operation *op, struct hf_result *) {
    if (!mmu_take_page(mmu)) return HF_AGAIN;
    /* commit */
    kernelmap_copy(frame_pointer(op->object));
    frame_entry(op->object)->flags |= HF_FRAME_KERNEL_HALF;
    return HF_OK;
}

hf_status_t mmu_aspace_destroy(struct mmu *, const struct hf_operation *op, struct hf_result *) {
    /* The root in CR3 is counted by the running task; while none runs it stays loaded all the same. */
    bool loaded = read_cr3() >> HF_PAGE_SHIFT == op->object;
    if (frame_entry(op->object)->refs != 0 || loaded) return HF_NOT_EMPTY;
    /* commit */
    frame_release(op->object);
    return HF_OK;
}
