#include "boot.h"
#include "frame.h"
#include "kernelmap.h"

static uint64_t run_of(hf_frame_t frame) { return frame / RUN_FRAMES; }

static uint64_t run_above(hf_frame_t frame) { return run_of(frame + RUN_FRAMES - 1); }

static void map_headers(uint64_t runs) {
    uint64_t frames = page_count(runs * sizeof(struct hf_run_header));
    hf_frame_t first = pool_take(frames, HF_RANGE_CORE); /* zeroed: RESERVED */
    kernelmap_map((uint64_t)FRAME_HEADERS, frame_address(first), frames * HF_PAGE_SIZE, ENTRY_WRITE);
}

/* One page of entries for each run that has RAM. They are placed so that 2 MiB pages can
 * map them, and not touched: what they say is filled in when a run is split. */
static void map_entries(void) {
    uint64_t first, end = 0;
    uint64_t done = 0; /* runs; two spans of RAM may share one */
    while (bootmap_next_span(&boot.map, end, &first, &end)) {
        uint64_t run = higher(run_of(first), done);
        done = run_above(end);
        if (run == done) continue;
        uint64_t align = done - run >= RUN_FRAMES ? RUN_FRAMES : 1;
        paddr_t entries = frame_address(pool_take_far(done - run, align, run % align));
        kernelmap_map((uint64_t)&FRAME_ENTRIES[run * RUN_FRAMES], entries, (done - run) * HF_PAGE_SIZE, ENTRY_WRITE);
    }
}

/* What becomes of a range: of its frames, and of the runs that lie in it altogether. */
static const struct note {
    uint8_t type, flags, run;
} notes[] = {
    [HF_RANGE_FREE] = {HF_FRAME_FREE, 0, HF_RUN_FREE},
    [HF_RANGE_CORE] = {HF_FRAME_CORE, 0, HF_RUN_CORE},
    [HF_RANGE_MODULE] = {HF_FRAME_USER, HF_FRAME_PINNED, HF_RUN_SPLIT},
};

static void note_frames(hf_frame_t first, hf_frame_t end, const struct note *note) {
    for (hf_frame_t frame = first; frame < end; frame++) {
        if (FRAME_HEADERS[run_of(frame)].state != HF_RUN_SPLIT) frame_boot_run(run_of(frame), HF_RUN_SPLIT);
        frame_boot_set(frame, (enum hf_frame_type)note->type, note->flags);
    }
}

/* Frame by frame at both ends, and between them by runs, if there are any. */
static void note_range(hf_frame_t first, hf_frame_t end, const struct note *note) {
    bool runs = note->run != HF_RUN_SPLIT && run_above(first) < run_of(end);
    hf_frame_t head = runs ? run_above(first) * RUN_FRAMES : end;
    hf_frame_t tail = runs ? run_of(end) * RUN_FRAMES : end;
    note_frames(first, head, note);
    fill_words(&FRAME_HEADERS[run_of(head)], note->run, run_of(tail - head)); /* the state is the first byte */
    note_frames(tail, end, note);
}

void frametable_build(void) {
    uint64_t runs = run_above(boot.map.phys_max >> HF_PAGE_SHIFT);
    map_headers(runs);
    map_entries();
    frame_limit = runs * RUN_FRAMES;
    for (unsigned i = 0; i + 1 < boot.map.count; i++) {
        const struct hf_boot_range *range = &boot.map.range[i];
        if (range->kind != HF_RANGE_NONE) note_range(range[0].first, range[1].first, &notes[range->kind]);
    }
}
