#include "walk.h"

struct walk walk(hf_frame_t root, uint64_t address, unsigned until) {
    pte_t *table = frame_pointer(root);
    unsigned level = TABLE_ROOT_LEVEL;

    for (;;) {
        pte_t *entry = &table[level_index(address, level)];
        if (level == until || !entry_present(*entry) || entry_is_leaf(*entry, level)) {
            return (struct walk){entry, level};
        }
        table = frame_pointer(entry_frame(*entry));
        level--;
    }
}

hf_status_t walk_to(hf_frame_t root, uint64_t address, unsigned level, struct walk *found) {
    *found = walk(root, address, level);
    if (found->level == level) {
        return HF_OK;
    }
    return entry_present(*found->entry) ? HF_EXISTS : HF_NO_TABLE;
}

bool address_is_user(uint64_t address, uint64_t span) {
    return address % span == 0 && address >= HF_USER_FIRST && address < HF_USER_END &&
           span <= HF_USER_END - address;
}
