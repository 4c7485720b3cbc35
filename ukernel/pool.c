#include "address.h"
#include "boot.h"

#define WINDOW_END (BOOT_WINDOW >> HF_PAGE_SHIFT)
#define LOW_END (1ul << 20 >> HF_PAGE_SHIFT)

static hf_frame_t take(const struct boot_request *request) {
    hf_frame_t first = 0;
    boot_require(bootmap_take(&boot.map, request, &first), "there is too little RAM");
    return first;
}

hf_frame_t pool_take(uint64_t count, enum hf_range_kind kind) {
    hf_frame_t first =
        take(&(struct boot_request){.count = count, .align = 1, .from = LOW_END, .below = WINDOW_END, .kind = kind});
    fill_words(frame_pointer(first), 0, count * HF_PAGE_SIZE / 8);
    return first;
}

hf_frame_t pool_take_far(uint64_t count, uint64_t align, uint64_t offset) {
    struct boot_request request = {.count = count, .align = align, .offset = offset, .kind = HF_RANGE_CORE};
    request.from = LOW_END;
    request.below = BOOTMAP_FRAMES;
    request.highest = true;
    return take(&request);
}

void pool_keep_low(void) {
    struct boot_request request = {.count = 1, .align = 1, .below = LOW_END, .kind = HF_RANGE_CORE};
    hf_frame_t first;
    request.from = 1; /* not frame 0, where the firmware has its tables */
    if (!bootmap_take(&boot.map, &request, &first)) {
        log_text("memory: none is free below 1 MiB, so further processors can't be started\n");
    }
}
