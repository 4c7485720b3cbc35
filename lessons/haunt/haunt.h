/* What the lesson looks at. */
#pragma once

#include <stdint.h>

/* Where pages are mapped. */
struct places {
    uint64_t here;   /* the page that is given away, in this program's own address space */
    uint64_t draft;  /* the page on which the letter is written */
    uint64_t beyond; /* the first address that another page table translates */
    uint64_t there;  /* where the next owner has the page, in another address space */
};

extern const struct places places;

/* Memory accesses of one instruction each, in a file of their own: so no compiler knows enough to leave one out. */
void store(uint64_t at, uint64_t value);
uint64_t load(uint64_t at);
