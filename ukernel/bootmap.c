#include "boot.h"

/* Physical addresses have at most 52 bits (Intel SDM vol. 3A, 4.1.4). */
#define PHYSICAL_END (1ull << 52)

/* How many ranges start at or below `at`: the last of them holds it. */
static unsigned ranges_to(const struct hf_boot_map *map, uint64_t at) {
    unsigned count = 0;
    while (count < map->count && map->range[count].first <= at) count++;
    return count;
}

static uint64_t kind_before(const struct hf_boot_map *map, unsigned index) {
    return index == 0 ? HF_RANGE_NONE : map->range[index - 1].kind;
}

/* Moves the ranges that start with `from`, to where they start with `to`. */
static void move_tail(struct hf_boot_map *map, unsigned from, unsigned to) {
    unsigned length = (unsigned)map->count - from;
    for (unsigned i = 0; i < length; i++) {
        unsigned at = to < from ? i : length - 1 - i;
        map->range[to + at] = map->range[from + at];
    }
    map->count = to + length;
}

/* All that ever changes: [first, end) becomes `kind`. Ranges that start in there, or
 * at its end, give way to at most two. */
static void paint(struct hf_boot_map *map, uint64_t first, uint64_t end, enum hf_range_kind kind) {
    unsigned at = first == 0 ? 0 : ranges_to(map, first - 1);
    unsigned after = ranges_to(map, end);
    uint64_t kind_after = kind_before(map, after);
    struct hf_boot_range put[2];
    unsigned count = 0;
    if (kind != kind_before(map, at)) put[count++] = (struct hf_boot_range){first, kind};
    if (kind != kind_after) put[count++] = (struct hf_boot_range){end, kind_after};
    boot_require(at + count + map->count - after <= HF_BOOT_RANGES,
                 "the memory map has more ranges than the core has room for");
    move_tail(map, after, at + count);
    for (unsigned i = 0; i < count; i++) map->range[at + i] = put[i];
}

void bootmap_set_bytes(struct hf_boot_map *map, uint64_t start, uint64_t length, enum hf_range_kind kind) {
    uint64_t limit = kind == HF_RANGE_NONE ? UINT64_MAX : PHYSICAL_END;
    if (length == 0) return;
    boot_require(start <= limit && length <= limit - start,
                 "a range of the memory map reaches beyond the physical address space");
    paint(map, start, start + length, kind);
}

/* FREE and NONE take turns in a map of bytes. Rounding keeps them so: of two pieces with
 * a gap between them, however small, the frame in which the gap lies belongs to neither. */
void bootmap_round_to_frames(struct hf_boot_map *map) {
    unsigned kept = 0;
    for (unsigned i = 0; i < map->count; i += 2) {
        hf_frame_t first = (map->range[i].first + HF_PAGE_SIZE - 1) >> HF_PAGE_SHIFT;
        hf_frame_t end = map->range[i + 1].first >> HF_PAGE_SHIFT;
        hf_frame_t limit = higher(first, BOOTMAP_FRAMES);
        if (end > limit) map->ignored += (end - limit) * HF_PAGE_SIZE;
        end = lower(end, BOOTMAP_FRAMES);
        if (first >= end) continue;
        map->range[kept++] = (struct hf_boot_range){first, HF_RANGE_FREE};
        map->range[kept++] = (struct hf_boot_range){end, HF_RANGE_NONE};
        map->total_ram += (end - first) * HF_PAGE_SIZE;
        map->phys_max = end * HF_PAGE_SIZE;
    }
    map->count = kept;
}

void bootmap_claim(struct hf_boot_map *map, hf_frame_t first, uint64_t count, enum hf_range_kind kind) {
    unsigned after = ranges_to(map, first);
    if (count == 0) return;
    /* Neighbours differ, so what is FREE altogether lies in one range; the last is NONE. */
    boot_require(kind_before(map, after) == HF_RANGE_FREE && count <= map->range[after].first - first,
                 "the core or a boot module lies in memory that is not usable RAM, or is used twice by an overlap");
    paint(map, first, first + count, kind);
}

/* Where from `low` to `high` the request can have its place. */
static bool fits(uint64_t low, uint64_t high, const struct boot_request *request, hf_frame_t *first) {
    low = higher(low, request->from);
    high = lower(high, request->below);
    if (low >= high || request->count > high - low) return false;
    uint64_t slack = high - low - request->count;
    uint64_t up = (request->offset + request->align - low % request->align) % request->align;
    if (up > slack) return false;
    *first = low + up + (request->highest ? (slack - up) / request->align * request->align : 0);
    return true;
}

bool bootmap_take(struct hf_boot_map *map, const struct boot_request *request, hf_frame_t *first) {
    for (uint64_t i = 1; i < map->count; i++) {
        const struct hf_boot_range *range = &map->range[request->highest ? map->count - 1 - i : i - 1];
        if (range->kind != HF_RANGE_FREE || !fits(range[0].first, range[1].first, request, first)) continue;
        paint(map, *first, *first + request->count, request->kind);
        return true;
    }
    return false;
}

bool bootmap_next_span(const struct hf_boot_map *map, hf_frame_t from, hf_frame_t *first, hf_frame_t *end) {
    uint64_t before = HF_RANGE_NONE;
    for (unsigned i = 0; i < map->count; i++) {
        if (before == HF_RANGE_NONE) *first = map->range[i].first;
        *end = map->range[i].first;
        before = map->range[i].kind;
        if (before == HF_RANGE_NONE && *first >= from) return true;
    }
    return false;
}
