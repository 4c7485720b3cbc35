// sources: ukernel/multiboot.c ukernel/bootmap.c
// include: ukernel
/* The input is the boot information, except for its total size, which is the input's. */
#include "multiboot.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct multiboot_info info;

static void check_map(void) {
    for (unsigned i = 0; i < info.map.count; i++) {
        const struct boot_range *range = &info.map.range[i];
        if (range->first >= range->end || range->end > BOOTMAP_FRAMES || range->kind != HF_RANGE_FREE ||
            (i > 0 && range[-1].end >= range->first)) {
            abort();
        }
    }
}

static void check_modules(const uint8_t *bytes, size_t size) {
    for (unsigned i = 0; i < info.module_count; i++) {
        const struct multiboot_module *module = &info.module[i];
        const uint8_t *arguments = (const uint8_t *)module->arguments;
        if (module->start > module->end || module->name_length == 0 || arguments < bytes ||
            arguments + strlen(module->arguments) >= bytes + size) {
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
    if (multiboot_parse(bytes, size, &info) == BOOT_OK) {
        check_map();
        check_modules(bytes, size);
        if (info.map.count == 0 || (uint8_t)info.command_line[strlen(info.command_line)] != 0) {
            abort();
        }
    }
    free(bytes);
    return 0;
}
