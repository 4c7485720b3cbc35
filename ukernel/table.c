/* Page tables: installing and removing them. */
#include "mmu.h"
#include "retire.h"

static bool level_valid(const struct hf_operation *op) { return op->level >= HF_LEVEL_PT && op->level < TABLE_LEVELS; }

hf_status_t mmu_table_install(struct mmu *mmu, const struct hf_operation *op, struct hf_result *result) {
    struct walk parent;
    if (!level_valid(op)) return HF_BAD_ARGUMENT;
    if (!frame_is(op->frame, HF_FRAME_FREE)) return HF_BAD_FRAME;
    hf_status_t status = mmu_find(op, op->level + 1u, &parent, result);
    if (status != HF_OK) return status;
    if (entry_present(*parent.entry)) return HF_EXISTS;
    unsigned type = HF_FRAME_PT + (op->level - HF_LEVEL_PT);
    if (!mmu_create(mmu, op->frame, (enum hf_frame_type)type)) return HF_AGAIN;
    *parent.entry = entry_table(op->frame);
    frame_entry(frame_of(parent.entry))->refs++;
    return HF_OK;
}

hf_status_t mmu_table_remove(struct mmu *, const struct hf_operation *op, struct hf_result *result) {
    struct walk parent;
    if (!level_valid(op)) return HF_BAD_ARGUMENT;
    hf_status_t status = mmu_find(op, op->level + 1u, &parent, result);
    if (status != HF_OK) return status;
    if (!entry_present(*parent.entry)) {
        result->detail = op->level;
        return HF_NO_TABLE;
    }
    if (entry_is_leaf(*parent.entry, parent.level)) return HF_EXISTS;
    hf_frame_t table = entry_frame(*parent.entry);
    if (frame_entry(table)->refs != 0) return HF_NOT_EMPTY;
    /* commit */
    retire(op->object, op->address, parent.entry, (pte_t){0});
    frame_entry(frame_of(parent.entry))->refs--;
    frame_release(table);
    result->value[0] = table;
    return HF_OK;
}
