#include "loader.h"

#include "mmu.h"
#include "panic.h"
#include "pool.h"

/* ELF-64 object file format, version 1.5: only what is read here. */
struct elf_header {
    uint8_t magic[16];
    uint16_t type, machine;
    uint32_t version;
    uint64_t entry, segments, sections;
    uint32_t flags;
    uint16_t bytes, segment_bytes, segment_count;
    uint16_t section_bytes, section_count, section_names;
};

struct elf_segment {
    uint32_t type, flags;
    uint64_t offset, address, physical, file_bytes, memory_bytes, align;
};

#define ELF_MAGIC 0x464c457fu
#define ELF_CLASS_64 2
#define ELF_EXECUTABLE 2
#define ELF_X86_64 62
#define ELF_LOAD 1
#define ELF_FLAG_EXECUTE 1u
#define ELF_FLAG_WRITE 2u

#define MEMSRV_END 0x80000000ul /* its image lies below */

static struct hf_operation_page page __attribute__((aligned(4096)));
static struct task loader = {.memory = 1, .operations = &page};

struct hf_result loader_do(const struct hf_operation *operation) {
    struct hf_result result;
    hf_status_t status = mmu_one(&loader, operation, &result);
    if (status != HF_OK && status != HF_NO_TABLE) {
        boot_refuse("operation %u for memsrv: status %u", operation->code, status);
    }
    return result;
}

struct hf_task_block *loader_task_block(void) { return &page.task; }

void loader_map(hf_frame_t aspace, uint64_t address, hf_frame_t frame, unsigned rights) {
    for (;;) {
        struct hf_result result = loader_do(&(struct hf_operation){.code = HF_OP_MAP, .level = HF_LEVEL_PT,
                                                                   .rights = (uint16_t)rights, .object = aspace,
                                                                   .address = address, .frame = frame});
        if (result.status == HF_OK) return;
        loader_do(&(struct hf_operation){.code = HF_OP_TABLE_INSTALL, .level = (uint8_t)result.detail,
                                         .object = aspace, .address = address,
                                         .frame = pool_take_for_memsrv(1, HF_RANGE_MEMSRV)});
    }
}

hf_frame_t loader_map_new(hf_frame_t aspace, uint64_t address, unsigned rights) {
    hf_frame_t frame = pool_take_for_memsrv(1, HF_RANGE_MEMSRV);
    loader_do(&(struct hf_operation){.code = HF_OP_STAGE, .object = frame, .frame = HF_NO_FRAME});
    loader_map(aspace, address, frame, rights);
    return frame;
}

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* One page of a segment: zeroed, then what the file has for it. */
static void load_page(hf_frame_t aspace, const struct elf_segment *segment, hf_frame_t module, uint64_t address,
                      unsigned rights) {
    uint64_t start = address > segment->address ? address : segment->address;
    uint64_t end = least(address + HF_PAGE_SIZE, segment->address + segment->file_bytes);
    hf_frame_t frame = pool_take_for_memsrv(1, HF_RANGE_MEMSRV);
    struct hf_operation stage = {.code = HF_OP_STAGE, .object = frame, .frame = HF_NO_FRAME};
    if (start < end) {
        uint64_t offset = segment->offset + (start - segment->address);
        stage.frame = module + (offset >> HF_PAGE_SHIFT);
        stage.count = (uint32_t)(end - start);
        stage.address = HF_STAGE_AT(offset % HF_PAGE_SIZE, start % HF_PAGE_SIZE);
    }
    loader_do(&stage);
    loader_map(aspace, address, frame, rights);
}

static bool segment_valid(const struct elf_segment *segment, uint64_t bytes) {
    return segment->file_bytes <= segment->memory_bytes && segment->offset <= bytes &&
           segment->file_bytes <= bytes - segment->offset && segment->address >= HF_USER_FIRST &&
           segment->address < MEMSRV_END && segment->memory_bytes <= MEMSRV_END - segment->address &&
           segment->offset % HF_PAGE_SIZE == segment->address % HF_PAGE_SIZE &&
           (segment->flags & (ELF_FLAG_WRITE | ELF_FLAG_EXECUTE)) != (ELF_FLAG_WRITE | ELF_FLAG_EXECUTE);
}

static void load_segment(hf_frame_t aspace, const struct elf_segment *segment, hf_frame_t module) {
    unsigned rights = HF_READ | (segment->flags & ELF_FLAG_WRITE ? HF_WRITE : 0u) |
                      (segment->flags & ELF_FLAG_EXECUTE ? HF_EXECUTE : 0u);
    uint64_t end = segment->address + segment->memory_bytes;
    for (uint64_t at = segment->address & ~(HF_PAGE_SIZE - 1); at < end; at += HF_PAGE_SIZE) {
        load_page(aspace, segment, module, at, rights);
    }
}

static bool header_valid(const struct elf_header *header, uint64_t bytes) {
    return bytes >= sizeof(*header) && *(const uint32_t *)(const void *)header->magic == ELF_MAGIC &&
           header->magic[4] == ELF_CLASS_64 && header->type == ELF_EXECUTABLE && header->machine == ELF_X86_64 &&
           header->segment_bytes == sizeof(struct elf_segment) && header->segments % 8 == 0 &&
           header->segments <= bytes &&
           header->segment_count <= (bytes - header->segments) / sizeof(struct elf_segment) &&
           header->entry < MEMSRV_END;
}

uint64_t loader_load(hf_frame_t aspace, const struct multiboot_module *module) {
    uint64_t bytes = module->end - module->start;
    const struct elf_header *header = pmo((paddr_t){module->start});
    if (!header_valid(header, bytes)) {
        boot_refuse("memsrv's module isn't a static ELF64 program");
    }
    const struct elf_segment *segments = (const void *)((const uint8_t *)header + header->segments);
    for (unsigned i = 0; i < header->segment_count; i++) {
        if (segments[i].type != ELF_LOAD || segments[i].memory_bytes == 0) continue;
        if (!segment_valid(&segments[i], bytes)) {
            boot_refuse("memsrv's segment %u is malformed", i);
        }
        load_segment(aspace, &segments[i], module->start >> HF_PAGE_SHIFT);
    }
    return header->entry;
}
