#include "boot.h"

#define INFO_HEADER 8u /* u32 total size, u32 reserved */
#define TAG_HEADER 8u  /* u32 type, u32 size */
#define TAG_ALIGN 8u

enum { TAG_END, TAG_COMMAND_LINE, TAG_MODULE = 3, TAG_MEMORY_MAP = 6, TAG_FRAMEBUFFER = 8, TAG_OTHER };

/* Of a memory map's entry: u64 start, u64 length, u32 type, u32 reserved. */
#define ENTRY_BYTES 24u
/* Every other type, known or not, is no RAM that may be used. */
#define ENTRY_AVAILABLE 1u

#define FRAMEBUFFER_BYTES 22u /* as in struct hf_boot_framebuffer; what else there is depends on the type */

static uint32_t read32(const uint8_t *at) {
    uint32_t value;
    __builtin_memcpy(&value, at, sizeof(value));
    return value;
}

static uint64_t read64(const uint8_t *at) { return read32(at) | (uint64_t)read32(at + 4) << 32; }

/* Copies the string up to `stop` or its end, and returns where that is. */
static const uint8_t *copy_string(char *to, size_t room, const uint8_t *from, const uint8_t *tag_end, uint8_t stop) {
    const uint8_t *end = from;
    while (end < tag_end && *end != 0 && *end != stop) end++;
    boot_require(end < tag_end, "a string in the boot information does not end inside its tag");
    boot_require((size_t)(end - from) < room, "the command line, or a boot module's name or arguments, is too long");
    __builtin_memcpy(to, from, (size_t)(end - from));
    return end;
}

static void read_command_line(struct hf_boot *out, const uint8_t *tag, const uint8_t *end) {
    copy_string(out->command_line, sizeof(out->command_line), tag + TAG_HEADER, end, 0);
}

const struct hf_boot_module *boot_module(const struct hf_boot *info, const char *name) {
    for (unsigned i = 0; i < info->module_count; i++) {
        const char *a = info->module[i].name, *b = name;
        while (*a != 0 && *a == *b) a++, b++;
        if (*a == *b) return &info->module[i];
    }
    return NULL;
}

/* u32 start, u32 end, string. */
static void read_module(struct hf_boot *out, const uint8_t *tag, const uint8_t *tag_end) {
    uint64_t start = read32(tag + 8), end = read32(tag + 12);
    boot_require(out->module_count < HF_BOOT_MODULES, "there are more boot modules than the core has room for");
    boot_require(start <= end && start % HF_PAGE_SIZE == 0,
                 "a boot module ends before it starts, or does not start at a page");
    struct hf_boot_module *module = &out->module[out->module_count];
    const uint8_t *string = copy_string(module->name, sizeof(module->name), tag + 16, tag_end, ' ');
    while (string < tag_end && *string == ' ') string++;
    copy_string(module->arguments, sizeof(module->arguments), string, tag_end, 0);
    boot_require(module->name[0] != 0, "a boot module has no name");
    boot_require(!boot_module(out, module->name), "two boot modules have the same name");
    module->first = start >> HF_PAGE_SHIFT;
    module->bytes = end - start;
    out->module_count++;
}

/* The entries that are RAM, or those that are not. */
static void read_entries(struct hf_boot_map *map, const uint8_t *entry, const uint8_t *end, size_t stride,
                         enum hf_range_kind kind) {
    for (; entry < end; entry += stride) {
        bool available = read32(entry + 16) == ENTRY_AVAILABLE;
        if (available == (kind == HF_RANGE_FREE)) bootmap_set_bytes(map, read64(entry), read64(entry + 8), kind);
    }
}

/* u32 entry size, u32 entry version, entries. Later versions keep the fields of
 * version 0, so any version will do; entries may be longer than what is known. */
static void read_memory_map(struct hf_boot *out, const uint8_t *tag, const uint8_t *end) {
    const uint8_t *entries = tag + 16;
    size_t stride = read32(tag + 8);
    boot_require(stride >= ENTRY_BYTES && stride % 8 == 0 && (size_t)(end - entries) % stride == 0,
                 "the memory map's entry size is impossible");
    read_entries(&out->map, entries, end, stride, HF_RANGE_FREE);
    /* Only now, so that reserved wins over available wherever they overlap. */
    read_entries(&out->map, entries, end, stride, HF_RANGE_NONE);
    bootmap_round_to_frames(&out->map);
    boot_require(out->map.count > 0, "the memory map has no usable RAM");
}

static void read_framebuffer(struct hf_boot *out, const uint8_t *tag, const uint8_t *end) {
    (void)end;
    __builtin_memcpy(&out->framebuffer, tag + TAG_HEADER, FRAMEBUFFER_BYTES);
}

/* How tags are read; those without an entry are skipped. */
static const struct {
    void (*read)(struct hf_boot *out, const uint8_t *tag, const uint8_t *end);
    uint32_t least; /* bytes that the reader takes for granted */
    bool once;      /* may not stand twice */
} readers[TAG_OTHER + 1] = {
    [TAG_COMMAND_LINE] = {read_command_line, TAG_HEADER + 1, true},
    [TAG_MODULE] = {read_module, TAG_HEADER + 9, false},
    [TAG_MEMORY_MAP] = {read_memory_map, TAG_HEADER + 8, true},
    [TAG_FRAMEBUFFER] = {read_framebuffer, TAG_HEADER + FRAMEBUFFER_BYTES, true},
};

/* One tag, of which at least the header is there; returns how far it is to the next. */
static uint64_t read_tag(struct hf_boot *out, const uint8_t *tag, uint64_t left, bool *seen) {
    uint64_t type = lower(read32(tag), TAG_OTHER), size = read32(tag + 4);
    boot_require(size >= TAG_HEADER && size >= readers[type].least && size <= left,
                 "a boot information tag is too short, or reaches beyond the end");
    boot_require(!seen[type] || !readers[type].once, "a boot information tag that may stand once stands there twice");
    seen[type] = true;
    if (readers[type].read) readers[type].read(out, tag, tag + size);
    return (size + TAG_ALIGN - 1) / TAG_ALIGN * TAG_ALIGN;
}

void multiboot_parse(const uint8_t *bytes, uint64_t limit, struct hf_boot *out) {
    bool seen[TAG_OTHER + 1] = {false};
    boot_require((uintptr_t)bytes % TAG_ALIGN == 0, "the boot information is not aligned to 8 bytes");
    uint64_t total = limit < INFO_HEADER ? 0 : read32(bytes), at = INFO_HEADER;
    boot_require(total >= INFO_HEADER + TAG_HEADER && total <= limit && total % TAG_ALIGN == 0,
                 "the boot information's size is impossible");
    __builtin_memset(out, 0, sizeof(*out));
    uint32_t type;
    do {
        boot_require(at < total, "the boot information has no end tag");
        type = read32(bytes + at);
        at += read_tag(out, bytes + at, total - at, seen);
    } while (type != TAG_END);
    boot_require(out->map.count > 0, "the boot loader gave no memory map");
}
