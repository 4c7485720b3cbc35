// sources: servers/memsrv/image.c
// include: servers/memsrv
/* The input is the file. What is accepted must keep the promises of image.h. */
#include "image.h"
#include <stdbool.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool so) {
    if (!so) {
        abort();
    }
}

static bool holds(const struct image_segment *segment, uint64_t address) {
    return address >= segment->start && address < segment->start + segment->memory_bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct image image;
    if (image_parse(data, size, &image) != HF_OK) {
        return 0;
    }
    bool may_enter = false;
    uint64_t end = HF_USER_FIRST;
    must(image.count >= 1 && image.count <= IMAGE_SEGMENTS);
    for (unsigned i = 0; i < image.count; i++) {
        const struct image_segment *s = &image.segment[i];
        must(s->start / HF_PAGE_SIZE * HF_PAGE_SIZE >= end && s->memory_bytes > 0);
        end = (s->start + s->memory_bytes + HF_PAGE_SIZE - 1) / HF_PAGE_SIZE * HF_PAGE_SIZE;
        must(end > s->start && end <= IMAGE_END && s->file_bytes <= s->memory_bytes);
        must(s->file_bytes == 0 || (s->file_offset < size && s->file_bytes <= size - s->file_offset &&
                                    s->start % HF_PAGE_SIZE == s->file_offset % HF_PAGE_SIZE));
        must(s->rights == HF_READ || s->rights == (HF_READ | HF_WRITE) || s->rights == (HF_READ | HF_EXECUTE));
        may_enter |= (s->rights & HF_EXECUTE) != 0 && holds(s, image.entry);
    }
    must(may_enter);
    return 0;
}
