/* Page-table entries in words. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* "page at 0x1fa000: read, write, accessed, dirty", "table at 0x1f5000", "nothing". `level` as in enum
 * hf_level: that of the table in which the entry stands. */
#define ENTRY_TEXT_BYTES 96u
void entry_text(uint64_t entry, unsigned level, char text[ENTRY_TEXT_BYTES]);

/* Whether the walk goes on below it. */
bool entry_is_table(uint64_t entry, unsigned level);

/* Which entry of a table of that level belongs to an address. */
unsigned entry_index(uint64_t address, unsigned level);

/* "PT" and so on. */
const char *entry_table_name(unsigned level);
