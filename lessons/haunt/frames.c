#include "frames.h"

static hf_frame_t next;

/* The longest range of free frames; nobody else takes any. */
void frames_find(const struct hf_boot *boot) {
    uint64_t longest = 0;
    for (uint64_t i = 0; i + 1 < boot->map.count; i++) {
        const struct hf_boot_range *range = &boot->map.range[i];
        uint64_t length = range[1].first - range->first;
        if (range->kind == HF_RANGE_FREE && length > longest) {
            longest = length;
            next = range->first;
        }
    }
}

hf_frame_t frames_take(void) { return next++; }

void frames_map(hf_frame_t aspace, uint64_t address, hf_frame_t frame, unsigned rights) {
    struct hf_result result;
    while (core_map(aspace, address, frame, rights, &result) == HF_NO_TABLE) {
        core_must(core_install(aspace, address, result.detail, frames_take()));
    }
    core_must((hf_status_t)result.status);
}
