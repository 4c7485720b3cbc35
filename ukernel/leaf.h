/* Leaf entries, as several operations change them. */
#pragma once

#include "mmu.h"
#include "retire.h"

/* The frame table's entry of the table in which a page-table entry stands. */
static inline struct hf_frame_entry *table_of(const pte_t *entry) { return &FRAME_ENTRIES[frame_of(entry)]; }

/* The bits of a leaf with these rights, or 0 when no page may have them. */
static inline uint64_t leaf_rights(unsigned rights) {
    static const uint64_t bits[] = {
        [HF_READ] = ENTRY_PRESENT | ENTRY_USER | ENTRY_NX,
        [HF_READ | HF_WRITE] = ENTRY_PRESENT | ENTRY_USER | ENTRY_NX | ENTRY_WRITE,
        [HF_READ | HF_EXECUTE] = ENTRY_PRESENT | ENTRY_USER,
    };
    return rights < sizeof(bits) / sizeof(bits[0]) ? bits[rights] : 0;
}

/* Takes a present entry out, with its translation; the entry. What it named is used as before. */
static inline pte_t leaf_take_out(hf_frame_t root, uint64_t address, pte_t *entry) {
    pte_t old = retire(root, address, entry, (pte_t){0});
    table_of(entry)->refs--;
    return old;
}

/* The frame that a PT's entry named, which was taken out, is used once less; whether that became FREE. */
static inline bool leaf_end_use(pte_t old) { return !(old.value & ENTRY_DEVICE) && frame_unuse(entry_frame(old)); }
