// sources: ukernel/multiboot.c ukernel/bootmap.c
// include: ukernel tests/host
/* The input is the boot information, except for its total size, which is the input's. */
#include "refusal.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct hf_boot info;

static void check_map(void) {
    const struct hf_boot_map *map = &info.map;
    if (map->count == 0 || map->count % 2 != 0 || map->count > HF_BOOT_RANGES) {
        abort();
    }
    for (unsigned i = 0; i < map->count; i++) {
        const struct hf_boot_range *range = &map->range[i];
        if (range->first > BOOTMAP_FRAMES || range->kind != (i % 2 == 0 ? HF_RANGE_FREE : HF_RANGE_NONE) ||
            (i > 0 && range[-1].first >= range->first)) {
            abort();
        }
    }
}

static bool ends(const char *string, size_t room) { return memchr(string, 0, room) != NULL; }

static void check_modules(void) {
    for (unsigned i = 0; i < info.module_count; i++) {
        const struct hf_boot_module *module = &info.module[i];
        if (!ends(module->name, sizeof module->name) || !ends(module->arguments, sizeof module->arguments) ||
            module->name[0] == 0 || strchr(module->name, ' ') || boot_module(&info, module->name) != module) {
            abort();
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    uint8_t *bytes = malloc(size); /* aligned to 16, and watched at both ends */
    if (size >= 4) {
        const uint32_t total = (uint32_t)size;
        memcpy(bytes, data, size);
        memcpy(bytes, &total, sizeof total);
    }
    if (!REFUSAL(multiboot_parse(bytes, size, &info))) {
        check_map();
        check_modules();
        if (!ends(info.command_line, sizeof info.command_line)) {
            abort();
        }
    }
    free(bytes);
    return 0;
}
