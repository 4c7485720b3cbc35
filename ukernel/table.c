/* Page tables: installing and removing them. */
#include "mmu.h"
#include "retire.h"
#include "walk.h"

static enum hf_frame_type table_type(unsigned level) {
    return (enum hf_frame_type)(HF_FRAME_PT + (level - HF_LEVEL_PT));
}

static hf_status_t check(const struct hf_operation *operation) {
    if (operation->level < HF_LEVEL_PT || operation->level >= TABLE_ROOT_LEVEL || operation->rights ||
        operation->count) {
        return HF_BAD_ARGUMENT;
    }
    if (!frame_is(operation->object, HF_FRAME_PML4)) {
        return HF_BAD_FRAME;
    }
    /* Any page that the table covers names it. */
    return address_is_user(operation->address, HF_PAGE_SIZE) ? HF_OK : HF_BAD_ADDRESS;
}

/* The entry that holds, or would hold, the table; its level is one above the table's. */
static hf_status_t find_parent(const struct hf_operation *operation, struct walk *parent,
                               struct hf_result *result) {
    hf_status_t status = walk_to(operation->object, operation->address, operation->level + 1u, parent);
    if (status == HF_NO_TABLE) {
        result->detail = parent->level - 1;
    }
    return status;
}

hf_status_t mmu_table_install(struct mmu *mmu, const struct hf_operation *operation, struct hf_result *result) {
    struct walk parent;
    hf_status_t status = check(operation);
    if (status != HF_OK) {
        return status;
    }
    if (!frame_is(operation->frame, HF_FRAME_FREE)) {
        return HF_BAD_FRAME;
    }
    status = find_parent(operation, &parent, result);
    if (status != HF_OK) {
        return status;
    }
    if (entry_present(*parent.entry)) {
        return HF_EXISTS;
    }
    if (!mmu_take_object(mmu, operation->frame)) {
        return HF_AGAIN;
    }
    /* commit */
    frame_claim(operation->frame, table_type(operation->level));
    zero_page(frame_pointer(operation->frame));
    *parent.entry = entry_table(operation->frame);
    frame_entry(frame_of(parent.entry))->refs++;
    return HF_OK;
}

hf_status_t mmu_table_remove(struct mmu *mmu, const struct hf_operation *operation, struct hf_result *result) {
    struct walk parent;
    (void)mmu;
    hf_status_t status = operation->frame ? HF_BAD_ARGUMENT : check(operation);
    if (status != HF_OK) {
        return status;
    }
    status = find_parent(operation, &parent, result);
    if (status == HF_OK && !entry_present(*parent.entry)) {
        result->detail = operation->level;
        status = HF_NO_TABLE;
    }
    if (status != HF_OK) {
        return status;
    }
    if (entry_is_leaf(*parent.entry, parent.level)) {
        return HF_EXISTS;
    }
    hf_frame_t table = entry_frame(*parent.entry);
    if (frame_entry(table)->refs != 0) {
        return HF_NOT_EMPTY;
    }
    /* commit */
    *parent.entry = (pte_t){0};
    retire_table(operation->object, (uaddr_t){operation->address});
    frame_entry(frame_of(parent.entry))->refs--;
    frame_release(table);
    result->value[0] = table;
    return HF_OK;
}
