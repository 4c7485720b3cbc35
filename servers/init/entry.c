#include "entry.h"

#include <handoff/mmu.h>
#include <stdio.h>

/* Intel SDM vol. 3A, tables 4-15 to 4-20. */
enum entry_bits {
    PRESENT = 1 << 0,
    WRITE = 1 << 1,
    USER = 1 << 2,
    ACCESSED = 1 << 5,
    DIRTY = 1 << 6,
    LARGE = 1 << 7,
};
#define NOT_EXECUTABLE (1ull << 63)
#define FRAME_BITS 0x000ffffffffff000ull

bool entry_is_table(uint64_t entry, unsigned level) {
    return level > HF_LEVEL_PT && (entry & PRESENT) && !(entry & LARGE);
}

unsigned entry_index(uint64_t address, unsigned level) { return (unsigned)(address >> (3 + 9 * level)) & 511; }

const char *entry_table_name(unsigned level) {
    static const char *const names[] = {
        [HF_LEVEL_PT] = "PT", [HF_LEVEL_PD] = "PD", [HF_LEVEL_PDPT] = "PDPT", [HF_LEVEL_PML4] = "PML4"};
    return names[level];
}

void entry_text(uint64_t entry, unsigned level, char text[ENTRY_TEXT_BYTES]) {
    uint64_t address = entry & FRAME_BITS;
    if (!(entry & PRESENT)) {
        snprintf(text, ENTRY_TEXT_BYTES, "nothing");
    } else if (entry_is_table(entry, level)) {
        snprintf(text, ENTRY_TEXT_BYTES, "%s at 0x%lx", entry_table_name(level - 1), address);
    } else {
        snprintf(text, ENTRY_TEXT_BYTES, "page of %s at 0x%lx: %s%s%s%s%s", level == HF_LEVEL_PT ? "4 KiB" : "2 MiB",
                 address, entry & USER ? "read" : "the core's", entry & WRITE ? ", write" : "",
                 entry & NOT_EXECUTABLE ? "" : ", execute", entry & ACCESSED ? ", accessed" : "",
                 entry & DIRTY ? ", dirty" : "");
    }
}
