#include "backing.h"

#include "core.h"

static enum hf_reason zero_page(const struct backing_data *data, uint64_t address, struct page_source *source) {
    (void)data;
    (void)address;
    *source = (struct page_source){.frame = HF_NO_FRAME};
    return HF_REASON_NONE;
}

static enum hf_reason no_page(const struct backing_data *data, uint64_t address, struct page_source *source) {
    (void)data;
    (void)address;
    (void)source;
    return HF_REASON_GUARD;
}

static uint64_t most(uint64_t a, uint64_t b) { return a > b ? a : b; }

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* A page of a segment that is never written is the module's own page, shared by
 * all who run the program. What the file has behind the segment's end may be seen
 * in its last page: it is of the same image. Every other page is a copy. */
static enum hf_reason image_page(const struct backing_data *data, uint64_t address, struct page_source *source) {
    const struct image_segment *segment = &data->image->image.segment[data->segment];
    uint64_t file_end = segment->start + segment->file_bytes;
    uint64_t start = most(address, segment->start);
    uint64_t end = least(address + HF_PAGE_SIZE, file_end);

    if (start >= end) return zero_page(data, address, source);
    uint64_t offset = segment->file_offset + (start - segment->start);
    bool whole = end == address + HF_PAGE_SIZE || segment->memory_bytes == segment->file_bytes;
    *source = (struct page_source){
        .shared = whole && !(segment->rights & HF_WRITE),
        .frame = data->image->first + (offset >> HF_PAGE_SHIFT),
        .offset = (uint32_t)(offset % HF_PAGE_SIZE),
        .length = (uint32_t)(end - start),
        .at = (uint32_t)(start % HF_PAGE_SIZE),
    };
    return HF_REASON_NONE;
}

static unsigned any_rights(const struct backing_data *data) {
    (void)data;
    return HF_READ | HF_WRITE | HF_EXECUTE;
}

/* A shared page must never become writable. */
static unsigned image_rights(const struct backing_data *data) {
    return data->image->image.segment[data->segment].rights;
}

static unsigned no_rights(const struct backing_data *data) {
    (void)data;
    return 0;
}

const struct backing backing_anonymous = {"memory", zero_page, any_rights};
const struct backing backing_stack = {"stack", zero_page, any_rights};
const struct backing backing_image = {"image", image_page, image_rights};
const struct backing backing_guard = {"guard", no_page, no_rights};
const struct backing backing_buffer = {"IPC buffer", zero_page, any_rights};
