#include "backing.h"

#include "core.h"

enum hf_reason backing_zero(const struct backing_data *data, uint64_t address, bool write, struct page_source *source) {
    (void)data;
    (void)address;
    (void)write;
    *source = (struct page_source){.frame = HF_NO_FRAME};
    return HF_REASON_NONE;
}

static enum hf_reason no_page(const struct backing_data *data, uint64_t address, bool write,
                              struct page_source *source) {
    (void)data;
    (void)address;
    (void)write;
    (void)source;
    return HF_REASON_GUARD;
}

static uint64_t most(uint64_t a, uint64_t b) { return a > b ? a : b; }

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* Until it is written, a page is the module's own, shared by all who run the program. What the
 * file has behind the end of a segment that is never written may be seen in its last page: it is
 * of the same image. Every other page is a copy. */
static enum hf_reason image_page(const struct backing_data *data, uint64_t address, bool write,
                                 struct page_source *source) {
    const struct image_segment *segment = &data->image->image.segment[data->segment];
    bool constant = !(segment->rights & HF_WRITE);
    uint64_t file_end = segment->start + segment->file_bytes;
    uint64_t start = most(address, segment->start);
    uint64_t end = least(address + HF_PAGE_SIZE, file_end);

    if (start >= end) return backing_zero(data, address, write, source);
    uint64_t offset = segment->file_offset + (start - segment->start);
    bool whole = end - start == HF_PAGE_SIZE;
    bool rest_is_seen = constant && (end == address + HF_PAGE_SIZE || segment->memory_bytes == segment->file_bytes);
    *source = (struct page_source){
        .shared = !write && (whole || rest_is_seen),
        .frame = data->image->first + (offset >> HF_PAGE_SHIFT),
        .offset = (uint32_t)(offset % HF_PAGE_SIZE),
        .length = (uint32_t)(end - start),
        .at = (uint32_t)(start % HF_PAGE_SIZE),
    };
    return HF_REASON_NONE;
}

unsigned backing_any_rights(const struct backing_data *data) {
    (void)data;
    return HF_READ | HF_WRITE | HF_EXECUTE;
}

/* A page of the module must never become writable. */
static unsigned image_rights(const struct backing_data *data) {
    return data->image->image.segment[data->segment].rights;
}

static unsigned no_rights(const struct backing_data *data) {
    (void)data;
    return 0;
}

const struct backing backing_anonymous = {.name = "memory", .page = backing_zero, .limit = backing_any_rights};
const struct backing backing_large = {
    .name = "memory", .page = backing_zero, .limit = backing_any_rights, .large = true};
const struct backing backing_stack = {
    .name = "stack", .page = backing_zero, .limit = backing_any_rights, .around = AROUND_DOWN};
const struct backing backing_image = {
    .name = "image", .page = image_page, .limit = image_rights, .around = AROUND_ALIGNED, .image = true};
const struct backing backing_guard = {.name = "guard", .page = no_page, .limit = no_rights};
const struct backing backing_buffer = {
    .name = "IPC buffer", .page = backing_zero, .limit = backing_any_rights, .direct = true};
