#include "handoff.h"

#include "clock.h"
#include "cpu.h"
#include "frame.h"
#include "loader.h"
#include "log.h"
#include "panic.h"
#include "pool.h"
#include "schedule.h"
#include "walk.h"

#define INFO_RIGHTS HF_READ
#define MEMSRV_PRIORITY 200u

/* Ranges that still come: each frame taken from here on may cut one in two. */
#define RANGES_TO_COME 64u

static size_t text_bytes(const char *text) {
    size_t count = 0;
    while (text[count]) {
        count++;
    }
    return count + 1;
}

static uint64_t info_bytes(const struct multiboot_info *boot) {
    uint64_t bytes = sizeof(struct hf_boot) + text_bytes(boot->command_line);
    bytes += (boot->map.count + RANGES_TO_COME) * sizeof(struct hf_boot_range);
    for (unsigned i = 0; i < boot->module_count; i++) {
        const struct multiboot_module *module = &boot->module[i];
        bytes += sizeof(struct hf_boot_module) + module->name_length + 1 + text_bytes(module->arguments);
    }
    return bytes;
}

/* The boot information being written: contiguous frames, so that one pointer reaches all. */
struct writer {
    uint8_t *start;
    uint32_t at, limit;
};

static uint32_t reserve(struct writer *writer, uint64_t bytes) {
    uint32_t at = writer->at;
    if (bytes > writer->limit - at) {
        boot_refuse("the boot information does not fit: too many ranges");
    }
    writer->at += (uint32_t)bytes;
    return at;
}

static uint32_t write_text(struct writer *writer, const char *text, size_t length) {
    uint32_t at = reserve(writer, length + 1);
    copy_bytes(writer->start + at, text, length);
    writer->start[at + length] = 0;
    return at;
}

static void write_ranges(struct writer *writer, struct hf_boot *info, const struct bootmap *map) {
    info->range_count = map->count;
    info->ranges = reserve(writer, map->count * sizeof(struct hf_boot_range));
    struct hf_boot_range *ranges = (void *)(writer->start + info->ranges);
    for (unsigned i = 0; i < map->count; i++) {
        const struct boot_range *range = &map->range[i];
        ranges[i] = (struct hf_boot_range){range->first, range->end - range->first, range->kind};
    }
}

static void write_modules(struct writer *writer, struct hf_boot *info, const struct multiboot_info *boot) {
    info->module_count = boot->module_count;
    info->modules = reserve(writer, boot->module_count * sizeof(struct hf_boot_module));
    struct hf_boot_module *modules = (void *)(writer->start + info->modules);
    for (unsigned i = 0; i < boot->module_count; i++) {
        const struct multiboot_module *module = &boot->module[i];
        modules[i].first = module->start >> HF_PAGE_SHIFT;
        modules[i].bytes = module->end - module->start;
        modules[i].name = write_text(writer, module->name, module->name_length);
        modules[i].arguments = write_text(writer, module->arguments, text_bytes(module->arguments) - 1);
    }
}

static void write_info(struct writer *writer, const struct multiboot_info *boot, const struct hf_task_block *task,
                       hf_frame_t task_frame) {
    struct hf_boot *info = (void *)writer->start;
    reserve(writer, sizeof(*info));
    *info = (struct hf_boot){
        .magic = HF_BOOT_MAGIC,
        .version = HF_BOOT_VERSION,
        .total_ram = bootmap_total(&boot->map) * HF_PAGE_SIZE,
        .phys_max = bootmap_end(&boot->map) * HF_PAGE_SIZE,
        .clock_hz = clock_hertz(),
        .features = cpu_features(),
        .aspace = task->aspace,
        .task = task_frame,
        .handles = task->handles,
    };
    write_ranges(writer, info, &boot->map);
    write_modules(writer, info, boot);
    info->command_line = write_text(writer, boot->command_line, text_bytes(boot->command_line) - 1);
    info->bytes = writer->at;
    info->boot_instructions = clock_boot_ticks();
}

/* Pages for the boot information, which only memsrv reads and nobody changes. */
static struct writer make_info(hf_frame_t aspace, uint64_t bytes) {
    uint64_t count = (bytes + HF_PAGE_SIZE - 1) / HF_PAGE_SIZE;
    hf_frame_t first = pool_take_for_memsrv(count, HF_RANGE_MODULE);
    for (uint64_t i = 0; i < count; i++) {
        loader_do(&(struct hf_operation){.code = HF_OP_STAGE, .object = first + i, .frame = HF_NO_FRAME});
        loader_map(aspace, HF_BOOT_INFO + i * HF_PAGE_SIZE, first + i, INFO_RIGHTS);
        loader_do(&(struct hf_operation){.code = HF_OP_PIN, .object = first + i});
    }
    return (struct writer){.start = frame_pointer(first), .limit = (uint32_t)(count * HF_PAGE_SIZE)};
}

static hf_frame_t make_object(enum hf_operation_code code) {
    hf_frame_t frame = pool_take_for_memsrv(1, HF_RANGE_MEMSRV);
    loader_do(&(struct hf_operation){.code = (uint8_t)code, .object = frame});
    return frame;
}

static void make_stack(hf_frame_t aspace) {
    for (uint64_t page = 1; page <= HF_MEMSRV_STACK_PAGES; page++) {
        loader_map_new(aspace, HF_MEMSRV_STACK_TOP - page * HF_PAGE_SIZE, HF_READ | HF_WRITE);
    }
}

static const struct multiboot_module *find_memsrv(const struct multiboot_info *boot) {
    static const char name[] = "memsrv";
    for (unsigned i = 0; i < boot->module_count; i++) {
        const struct multiboot_module *module = &boot->module[i];
        if (module->name_length == sizeof(name) - 1 &&
            __builtin_memcmp(module->name, name, sizeof(name) - 1) == 0) {
            return module;
        }
    }
    boot_refuse("there is no module named memsrv");
}

static void report(const struct bootmap *map) {
    struct frame_sums sums;
    uint64_t all = 0;
    static const char *const names[] = {
#define X(name, text) #name,
        HF_FRAME_TYPE_LIST(X)
#undef X
    };
    frame_sum(&sums);
    log_text("handoff: memory is memsrv's now: frames");
    for (unsigned type = HF_FRAME_CORE; type < HF_FRAME_TYPE_COUNT; type++) {
        all += sums.by_type[type];
        if (sums.by_type[type]) {
            log_print(" %s %lu", names[type], sums.by_type[type]);
        }
    }
    log_print(", sum %lu, RAM %lu\n", all, bootmap_total(map));
    if (all != bootmap_total(map)) {
        panic("frames are missing from the frame table");
    }
}

void handoff(struct multiboot_info *boot) {
    const struct multiboot_module *memsrv = find_memsrv(boot);
    struct hf_task_block *block = loader_task_block();
    hf_frame_t aspace = make_object(HF_OP_ASPACE_CREATE);
    loader_do(&(struct hf_operation){.code = HF_OP_ASPACE_COPY_KERNEL, .object = aspace});
    struct writer writer = make_info(aspace, info_bytes(boot));
    uint64_t entry = loader_load(aspace, memsrv);
    make_stack(aspace);

    hf_frame_t task = make_object(HF_OP_TASK_CREATE);
    *block = (struct hf_task_block){
        .fields = HF_TASK_FIELDS_ALL & ~(uint64_t)(HF_TASK_PAGER | HF_TASK_MARK),
        .registers = {.rip = entry, .rsp = HF_MEMSRV_STACK_TOP, .rdi = HF_BOOT_INFO},
        .priority = MEMSRV_PRIORITY,
        .aspace = aspace,
        .handles = make_object(HF_OP_HANDLES_CREATE),
        .buffer = loader_map_new(aspace, HF_MEMSRV_BUFFER, HF_READ | HF_WRITE),
        .operations = loader_map_new(aspace, HF_MEMSRV_OPERATIONS, HF_READ | HF_WRITE),
        .memory = 1,
    };
    loader_do(&(struct hf_operation){.code = HF_OP_TASK_SET, .object = task});
    report(&boot->map);
    write_info(&writer, boot, block, task);
    loader_do(&(struct hf_operation){.code = HF_OP_TASK_START, .object = task});
}
