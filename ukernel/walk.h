/* Page-table entries and the walk from a root to one of them.
 *
 *   address  47      39 38      30 29      21 20      12 11         0
 *            | PML4    | PDPT     | PD       | PT       | offset    |
 *              |         |          |          |
 *      root -> PML4E --> PDPTE ---> PDE -----> PTE -----> 4 KiB page
 *                                    `--------------------> 2 MiB page (bit 7 set)
 *
 * Bits of an entry: Intel SDM vol. 3A, 4.5, tables 4-14 to 4-20. */
#pragma once

#include <handoff/mmu.h>
#include <stdbool.h>

#include "address.h"

#define ENTRY_PRESENT (1ul << 0)
#define ENTRY_WRITE (1ul << 1)
#define ENTRY_USER (1ul << 2)
#define ENTRY_WRITE_THROUGH (1ul << 3)
#define ENTRY_NO_CACHE (1ul << 4)
#define ENTRY_ACCESSED (1ul << 5)
#define ENTRY_DIRTY (1ul << 6)
#define ENTRY_LARGE (1ul << 7) /* a leaf in a PD or PDPT */
#define ENTRY_GLOBAL (1ul << 8)
#define ENTRY_DEVICE (1ul << 9) /* one of those that are ours: a leaf that names no RAM */
#define ENTRY_NX (1ul << 63)
#define ENTRY_ADDRESS 0x000ffffffffff000ul

#define TABLE_ENTRIES (1u << TABLE_BITS)

/* Bytes that one entry of a table of this level covers. */
static inline uint64_t level_span(unsigned level) { return 1ul << (HF_PAGE_SHIFT + TABLE_BITS * (level - 1)); }

static inline bool entry_present(pte_t entry) { return (entry.value & ENTRY_PRESENT) != 0; }

static inline bool entry_is_leaf(pte_t entry, unsigned level) {
    return level == HF_LEVEL_PT || (entry.value & ENTRY_LARGE) != 0;
}

static inline hf_frame_t entry_frame(pte_t entry) { return (entry.value & ENTRY_ADDRESS) >> HF_PAGE_SHIFT; }

static inline pte_t entry_table(hf_frame_t table) {
    return (pte_t){table << HF_PAGE_SHIFT | ENTRY_PRESENT | ENTRY_WRITE | ENTRY_USER};
}

/* Where a walk ended. */
struct walk {
    pte_t *entry;   /* the last entry that was read */
    unsigned level; /* of the table it stands in */
};

static inline pte_t *entry_in(pte_t *table, uint64_t address, unsigned level) {
    return &table[address / level_span(level) % TABLE_ENTRIES];
}

/* Goes down from the root towards `address` until the table of level `until` is
 * reached, or an entry that is absent or a leaf. Never takes a page for a table: there
 * are none that large that a PML4's entry could be one. */
static inline struct walk walk(hf_frame_t root, uint64_t address, unsigned until) {
    pte_t *table = frame_pointer(root);
#pragma GCC unroll 4
    for (unsigned level = TABLE_LEVELS; level > until; level--) {
        pte_t *entry = entry_in(table, address, level);
        uint64_t decides = level > HF_LEVEL_PDPT ? ENTRY_PRESENT : ENTRY_PRESENT | ENTRY_LARGE;
        if ((entry->value & decides) != ENTRY_PRESENT) return (struct walk){entry, level};
        table = frame_pointer(entry_frame(*entry));
    }
    return (struct walk){entry_in(table, address, until), until};
}

/* Whether it is the address of a page that ring 3 may have mapped. */
static inline bool address_is_user(uint64_t address) {
    /* Bits of the offset in the page become the highest of the number. */
    uint64_t page = address >> HF_PAGE_SHIFT | address << (64 - HF_PAGE_SHIFT);
    return page - HF_USER_FIRST / HF_PAGE_SIZE < (HF_USER_END - HF_USER_FIRST) / HF_PAGE_SIZE;
}

/* The same of a page of 2 MiB: the last of the user half has its last page of 4 KiB in it. */
static inline bool address_is_large(uint64_t address) {
    return address % level_span(HF_LEVEL_PD) == 0 && address_is_user(address) &&
           address + level_span(HF_LEVEL_PD) <= HF_USER_END;
}
