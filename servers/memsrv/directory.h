/* Finds what a badge names: an index into it stands in each badge. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define DIRECTORY_INDEXES (1u << 20)
#define DIRECTORY_PER_PAGE 512u

struct directory {
    void **page[DIRECTORY_INDEXES / DIRECTORY_PER_PAGE]; /* made as they are needed, and kept */
    unsigned used;                                       /* indexes below this have been given out */
    unsigned free;                                       /* the first that was given back, plus 1 */
};

/* Gives `thing`, which is at an even address, an index. False: there are no more, or no memory for them. */
bool directory_add(struct directory *directory, void *thing, unsigned *index);
void directory_remove(struct directory *directory, unsigned index);

/* NULL when nothing has that index. */
void *directory_at(const struct directory *directory, unsigned index);
