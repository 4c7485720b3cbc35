#include "walk.h"

struct walk walk(hf_frame_t root, uint64_t address, unsigned until) {
    pte_t *table = frame_pointer(root);
    for (unsigned level = TABLE_LEVELS;; level--) {
        pte_t *entry = &table[address / level_span(level) % TABLE_ENTRIES];
        if (level == until || !entry_present(*entry) || entry_is_leaf(*entry, level)) {
            return (struct walk){entry, level};
        }
        table = frame_pointer(entry_frame(*entry));
    }
}
