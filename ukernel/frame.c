#include "frame.h"

hf_frame_t frame_limit;

static const uint8_t type_of_run[] = {
    [HF_RUN_RESERVED] = HF_FRAME_RESERVED, [HF_RUN_CORE] = HF_FRAME_CORE, [HF_RUN_FREE] = HF_FRAME_FREE};

enum hf_frame_type frame_type_of_run(hf_frame_t frame) {
    return frame < frame_limit ? (enum hf_frame_type)type_of_run[frame_run(frame)->state] : HF_FRAME_RESERVED;
}

struct hf_frame_entry frame_describe(hf_frame_t frame) {
    const struct hf_frame_entry *entry = frame_entry(frame);
    return entry ? *entry : (struct hf_frame_entry){.type = (uint8_t)frame_type(frame)};
}

bool frame_claim_splits(hf_frame_t frame) { return frame_run(frame)->state == HF_RUN_FREE; }

static void split_run(uint64_t run, enum hf_frame_type type, uint16_t busy) {
    union {
        struct hf_frame_entry entry;
        uint64_t word;
    } all = {.entry = {.type = (uint8_t)type}};

    fill_words(&FRAME_ENTRIES[run * RUN_FRAMES], all.word, RUN_FRAMES);
    FRAME_HEADERS[run] = (struct hf_run_header){.state = HF_RUN_SPLIT, .busy = busy};
}

struct hf_frame_entry *frame_claim(hf_frame_t frame, enum hf_frame_type type) {
    if (frame_claim_splits(frame)) split_run(frame / RUN_FRAMES, HF_FRAME_FREE, 0);
    frame_run(frame)->busy++;
    struct hf_frame_entry *entry = &FRAME_ENTRIES[frame];
    *entry = (struct hf_frame_entry){.type = (uint8_t)type};
    return entry;
}

void frame_release(hf_frame_t frame) {
    struct hf_run_header *run = frame_run(frame);
    FRAME_ENTRIES[frame] = (struct hf_frame_entry){.type = HF_FRAME_FREE};
    run->busy--;
    if (run->busy == 0 && run->refs == 0) run->state = HF_RUN_FREE;
}

bool frame_unuse(hf_frame_t frame) {
    struct hf_frame_entry *entry = &FRAME_ENTRIES[frame];
    entry->refs--;
    if (entry->refs != 0 || (entry->flags & HF_FRAME_PINNED)) return false;
    frame_release(frame);
    return true;
}

void frame_boot_run(uint64_t run, enum hf_run_state state) {
    if (state == HF_RUN_SPLIT) {
        split_run(run, HF_FRAME_RESERVED, RUN_FRAMES);
    } else {
        FRAME_HEADERS[run] = (struct hf_run_header){.state = (uint8_t)state};
    }
}

void frame_boot_set(hf_frame_t frame, enum hf_frame_type type, uint8_t flags) {
    if (type == HF_FRAME_FREE) frame_run(frame)->busy--;
    FRAME_ENTRIES[frame] = (struct hf_frame_entry){.type = (uint8_t)type, .flags = flags};
}

void frame_sum(uint64_t sums[HF_FRAME_TYPE_COUNT]) {
    for (uint64_t run = 0; run < frame_limit / RUN_FRAMES; run++) {
        uint8_t state = FRAME_HEADERS[run].state;
        if (state != HF_RUN_SPLIT) {
            sums[type_of_run[state]] += RUN_FRAMES;
            continue;
        }
        const struct hf_frame_entry *entries = &FRAME_ENTRIES[run * RUN_FRAMES];
        for (uint64_t i = 0; i < RUN_FRAMES; i++) sums[entries[i].type]++;
    }
}
