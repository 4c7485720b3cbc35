/* ELF64 images, distrusted: what is accepted can be mapped page by page under the
 * rules that hold for every mapping, and nothing outside the file is ever read. */
#pragma once

#include <handoff/status.h>
#include <handoff/types.h>

#define IMAGE_SEGMENTS 8u
/* Segments lie in [HF_USER_FIRST, IMAGE_END); stacks and mappings have their place above. */
#define IMAGE_END 0x70000000ull

/* Sorted by address; no two share a page. Where there are bytes from the file, `start`
 * and `file_offset` are the same within a page, so that whole pages of a file that
 * starts at a page can be mapped as they are. */
struct image_segment {
    uint64_t start;        /* address */
    uint64_t memory_bytes; /* not 0; those behind file_bytes are zero */
    uint64_t file_offset;
    uint64_t file_bytes; /* at most memory_bytes */
    unsigned rights;     /* enum hf_rights: always HF_READ, never write and execute */
};

struct image {
    uint64_t entry; /* address, in a segment that may be executed */
    unsigned count;
    struct image_segment segment[IMAGE_SEGMENTS];
};

/* Reads a static executable for x86_64. BAD_IMAGE: it is not one, or it breaks a rule
 * above; then `image` is unspecified. */
HF_MUST_CHECK hf_status_t image_parse(const void *bytes, size_t length, struct image *image);
