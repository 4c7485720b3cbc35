/* Leaf entries: what ring 3 sees. */
#include "mmu.h"
#include "retire.h"

static bool rights_valid(unsigned rights) {
    return rights == HF_READ || rights == (HF_READ | HF_WRITE) || rights == (HF_READ | HF_EXECUTE);
}

/* The present PT entry that an operation is about, or why there is none. */
static hf_status_t find_leaf(const struct hf_operation *op, struct walk *leaf, struct hf_result *result) {
    if (op->level != HF_LEVEL_PT) return HF_BAD_ARGUMENT;
    hf_status_t status = mmu_find(op, HF_LEVEL_PT, leaf, result);
    return status == HF_OK && !entry_present(*leaf->entry) ? HF_NOT_MAPPED : status;
}

static uint32_t leaf_flags(pte_t entry) {
    return ((entry.value & ENTRY_ACCESSED) ? HF_LEAF_ACCESSED : 0u) |
           ((entry.value & ENTRY_DIRTY) ? HF_LEAF_DIRTY : 0u);
}

/* The frame table's entry of the table in which this page-table entry stands. */
static struct hf_frame_entry *table_of(const pte_t *entry) { return &FRAME_ENTRIES[frame_of(entry)]; }

hf_status_t mmu_map(struct mmu *, const struct hf_operation *op, struct hf_result *result) {
    struct walk leaf;
    if (op->level != HF_LEVEL_PT || !rights_valid(op->rights)) return HF_BAD_ARGUMENT;
    if (!frame_has_content(op->frame)) return HF_BAD_FRAME;
    if (FRAME_ENTRIES[op->frame].refs == UINT32_MAX) return HF_TOO_BIG;
    hf_status_t status = mmu_find(op, HF_LEVEL_PT, &leaf, result);
    if (status != HF_OK) return status;
    if (entry_present(*leaf.entry)) return HF_EXISTS;
    /* commit */
    frame_use(op->frame);
    *leaf.entry = (pte_t){op->frame << HF_PAGE_SHIFT | entry_rights(op->rights)};
    table_of(leaf.entry)->refs++;
    return HF_OK;
}

/* Removes a present leaf; tells whether its frame is FREE now. */
static bool remove_leaf(hf_frame_t root, uint64_t address, pte_t *entry) {
    hf_frame_t frame = entry_frame(*entry);
    *entry = (pte_t){0};
    retire(root, (uaddr_t){address});
    table_of(entry)->refs--;
    return frame_unuse(frame);
}

hf_status_t mmu_unmap(struct mmu *, const struct hf_operation *op, struct hf_result *result) {
    struct walk leaf;
    hf_status_t status = find_leaf(op, &leaf, result);
    if (status != HF_OK) return status;
    /* commit */
    pte_t entry = *leaf.entry;
    bool freed = remove_leaf(op->object, op->address, leaf.entry);
    result->detail = leaf_flags(entry) | (freed ? HF_LEAF_FREED : 0u);
    result->value[0] = entry_frame(entry);
    return HF_OK;
}

hf_status_t mmu_protect(struct mmu *, const struct hf_operation *op, struct hf_result *result) {
    struct walk leaf;
    if (!rights_valid(op->rights)) return HF_BAD_ARGUMENT;
    hf_status_t status = find_leaf(op, &leaf, result);
    if (status != HF_OK) return status;
    /* commit */
    pte_t entry = *leaf.entry;
    *leaf.entry = (pte_t){entry_frame(entry) << HF_PAGE_SHIFT | entry_rights(op->rights)};
    retire(op->object, (uaddr_t){op->address});
    result->detail = leaf_flags(entry);
    result->value[0] = entry_frame(entry);
    return HF_OK;
}

#define CLEAR_LEAVES 256u /* how many frame numbers fit into the answer */

hf_status_t mmu_clear(struct mmu *mmu, const struct hf_operation *op, struct hf_result *result) {
    struct walk leaf;
    struct hf_operation_page *page;
    hf_status_t status = mmu_find(op, HF_LEVEL_PT, &leaf, result);
    if (status == HF_OK && !mmu_take_entries(mmu, TABLE_ENTRIES)) status = HF_AGAIN;
    if (status == HF_OK) status = mmu_spill(mmu, &page);
    if (status != HF_OK) return status;
    /* commit */
    hf_frame_t table = frame_of(leaf.entry);
    pte_t *entries = frame_pointer(table);
    uint64_t first = op->address & ~(level_span(HF_LEVEL_PD) - 1);
    unsigned removed = 0;
    for (unsigned i = 0; i < TABLE_ENTRIES && removed < CLEAR_LEAVES; i++) {
        if (!entry_present(entries[i])) continue;
        hf_frame_t frame = entry_frame(entries[i]);
        removed++;
        bool freed = remove_leaf(op->object, first + i * HF_PAGE_SIZE, &entries[i]);
        if (freed) page->frames[result->detail++] = frame;
    }
    return frame_entry(table)->refs == 0 ? HF_OK : HF_AGAIN;
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
