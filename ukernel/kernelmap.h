/* The kernel half: built once, then the same in every aspace that can run
 * (invariant I4). Every PML4 slot it uses has its table from the beginning. */
#pragma once

#include "walk.h"

/* Builds PMO, image and stacks from the boot pool and loads CR3: from here on the
 * identity map and the boot window are gone. */
void kernelmap_build(void);

/* Maps memory for the frame table and devices; `flags` of walk.h besides the
 * address. Only while booting. All of it is NX and global. */
void kernelmap_map(uint64_t address, paddr_t physical, uint64_t bytes, uint64_t flags);

/* The PML4 with nothing but the kernel half. */
hf_frame_t kernelmap_root(void);

/* Fills entries 256 to 511 of a PML4. */
void kernelmap_copy(pte_t *table);

/* Linker symbols: where the image's parts begin and end; all page-aligned. */
extern uint8_t image_start[], text_start[], text_end[], rodata_start[], rodata_end[], data_start[], image_end[];

static inline paddr_t image_physical(const void *address) { return (paddr_t){(uint64_t)address - IMAGE_BASE}; }
