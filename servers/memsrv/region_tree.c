#include "region_tree.h"

static unsigned height(const struct region *region) { return region ? region->sum.height : 0; }

static uint64_t most(uint64_t a, uint64_t b) { return a > b ? a : b; }

/* What a child's part of the tree has, too. `gap` is that between the child's part and its parent. */
static void add_sum(struct region_sum *sum, const struct region_sum *child, uint64_t gap) {
    sum->gap = most(sum->gap, most(child->gap, gap));
    sum->bytes += child->bytes;
    sum->forbids |= child->forbids;
    sum->height = child->height > sum->height ? child->height : sum->height;
}

/* The children's sums are right. */
static void refresh(struct region *region) {
    const struct region *below = region->child[0], *above = region->child[1];
    struct region_sum sum = {
        .start = region->start, .end = region->end, .bytes = region->end - region->start, .forbids = region->forbids};
    if (below) {
        add_sum(&sum, &below->sum, region->start - below->sum.end);
        sum.start = below->sum.start;
    }
    if (above) {
        add_sum(&sum, &above->sum, above->sum.start - region->end);
        sum.end = above->sum.end;
    }
    sum.height++;
    region->sum = sum;
}

/* Lets `put`, or nothing, stand where `region` stands. */
static void replace(struct region_list *list, const struct region *region, struct region *put) {
    struct region *parent = region->parent;
    if (put) {
        put->parent = parent;
    }
    if (parent) {
        parent->child[parent->child[1] == region] = put;
    } else {
        list->root = put;
    }
}

/* Lets `child` be the region's on that side. */
static void adopt(struct region *region, unsigned side, struct region *child) {
    region->child[side] = child;
    if (child) {
        child->parent = region;
    }
}

/*      region               up
 *     /      \            /    \
 *    a        up   ->  region   c      Here to side 0: the child of side 1 comes up,
 *            /  \      /    \          and is returned. The order stays the same.
 *           b    c    a      b
 */
static struct region *rotate(struct region_list *list, struct region *region, unsigned side) {
    struct region *up = region->child[!side];
    replace(list, region, up);
    adopt(region, !side, up->child[side]);
    adopt(up, side, region);
    refresh(region);
    refresh(up);
    return up;
}

/* The heights of the region's children differ by at most two. Returns what stands in its place. */
static struct region *balance(struct region_list *list, struct region *region) {
    unsigned below = height(region->child[0]), above = height(region->child[1]), side = above > below;
    struct region *high = region->child[side];
    refresh(region);
    if (below <= above + 1 && above <= below + 1) return region;
    if (height(high->child[!side]) > height(high->child[side])) {
        (void)rotate(list, high, side);
    }
    return rotate(list, region, !side);
}

void region_tree_update(struct region_list *list, struct region *region) {
    while (region) {
        region = balance(list, region)->parent;
    }
}

void region_tree_add(struct region_list *list, struct region *region) {
    struct region *parent = NULL, **link = &list->root;
    while (*link) {
        parent = *link;
        link = &parent->child[region->start > parent->start];
    }
    *link = region;
    region->parent = parent;
    region->child[0] = region->child[1] = NULL;
    list->count++;
    region_tree_update(list, region);
}

/* The lowest (side 0) or highest (1) of a part of the tree. */
static struct region *outermost(struct region *region, unsigned side) {
    while (region->child[side]) {
        region = region->child[side];
    }
    return region;
}

void region_tree_remove(struct region_list *list, struct region *region) {
    struct region *below = region->child[0], *above = region->child[1], *changed = region->parent;
    if (below && above) {
        struct region *next = outermost(above, 0);
        changed = next->parent == region ? next : next->parent;
        replace(list, next, next->child[1]);
        adopt(next, 0, below);
        adopt(next, 1, region->child[1]);
        replace(list, region, next);
    } else {
        replace(list, region, below ? below : above);
    }
    list->count--;
    if (list->recent == region) {
        list->recent = NULL;
    }
    region_tree_update(list, changed);
}

struct region *region_beside(const struct region *region, unsigned side) {
    struct region *child = region->child[side], *parent = region->parent;
    if (child) return outermost(child, !side);
    while (parent && parent->child[side] == region) {
        region = parent;
        parent = region->parent;
    }
    return parent;
}
