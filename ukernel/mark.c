/* What memsrv notes about frames, and reads back. */
#include "mmu.h"

hf_status_t mmu_pin(struct mmu *mmu, const struct hf_operation *operation, struct hf_result *result) {
    (void)mmu;
    (void)result;
    if (!only_object(operation)) {
        return HF_BAD_ARGUMENT;
    }
    if (!frame_is(operation->object, HF_FRAME_USER)) {
        return HF_BAD_FRAME;
    }
    struct hf_frame_entry *entry = frame_entry(operation->object);
    if (entry->flags & HF_FRAME_PINNED) {
        return HF_EXISTS;
    }
    /* commit */
    entry->flags |= HF_FRAME_PINNED;
    return HF_OK;
}

hf_status_t mmu_unpin(struct mmu *mmu, const struct hf_operation *operation, struct hf_result *result) {
    (void)mmu;
    if (!only_object(operation)) {
        return HF_BAD_ARGUMENT;
    }
    if (!frame_is(operation->object, HF_FRAME_USER)) {
        return HF_BAD_FRAME;
    }
    struct hf_frame_entry *entry = frame_entry(operation->object);
    if (!(entry->flags & HF_FRAME_PINNED)) {
        return HF_NOT_MAPPED;
    }
    /* commit */
    entry->flags &= (uint8_t)~HF_FRAME_PINNED;
    if (entry->refs == 0) {
        frame_release(operation->object);
        result->detail = HF_LEAF_FREED;
    }
    return HF_OK;
}

hf_status_t mmu_tag(struct mmu *mmu, const struct hf_operation *operation, struct hf_result *result) {
    (void)mmu;
    (void)result;
    if (operation->level || operation->rights || operation->count || operation->frame ||
        operation->address > UINT16_MAX) {
        return HF_BAD_ARGUMENT;
    }
    enum hf_frame_type type = frame_type(operation->object);
    if (type == HF_FRAME_RESERVED || type == HF_FRAME_CORE || type == HF_FRAME_FREE) {
        return HF_BAD_FRAME;
    }
    /* commit */
    frame_entry(operation->object)->tag = (uint16_t)operation->address;
    return HF_OK;
}

static void query_frames(hf_frame_t first, uint32_t count, struct hf_frame_entry *entries) {
    for (uint32_t i = 0; i < count; i++) {
        const struct hf_frame_entry *entry = frame_entry(first + i);
        entries[i] = entry ? *entry : (struct hf_frame_entry){.type = (uint8_t)frame_type(first + i)};
    }
}

hf_status_t mmu_query(struct mmu *mmu, const struct hf_operation *operation, struct hf_result *result) {
    struct hf_operation_page *page;
    uint64_t limit = operation->level == HF_QUERY_RUNS ? frame_limit / RUN_FRAMES : frame_limit;
    if (operation->level > HF_QUERY_FRAMES || operation->rights || operation->address || operation->frame ||
        operation->count == 0 || operation->count > 256 || operation->object >= limit) {
        return HF_BAD_ARGUMENT;
    }
    uint32_t count = operation->count;
    if (count > limit - operation->object) {
        count = (uint32_t)(limit - operation->object);
    }
    if (!mmu_take_entries(mmu, count)) {
        return HF_AGAIN;
    }
    hf_status_t status = mmu_spill(mmu, &page);
    if (status != HF_OK) {
        return status;
    }
    /* commit */
    if (operation->level == HF_QUERY_RUNS) {
        copy_bytes(page->headers, &FRAME_HEADERS[operation->object], count * sizeof(page->headers[0]));
    } else {
        query_frames(operation->object, count, page->entries);
    }
    result->detail = count;
    return HF_OK;
}
