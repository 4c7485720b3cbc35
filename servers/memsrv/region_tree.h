/* The tree of an address space's regions, sorted by address: an AVL tree, in which the heights of
 * two siblings differ by at most one. Each region has sums of what is below it. */
#pragma once

#include "region.h"

/* Puts a region in, or takes it out; the others stay where they are in memory. */
void region_tree_add(struct region_list *list, struct region *region);
void region_tree_remove(struct region_list *list, struct region *region);

/* To be called when a region's start or end has been changed. */
void region_tree_update(struct region_list *list, struct region *region);

/* The next lower (side 0) or higher (1) one, or NULL. */
struct region *region_beside(const struct region *region, unsigned side);
