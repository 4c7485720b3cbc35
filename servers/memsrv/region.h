/* What an address space contains: disjoint ranges of pages, each with a backing, rights
 * and a name. They stand in a balanced tree, so that no call but the last two takes
 * longer than some steps for each doubling of their number. */
#pragma once

#include <handoff/mem.h>
#include <handoff/status.h>
#include <stdbool.h>

#include "backing.h"

/* Of all regions in a part of the tree. */
struct region_sum {
    uint64_t start, end; /* the lowest, the highest */
    uint64_t gap;        /* the longest between two of them */
    uint64_t bytes;
    unsigned forbids;
    unsigned height;
};

struct region {
    uint64_t start, end;     /* bytes, whole pages, end exclusive */
    struct region *child[2]; /* those below, those above */
    struct region *parent;
    struct region_sum sum;    /* of this one and all that are in the tree below it */
    unsigned rights, forbids; /* enum hf_rights: those it has; those it can't get */
    const struct backing *backing;
    struct backing_data data;
};

struct region_list {
    struct region *root, *recent; /* recent: what was found last, or NULL */
    uint64_t count;
};

/* region_find's longer way: down the tree. */
struct region *region_search(struct region_list *list, uint64_t address);

/* The region that has `address`, or NULL. */
static inline struct region *region_find(struct region_list *list, uint64_t address) {
    struct region *recent = list->recent;
    return recent && address >= recent->start && address < recent->end ? recent : region_search(list, address);
}

/* The first region that ends above `address`, or NULL. */
struct region *region_from(const struct region_list *list, uint64_t address);

/* The next higher one, or NULL. */
struct region *region_next(const struct region *region);

/* Whether nothing at all is in [start, end). */
bool region_is_free(const struct region_list *list, uint64_t start, uint64_t end);

/* Whether everything in [start, end) is in regions (guards are). */
bool region_is_full(const struct region_list *list, uint64_t start, uint64_t end);

/* The lowest gap of `length` bytes at or above `from` that ends at or below `limit`; 0 for none. */
uint64_t region_gap(const struct region_list *list, uint64_t from, uint64_t length, uint64_t limit);

/* Whether every region in [start, end) may get these rights: an image's can lose
 * rights, and get back what it was linked with. */
bool region_may(const struct region_list *list, uint64_t start, uint64_t end, unsigned rights);

/* Adds one that overlaps no other: its range, rights, backing and data. HF_NO_MEMORY. */
HF_MUST_CHECK hf_status_t region_add(struct region_list *list, const struct region *region);

/* Makes `start` and `end` (above it) borders of regions, so that what lies between can be
 * changed by itself. What is freed is cut first, so there is a reserve for this.
 * HF_NO_MEMORY when that is used up too; nothing was changed then. */
HF_MUST_CHECK hf_status_t region_cut(struct region_list *list, uint64_t start, uint64_t end);

/* Removes what the region has below `until`, which is above its start; at its end, nothing of it is left. */
void region_drop(struct region_list *list, struct region *region, uint64_t until);

/* Gives the region these rights and joins it with neighbours that are alike. Returns what has its range now. */
struct region *region_set(struct region_list *list, struct region *region, unsigned rights);

/* Any of them, of which nothing is below in the tree, out of a list that nothing is asked any more but this: it is in
 * no list then, and region_free gives it back. NULL: there is none. */
struct region *region_pick(struct region_list *list);
void region_free(struct region *region);

/* The same two for all that lies between two borders: for as long as there are regions. */
void region_remove(struct region_list *list, uint64_t start, uint64_t end);
void region_protect(struct region_list *list, uint64_t start, uint64_t end, unsigned rights);
