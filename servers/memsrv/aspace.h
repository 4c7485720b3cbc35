/* Address spaces: built and taken apart by MMU operations. */
#pragma once

#include "ledger.h"
#include "region.h"
#include "table.h"

struct aspace {
    hf_frame_t root; /* HF_NO_FRAME: there is none (yet, or any more) */
    struct region_list regions;
    struct table *tables[TABLE_LEVELS]; /* and its pages of 2 MiB */
    struct ledger *ledger;              /* who pays */
    uint64_t regions_noted;             /* for how many of its regions the ledger pays */
    uint64_t cleared;                   /* pages that were unmapped while it was taken apart */
    bool forked;                        /* pages of its own may be others' too */
    bool partial;                       /* a fork has not mapped yet all that the ledger counts */
};

/* How many instructions a part of longer work should take, roughly; and what some of it does. */
#define PART_COST 40000
enum aspace_cost {
    COST_SLOT = 80,   /* finding out whether something is there */
    COST_PAGE = 330,  /* unmapping one, or giving it new rights */
    COST_LARGE = 800, /* the same of one of 2 MiB */
    COST_CLEAR = 4000,
    COST_CLEARED = 130,  /* for each page of a table that is cleared */
    COST_PIECES = 60000, /* of a page of 2 MiB that was split elsewhere */
};

/* A root with the kernel half. HF_QUOTA, HF_NO_MEMORY. */
HF_MUST_CHECK hf_status_t aspace_create(struct aspace *aspace, struct ledger *ledger);

/* A table taken and noted, to be installed at `level` for `address`; FREE still. */
HF_MUST_CHECK hf_status_t aspace_take_table(struct aspace *aspace, uint64_t address, unsigned level, hf_frame_t *table);

/* Whether a frame that is mapped through a region belongs to whoever maps it, and is in its ledger so. */
bool aspace_is_paid(const struct backing *backing, hf_frame_t frame);

/* The rights that pages of a region can have in bulk: what may be others' too is made writable
 * one by one, when it is written. */
unsigned aspace_bulk_rights(const struct aspace *aspace, const struct backing *backing, unsigned rights);

/* Maps a STAGED or USER frame, with the tables that this takes; or a run, at the start of 2 MiB
 * where nothing is. The ledger has the pages already. HF_QUOTA, HF_NO_MEMORY; HF_EXISTS. */
HF_MUST_CHECK hf_status_t aspace_map(struct aspace *aspace, uint64_t address, hf_frame_t frame, unsigned rights);
HF_MUST_CHECK hf_status_t aspace_map_run(struct aspace *aspace, uint64_t address, hf_frame_t run, unsigned rights);

/* Brings one page from its region's backing. HF_QUOTA, HF_NO_MEMORY; HF_EXISTS when
 * something is mapped there already. */
HF_MUST_CHECK hf_status_t aspace_populate(struct aspace *aspace, const struct region *region, uint64_t address);

/* Unmaps, or gives new rights to, what a region of that backing has mapped from `start` on, as far as
 * the cost allows. Returns where to go on, at most `end`. What nobody uses any more goes back, tables
 * too. Pages of 2 MiB must be inside altogether. */
uint64_t aspace_unmap(struct aspace *aspace, const struct backing *backing, uint64_t start, uint64_t end, int *cost);
uint64_t aspace_protect(struct aspace *aspace, const struct backing *backing, uint64_t start, uint64_t end,
                        unsigned rights, int *cost);

/* Gives back the tables for an address that nothing is in. */
void aspace_trim(struct aspace *aspace, uint64_t address);

/* Makes 512 pages of the one of 2 MiB across `address`, if one is. It needs a table, which is the
 * ledger's even beyond its quota. HF_NO_MEMORY. */
HF_MUST_CHECK hf_status_t aspace_split(struct aspace *aspace, uint64_t address);

/* Takes what a region has below `until` out, of which nothing is mapped any more. */
void aspace_drop(struct aspace *aspace, struct region *region, uint64_t until);

/* Whether its ledger has room for the notes about one region more. HF_QUOTA, HF_NO_MEMORY. And notes how
 * many there are now, beyond the quota if need be. */
HF_MUST_CHECK hf_status_t aspace_region_room(const struct aspace *aspace);
/* The same for so many more, by which regions are cut: what is cut to be unmapped may take a little more than there is. */
HF_MUST_CHECK hf_status_t aspace_cut_room(const struct aspace *aspace, unsigned more, bool unmaps);
void aspace_note_regions(struct aspace *aspace);

/* Takes a part of the aspace apart; true when nothing is left of it. No task may
 * run in it any more. */
bool aspace_destroy_part(struct aspace *aspace, int *cost);
