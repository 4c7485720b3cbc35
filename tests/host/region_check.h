/* Whether a tree of regions is what it should be: sorted, balanced, and with the right sums. */
#pragma once

#include "region.h"

/* Walks all of it and says what is wrong first, or NULL. */
const char *region_check(const struct region_list *list);

/* The most that the height of a balanced tree of so many regions can be. */
unsigned region_height_most(uint64_t count);
