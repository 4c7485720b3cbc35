/* The shape of the explored machine, included before everything else: the user half of the
 * small page tables takes the place of the real one. What can be set from outside:
 * TABLE_LEVELS, TABLE_BITS, MACHINE_RUNS, and how many frames of the first run are the core's. */
#pragma once

#include <handoff/types.h>

#ifndef MACHINE_CORE
#define MACHINE_CORE 1u
#endif

/* The first page is kept free below 2 MiB pages only where there is room for others. */
#undef HF_USER_FIRST
#undef HF_USER_END
#define HF_USER_FIRST (TABLE_LEVELS > 2u ? HF_PAGE_SIZE : 0ul)
#define HF_USER_END ((1ul << (HF_PAGE_SHIFT + TABLE_BITS * TABLE_LEVELS - 1)) - HF_PAGE_SIZE)
