/* The boot loader's information (Multiboot2 specification 2.0, section 3.6), read
 * without believing any of it: whatever the bytes are, no read leaves them, the
 * work is bounded by their number, and what is wrong is refused by name. */
#pragma once

#include "bootmap.h"

#define MULTIBOOT_MODULES 128u

struct multiboot_module {
    uint64_t start, end; /* bytes, physical; starts at a page, end exclusive, may be empty */
    const char *name;    /* not ended by 0: name_length bytes, none of them a space */
    size_t name_length;
    const char *arguments; /* what follows the name and the spaces after it; may be empty */
};

struct multiboot_framebuffer {
    uint64_t address; /* bytes, physical; 0 when the loader gave none */
    uint32_t pitch;   /* bytes from one line to the next */
    uint32_t width, height;
    uint8_t bits; /* of a pixel */
    uint8_t type; /* 0 indexed colour, 1 direct colour, 2 EGA text */
};

/* Strings point into the information itself. */
struct multiboot_info {
    size_t bytes;             /* of the information */
    const char *command_line; /* empty when the loader gave none */
    struct multiboot_framebuffer framebuffer;
    unsigned module_count;
    struct multiboot_module module[MULTIBOOT_MODULES];
    struct bootmap map; /* in frames, all FREE: nothing is claimed for modules or the core */
};

/* Reads the information at `bytes`, which is aligned to 8 and of which at most
 * `limit` bytes may be read. After an error `out` is unspecified. */
HF_MUST_CHECK enum boot_error multiboot_parse(const uint8_t *bytes, size_t limit, struct multiboot_info *out);

