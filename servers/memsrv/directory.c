#include "directory.h"

#include <stdint.h>

#include "own.h"

/* An index that was given back has the next such plus 1, doubled, and 1 added: which is no address. */
static void **slot_of(const struct directory *directory, unsigned index) {
    return &directory->page[index / DIRECTORY_PER_PAGE][index % DIRECTORY_PER_PAGE];
}

static bool make_index(struct directory *directory, unsigned *index) {
    if (directory->used == DIRECTORY_INDEXES) return false;
    void ***page = &directory->page[directory->used / DIRECTORY_PER_PAGE];
    if (!*page) *page = own_page();
    if (!*page) return false;
    *index = directory->used++;
    return true;
}

bool directory_add(struct directory *directory, void *thing, unsigned *index) {
    if (directory->free) {
        *index = directory->free - 1;
        directory->free = (unsigned)((uintptr_t)*slot_of(directory, *index) >> 1);
    } else if (!make_index(directory, index)) {
        return false;
    }
    *slot_of(directory, *index) = thing;
    return true;
}

void directory_remove(struct directory *directory, unsigned index) {
    *slot_of(directory, index) = (void *)((uintptr_t)directory->free << 1 | 1);
    directory->free = index + 1;
}

void *directory_at(const struct directory *directory, unsigned index) {
    if (index >= directory->used) return NULL;
    void *thing = *slot_of(directory, index);
    return (uintptr_t)thing & 1 ? NULL : thing;
}
