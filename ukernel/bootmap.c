#include "bootmap.h"

/* Physical addresses have at most 52 bits (Intel SDM vol. 3A, 4.1.4). */
#define PHYSICAL_END (1ull << 52)

const char *boot_error_text(enum boot_error error) {
    static const char *const text[] = {
#define X(name, sentence) [BOOT_##name] = sentence,
        BOOT_ERROR_LIST(X)
#undef X
    };
    return (unsigned)error < BOOT_ERROR_COUNT ? text[error] : "unknown error";
}

static uint64_t lower(uint64_t a, uint64_t b) { return a < b ? a : b; }

static uint64_t higher(uint64_t a, uint64_t b) { return a > b ? a : b; }

/* Index of the first range that ends above `at`; map->count if none does. */
static unsigned find(const struct bootmap *map, uint64_t at) {
    unsigned low = 0, high = map->count;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        if (map->range[middle].end > at) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

static void move_tail(struct bootmap *map, unsigned from, unsigned to) {
    unsigned length = map->count - from;
    if (to > from) {
        for (unsigned i = length; i > 0; i--) {
            map->range[to + i - 1] = map->range[from + i - 1];
        }
    } else if (to < from) {
        for (unsigned i = 0; i < length; i++) {
            map->range[to + i] = map->range[from + i];
        }
    }
}

/* What is to stand in the place of some neighbouring ranges. */
struct pieces {
    unsigned count;
    struct boot_range range[3];
};

static void append(struct pieces *pieces, uint64_t first, uint64_t end, enum hf_range_kind kind) {
    if (first < end) {
        pieces->range[pieces->count++] = (struct boot_range){.first = first, .end = end, .kind = kind};
    }
}

/* Replaces ranges [at, after) by the pieces. */
static enum boot_error replace(struct bootmap *map, unsigned at, unsigned after,
                               const struct pieces *pieces) {
    unsigned count = map->count - (after - at) + pieces->count;
    if (count > BOOTMAP_RANGES) {
        return BOOT_TOO_MANY_RANGES;
    }
    move_tail(map, after, at + pieces->count);
    for (unsigned i = 0; i < pieces->count; i++) {
        map->range[at + i] = pieces->range[i];
    }
    map->count = count;
    return BOOT_OK;
}

enum boot_error bootmap_add_bytes(struct bootmap *map, uint64_t start, uint64_t length) {
    if (length == 0) {
        return BOOT_OK;
    }
    if (start > PHYSICAL_END || length > PHYSICAL_END - start) {
        return BOOT_RANGE_OVERFLOW;
    }
    uint64_t first = start, end = start + length;
    unsigned at = start == 0 ? 0 : find(map, start - 1);
    unsigned after = at;
    for (; after < map->count && map->range[after].first <= end; after++) {
        first = lower(first, map->range[after].first);
        end = higher(end, map->range[after].end);
    }
    struct pieces pieces = {0};
    append(&pieces, first, end, HF_RANGE_FREE);
    return replace(map, at, after, &pieces);
}

enum boot_error bootmap_remove_bytes(struct bootmap *map, uint64_t start, uint64_t length) {
    if (length > UINT64_MAX - start) {
        return BOOT_RANGE_OVERFLOW;
    }
    uint64_t end = start + length;
    unsigned at = find(map, start);
    unsigned after = at;
    while (after < map->count && map->range[after].first < end) {
        after++;
    }
    if (length == 0 || at == after) {
        return BOOT_OK;
    }
    struct pieces pieces = {0};
    append(&pieces, map->range[at].first, start, HF_RANGE_FREE);
    append(&pieces, end, map->range[after - 1].end, HF_RANGE_FREE);
    return replace(map, at, after, &pieces);
}

/* Rounding keeps ranges disjoint and apart: of two with a gap between them, however
 * small, the frame in which the gap lies belongs to neither. */
void bootmap_round_to_frames(struct bootmap *map) {
    unsigned kept = 0;
    for (unsigned i = 0; i < map->count; i++) {
        hf_frame_t first = (map->range[i].first + HF_PAGE_SIZE - 1) >> HF_PAGE_SHIFT;
        hf_frame_t end = map->range[i].end >> HF_PAGE_SHIFT;
        if (end > BOOTMAP_FRAMES && end > first) {
            map->ignored += end - higher(first, BOOTMAP_FRAMES);
        }
        end = lower(end, BOOTMAP_FRAMES);
        if (first < end) {
            map->range[kept++] = (struct boot_range){.first = first, .end = end, .kind = HF_RANGE_FREE};
        }
    }
    map->count = kept;
}

enum boot_error bootmap_claim(struct bootmap *map, hf_frame_t first, uint64_t count,
                              enum hf_range_kind kind) {
    if (count == 0) {
        return BOOT_OK;
    }
    /* FREE neighbours are one range, so what is FREE altogether lies in one. */
    unsigned at = find(map, first), after = at + 1;
    if (at == map->count || map->range[at].kind != HF_RANGE_FREE || map->range[at].first > first ||
        count > map->range[at].end - first) {
        return BOOT_NOT_FREE;
    }
    struct boot_range was = map->range[at];
    struct boot_range now = {.first = first, .end = first + count, .kind = kind};
    if (at > 0 && map->range[at - 1].kind == kind && map->range[at - 1].end == now.first) {
        at--;
        now.first = map->range[at].first;
    }
    if (after < map->count && map->range[after].kind == kind && map->range[after].first == now.end) {
        now.end = map->range[after].end;
        after++;
    }
    struct pieces pieces = {0};
    append(&pieces, was.first, first, HF_RANGE_FREE);
    append(&pieces, now.first, now.end, kind);
    append(&pieces, first + count, was.end, HF_RANGE_FREE);
    return replace(map, at, after, &pieces);
}

/* Where in the range the request can have its place. */
static bool fits(const struct boot_range *range, const struct boot_request *request, hf_frame_t *first) {
    uint64_t align = higher(request->align, 1);
    uint64_t low = higher(range->first, request->at_least);
    uint64_t high = request->below == 0 ? range->end : lower(range->end, request->below);
    if (range->kind != HF_RANGE_FREE || low >= high || request->count > high - low) {
        return false;
    }
    uint64_t slack = high - low - request->count;
    uint64_t up = (request->offset + align - low % align) % align;
    if (up > slack) {
        return false;
    }
    *first = low + up + (request->highest ? (slack - up) / align * align : 0);
    return true;
}

enum boot_error bootmap_take(struct bootmap *map, const struct boot_request *request, hf_frame_t *first) {
    for (unsigned i = 0; i < map->count; i++) {
        unsigned at = request->highest ? map->count - 1 - i : i;
        if (fits(&map->range[at], request, first)) {
            return bootmap_claim(map, *first, request->count, request->kind);
        }
    }
    return BOOT_NO_ROOM;
}

uint64_t bootmap_sum(const struct bootmap *map, enum hf_range_kind kind) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < map->count; i++) {
        sum += map->range[i].kind == kind ? map->range[i].end - map->range[i].first : 0;
    }
    return sum;
}

uint64_t bootmap_total(const struct bootmap *map) {
    uint64_t sum = 0;
    for (unsigned i = 0; i < map->count; i++) {
        sum += map->range[i].end - map->range[i].first;
    }
    return sum;
}

hf_frame_t bootmap_end(const struct bootmap *map) {
    return map->count == 0 ? 0 : map->range[map->count - 1].end;
}

bool bootmap_next_span(const struct bootmap *map, hf_frame_t from, hf_frame_t *first, hf_frame_t *end) {
    unsigned i = find(map, from);
    if (i == map->count) return false;
    *first = map->range[i].first;
    do {
        *end = map->range[i++].end;
    } while (i < map->count && map->range[i].first == *end);
    return true;
}
