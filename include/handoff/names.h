/* The boot module `names`: what the functions of the core and of all programs are called.
 *
 *   | magic, count | entry 0 | entry 1 | ... | texts, each ended by 0 |
 *
 * Every program is linked at an address of its own, so one table serves the whole machine.
 * tools/names makes it. Whoever reads it believes nothing of it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HF_NAMES_MODULE "names"
#define HF_NAMES_MAGIC 0x4d4e4648u /* "HFNM", read as bytes */

#define HF_NAME_TEXT_BYTES 96u /* what any name is cut to, with the 0 at its end */

/* What starts here, and reaches to where the next entry does. Sorted by address. */
struct hf_name {
    uint32_t address;  /* its lower half; all bits of the upper one are as bit 31 is */
    uint32_t program;  /* where the text stands, from the table's beginning; 0: none, it is the core */
    uint32_t function; /* 0: nothing is here */
};

struct hf_names {
    uint32_t magic;
    uint32_t count;
    struct hf_name entries[];
};

/* A text that grows at its end, as far as there is room. */
struct hf_name_text {
    char bytes[HF_NAME_TEXT_BYTES];
    unsigned length;
};

static inline void hf_name_put(struct hf_name_text *text, char c) {
    if (text->length + 1 < HF_NAME_TEXT_BYTES) text->bytes[text->length++] = c;
    text->bytes[text->length] = 0;
}

/* What stands at `from`; up to what can't be part of a name. */
static inline void hf_name_copy(struct hf_name_text *text, const char *table, size_t bytes, size_t from) {
    for (unsigned left = HF_NAME_TEXT_BYTES; left > 0 && from < bytes; left--, from++) {
        if (table[from] <= ' ' || table[from] > '~') break;
        hf_name_put(text, table[from]);
    }
}

static inline void hf_name_put_offset(struct hf_name_text *text, uint32_t offset) {
    unsigned digits = 1;
    while (digits < 8 && offset >> 4 * digits != 0) digits++;
    hf_name_put(text, '+');
    hf_name_put(text, '0');
    hf_name_put(text, 'x');
    while (digits-- > 0) hf_name_put(text, "0123456789abcdef"[offset >> 4 * digits & 15]);
}

/* The last entry that starts at or below the address, or NULL; there is another one behind it. */
static inline const struct hf_name *hf_name_find(const struct hf_names *table, size_t bytes, uint32_t address) {
    uint32_t low = 0, high = bytes < sizeof(*table) || table->magic != HF_NAMES_MAGIC ? 0 : table->count;
    if (high < 2 || high > (bytes - sizeof(*table)) / sizeof(struct hf_name)) return NULL;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        *(table->entries[middle].address <= address ? &low : &high) = middle;
    }
    /* The one behind it starts above the address: else it would have been the lower end. */
    const struct hf_name *found = &table->entries[low];
    return high < table->count && found->address <= address ? found : NULL;
}

/* "program.function+0x12", or false when the table has no name for the address. */
static inline bool hf_name_of(const struct hf_names *table, size_t bytes, uint64_t address, struct hf_name_text *text) {
    bool known = (uint64_t)(int64_t)(int32_t)address == address;
    const struct hf_name *found = known ? hf_name_find(table, bytes, (uint32_t)address) : NULL;
    if (!found || found->function == 0) return false;
    *text = (struct hf_name_text){.length = 0};
    if (found->program != 0) {
        hf_name_copy(text, (const char *)table, bytes, found->program);
        hf_name_put(text, '.');
    }
    hf_name_copy(text, (const char *)table, bytes, found->function);
    if ((uint32_t)address != found->address) hf_name_put_offset(text, (uint32_t)address - found->address);
    return true;
}
