#include "region_tree.h"

#include "record.h"

#define CUTS 16u /* records that only cutting may use */

static struct record_pool pool = {.bytes = sizeof(struct region), .reserve = CUTS};

hf_status_t region_add(struct region_list *list, const struct region *region) {
    struct region *added = record_take(&pool);
    if (!added) return HF_NO_MEMORY;
    *added = *region;
    added->forbids = ~region->backing->limit(&region->data);
    region_tree_add(list, added);
    return HF_OK;
}

/* ---- cutting ---- */

/* The region that `address` is within, so that a border there takes another record; else NULL. */
static struct region *cut_by(const struct region_list *list, uint64_t address) {
    struct region *region = region_from(list, address);
    return region && region->start < address ? region : NULL;
}

static void move_start(struct region *region, uint64_t start) {
    region->data.offset += start - region->start;
    region->start = start;
}

/* `rest` becomes the region's part from `address` on. It comes to stand below the region in the tree,
 * whose new end is so seen to on the way up. */
static void cut(struct region_list *list, struct region *region, uint64_t address, struct region *rest) {
    *rest = *region;
    move_start(rest, address);
    region->end = address;
    region_tree_add(list, rest);
}

hf_status_t region_cut(struct region_list *list, uint64_t start, uint64_t end) {
    struct region *first = NULL, *second = NULL;
    bool cuts_first = cut_by(list, start), cuts_second = cut_by(list, end);
    if (cuts_first && !(first = record_take_reserved(&pool))) return HF_NO_MEMORY;
    if (cuts_second && !(second = record_take_reserved(&pool))) {
        if (first) {
            record_give(&pool, first);
        }
        return HF_NO_MEMORY;
    }
    if (first) {
        cut(list, cut_by(list, start), start, first);
    }
    if (second) {
        cut(list, cut_by(list, end), end, second);
    }
    return HF_OK;
}

/* ---- changing ---- */

void region_drop(struct region_list *list, struct region *region, uint64_t until) {
    if (until < region->end) {
        move_start(region, until);
        region_tree_update(list, region);
    } else {
        region_tree_remove(list, region);
        record_give(&pool, region);
    }
}

_Static_assert(sizeof(struct backing_data) == 48, "same_data compares all but the offset");
static bool same_data(const struct backing_data *a, const struct backing_data *b) {
    return a->image == b->image && a->segment == b->segment && a->allowed == b->allowed && a->frame == b->frame &&
           a->object == b->object && a->pager == b->pager;
}

static bool alike(const struct region *a, const struct region *b) {
    bool goes_on = !a->backing->has_offset || a->data.offset + (a->end - a->start) == b->data.offset;
    return a->end == b->start && a->rights == b->rights && a->backing == b->backing && goes_on &&
           same_data(&a->data, &b->data);
}

/* Lets the first have the second's range too, if both are there and may be one. Returns what has the second's. */
static struct region *join(struct region_list *list, struct region *first, struct region *second) {
    if (!first || !second || !alike(first, second)) return second;
    uint64_t end = second->end;
    region_tree_remove(list, second);
    record_give(&pool, second);
    first->end = end;
    region_tree_update(list, first);
    return first;
}

struct region *region_set(struct region_list *list, struct region *region, unsigned rights) {
    region->rights = rights;
    (void)join(list, region, region_beside(region, 1));
    return join(list, region_beside(region, 0), region);
}

/* ---- changing what lies between two borders ---- */

void region_remove(struct region_list *list, uint64_t start, uint64_t end) {
    struct region *region = region_from(list, start);
    while (region && region->start < end) {
        struct region *next = region_beside(region, 1);
        region_drop(list, region, region->end);
        region = next;
    }
}

void region_protect(struct region_list *list, uint64_t start, uint64_t end, unsigned rights) {
    struct region *region = region_from(list, start);
    while (region && region->start < end) {
        region = region_beside(region_set(list, region, rights), 1);
    }
}

struct region *region_pick(struct region_list *list) {
    struct region *region = list->root;
    if (!region) return NULL;
    while (region->child[0] || region->child[1]) {
        region = region->child[region->child[0] ? 0 : 1];
    }
    struct region *parent = region->parent;
    *(parent ? &parent->child[parent->child[0] == region ? 0 : 1] : &list->root) = NULL;
    list->recent = NULL;
    list->count--;
    return region;
}

void region_free(struct region *region) { record_give(&pool, region); }
