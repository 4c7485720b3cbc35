/* What memsrv notes about frames, and reads back. */
#include "mmu.h"

hf_status_t mmu_pin(struct mmu *, const struct hf_operation *op, struct hf_result *) {
    struct hf_frame_entry *entry = frame_entry(op->object);
    if (entry->flags & HF_FRAME_PINNED) return HF_EXISTS;
    /* commit */
    entry->flags |= HF_FRAME_PINNED;
    return HF_OK;
}

hf_status_t mmu_unpin(struct mmu *, const struct hf_operation *op, struct hf_result *result) {
    struct hf_frame_entry *entry = frame_entry(op->object);
    if (!(entry->flags & HF_FRAME_PINNED)) return HF_NOT_MAPPED;
    /* commit */
    entry->flags &= (uint8_t)~HF_FRAME_PINNED;
    if (entry->refs == 0) {
        frame_release(op->object);
        result->detail = HF_LEAF_FREED;
    }
    return HF_OK;
}

hf_status_t mmu_tag(struct mmu *, const struct hf_operation *op, struct hf_result *) {
    enum hf_frame_type type = frame_type(op->object);
    if (op->address > UINT16_MAX) return HF_BAD_ARGUMENT;
    if (type == HF_FRAME_RESERVED || type == HF_FRAME_CORE || type == HF_FRAME_FREE) return HF_BAD_FRAME;
    /* commit */
    frame_entry(op->object)->tag = (uint16_t)op->address;
    return HF_OK;
}

#define QUERY_MOST 256u

hf_status_t mmu_query(struct mmu *mmu, const struct hf_operation *op, struct hf_result *result) {
    struct hf_operation_page *page;
    bool runs = op->level == HF_QUERY_RUNS;
    uint64_t first = op->object, limit = runs ? frame_limit / RUN_FRAMES : frame_limit;
    uint32_t count = op->count;
    if (op->level > HF_QUERY_FRAMES || count == 0 || count > QUERY_MOST || first >= limit) {
        return HF_BAD_ARGUMENT;
    }
    if (count > limit - first) count = (uint32_t)(limit - first);
    if (!mmu_take_entries(mmu, count)) return HF_AGAIN;
    hf_status_t status = mmu_spill(mmu, &page);
    if (status != HF_OK) return status;
    if (runs) copy_bytes(page->headers, &FRAME_HEADERS[first], count * sizeof(page->headers[0]));
    for (uint32_t i = 0; i < count && !runs; i++) page->entries[i] = frame_describe(first + i);
    result->detail = count;
    return HF_OK;
}
