#include "image.h"
#include <handoff/elf.h>
#include <stdbool.h>
#include <string.h>

/* Of any type: so that reading an image is a bounded job. */
#define PROGRAM_HEADERS 64u

static bool in_file(uint64_t offset, uint64_t count, size_t length) {
    return offset <= length && count <= length - offset;
}

static bool good_header(const struct hf_elf_header *header, size_t length) {
    return memcmp(header->magic, HF_ELF_MAGIC, sizeof header->magic) == 0 && header->class == HF_ELF_CLASS_64 &&
           header->data == HF_ELF_LITTLE_ENDIAN && header->ident_version == HF_ELF_VERSION &&
           header->type == HF_ELF_EXECUTABLE && header->machine == HF_ELF_X86_64 && header->version == HF_ELF_VERSION &&
           header->header_size == sizeof *header &&
           header->program_header_size == sizeof(struct hf_elf_program_header) &&
           header->program_header_count <= PROGRAM_HEADERS &&
           in_file(header->program_headers, header->program_header_count * sizeof(struct hf_elf_program_header),
                   length);
}

static bool good_place(const struct hf_elf_program_header *load, size_t length) {
    return load->file_bytes <= load->memory_bytes && in_file(load->offset, load->file_bytes, length) &&
           (load->file_bytes == 0 || (load->address - load->offset) % HF_PAGE_SIZE == 0) &&
           load->address >= HF_USER_FIRST && load->address < IMAGE_END &&
           load->memory_bytes <= IMAGE_END - load->address;
}

/* 0 if nothing may be done there, or too much. */
static unsigned rights_of(uint32_t flags) {
    if ((flags & (HF_ELF_FLAG_READ | HF_ELF_FLAG_WRITE | HF_ELF_FLAG_EXECUTE)) == 0 ||
        (flags & (HF_ELF_FLAG_WRITE | HF_ELF_FLAG_EXECUTE)) == (HF_ELF_FLAG_WRITE | HF_ELF_FLAG_EXECUTE)) {
        return 0;
    }
    return HF_READ | ((flags & HF_ELF_FLAG_WRITE) != 0 ? HF_WRITE : 0u) |
           ((flags & HF_ELF_FLAG_EXECUTE) != 0 ? HF_EXECUTE : 0u);
}

/* The first address behind the segment's last page. */
static uint64_t end_page(const struct image_segment *segment) {
    return (segment->start + segment->memory_bytes + HF_PAGE_SIZE - 1) & ~(HF_PAGE_SIZE - 1);
}

static hf_status_t add_segment(struct image *image, const struct hf_elf_program_header *load, size_t length) {
    const uint64_t first_page = load->address & ~(HF_PAGE_SIZE - 1);
    const unsigned rights = rights_of(load->flags);
    if (image->count == IMAGE_SEGMENTS || !good_place(load, length) || rights == 0) return HF_BAD_IMAGE;
    if (image->count > 0 && first_page < end_page(&image->segment[image->count - 1])) return HF_BAD_IMAGE;
    image->segment[image->count++] = (struct image_segment){
        .start = load->address,
        .memory_bytes = load->memory_bytes,
        .file_offset = load->offset,
        .file_bytes = load->file_bytes,
        .rights = rights,
    };
    return HF_OK;
}

static hf_status_t read_program_header(struct image *image, const struct hf_elf_program_header *header, size_t length) {
    switch (header->type) {
    case HF_ELF_LOAD:
        return header->memory_bytes == 0 && header->file_bytes == 0 ? HF_OK : add_segment(image, header, length);
    case HF_ELF_DYNAMIC:
    case HF_ELF_INTERPRETER:
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
    struct hf_elf_header header;
    if (length < sizeof header) return HF_BAD_IMAGE;
    memcpy(&header, bytes, sizeof header);
    if (!good_header(&header, length)) return HF_BAD_IMAGE;
    image->entry = header.entry;
    image->count = 0;
    for (unsigned i = 0; i < header.program_header_count; i++) {
        struct hf_elf_program_header program;
        memcpy(&program, (const uint8_t *)bytes + header.program_headers + i * sizeof program, sizeof program);
        const hf_status_t status = read_program_header(image, &program, length);
        if (status != HF_OK) return status;
    }
    return may_execute(image, header.entry) ? HF_OK : HF_BAD_IMAGE;
}
