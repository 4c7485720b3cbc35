/* Leaf entries, one at a time: what ring 3 sees. */
#include "leaf.h"

#include "device.h"
#include "run.h"

static bool is_large(const struct hf_operation *op) { return op->level == HF_LEVEL_PD; }

/* The leaf that the operation is about, in a table of this level, or why there is none. */
static inline hf_status_t find_leaf(const struct hf_operation *op, unsigned level, struct walk *leaf,
                                    struct hf_result *result) {
    if (level == HF_LEVEL_PD && !address_is_large(op->address)) return HF_BAD_ADDRESS;
    hf_status_t status = mmu_find(op, level, leaf, result);
    if (status != HF_OK) return status;
    if (!entry_present(*leaf->entry)) return HF_NOT_MAPPED;
    return entry_is_leaf(*leaf->entry, level) ? HF_OK : HF_EXISTS;
}

static void put_leaf(pte_t *entry, hf_frame_t frame, uint64_t flags) {
    *entry = (pte_t){frame << HF_PAGE_SHIFT | flags};
    table_of(entry)->refs++;
}

/* What is about runs stands by itself, so that single pages don't make room for it. */
#define BY_ITSELF __attribute__((noinline)) static

BY_ITSELF hf_status_t map_run(const struct hf_operation *op, struct hf_result *result) {
    struct walk place;
    hf_status_t status = run_check_use(op->frame);
    if (status != HF_OK) return status;
    if (!address_is_large(op->address)) return HF_BAD_ADDRESS;
    status = mmu_find(op, HF_LEVEL_PD, &place, result);
    if (status != HF_OK) return status;
    if (entry_present(*place.entry)) return HF_EXISTS;
    /* commit */
    run_use(op->frame);
    put_leaf(place.entry, op->frame, leaf_rights(op->rights) | ENTRY_LARGE);
    return HF_OK;
}

hf_status_t mmu_map(struct mmu *, const struct hf_operation *op, struct hf_result *result) {
    struct walk place;
    uint64_t rights = leaf_rights(op->rights);
    if (!rights) return HF_BAD_ARGUMENT;
    if (op->level != HF_LEVEL_PT) return is_large(op) ? map_run(op, result) : HF_BAD_ARGUMENT;
    if (!frame_has_content(op->frame)) return HF_BAD_FRAME;
    if (FRAME_ENTRIES[op->frame].refs == UINT32_MAX) return HF_TOO_BIG;
    hf_status_t status = mmu_find(op, HF_LEVEL_PT, &place, result);
    if (status != HF_OK) return status;
    if (entry_present(*place.entry)) return HF_EXISTS;
    /* commit */
    frame_use(op->frame);
    put_leaf(place.entry, op->frame, rights);
    return HF_OK;
}

/* Never RAM, so that nothing counts who maps it; and uncached, without a PAT: Intel SDM vol. 3A, 11.5.2.1. */
hf_status_t mmu_map_device(struct mmu *, const struct hf_operation *op, struct hf_result *result) {
    struct walk place;
    uint64_t rights = leaf_rights(op->rights);
    if (!rights || (op->rights & HF_EXECUTE)) return HF_BAD_ARGUMENT;
    if (!device_frame_grantable(op->frame) || !frame_is(op->frame, HF_FRAME_RESERVED)) return HF_DENIED;
    hf_status_t status = mmu_find(op, HF_LEVEL_PT, &place, result);
    if (status != HF_OK) return status;
    if (entry_present(*place.entry)) return HF_EXISTS;
    /* commit */
    put_leaf(place.entry, op->frame, rights | ENTRY_DEVICE | ENTRY_NO_CACHE | ENTRY_WRITE_THROUGH);
    return HF_OK;
}

static uint32_t sampled(pte_t entry) {
    return ((entry.value & ENTRY_ACCESSED) ? HF_LEAF_ACCESSED : 0u) |
           ((entry.value & ENTRY_DIRTY) ? HF_LEAF_DIRTY : 0u);
}

BY_ITSELF hf_status_t unmap_run(struct mmu *mmu, const struct hf_operation *op, struct hf_result *result) {
    struct walk leaf;
    struct hf_operation_page *page = NULL;
    hf_status_t status = find_leaf(op, HF_LEVEL_PD, &leaf, result);
    if (status != HF_OK) return status;
    hf_frame_t first = entry_frame(*leaf.entry);
    status = run_check_unuse(mmu, first, &page);
    if (status != HF_OK) return status;
    /* commit */
    result->detail = sampled(leaf_take_out(op->object, op->address, leaf.entry));
    result->value[0] = first;
    run_unuse(first, 1, page, result);
    return HF_OK;
}

hf_status_t mmu_unmap(struct mmu *mmu, const struct hf_operation *op, struct hf_result *result) {
    struct walk leaf;
    if (op->level != HF_LEVEL_PT) return is_large(op) ? unmap_run(mmu, op, result) : HF_BAD_ARGUMENT;
    hf_status_t status = find_leaf(op, HF_LEVEL_PT, &leaf, result);
    if (status != HF_OK) return status;
    /* commit */
    pte_t old = leaf_take_out(op->object, op->address, leaf.entry);
    result->detail = sampled(old) | (leaf_end_use(old) ? HF_LEAF_FREED : 0u);
    result->value[0] = entry_frame(old);
    return HF_OK;
}

#define KEPT (ENTRY_ADDRESS | ENTRY_LARGE | ENTRY_DEVICE | ENTRY_NO_CACHE | ENTRY_WRITE_THROUGH)

hf_status_t mmu_protect(struct mmu *, const struct hf_operation *op, struct hf_result *result) {
    struct walk leaf;
    uint64_t rights = leaf_rights(op->rights);
    if (!rights || (op->level != HF_LEVEL_PT && !is_large(op))) return HF_BAD_ARGUMENT;
    hf_status_t status =
        is_large(op) ? find_leaf(op, HF_LEVEL_PD, &leaf, result) : find_leaf(op, HF_LEVEL_PT, &leaf, result);
    if (status != HF_OK) return status;
    uint64_t kept = leaf.entry->value & KEPT;
    if ((kept & ENTRY_DEVICE) && (op->rights & HF_EXECUTE)) return HF_BAD_ARGUMENT;
    /* commit */
    pte_t old = retire(op->object, op->address, leaf.entry, (pte_t){kept | rights});
    result->detail = sampled(old);
    result->value[0] = entry_frame(old);
    return HF_OK;
}

hf_status_t mmu_translate(struct mmu *mmu, const struct hf_operation *op, struct hf_result *result) {
    struct hf_operation_page *page;
    if (op->address >= HF_USER_END) return HF_BAD_ADDRESS;
    hf_status_t status = mmu_spill(mmu, &page);
    if (status != HF_OK) return status;
    struct walk last = walk(op->object, op->address, HF_LEVEL_PT);
    for (unsigned level = TABLE_LEVELS; level >= HF_LEVEL_PT; level--) {
        struct walk found = walk(op->object, op->address, level);
        page->walk[level - 1] = found.level == level ? found.entry->value : 0;
    }
    result->detail = last.level;
    result->value[0] = last.entry->value;
    return HF_OK;
}
