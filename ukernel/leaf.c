/* Leaf entries: what ring 3 sees. */
#include "mmu.h"
#include "retire.h"
#include "walk.h"

static bool rights_valid(unsigned rights) {
    return (rights & HF_READ) && rights <= (HF_READ | HF_WRITE | HF_EXECUTE) &&
           (rights & (HF_WRITE | HF_EXECUTE)) != (HF_WRITE | HF_EXECUTE);
}

static hf_status_t check_place(const struct hf_operation *operation) {
    if (!frame_is(operation->object, HF_FRAME_PML4)) {
        return HF_BAD_FRAME;
    }
    return address_is_user(operation->address, HF_PAGE_SIZE) ? HF_OK : HF_BAD_ADDRESS;
}

/* The PT entry for the operation's address, or why there is none. */
static hf_status_t find_entry(const struct hf_operation *operation, struct walk *leaf, struct hf_result *result) {
    hf_status_t status = walk_to(operation->object, operation->address, HF_LEVEL_PT, leaf);
    if (status == HF_NO_TABLE) {
        result->detail = leaf->level - 1;
    }
    return status;
}

/* The same for an entry that must be present. */
static hf_status_t find_leaf(const struct hf_operation *operation, struct walk *leaf, struct hf_result *result) {
    hf_status_t status = check_place(operation);
    if (status == HF_OK) {
        status = find_entry(operation, leaf, result);
    }
    if (status == HF_OK && !entry_present(*leaf->entry)) {
        status = HF_NOT_MAPPED;
    }
    return status;
}

static uint32_t leaf_flags(pte_t entry) {
    return ((entry.value & ENTRY_ACCESSED) ? HF_LEAF_ACCESSED : 0u) |
           ((entry.value & ENTRY_DIRTY) ? HF_LEAF_DIRTY : 0u);
}

static hf_status_t check_frame(hf_frame_t frame) {
    enum hf_frame_type type = frame_type(frame);
    if (type != HF_FRAME_STAGED && type != HF_FRAME_USER) {
        return HF_BAD_FRAME;
    }
    return frame_entry(frame)->refs == UINT32_MAX ? HF_TOO_BIG : HF_OK;
}

hf_status_t mmu_map(struct mmu *mmu, const struct hf_operation *operation, struct hf_result *result) {
    struct walk leaf;
    (void)mmu;
    if (operation->level != HF_LEVEL_PT || operation->count || !rights_valid(operation->rights)) {
        return HF_BAD_ARGUMENT;
    }
    hf_status_t status = check_place(operation);
    if (status == HF_OK) {
        status = check_frame(operation->frame);
    }
    if (status == HF_OK) {
        status = find_entry(operation, &leaf, result);
    }
    if (status != HF_OK) {
        return status;
    }
    if (entry_present(*leaf.entry)) {
        return HF_EXISTS;
    }
    /* commit */
    frame_use(operation->frame);
    *leaf.entry = (pte_t){operation->frame << HF_PAGE_SHIFT | entry_rights(operation->rights)};
    frame_entry(frame_of(leaf.entry))->refs++;
    return HF_OK;
}

/* Removes a present leaf; tells whether its frame is FREE now. */
static bool remove_leaf(hf_frame_t root, uint64_t address, pte_t *entry) {
    hf_frame_t frame = entry_frame(*entry);
    *entry = (pte_t){0};
    retire_page(root, (uaddr_t){address});
    frame_entry(frame_of(entry))->refs--;
    return frame_unuse(frame);
}

hf_status_t mmu_unmap(struct mmu *mmu, const struct hf_operation *operation, struct hf_result *result) {
    struct walk leaf;
    (void)mmu;
    if (operation->level != HF_LEVEL_PT || operation->count || operation->rights || operation->frame) {
        return HF_BAD_ARGUMENT;
    }
    hf_status_t status = find_leaf(operation, &leaf, result);
    if (status != HF_OK) {
        return status;
    }
    /* commit */
    pte_t entry = *leaf.entry;
    bool freed = remove_leaf(operation->object, operation->address, leaf.entry);
    result->detail = leaf_flags(entry) | (freed ? HF_LEAF_FREED : 0u);
    result->value[0] = entry_frame(entry);
    return HF_OK;
}

hf_status_t mmu_protect(struct mmu *mmu, const struct hf_operation *operation, struct hf_result *result) {
    struct walk leaf;
    (void)mmu;
    if (operation->level != HF_LEVEL_PT || operation->count || operation->frame ||
        !rights_valid(operation->rights)) {
        return HF_BAD_ARGUMENT;
    }
    hf_status_t status = find_leaf(operation, &leaf, result);
    if (status != HF_OK) {
        return status;
    }
    /* commit */
    pte_t entry = *leaf.entry;
    *leaf.entry = (pte_t){entry_frame(entry) << HF_PAGE_SHIFT | entry_rights(operation->rights)};
    retire_page(operation->object, (uaddr_t){operation->address});
    result->detail = leaf_flags(entry);
    result->value[0] = entry_frame(entry);
    return HF_OK;
}

#define CLEAR_LEAVES 256u

hf_status_t mmu_clear(struct mmu *mmu, const struct hf_operation *operation, struct hf_result *result) {
    struct walk leaf;
    struct hf_operation_page *page;
    if (operation->level || operation->count || operation->rights || operation->frame) {
        return HF_BAD_ARGUMENT;
    }
    hf_status_t status = check_place(operation);
    if (status == HF_OK) {
        status = find_entry(operation, &leaf, result);
    }
    if (status == HF_OK && !mmu_take_entries(mmu, TABLE_ENTRIES)) {
        return HF_AGAIN;
    }
    if (status == HF_OK) {
        status = mmu_spill(mmu, &page);
    }
    if (status != HF_OK) {
        return status;
    }
    /* commit */
    hf_frame_t table = frame_of(leaf.entry);
    pte_t *entries = frame_pointer(table);
    uint64_t first = operation->address & ~(level_span(HF_LEVEL_PD) - 1);
    unsigned removed = 0;
    for (unsigned i = 0; i < TABLE_ENTRIES && removed < CLEAR_LEAVES; i++) {
        if (!entry_present(entries[i])) {
            continue;
        }
        hf_frame_t frame = entry_frame(entries[i]);
        removed++;
        if (remove_leaf(operation->object, first + i * HF_PAGE_SIZE, &entries[i])) {
            page->frames[result->detail++] = frame;
        }
    }
    return frame_entry(table)->refs == 0 ? HF_OK : HF_AGAIN;
}

hf_status_t mmu_translate(struct mmu *mmu, const struct hf_operation *operation, struct hf_result *result) {
    struct hf_operation_page *page;
    if (operation->level || operation->count || operation->rights || operation->frame) {
        return HF_BAD_ARGUMENT;
    }
    if (!frame_is(operation->object, HF_FRAME_PML4)) {
        return HF_BAD_FRAME;
    }
    if (operation->address >= HF_USER_END) {
        return HF_BAD_ADDRESS;
    }
    hf_status_t status = mmu_spill(mmu, &page);
    if (status != HF_OK) {
        return status;
    }
    struct walk last = walk(operation->object, operation->address, HF_LEVEL_PT);
    for (unsigned level = TABLE_ROOT_LEVEL; level >= HF_LEVEL_PT; level--) {
        bool reached = level >= last.level;
        page->walk[level - 1] = reached ? walk(operation->object, operation->address, level).entry->value : 0;
    }
    result->detail = last.level;
    result->value[0] = last.entry->value;
    return HF_OK;
}
