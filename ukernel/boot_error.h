/* Why the core refuses to boot: each error with the sentence that is shown. */
#pragma once

#define BOOT_ERROR_LIST(X) \
    X(OK, "no error") \
    X(INFO_MISALIGNED, "the boot information is not aligned to 8 bytes") \
    X(INFO_SIZE, "the boot information's size is impossible") \
    X(TAG_SIZE, "a boot information tag is too short, or reaches beyond the end") \
    X(TAG_TWICE, "a boot information tag that may stand once stands there twice") \
    X(TRUNCATED, "the boot information has no end tag") \
    X(STRING_OPEN, "a string in the boot information does not end inside its tag") \
    X(NO_MEMORY_MAP, "the boot loader gave no memory map") \
    X(ENTRY_SIZE, "the memory map's entry size is impossible") \
    X(NO_RAM, "the memory map has no usable RAM") \
    X(RANGE_OVERFLOW, "a range of the memory map reaches beyond the physical address space") \
    X(TOO_MANY_RANGES, "the memory map has more ranges than the core has room for") \
    X(TOO_MANY_MODULES, "there are more boot modules than the core has room for") \
    X(MODULE_RANGE, "a boot module ends before it starts, or does not start at a page") \
    X(MODULE_OVERLAP, "two boot modules overlap") \
    X(MODULE_UNNAMED, "a boot module has no name") \
    X(MODULE_NAME_TWICE, "two boot modules have the same name") \
    X(NOT_FREE, "memory that the boot loader filled is not usable RAM, or is used twice") \
    X(NO_ROOM, "there is too little RAM")

enum boot_error {
#define X(name, text) BOOT_##name,
    BOOT_ERROR_LIST(X)
#undef X
        BOOT_ERROR_COUNT
};

/* The sentence, without a full stop; for an unknown number too. */
const char *boot_error_text(enum boot_error error);

