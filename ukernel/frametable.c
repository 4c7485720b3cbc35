#include "frametable.h"

#include "frame.h"
#include "kernelmap.h"
#include "pool.h"

static uint64_t run_of(hf_frame_t frame) { return frame / RUN_FRAMES; }

static uint64_t run_above(hf_frame_t frame) { return run_of(frame + RUN_FRAMES - 1); }

static void map_headers(uint64_t runs) {
    uint64_t frames = (runs * sizeof(struct hf_run_header) + HF_PAGE_SIZE - 1) / HF_PAGE_SIZE;
    hf_frame_t first = pool_take(frames); /* zeroed: RESERVED */
    kernelmap_map((uint64_t)FRAME_HEADERS, frame_address(first), frames * HF_PAGE_SIZE, ENTRY_WRITE);
}

/* One page of entries for each run. They are placed so that 2 MiB pages can map
 * them, and not touched: what they say is filled in when a run is split. */
static void map_entries(uint64_t first, uint64_t end) {
    uint64_t align = end - first >= RUN_FRAMES ? RUN_FRAMES : 1;
    hf_frame_t frames = pool_take_far(end - first, align, first % align);
    kernelmap_map((uint64_t)&FRAME_ENTRIES[first * RUN_FRAMES], frame_address(frames),
                  (end - first) * HF_PAGE_SIZE, ENTRY_WRITE);
}

static void map_all_entries(const struct bootmap *map) {
    uint64_t first, end = 0;
    uint64_t done = 0; /* runs; two spans of RAM may share one */
    while (bootmap_next_span(map, end, &first, &end)) {
        uint64_t from = run_of(first) > done ? run_of(first) : done;
        done = run_above(end);
        if (from < done) {
            map_entries(from, done);
        }
    }
}

static enum hf_frame_type type_of(enum hf_range_kind kind) {
    switch (kind) {
    case HF_RANGE_CORE:
        return HF_FRAME_CORE;
    case HF_RANGE_MODULE:
        return HF_FRAME_USER;
    case HF_RANGE_FREE:
    case HF_RANGE_MEMSRV:
        break;
    }
    return HF_FRAME_FREE;
}

static void note_frames(hf_frame_t first, hf_frame_t end, enum hf_frame_type type) {
    if (FRAME_HEADERS[run_of(first)].state != HF_RUN_SPLIT) {
        frame_boot_run(run_of(first), HF_RUN_SPLIT);
    }
    for (hf_frame_t frame = first; frame < end; frame++) {
        frame_boot_set(frame, type, type == HF_FRAME_USER ? HF_FRAME_PINNED : 0);
    }
}

static void note_range(const struct boot_range *range) {
    enum hf_frame_type type = type_of(range->kind);
    hf_frame_t frame = range->first;
    while (frame < range->end) {
        hf_frame_t next = (run_of(frame) + 1) * RUN_FRAMES;
        bool whole = frame % RUN_FRAMES == 0 && next <= range->end && type != HF_FRAME_USER;
        if (whole) {
            frame_boot_run(run_of(frame), type == HF_FRAME_FREE ? HF_RUN_FREE : HF_RUN_CORE);
        } else {
            next = next < range->end ? next : range->end;
            note_frames(frame, next, type);
        }
        frame = next;
    }
}

void frametable_build(const struct bootmap *map) {
    uint64_t runs = run_above(bootmap_end(map));
    map_headers(runs);
    map_all_entries(map);
    frame_limit = runs * RUN_FRAMES;
    for (unsigned i = 0; i < map->count; i++) {
        note_range(&map->range[i]);
    }
}
