#include "region.h"

#include "record.h"

static struct record_pool pool = {.bytes = sizeof(struct region)};

struct region *region_find(const struct region_list *list, uint64_t address) {
    struct region *region = list->first;
    while (region && region->end <= address) {
        region = region->next;
    }
    return region && region->start <= address ? region : NULL;
}

bool region_is_free(const struct region_list *list, uint64_t start, uint64_t end) {
    const struct region *region = list->first;
    while (region && region->end <= start) {
        region = region->next;
    }
    return !region || region->start >= end;
}

bool region_is_full(const struct region_list *list, uint64_t start, uint64_t end) {
    while (start < end) {
        const struct region *region = region_find(list, start);
        if (!region) return false;
        start = region->end;
    }
    return true;
}

bool region_may(const struct region_list *list, uint64_t start, uint64_t end, unsigned rights) {
    for (const struct region *region = list->first; region; region = region->next) {
        bool inside = region->end > start && region->start < end;
        if (inside && (rights & ~region->backing->limit(&region->data))) return false;
    }
    return true;
}

uint64_t region_gap(const struct region_list *list, uint64_t from, uint64_t length, uint64_t limit) {
    for (const struct region *region = list->first; region; region = region->next) {
        if (region->end <= from) continue;
        if (region->start >= from && region->start - from >= length) break;
        from = region->end;
    }
    return from <= limit && length <= limit - from ? from : 0;
}

/* The link that points, or would point, to the first region that ends above `address`. */
static struct region **link_at(struct region_list *list, uint64_t address) {
    struct region **link = &list->first;
    while (*link && (*link)->end <= address) {
        link = &(*link)->next;
    }
    return link;
}

hf_status_t region_add(struct region_list *list, const struct region *region) {
    struct region *added = record_take(&pool);
    if (!added) return HF_NO_MEMORY;
    struct region **link = link_at(list, region->start);
    *added = *region;
    added->next = *link;
    *link = added;
    return HF_OK;
}

static hf_status_t cut_at(struct region_list *list, uint64_t address) {
    struct region *region = region_find(list, address);
    if (!region || region->start == address) return HF_OK;
    struct region *rest = record_take(&pool);
    if (!rest) return HF_NO_MEMORY;
    *rest = *region;
    rest->start = address;
    region->end = address;
    region->next = rest;
    return HF_OK;
}

hf_status_t region_cut(struct region_list *list, uint64_t start, uint64_t end) {
    hf_status_t status = cut_at(list, start);
    return status == HF_OK ? cut_at(list, end) : status;
}

void region_remove(struct region_list *list, uint64_t start, uint64_t end) {
    struct region **link = link_at(list, start);
    while (*link && (*link)->start < end) {
        struct region *region = *link;
        *link = region->next;
        record_give(&pool, region);
    }
}

static bool alike(const struct region *a, const struct region *b) {
    return a->end == b->start && a->rights == b->rights && a->backing == b->backing && a->data.image == b->data.image &&
           a->data.segment == b->data.segment && a->data.frame == b->data.frame;
}

static void join(struct region *region) {
    while (region->next && alike(region, region->next)) {
        struct region *next = region->next;
        region->end = next->end;
        region->next = next->next;
        record_give(&pool, next);
    }
}

void region_protect(struct region_list *list, uint64_t start, uint64_t end, unsigned rights) {
    for (struct region *region = *link_at(list, start); region && region->start < end; region = region->next) {
        region->rights = rights;
    }
    for (struct region *region = list->first; region && region->start <= end; region = region->next) {
        join(region);
    }
}
