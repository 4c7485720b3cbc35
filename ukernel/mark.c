/* What memsrv notes about frames, and reads back. */
#include "run.h"

/* The flags of a USER frame or run, as the operation says, or NULL. */
static uint8_t *find_flags(const struct hf_operation *op) {
    struct hf_run_header *run = run_at(op->object);
    struct hf_frame_entry *entry = frame_entry(op->object);
    if (op->level == HF_ONE_FRAME) return entry && entry->type == HF_FRAME_USER ? &entry->flags : NULL;
    bool large = run && (run->state == HF_RUN_USER || (run->state == HF_RUN_SPLIT && run_in_use(run)));
    return large ? &run->flags : NULL;
}

hf_status_t mmu_pin(struct mmu *, const struct hf_operation *op, struct hf_result *) {
    uint8_t *flags = find_flags(op);
    if (!extent_valid(op)) return HF_BAD_ARGUMENT;
    if (!flags) return HF_BAD_FRAME;
    if (*flags & HF_FRAME_PINNED) return HF_EXISTS;
    /* commit */
    *flags |= HF_FRAME_PINNED;
    return HF_OK;
}

hf_status_t mmu_unpin(struct mmu *mmu, const struct hf_operation *op, struct hf_result *result) {
    struct hf_operation_page *page = NULL;
    uint8_t *flags = find_flags(op);
    bool large = op->level == HF_WHOLE_RUN;
    if (!extent_valid(op)) return HF_BAD_ARGUMENT;
    if (!flags) return HF_BAD_FRAME;
    if (!(*flags & HF_FRAME_PINNED)) return HF_NOT_MAPPED;
    hf_status_t status = large ? run_check_unuse(mmu, op->object, &page) : HF_OK;
    if (status != HF_OK) return status;
    /* commit */
    *flags &= (uint8_t)~HF_FRAME_PINNED;
    if (large) {
        run_unuse(op->object, 0, page, result);
    } else if (frame_refs(op->object) == 0 && !run_in_use(frame_run(op->object))) {
        frame_release(op->object);
        result->detail = HF_LEAF_FREED;
    }
    return HF_OK;
}

/* Where the tag of a frame or run stands, or NULL when it can have none. */
static uint16_t *find_tag(const struct hf_operation *op) {
    struct hf_run_header *run = run_at(op->object);
    struct hf_frame_entry *entry = frame_entry(op->object);
    if (op->level == HF_WHOLE_RUN) {
        return run && (run->state == HF_RUN_STAGED || run->state == HF_RUN_USER) ? &run->busy : NULL;
    }
    bool tagged =
        entry && entry->type != HF_FRAME_RESERVED && entry->type != HF_FRAME_CORE && entry->type != HF_FRAME_FREE;
    return tagged ? &entry->tag : NULL;
}

hf_status_t mmu_tag(struct mmu *, const struct hf_operation *op, struct hf_result *) {
    uint16_t *tag = find_tag(op);
    if (!extent_valid(op) || op->address > UINT16_MAX) return HF_BAD_ARGUMENT;
    if (!tag) return HF_BAD_FRAME;
    /* commit */
    *tag = (uint16_t)op->address;
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
