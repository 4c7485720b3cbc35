#include "memsrv_image.h"

#include <string.h>

struct image_file {
    struct {
        uint8_t ident[16];
        uint16_t type, machine;
        uint32_t version;
        uint64_t entry, program_headers, section_headers;
        uint32_t flags;
        uint16_t header_size, program_header_size, program_header_count, rest[3];
    } header;
    struct {
        uint32_t type, flags;
        uint64_t offset, address, physical, file_bytes, memory_bytes, alignment;
    } load[2];
};

static _Alignas(HF_PAGE_SIZE) uint8_t image[MEMSRV_IMAGE_BYTES];

const uint8_t *memsrv_image(void) {
    const struct image_file file = {
        .header = {.ident = "\177ELF\2\1\1",
                   .type = 2,
                   .machine = 62,
                   .version = 1,
                   .entry = 0x40001000,
                   .program_headers = 64,
                   .header_size = 64,
                   .program_header_size = 56,
                   .program_header_count = 2},
        .load = {{1, 5, 0, 0x40000000, 0, 6000, 6000, 4096}, {1, 6, 8192, 0x40002000, 0, 2000, 10000, 4096}},
    };
    memset(image, 0x90, sizeof image);
    memcpy(image, &file, sizeof file);
    return image;
}
