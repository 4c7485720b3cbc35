#include <handoff/elf.h>

#include "boot.h"
#include "clock.h"
#include "cpu.h"
#include "dump.h"
#include "mmu.h"

#define MEMSRV_PRIORITY 200u
#define MEMSRV_END 0x80000000ul /* its image lies below */

static struct hf_operation_page page __attribute__((aligned(4096)));
static struct task loader = {.memory = 1, .operations = &page}; /* whose operations memsrv is made by */
static hf_frame_t aspace;                                       /* memsrv's */

/* One MMU operation, under the same rules as any other; what is refused ends the boot. */
static struct hf_result operate(const struct hf_operation *operation) {
    struct hf_result result;
    hf_status_t status = mmu_one(&loader, operation, &result);
    if (status != HF_OK && status != HF_NO_TABLE) {
        boot_refuse("operation %u for memsrv: status %u", operation->code, status);
    }
    return result;
}

/* A frame that is fresh from the pool, with the operation done to it. */
static hf_frame_t make(uint8_t code, hf_frame_t source) {
    hf_frame_t frame = pool_take(1, HF_RANGE_MEMSRV);
    operate(&(struct hf_operation){.code = code, .object = frame, .frame = source});
    return frame;
}

/* Maps a STAGED or USER frame, with the tables this takes. */
static void map(uint64_t address, hf_frame_t frame, unsigned rights) {
    struct hf_operation leaf = {.code = HF_OP_MAP, .object = aspace, .address = address, .frame = frame};
    struct hf_operation table = {.code = HF_OP_TABLE_INSTALL, .object = aspace, .address = address};
    leaf.level = HF_LEVEL_PT;
    leaf.rights = (uint16_t)rights;
    for (struct hf_result result; (result = operate(&leaf)).status == HF_NO_TABLE; operate(&table)) {
        table.level = (uint8_t)result.detail;
        table.frame = pool_take(1, HF_RANGE_MEMSRV);
    }
}

static hf_frame_t new_page(uint64_t address, unsigned rights) {
    hf_frame_t frame = make(HF_OP_STAGE, HF_NO_FRAME);
    map(address, frame, rights);
    return frame;
}

static bool header_valid(const struct hf_elf_header *header, uint64_t bytes) {
    return bytes >= sizeof(*header) && __builtin_memcmp(header->magic, HF_ELF_MAGIC, sizeof(header->magic)) == 0 &&
           header->class == HF_ELF_CLASS_64 && header->type == HF_ELF_EXECUTABLE && header->machine == HF_ELF_X86_64 &&
           header->program_header_size == sizeof(struct hf_elf_program_header) && header->program_headers <= bytes &&
           header->program_headers % 8 == 0 &&
           header->program_header_count <= (bytes - header->program_headers) / header->program_header_size &&
           header->entry < MEMSRV_END;
}

static bool segment_valid(const struct hf_elf_program_header *segment, uint64_t bytes) {
    return segment->file_bytes <= segment->memory_bytes && segment->offset <= bytes &&
           segment->file_bytes <= bytes - segment->offset && segment->address >= HF_USER_FIRST &&
           segment->address < MEMSRV_END && segment->memory_bytes <= MEMSRV_END - segment->address &&
           segment->address % HF_PAGE_SIZE == segment->offset % HF_PAGE_SIZE &&
           (segment->flags & (HF_ELF_FLAG_WRITE | HF_ELF_FLAG_EXECUTE)) != (HF_ELF_FLAG_WRITE | HF_ELF_FLAG_EXECUTE);
}

/* Zeroed pages, and in each what the file has for it. */
static void load_segment(const struct hf_elf_program_header *segment, const uint8_t *file) {
    unsigned rights = HF_READ | (segment->flags & HF_ELF_FLAG_WRITE ? HF_WRITE : 0u) |
                      (segment->flags & HF_ELF_FLAG_EXECUTE ? HF_EXECUTE : 0u);
    uint64_t at = segment->address, end = segment->address + segment->memory_bytes;
    uint64_t left = segment->file_bytes;
    for (file += segment->offset; at < end; at = (at | (HF_PAGE_SIZE - 1)) + 1) {
        uint64_t offset = at % HF_PAGE_SIZE, count = lower(HF_PAGE_SIZE - offset, left);
        uint8_t *to = frame_pointer(new_page(at - offset, rights));
        copy_bytes(to + offset, file, count);
        file += count;
        left -= count;
    }
}

/* Loads memsrv from its module: ELF64, static, W^X. Returns the entry point. */
static uint64_t load(const struct hf_boot_module *module) {
    const uint8_t *file = frame_pointer(module->first);
    const struct hf_elf_header *header = (const void *)file;
    boot_require(header_valid(header, module->bytes), "memsrv's module isn't a static ELF64 program");
    const struct hf_elf_program_header *segment = (const void *)(file + header->program_headers);
    for (unsigned left = header->program_header_count; left > 0; left--, segment++) {
        if (segment->type != HF_ELF_LOAD || segment->memory_bytes == 0) continue;
        boot_require(segment_valid(segment, module->bytes), "a segment of memsrv is malformed");
        load_segment(segment, file);
    }
    return header->entry;
}

void handoff(hf_frame_t information) {
    const struct hf_boot_module *memsrv = boot_module(&boot, "memsrv");
    boot_require(memsrv, "there is no module named memsrv");
    aspace = make(HF_OP_ASPACE_CREATE, 0);
    operate(&(struct hf_operation){.code = HF_OP_ASPACE_COPY_KERNEL, .object = aspace});
    for (uint64_t i = 0; i < page_count(sizeof(boot)); i++) {
        map(HF_BOOT_INFO + i * HF_PAGE_SIZE, information + i, HF_READ);
    }
    uint64_t entry = load(memsrv);
    for (uint64_t i = 1; i <= HF_MEMSRV_STACK_PAGES; i++) {
        new_page(HF_MEMSRV_STACK_TOP - i * HF_PAGE_SIZE, HF_READ | HF_WRITE);
    }

    hf_frame_t task = make(HF_OP_TASK_CREATE, 0);
    page.task = (struct hf_task_block){
        .fields = HF_TASK_FIELDS_ALL & ~(uint64_t)(HF_TASK_PAGER | HF_TASK_MARK),
        .registers = {.rip = entry, .rsp = HF_MEMSRV_STACK_TOP, .rdi = HF_BOOT_INFO},
        .priority = MEMSRV_PRIORITY,
        .aspace = aspace,
        .handles = make(HF_OP_HANDLES_CREATE, 0),
        .buffer = new_page(HF_MEMSRV_BUFFER, HF_READ | HF_WRITE),
        .operations = new_page(HF_MEMSRV_OPERATIONS, HF_READ | HF_WRITE),
        .memory = 1,
    };
    operate(&(struct hf_operation){.code = HF_OP_TASK_SET, .object = task});
    log_text("handoff: memory is memsrv's now: ");
    if (!dump_frames("")) panic("frames are missing from the frame table");
    boot.magic = HF_BOOT_MAGIC;
    boot.version = HF_BOOT_VERSION;
    boot.clock_hz = clock_hertz();
    boot.features = cpu_features();
    boot.aspace = aspace;
    boot.task = task;
    boot.handles = page.task.handles;
    boot.boot_instructions = clock_boot_ticks();
    copy_bytes(frame_pointer(information), &boot, sizeof(boot));
    operate(&(struct hf_operation){.code = HF_OP_TASK_START, .object = task});
}
