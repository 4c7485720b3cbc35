#include "region_tree.h"

struct region *region_search(struct region_list *list, uint64_t address) {
    struct region *region = list->root;
    while (region) {
        if (address < region->start) {
            region = region->child[0];
        } else if (address >= region->end) {
            region = region->child[1];
        } else {
            list->recent = region;
            break;
        }
    }
    return region;
}

struct region *region_from(const struct region_list *list, uint64_t address) {
    struct region *region = list->root, *found = NULL;
    while (region) {
        bool after = region->end > address;
        found = after ? region : found;
        region = region->child[!after];
    }
    return found;
}

struct region *region_next(const struct region *region) {
    return region_beside(region, 1);
}

bool region_is_free(const struct region_list *list, uint64_t start, uint64_t end) {
    const struct region *region = region_from(list, start);
    return !region || region->start >= end;
}

/* How many bytes below `address` are in regions. */
static uint64_t bytes_below(const struct region_list *list, uint64_t address) {
    const struct region *region = list->root;
    uint64_t bytes = 0;
    while (region) {
        bool above = address > region->start;
        if (above) {
            bytes += (region->child[0] ? region->child[0]->sum.bytes : 0) +
                     (address < region->end ? address : region->end) - region->start;
        }
        region = region->child[above];
    }
    return bytes;
}

bool region_is_full(const struct region_list *list, uint64_t start, uint64_t end) {
    return bytes_below(list, end) - bytes_below(list, start) == end - start;
}

static unsigned forbidden_in(const struct region *part) { return part ? part->sum.forbids : 0; }

/* What regions of a part of the tree forbid, of those that end above `start` ... */
static unsigned forbidden_from(const struct region *region, uint64_t start) {
    unsigned forbids = 0;
    while (region) {
        bool inside = region->end > start;
        if (inside) {
            forbids |= region->forbids | forbidden_in(region->child[1]);
        }
        region = region->child[!inside];
    }
    return forbids;
}

/* ... and of those that start below `end`. */
static unsigned forbidden_until(const struct region *region, uint64_t end) {
    unsigned forbids = 0;
    while (region) {
        bool inside = region->start < end;
        if (inside) {
            forbids |= region->forbids | forbidden_in(region->child[0]);
        }
        region = region->child[inside];
    }
    return forbids;
}

bool region_may(const struct region_list *list, uint64_t start, uint64_t end, unsigned rights) {
    const struct region *region = list->root;
    while (region && (region->end <= start || region->start >= end)) {
        region = region->child[region->end <= start];
    }
    if (!region) return true;
    unsigned forbids =
        region->forbids | forbidden_from(region->child[0], start) | forbidden_until(region->child[1], end);
    return (rights & forbids) == 0;
}

/* ---- gaps ---- */

/* Where the lowest gap of that length starts in a part of the tree that has one. */
static uint64_t gap_in(const struct region *region, uint64_t length) {
    for (;;) {
        const struct region *below = region->child[0], *above = region->child[1];
        if (below && below->sum.gap >= length) {
            region = below;
        } else if (below && region->start - below->sum.end >= length) {
            return below->sum.end;
        } else if (above->sum.start - region->end >= length) {
            return region->end;
        } else {
            region = above;
        }
    }
}

/* Where the lowest gap of that length starts that is above the region. Behind all others there is one.
 * First what is below the region in the tree is looked at, then, from each region that is the next
 * one above all of that, the same. */
static uint64_t gap_above(const struct region *region, uint64_t length) {
    for (;;) {
        const struct region *above = region->child[1], *done;
        if (above && above->sum.start - region->end >= length) return region->end;
        if (above && above->sum.gap >= length) return gap_in(above, length);
        do {
            done = region;
            region = done->parent;
        } while (region && region->child[1] == done);
        if (!region || region->start - done->sum.end >= length) return done->sum.end;
    }
}

uint64_t region_gap(const struct region_list *list, uint64_t from, uint64_t length, uint64_t limit) {
    const struct region *region = region_from(list, from);
    if (region && (region->start < from || region->start - from < length)) {
        from = gap_above(region, length);
    }
    return from <= limit && length <= limit - from ? from : 0;
}
