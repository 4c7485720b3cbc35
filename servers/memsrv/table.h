/* What memsrv notes of an address space's page tables: for each table, and for each page of
 * 2 MiB, where it stands; found by its address, and listed by its level. */
#pragma once

#include <handoff/mmu.h>
#include <stdbool.h>

struct aspace;

/* Of a page of 2 MiB; it stands where a PT would. */
#define TABLE_LARGE 0u
#define TABLE_LEVELS 4u /* TABLE_LARGE, HF_LEVEL_PT, HF_LEVEL_PD, HF_LEVEL_PDPT */

struct table {
    struct table *next, *previous; /* of the same aspace and level */
    struct table *same_hash;
    hf_frame_t root;  /* of the aspace */
    uint64_t address; /* one that it covers; of a page of 2 MiB the first */
    hf_frame_t frame; /* of the page, the first */
    unsigned level;
};

/* How many bytes a table of that level covers. */
static inline uint64_t table_span(unsigned level) {
    return 1ull << (HF_PAGE_SHIFT + 9 * (level == TABLE_LARGE ? HF_LEVEL_PT : level));
}

/* The PT or page of 2 MiB at an address, for HF_LEVEL_PT; or the table of a higher level. NULL: none. */
struct table *table_find(const struct aspace *aspace, uint64_t address, unsigned level);

/* Notes one, which the aspace's ledger pays for. NULL: HF_QUOTA or HF_NO_MEMORY, see table_why_not. */
struct table *table_add(struct aspace *aspace, uint64_t address, unsigned level, hf_frame_t frame);
HF_MUST_CHECK hf_status_t table_why_not(const struct aspace *aspace);
void table_drop(struct aspace *aspace, struct table *table);

/* A page of 2 MiB has become a PT. */
void table_split(struct aspace *aspace, struct table *table, hf_frame_t frame);
