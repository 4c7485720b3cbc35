#include "multiboot.h"

#define INFO_HEADER 8u /* u32 total size, u32 reserved */
#define TAG_HEADER 8u  /* u32 type, u32 size */
#define TAG_ALIGN 8u

enum tag_type {
    TAG_END = 0,
    TAG_COMMAND_LINE = 1,
    TAG_MODULE = 3,
    TAG_MEMORY_MAP = 6,
    TAG_FRAMEBUFFER = 8,
};

/* Of a memory map's entry: u64 start, u64 length, u32 type, u32 reserved. */
#define ENTRY_BYTES 24u
/* Every other type, known or not, is no RAM that may be used. */
#define ENTRY_AVAILABLE 1u

static uint32_t read32(const uint8_t *at) {
    uint32_t value;
    __builtin_memcpy(&value, at, sizeof value);
    return value;
}

static uint64_t read64(const uint8_t *at) {
    uint64_t value;
    __builtin_memcpy(&value, at, sizeof value);
    return value;
}

/* The string that starts at `offset` of the tag; NULL if the tag ends first. */
static const char *string_at(const uint8_t *tag, size_t size, size_t offset) {
    for (size_t i = offset; i < size; i++) {
        if (tag[i] == 0) return (const char *)tag + offset;
    }
    return NULL;
}

static enum boot_error read_command_line(struct multiboot_info *out, const uint8_t *tag, size_t size) {
    out->command_line = string_at(tag, size, 8);
    return out->command_line == NULL ? BOOT_STRING_OPEN : BOOT_OK;
}

static bool same_name(const struct multiboot_module *a, const struct multiboot_module *b) {
    if (a->name_length != b->name_length) return false;
    size_t i = 0;
    while (i < a->name_length && a->name[i] == b->name[i]) {
        i++;
    }
    return i == a->name_length;
}

/* Both start at a page, so modules that do not overlap do not share a frame either. */
static bool overlap(const struct multiboot_module *a, const struct multiboot_module *b) {
    return a->start < b->end && b->start < a->end;
}

static void split_string(struct multiboot_module *module, const char *string) {
    size_t length = 0;
    while (string[length] != 0 && string[length] != ' ') {
        length++;
    }
    module->name = string;
    module->name_length = length;
    module->arguments = string + length;
    while (*module->arguments == ' ') {
        module->arguments++;
    }
}

static enum boot_error check_module(const struct multiboot_info *out, const struct multiboot_module *module) {
    if (module->end < module->start || module->start % HF_PAGE_SIZE != 0) return BOOT_MODULE_RANGE;
    if (module->name_length == 0) return BOOT_MODULE_UNNAMED;
    for (unsigned i = 0; i < out->module_count; i++) {
        if (overlap(&out->module[i], module)) return BOOT_MODULE_OVERLAP;
        if (same_name(&out->module[i], module)) return BOOT_MODULE_NAME_TWICE;
    }
    return BOOT_OK;
}

/* u32 start, u32 end, string. */
static enum boot_error read_module(struct multiboot_info *out, const uint8_t *tag, size_t size) {
    const char *string = string_at(tag, size, 16);
    if (string == NULL) return BOOT_STRING_OPEN;
    if (out->module_count == MULTIBOOT_MODULES) return BOOT_TOO_MANY_MODULES;
    struct multiboot_module *module = &out->module[out->module_count];
    module->start = read32(tag + 8);
    module->end = read32(tag + 12);
    split_string(module, string);
    enum boot_error error = check_module(out, module);
    if (error == BOOT_OK) {
        out->module_count++;
    }
    return error;
}

/* u32 entry size, u32 entry version, entries. Later versions keep the fields of
 * version 0, so any version will do; entries may be longer than what is known. */
static enum boot_error read_memory_map(struct multiboot_info *out, const uint8_t *tag, size_t size) {
    const size_t stride = read32(tag + 8);
    if (stride < ENTRY_BYTES || stride % 8 != 0 || (size - 16) % stride != 0) {
        return BOOT_ENTRY_SIZE;
    }
    enum boot_error error = BOOT_OK;
    for (size_t at = 16; at < size && error == BOOT_OK; at += stride) {
        if (read32(tag + at + 16) == ENTRY_AVAILABLE) {
            error = bootmap_add_bytes(&out->map, read64(tag + at), read64(tag + at + 8));
        }
    }
    /* Only now, so that reserved wins over available wherever they overlap. */
    for (size_t at = 16; at < size && error == BOOT_OK; at += stride) {
        if (read32(tag + at + 16) != ENTRY_AVAILABLE) {
            error = bootmap_remove_bytes(&out->map, read64(tag + at), read64(tag + at + 8));
        }
    }
    bootmap_round_to_frames(&out->map);
    return error == BOOT_OK && out->map.count == 0 ? BOOT_NO_RAM : error;
}

/* u64 address, u32 pitch, u32 width, u32 height, u8 bits, u8 type, more by type. */
static enum boot_error read_framebuffer(struct multiboot_info *out, const uint8_t *tag, size_t size) {
    (void)size;
    out->framebuffer = (struct multiboot_framebuffer){
        .address = read64(tag + 8),
        .pitch = read32(tag + 16),
        .width = read32(tag + 20),
        .height = read32(tag + 24),
        .bits = tag[28],
        .type = tag[29],
    };
    return BOOT_OK;
}

/* The tags that are read; all others are skipped. */
static const struct tag_kind {
    enum tag_type type;
    size_t least; /* bytes that the reader takes for granted */
    bool many;    /* may stand more than once */
    enum boot_error (*read)(struct multiboot_info *out, const uint8_t *tag, size_t size);
} tag_kinds[] = {
    {TAG_COMMAND_LINE, 9, false, read_command_line},
    {TAG_MODULE, 17, true, read_module},
    {TAG_MEMORY_MAP, 16, false, read_memory_map},
    {TAG_FRAMEBUFFER, 30, false, read_framebuffer},
};
#define TAG_KINDS (sizeof tag_kinds / sizeof tag_kinds[0])

static enum boot_error read_tag(struct multiboot_info *out, const uint8_t *tag, size_t size,
                                bool seen[TAG_KINDS]) {
    for (unsigned i = 0; i < TAG_KINDS; i++) {
        const struct tag_kind *kind = &tag_kinds[i];
        if (kind->type != read32(tag)) {
            continue;
        }
        if (size < kind->least) return BOOT_TAG_SIZE;
        if (seen[i] && !kind->many) return BOOT_TAG_TWICE;
        seen[i] = true;
        return kind->read(out, tag, size);
    }
    return BOOT_OK;
}

static enum boot_error read_tags(struct multiboot_info *out, const uint8_t *bytes, size_t total) {
    bool seen[TAG_KINDS] = {false};
    for (size_t at = INFO_HEADER; at < total;) {
        /* `at` and `total` are multiples of 8, so a tag's header is there. */
        const uint8_t *tag = bytes + at;
        const size_t size = read32(tag + 4);
        if (size < TAG_HEADER || size > total - at) return BOOT_TAG_SIZE;
        if (read32(tag) == TAG_END) return out->map.count == 0 ? BOOT_NO_MEMORY_MAP : BOOT_OK;
        enum boot_error error = read_tag(out, tag, size, seen);
        if (error != BOOT_OK) return error;
        at += (size + TAG_ALIGN - 1) / TAG_ALIGN * TAG_ALIGN;
    }
    return BOOT_TRUNCATED;
}

enum boot_error multiboot_parse(const uint8_t *bytes, size_t limit, struct multiboot_info *out) {
    if ((uintptr_t)bytes % TAG_ALIGN != 0) return BOOT_INFO_MISALIGNED;
    if (limit < INFO_HEADER) return BOOT_INFO_SIZE;
    const size_t total = read32(bytes);
    if (total < INFO_HEADER + TAG_HEADER || total > limit || total % TAG_ALIGN != 0) return BOOT_INFO_SIZE;
    __builtin_memset(out, 0, sizeof *out);
    out->bytes = total;
    out->command_line = "";
    return read_tags(out, bytes, total);
}
