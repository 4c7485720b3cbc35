#include "pool.h"

#include "address.h"
#include "panic.h"

#define WINDOW_END (4ul << 30 >> HF_PAGE_SHIFT) /* frames that boot/ has mapped */
#define LOW_END (1ul << 20 >> HF_PAGE_SHIFT)

static struct bootmap *pool;

void pool_open(struct bootmap *map) { pool = map; }

static hf_frame_t take(const struct boot_request *request) {
    hf_frame_t first;
    enum boot_error error = bootmap_take(pool, request, &first);
    if (error != BOOT_OK) {
        boot_refuse("%s", boot_error_text(error));
    }
    return first;
}

hf_frame_t pool_take(uint64_t count) {
    hf_frame_t first = take(&(struct boot_request){
        .count = count, .align = 1, .at_least = LOW_END, .below = WINDOW_END, .kind = HF_RANGE_CORE});
    fill_words(frame_pointer(first), 0, count * HF_PAGE_SIZE / 8);
    return first;
}

hf_frame_t pool_take_far(uint64_t count, uint64_t align, uint64_t offset) {
    return take(&(struct boot_request){.count = count, .align = align, .offset = offset, .at_least = LOW_END,
                                       .highest = true, .kind = HF_RANGE_CORE});
}

void pool_keep_low(void) {
    hf_frame_t first;
    struct boot_request request = {.count = 1, .align = 1, .at_least = 1, .below = LOW_END, .kind = HF_RANGE_CORE};
    if (bootmap_take(pool, &request, &first) != BOOT_OK) {
        first = 0;
    }
}

hf_frame_t pool_take_for_memsrv(uint64_t count, enum hf_range_kind kind) {
    return take(&(struct boot_request){.count = count, .align = 1, .at_least = LOW_END, .kind = kind});
}
