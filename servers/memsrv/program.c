#include "program.h"

#include <string.h>

#include "core.h"
#include "own.h"

#define MODULES_START 0x200000000ul /* where they are mapped, to be read */

static struct program programs[HF_BOOT_MODULES];
static unsigned count;
static uint64_t frame_count;

/* The module of names, which is no program. */
static const struct hf_names *names;
static size_t names_bytes;

/* Where modules are; few, since the loader puts them side by side. */
#define RANGES 160u
static struct { hf_frame_t first, end; } ranges[RANGES];
static unsigned range_count;

static void map_frame(const struct hf_boot *boot, uint64_t address, hf_frame_t frame) {
    struct hf_result result;
    while (core_map(boot->aspace, address, frame, HF_READ, &result) != HF_OK) {
        core_check(result.status == HF_NO_TABLE);
        core_must(core_install(boot->aspace, address, result.detail, own_need()));
    }
}

static const void *map_module(const struct hf_boot *boot, const struct hf_boot_module *module) {
    static uint64_t end = MODULES_START;
    const void *start = (const void *)end;
    for (uint64_t at = 0; at < module->bytes; at += HF_PAGE_SIZE) {
        map_frame(boot, end, module->first + (at >> HF_PAGE_SHIFT));
        end += HF_PAGE_SIZE;
    }
    return start;
}

static void add_range(hf_frame_t first, hf_frame_t end) {
    frame_count += end - first;
    core_check(range_count < RANGES);
    ranges[range_count].first = first;
    ranges[range_count++].end = end;
}

static void add_module(const struct hf_boot *boot, const struct hf_boot_module *module) {
    const void *bytes = map_module(boot, module);
    if (strcmp(module->name, HF_NAMES_MODULE) == 0) {
        names = bytes;
        names_bytes = module->bytes;
        return;
    }
    struct program *program = &programs[count++];
    program->name = module->name;
    program->first = module->first;
    program->status = image_parse(bytes, module->bytes, &program->image);
}

void program_init(const struct hf_boot *boot) {
    for (unsigned i = 0; i < boot->module_count; i++) {
        add_module(boot, &boot->module[i]);
    }
    for (uint64_t i = 0; i + 1 < boot->map.count; i++) {
        const struct hf_boot_range *range = &boot->map.range[i];
        if (range->kind == HF_RANGE_MODULE) {
            add_range(range[0].first, range[1].first);
        }
    }
}

bool program_has(hf_frame_t frame) {
    for (unsigned i = 0; i < range_count; i++) {
        if (frame >= ranges[i].first && frame < ranges[i].end) return true;
    }
    return false;
}

const struct program *program_find(const char *name) {
    for (unsigned i = 0; i < count; i++) {
        if (strcmp(programs[i].name, name) == 0) {
            return &programs[i];
        }
    }
    return NULL;
}

unsigned program_count(void) { return count; }

const struct program *program_at(unsigned index) { return &programs[index]; }

bool program_name_of(uint64_t address, struct hf_name_text *text) {
    return names && hf_name_of(names, names_bytes, address, text);
}

uint64_t program_frames(void) { return frame_count; }
