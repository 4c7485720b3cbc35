#include "region_check.h"

#include <stddef.h>

struct walk {
    const struct region *last; /* the one below */
    uint64_t count;
    bool has_recent;
    const char *wrong;
};

/* What each part of the tree should say of itself, from its regions alone. */
struct seen {
    uint64_t start, end, gap, bytes;
    unsigned forbids, height;
};

static void expect(struct walk *walk, bool condition, const char *wrong) {
    if (!condition && walk->wrong == NULL) {
        walk->wrong = wrong;
    }
}

static void check_one(struct walk *walk, const struct region *region) {
    expect(walk, region->start < region->end, "a region has no length");
    expect(walk, walk->last == NULL || walk->last->end <= region->start, "regions are not sorted, or overlap");
    expect(walk, region->forbids == ~region->backing->limit(&region->data), "a region forbids something else");
    walk->last = region;
    walk->count++;
}

static void add_gap(struct seen *seen, uint64_t gap) {
    if (gap > seen->gap) {
        seen->gap = gap;
    }
}

static void add_child(struct seen *seen, const struct seen *child) {
    add_gap(seen, child->gap);
    seen->bytes += child->bytes;
    seen->forbids |= child->forbids;
    if (child->height >= seen->height) {
        seen->height = child->height + 1;
    }
}

static void check_sums(struct walk *walk, const struct region_sum *sum, const struct seen *seen) {
    expect(walk, sum->start == seen->start && sum->end == seen->end, "a part's range is wrong");
    expect(walk, sum->gap == seen->gap, "a part's longest gap is wrong");
    expect(walk, sum->bytes == seen->bytes, "a part's bytes are wrong");
    expect(walk, sum->forbids == seen->forbids, "what a part forbids is wrong");
    expect(walk, sum->height == seen->height, "a part's height is wrong");
}

/* The heights were noted by the tree itself; a wrong one is found, and so is a tree that is too high:
 * then this ends at 64 levels. */
static struct seen check_part(struct walk *walk, const struct region *region, const struct region *parent,
                              unsigned depth, const struct region *recent) {
    struct seen seen = {region->start, region->end, 0, region->end - region->start, region->forbids, 1};
    unsigned heights[2] = {0, 0};
    expect(walk, region->parent == parent, "a region has another parent");
    expect(walk, depth < 64, "the tree is far too high");
    if (depth >= 64) return seen;
    for (unsigned side = 0; side < 2; side++) {
        const struct region *child = region->child[side];
        if (child != NULL) {
            const struct seen below = check_part(walk, child, region, depth + 1, recent);
            add_gap(&seen, side ? below.start - region->end : region->start - below.end);
            add_child(&seen, &below);
            *(side ? &seen.end : &seen.start) = side ? below.end : below.start;
            heights[side] = below.height;
        }
        if (side == 0) {
            check_one(walk, region);
        }
    }
    walk->has_recent = walk->has_recent || region == recent;
    expect(walk, heights[0] <= heights[1] + 1 && heights[1] <= heights[0] + 1, "the tree is not balanced");
    check_sums(walk, &region->sum, &seen);
    return seen;
}

const char *region_check(const struct region_list *list) {
    struct walk walk = {.has_recent = list->recent == NULL};
    if (list->root != NULL) {
        (void)check_part(&walk, list->root, NULL, 0, list->recent);
    }
    expect(&walk, walk.count == list->count, "the regions are more or fewer than the list says");
    expect(&walk, walk.has_recent, "what was found last is no region of the list's");
    return walk.wrong;
}

/* The smallest balanced tree of height h has one more than those of h - 1 and h - 2 together. */
unsigned region_height_most(uint64_t count) {
    uint64_t smallest = 1, smaller = 0;
    unsigned height = 0;
    while (smallest <= count) {
        const uint64_t next = smallest + smaller + 1;
        smaller = smallest;
        smallest = next;
        height++;
    }
    return height;
}
