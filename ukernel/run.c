#include "run.h"

struct hf_run_header *run_at(hf_frame_t first) {
    return first % RUN_FRAMES == 0 && first < frame_limit ? frame_run(first) : NULL;
}

hf_status_t run_zero(struct mmu *mmu, hf_frame_t first) {
    struct hf_run_header *run = run_at(first);
    if (!run || (run->state != HF_RUN_FREE && run->state != HF_RUN_ZEROING)) return HF_BAD_FRAME;
    /* commit */
    if (run->state == HF_RUN_FREE) *run = (struct hf_run_header){.state = HF_RUN_ZEROING};
    for (; run->busy < RUN_FRAMES; run->busy++) {
        if (!mmu_take_page(mmu)) return HF_AGAIN;
        zero_page(frame_pointer(first + run->busy));
    }
    *run = (struct hf_run_header){.state = HF_RUN_STAGED};
    return HF_OK;
}

hf_status_t run_check_use(hf_frame_t first) {
    const struct hf_run_header *run = run_at(first);
    bool large = run && (run->state == HF_RUN_STAGED || run->state == HF_RUN_USER ||
                         (run->state == HF_RUN_SPLIT && run->refs != 0));
    if (!large) return HF_BAD_FRAME;
    return run->refs == UINT32_MAX ? HF_TOO_BIG : HF_OK;
}

void run_use(hf_frame_t first) {
    struct hf_run_header *run = frame_run(first);
    if (run->state == HF_RUN_STAGED) run->state = HF_RUN_USER;
    run->refs++;
}

hf_status_t run_check_unuse(struct mmu *mmu, hf_frame_t first, struct hf_operation_page **page) {
    if (frame_run(first)->state != HF_RUN_SPLIT) return HF_OK;
    return mmu_take_entries(mmu, RUN_FRAMES) ? mmu_spill(mmu, page) : HF_AGAIN;
}

/* Those frames of a split run that nothing uses by themselves. */
static void release_rest(hf_frame_t first, struct hf_operation_page *page, struct hf_result *result) {
    for (size_t i = 0; i < sizeof(page->freed) / sizeof(page->freed[0]); i++) page->freed[i] = 0;
    for (unsigned i = 0; i < RUN_FRAMES; i++) {
        const struct hf_frame_entry *entry = &FRAME_ENTRIES[first + i];
        bool used = entry->type != HF_FRAME_USER || entry->refs != 0 || (entry->flags & HF_FRAME_PINNED);
        if (used) continue;
        frame_release(first + i);
        page->freed[i / 64] |= 1ul << i % 64;
        result->value[1]++;
    }
    if (result->value[1]) result->detail |= HF_LEAF_FREED_PART;
}

void run_unuse(hf_frame_t first, unsigned refs, struct hf_operation_page *page, struct hf_result *result) {
    struct hf_run_header *run = frame_run(first);
    run->refs -= refs;
    if (run_in_use(run)) return;
    if (run->state == HF_RUN_SPLIT) {
        release_rest(first, page, result);
    } else {
        *run = (struct hf_run_header){.state = HF_RUN_FREE};
        result->detail |= HF_LEAF_FREED;
    }
}

bool run_check_split(hf_frame_t first) {
    bool split = frame_run(first)->state == HF_RUN_SPLIT;
    for (unsigned i = 0; split && i < RUN_FRAMES; i++) {
        if (FRAME_ENTRIES[first + i].refs == UINT32_MAX) return false;
    }
    return true;
}

void run_split(hf_frame_t first) {
    struct hf_run_header *run = frame_run(first);
    if (run->state == HF_RUN_USER) {
        frame_split_run(run, (struct hf_frame_entry){.type = HF_FRAME_USER, .tag = run->busy}, RUN_FRAMES);
    }
    for (unsigned i = 0; i < RUN_FRAMES; i++) FRAME_ENTRIES[first + i].refs++;
    run->refs--;
}
