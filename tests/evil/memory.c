/* Frames to play with, by the boot information; and who had what at the start. */
#include "evil.h"

const struct hf_boot *boot;
hf_frame_t ram_end;

static uint8_t ours[FRAMES_MOST / 8];
static hf_frame_t pool; /* runs that were FREE: those of POOL_RUNS, and one for frames */
static hf_frame_t pool_first, pool_next;

bool is_ours(hf_frame_t frame) { return frame >= FRAMES_MOST || (ours[frame / 8] >> frame % 8 & 1); }

/* Everything that isn't FREE: read once, before anything is done. */
static void note_ours(hf_frame_t frame, struct hf_frame_entry entry) {
    if (entry.type != HF_FRAME_FREE) ours[frame / 8] |= (uint8_t)(1u << frame % 8);
}

static void note_whole_runs(void) {
    for (hf_frame_t run = 0; run < ram_end / HF_RUN_FRAMES; run++) {
        uint8_t state = look_runs(run, 1)->state;
        if (state != HF_RUN_CORE && state != HF_RUN_RESERVED) continue;
        for (unsigned i = 0; i < HF_RUN_FRAMES / 8; i++) ours[run * (HF_RUN_FRAMES / 8) + i] = 0xff;
    }
}

static void find_pool(void) {
    hf_frame_t wanted = (POOL_RUNS + 1) * HF_RUN_FRAMES;
    for (uint64_t i = 0; i + 1 < boot->map.count; i++) {
        const struct hf_boot_range *range = &boot->map.range[i];
        hf_frame_t first = (range[0].first + HF_RUN_FRAMES - 1) & ~(HF_RUN_FRAMES - 1);
        if (range->kind == HF_RANGE_FREE && first + wanted <= range[1].first) pool = first;
    }
    if (!pool) give_up("there are no five runs of free memory next to each other");
    pool_first = pool_next = pool + POOL_RUNS * HF_RUN_FRAMES;
}

void memory_init(const struct hf_boot *information) {
    boot = information;
    ram_end = boot->map.phys_max >> HF_PAGE_SHIFT;
    if (ram_end > FRAMES_MOST) give_up("more than 1 GiB of RAM");
    find_pool();
}

void memory_keep(void) {
    pool_first = pool_next;
    note_whole_runs();
    look_each(note_ours);
}

void pool_reset(void) { pool_next = pool_first; }

hf_frame_t pool_frame(void) {
    if (pool_next == pool + (POOL_RUNS + 1) * HF_RUN_FRAMES) give_up("out of frames");
    return pool_next++;
}

hf_frame_t pool_run(unsigned which) { return pool + which * HF_RUN_FRAMES; }

hf_frame_t first_of(enum hf_frame_type type) {
    hf_frame_t frame = 0;
    while (frame < ram_end && look_frame(frame).type != type) frame++;
    return frame;
}

void must(struct hf_operation operation) {
    look_forget();
    if (do_all(operation) != HF_OK) give_up("a preparation was refused");
}

void must_map(hf_frame_t aspace, uint64_t address, hf_frame_t frame, unsigned rights) {
    struct hf_result result;
    look_forget();
    while (do_listed(MAPPED(aspace, address, frame, rights), &result) == HF_NO_TABLE) {
        must(ON(TABLE_INSTALL, aspace, .level = (uint8_t)result.detail, .address = address, .frame = pool_frame()));
    }
    if (result.status != HF_OK) give_up("a page that is needed can't be mapped");
}
