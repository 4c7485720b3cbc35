/* What an address space contains: disjoint ranges of pages, sorted by address,
 * each with a backing, rights and a name. */
#pragma once

#include <handoff/mem.h>
#include <handoff/status.h>
#include <stdbool.h>

#include "backing.h"

struct region {
    struct region *next;
    uint64_t start, end; /* bytes, whole pages, end exclusive */
    unsigned rights;     /* enum hf_rights */
    const struct backing *backing;
    struct backing_data data;
};

struct region_list {
    struct region *first;
};

/* The region that has `address`, or NULL. */
struct region *region_find(const struct region_list *list, uint64_t address);

/* Whether nothing at all is in [start, end). */
bool region_is_free(const struct region_list *list, uint64_t start, uint64_t end);

/* Whether everything in [start, end) is in regions (guards are). */
bool region_is_full(const struct region_list *list, uint64_t start, uint64_t end);

/* The lowest gap of `length` bytes at or above `from` that ends at or below `limit`; 0 for none. */
uint64_t region_gap(const struct region_list *list, uint64_t from, uint64_t length, uint64_t limit);

/* Adds one that overlaps no other. HF_NO_MEMORY. */
HF_MUST_CHECK hf_status_t region_add(struct region_list *list, const struct region *region);

/* Makes `start` and `end` borders of regions, so that what lies between can be
 * changed by itself. HF_NO_MEMORY, with nothing changed that anyone could see. */
HF_MUST_CHECK hf_status_t region_cut(struct region_list *list, uint64_t start, uint64_t end);

/* Whether every region in [start, end) may get these rights: an image's can lose
 * rights, and get back what it was linked with. */
bool region_may(const struct region_list *list, uint64_t start, uint64_t end, unsigned rights);

/* Removes, or gives new rights to, what lies between two borders; then joins what is alike. */
void region_remove(struct region_list *list, uint64_t start, uint64_t end);
void region_protect(struct region_list *list, uint64_t start, uint64_t end, unsigned rights);
