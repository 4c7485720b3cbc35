/* Address spaces: built and taken apart by MMU operations. */
#pragma once

#include "ledger.h"
#include "region.h"

struct table {
    struct table *next;
    uint64_t address; /* one that it covers */
    hf_frame_t frame;
};

struct aspace {
    hf_frame_t root; /* HF_NO_FRAME: there is none (yet, or any more) */
    struct region_list regions;
    struct table *tables[3]; /* its PTs, PDs and PDPTs */
    struct ledger *ledger;   /* who pays */
};

/* A root with the kernel half. HF_QUOTA, HF_NO_MEMORY. */
HF_MUST_CHECK hf_status_t aspace_create(struct aspace *aspace, struct ledger *ledger);

/* A table taken and noted, to be installed at `level` for `address`; FREE still. */
HF_MUST_CHECK hf_status_t aspace_take_table(struct aspace *aspace, uint64_t address, unsigned level, hf_frame_t *table);

/* Maps a STAGED or USER frame, with the tables that this takes. HF_QUOTA, HF_NO_MEMORY. */
HF_MUST_CHECK hf_status_t aspace_map(struct aspace *aspace, uint64_t address, hf_frame_t frame, unsigned rights);

/* Brings one page from its region's backing. HF_QUOTA, HF_NO_MEMORY; HF_EXISTS when
 * something is mapped there already. */
HF_MUST_CHECK hf_status_t aspace_populate(struct aspace *aspace, const struct region *region, uint64_t address);

#define ASPACE_PART_PAGES 128u /* that one of the following calls looks at */

/* Unmaps, or gives new rights to, what is mapped from `start` on: a bounded number of
 * pages. Returns where to go on, at most `end`. Frames that nobody uses any more go back. */
uint64_t aspace_unmap(struct aspace *aspace, uint64_t start, uint64_t end);
uint64_t aspace_protect(struct aspace *aspace, uint64_t start, uint64_t end, unsigned rights);

/* Takes a part of the aspace apart; true when nothing is left of it. No task may
 * run in it any more. */
bool aspace_destroy_part(struct aspace *aspace);
