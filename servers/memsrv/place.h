/* Where a new process has its stack, its IPC buffer and its mappings: somewhere else each time, so that
 * who knows one doesn't know the next. With "addresses=fixed" on the kernel's command line always at the same
 * place, for lessons and for comparing runs. Images stay where they are linked. */
#pragma once

#include <handoff/boot.h>

#define PLACE_STACK_BYTES 0x100000ul
#define PLACE_GUARD_BYTES 0x10000ul
#define PLACE_MAP_END 0x00007f0000000000ul
#define PLACE_MAP_LOWEST 0x80000000ul /* where mappings go when there is no room above map_start */

/* All but map_start are in one page table: below the guard there is room for the buffers of threads. */
struct place {
    uint64_t table_start, guard_start, stack_start, stack_end;
    uint64_t buffer;
    uint64_t map_start;
};

void place_init(const struct hf_boot *boot);

void place_choose(struct place *place);
