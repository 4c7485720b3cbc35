/* Leaf entries, as several operations change them. */
#pragma once

#include "mmu.h"
#include "retire.h"

/* The frame table's entry of the table in which a page-table entry stands. */
static inline struct hf_frame_entry *table_of(const pte_t *entry) { return &FRAME_ENTRIES[frame_of(entry)]; }

static inline uint64_t leaf_rights(unsigned rights) {
    return ENTRY_PRESENT | ENTRY_USER | ((rights & HF_WRITE) ? ENTRY_WRITE : 0) |
           ((rights & HF_EXECUTE) ? 0 : ENTRY_NX);
}

static inline bool leaf_rights_valid(unsigned rights) {
    return rights == HF_READ || rights == (HF_READ | HF_WRITE) || rights == (HF_READ | HF_EXECUTE);
}

/* Takes a present entry out, with its translation. What it named is used as before. */
static inline void leaf_take_out(hf_frame_t root, uint64_t address, pte_t *entry) {
    *entry = (pte_t){0};
    retire(root, (uaddr_t){address});
    table_of(entry)->refs--;
}

/* The same of a PT's entry, and its frame is used once less; whether that became FREE. */
static inline bool leaf_remove(hf_frame_t root, uint64_t address, pte_t *entry) {
    pte_t old = *entry;
    leaf_take_out(root, address, entry);
    return !(old.value & ENTRY_DEVICE) && frame_unuse(entry_frame(old));
}
