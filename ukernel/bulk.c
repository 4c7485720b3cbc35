/* Operations on all leaves of one PT. */
#include "leaf.h"
#include "run.h"

/* The PT that covers an address in an aspace. */
static hf_status_t find_table(hf_frame_t root, uint64_t address, pte_t **entries, struct hf_result *result) {
    struct walk found;
    hf_status_t status =
        mmu_find(&(struct hf_operation){.object = root, .address = address}, HF_LEVEL_PT, &found, result);
    if (status == HF_OK) *entries = frame_pointer(frame_of(found.entry));
    return status;
}

static uint64_t first_address(uint64_t address) { return address & ~(level_span(HF_LEVEL_PD) - 1); }

#define GROUP 16u

static inline bool group_is_empty(const pte_t *entries) {
    uint64_t any = 0;
#pragma GCC unroll 16
    for (unsigned i = 0; i < GROUP; i++) any |= entries[i].value;
    return any == 0;
}

static __attribute__((noinline)) unsigned skip_empty(const pte_t *entries, unsigned i) {
    while (i % GROUP != 0 && !entry_present(entries[i])) i++;
    while (group_is_empty(&entries[i])) i += GROUP;
    while (!entry_present(entries[i])) i++;
    return i;
}

/* The first present entry from `i` on, of a table that has one there. Most of a table is
 * empty mostly; where it isn't, nothing is called. */
static inline unsigned next_present(const pte_t *entries, unsigned i) {
    return entry_present(entries[i]) ? i : skip_empty(entries, i);
}

#define CLEAR_LEAVES 256u /* how many frame numbers fit into the answer */

hf_status_t mmu_clear(struct mmu *mmu, const struct hf_operation *op, struct hf_result *result) {
    pte_t *entries;
    struct hf_operation_page *page;
    hf_status_t status = find_table(op->object, op->address, &entries, result);
    if (status == HF_OK && !mmu_take_entries(mmu, TABLE_ENTRIES)) status = HF_AGAIN;
    if (status == HF_OK) status = mmu_spill(mmu, &page);
    if (status != HF_OK) return status;
    /* commit */
    const struct hf_frame_entry *table = table_of(entries);
    uint64_t address = first_address(op->address), removed = 0;
    for (unsigned i = 0; table->refs != 0 && removed < CLEAR_LEAVES; i++, removed++) {
        i = next_present(entries, i);
        pte_t old = leaf_take_out(op->object, address + i * HF_PAGE_SIZE, &entries[i]);
        if (leaf_end_use(old)) page->frames[result->detail++] = entry_frame(old);
    }
    result->value[0] = removed;
    return table->refs == 0 ? HF_OK : HF_AGAIN;
}

/* Devices stay where they are: a copy of one could not be told from its frame. */
static bool can_be_cloned(pte_t entry) { return !(entry.value & ENTRY_DEVICE); }

/* Of these, the first that is present is `first`. */
static bool may_overflow(const pte_t *entries, unsigned first) {
    for (unsigned i = first, left = table_of(entries)->refs; left > 0; i++, left--) {
        i = next_present(entries, i);
        if (!can_be_cloned(entries[i])) continue;
        /* All of them may name the same frame. */
        if (FRAME_ENTRIES[entry_frame(entries[i])].refs > UINT32_MAX - TABLE_ENTRIES) return true;
    }
    return false;
}

/* All leaves that can be cloned: how many. */
static unsigned clone_leaves(hf_frame_t root, uint64_t address, unsigned first, pte_t *from, pte_t *to) {
    unsigned cloned = 0;
    for (unsigned i = first, left = table_of(from)->refs; left > 0; i++, left--) {
        i = next_present(from, i);
        const pte_t leaf = from[i];
        if (!can_be_cloned(leaf)) continue;
        to[i].value = leaf.value & ~(ENTRY_WRITE | ENTRY_ACCESSED | ENTRY_DIRTY);
        frame_use(entry_frame(leaf));
        cloned++;
        if (leaf.value & ENTRY_WRITE) {
            retire(root, address + i * HF_PAGE_SIZE, &from[i], (pte_t){leaf.value & ~ENTRY_WRITE});
        }
    }
    return cloned;
}

hf_status_t mmu_clone(struct mmu *mmu, const struct hf_operation *op, struct hf_result *result) {
    pte_t *from, *to;
    if (!frame_is(op->frame, HF_FRAME_PML4)) return HF_BAD_FRAME;
    hf_status_t status = find_table(op->object, op->address, &from, result);
    if (status == HF_OK) status = find_table(op->frame, op->address, &to, result);
    if (status != HF_OK) return status;
    if (table_of(to)->refs != 0) return HF_NOT_EMPTY;
    if (!mmu_take_entries(mmu, TABLE_ENTRIES)) return HF_AGAIN;
    unsigned first = table_of(from)->refs != 0 ? next_present(from, 0) : 0;
    if (may_overflow(from, first)) return HF_TOO_BIG;
    /* commit */
    result->detail = clone_leaves(op->object, first_address(op->address), first, from, to);
    table_of(to)->refs = result->detail;
    return HF_OK;
}

/* What 512 entries cost to write and to count, as if they were visited. */
#define SPLIT_WORK (TABLE_ENTRIES / 2)

hf_status_t mmu_split(struct mmu *mmu, const struct hf_operation *op, struct hf_result *result) {
    struct walk leaf;
    if (!address_is_large(op->address)) return HF_BAD_ADDRESS;
    if (!frame_is(op->frame, HF_FRAME_FREE)) return HF_BAD_FRAME;
    hf_status_t status = mmu_find(op, HF_LEVEL_PD, &leaf, result);
    if (status != HF_OK) return status;
    if (!entry_present(*leaf.entry)) return HF_NOT_MAPPED;
    if (!entry_is_leaf(*leaf.entry, HF_LEVEL_PD)) return HF_EXISTS;
    hf_frame_t first = entry_frame(*leaf.entry);
    if (!mmu_take_entries(mmu, SPLIT_WORK)) return HF_AGAIN;
    if (!run_check_split(first)) return HF_TOO_BIG;
    pte_t *entries = mmu_create(mmu, op->frame, HF_FRAME_PT);
    if (!entries) return HF_AGAIN;
    uint64_t flags = leaf.entry->value & ~(ENTRY_ADDRESS | ENTRY_LARGE);
    for (unsigned i = 0; i < TABLE_ENTRIES; i++) entries[i] = (pte_t){(first + i) << HF_PAGE_SHIFT | flags};
    frame_entry(op->frame)->refs = TABLE_ENTRIES;
    run_split(first);
    retire(op->object, op->address, leaf.entry, entry_table(op->frame));
    return HF_OK;
}
