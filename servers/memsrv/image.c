#include "image.h"
#include <stdbool.h>
#include <string.h>

/* The parts of the System V ABI's ELF-64 object format that a static program has. */
struct elf_header {
    uint8_t magic[4];
    uint8_t class, data, ident_version, abi, abi_version, padding[7];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, program_headers, section_headers;
    uint32_t flags;
    uint16_t header_size, program_header_size, program_header_count;
    uint16_t section_header_size, section_header_count, section_names;
};

struct elf_program_header {
    uint32_t type, flags;
    uint64_t offset, address, physical, file_bytes, memory_bytes, alignment;
};
_Static_assert(sizeof(struct elf_header) == 64 && sizeof(struct elf_program_header) == 56, "as in the file");

/* Of any type: so that reading an image is a bounded job. */
#define PROGRAM_HEADERS 64u

enum {
    ELF_CLASS_64 = 2,
    ELF_LITTLE_ENDIAN = 1,
    ELF_VERSION = 1,
    ELF_EXECUTABLE = 2,
    ELF_X86_64 = 62,
};

enum { SEGMENT_LOAD = 1, SEGMENT_DYNAMIC = 2, SEGMENT_INTERPRETER = 3 };
enum { FLAG_EXECUTE = 1, FLAG_WRITE = 2, FLAG_READ = 4 };

static bool in_file(uint64_t offset, uint64_t count, size_t length) {
    return offset <= length && count <= length - offset;
}

static bool good_header(const struct elf_header *header, size_t length) {
    return memcmp(header->magic, "\177ELF", 4) == 0 && header->class == ELF_CLASS_64 &&
           header->data == ELF_LITTLE_ENDIAN && header->ident_version == ELF_VERSION &&
           header->type == ELF_EXECUTABLE && header->machine == ELF_X86_64 &&
           header->version == ELF_VERSION && header->header_size == sizeof *header &&
           header->program_header_size == sizeof(struct elf_program_header) &&
           header->program_header_count <= PROGRAM_HEADERS &&
           in_file(header->program_headers, header->program_header_count * sizeof(struct elf_program_header),
                   length);
}

static bool good_place(const struct elf_program_header *load, size_t length) {
    return load->file_bytes <= load->memory_bytes && in_file(load->offset, load->file_bytes, length) &&
           (load->file_bytes == 0 || (load->address - load->offset) % HF_PAGE_SIZE == 0) &&
           load->address >= HF_USER_FIRST && load->address < IMAGE_END &&
           load->memory_bytes <= IMAGE_END - load->address;
}

/* 0 if nothing may be done there, or too much. */
static unsigned rights_of(uint32_t flags) {
    if ((flags & (FLAG_READ | FLAG_WRITE | FLAG_EXECUTE)) == 0 ||
        (flags & (FLAG_WRITE | FLAG_EXECUTE)) == (FLAG_WRITE | FLAG_EXECUTE)) {
        return 0;
    }
    return HF_READ | ((flags & FLAG_WRITE) != 0 ? HF_WRITE : 0u) |
           ((flags & FLAG_EXECUTE) != 0 ? HF_EXECUTE : 0u);
}

/* The first address behind the segment's last page. */
static uint64_t end_page(const struct image_segment *segment) {
    return (segment->start + segment->memory_bytes + HF_PAGE_SIZE - 1) & ~(HF_PAGE_SIZE - 1);
}

static hf_status_t add_segment(struct image *image, const struct elf_program_header *load, size_t length) {
    const uint64_t first_page = load->address & ~(HF_PAGE_SIZE - 1);
    const unsigned rights = rights_of(load->flags);
    if (image->count == IMAGE_SEGMENTS || !good_place(load, length) || rights == 0) {
        return HF_BAD_IMAGE;
    }
    if (image->count > 0 && first_page < end_page(&image->segment[image->count - 1])) {
        return HF_BAD_IMAGE;
    }
    image->segment[image->count++] = (struct image_segment){
        .start = load->address,
        .memory_bytes = load->memory_bytes,
        .file_offset = load->offset,
        .file_bytes = load->file_bytes,
        .rights = rights,
    };
    return HF_OK;
}

static hf_status_t read_program_header(struct image *image, const struct elf_program_header *header,
                                       size_t length) {
    switch (header->type) {
    case SEGMENT_LOAD:
        return header->memory_bytes == 0 && header->file_bytes == 0 ? HF_OK
                                                                    : add_segment(image, header, length);
    case SEGMENT_DYNAMIC:
    case SEGMENT_INTERPRETER:
        return HF_BAD_IMAGE;
    default:
        return HF_OK; /* notes and hints */
    }
}

static bool may_execute(const struct image *image, uint64_t address) {
    for (unsigned i = 0; i < image->count; i++) {
        const struct image_segment *segment = &image->segment[i];
        if (address >= segment->start && address - segment->start < segment->memory_bytes) {
            return (segment->rights & HF_EXECUTE) != 0;
        }
    }
    return false;
}

hf_status_t image_parse(const void *bytes, size_t length, struct image *image) {
    struct elf_header header;
    if (length < sizeof header) {
        return HF_BAD_IMAGE;
    }
    memcpy(&header, bytes, sizeof header);
    if (!good_header(&header, length)) {
        return HF_BAD_IMAGE;
    }
    image->entry = header.entry;
    image->count = 0;
    for (unsigned i = 0; i < header.program_header_count; i++) {
        struct elf_program_header program;
        memcpy(&program, (const uint8_t *)bytes + header.program_headers + i * sizeof program,
               sizeof program);
        const hf_status_t status = read_program_header(image, &program, length);
        if (status != HF_OK) {
            return status;
        }
    }
    return may_execute(image, header.entry) ? HF_OK : HF_BAD_IMAGE;
}
