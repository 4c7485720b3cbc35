#include "frame.h"

hf_frame_t frame_limit;

const uint8_t frame_types_of_runs[] = {
    [HF_RUN_RESERVED] = HF_FRAME_RESERVED, [HF_RUN_CORE] = HF_FRAME_CORE,     [HF_RUN_FREE] = HF_FRAME_FREE,
    [HF_RUN_ZEROING] = HF_FRAME_STAGED,    [HF_RUN_STAGED] = HF_FRAME_STAGED, [HF_RUN_USER] = HF_FRAME_USER};

struct hf_frame_entry frame_describe(hf_frame_t frame) {
    const struct hf_frame_entry *entry = frame_entry(frame);
    const struct hf_run_header *run = frame_run(frame);
    if (entry) return *entry;
    bool large = run->state == HF_RUN_STAGED || run->state == HF_RUN_USER;
    return (struct hf_frame_entry){.type = (uint8_t)frame_type(frame), .tag = large ? run->busy : 0};
}

void frame_split_run(struct hf_run_header *run, struct hf_frame_entry entry, uint16_t busy) {
    uint64_t word;
    __builtin_memcpy(&word, &entry, sizeof(word));
    fill_words(&FRAME_ENTRIES[(uint64_t)(run - FRAME_HEADERS) * RUN_FRAMES], word, RUN_FRAMES);
    run->state = HF_RUN_SPLIT;
    run->busy = busy;
}

void frame_boot_run(uint64_t run, enum hf_run_state state) {
    if (state == HF_RUN_SPLIT) {
        frame_split_run(&FRAME_HEADERS[run], (struct hf_frame_entry){.type = HF_FRAME_RESERVED}, RUN_FRAMES);
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
            sums[frame_types_of_runs[state]] += RUN_FRAMES;
            continue;
        }
        const struct hf_frame_entry *entries = &FRAME_ENTRIES[run * RUN_FRAMES];
        for (uint64_t i = 0; i < RUN_FRAMES; i++) sums[entries[i].type]++;
    }
}
