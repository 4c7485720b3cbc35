/* Addresses have types: one-word structs, so that swapping two does not compile. */
#pragma once

#include <handoff/types.h>
#include <machine.h>

typedef struct {
    uint64_t value;
} paddr_t; /* physical */

typedef struct {
    uint64_t value;
} uaddr_t; /* ring 3's; the core never dereferences one */

typedef struct {
    uint64_t value;
} pte_t; /* a page-table entry of any level */

static inline paddr_t frame_address(hf_frame_t frame) { return (paddr_t){frame << HF_PAGE_SHIFT}; }

/* The core's pointer to physical memory: the only place where one becomes the other. */
static inline void *pmo(paddr_t address) { return (void *)(PMO_BASE + address.value); }

static inline void *frame_pointer(hf_frame_t frame) { return pmo(frame_address(frame)); }

/* The frame that holds a core object or table, from a pointer into the PMO. */
static inline hf_frame_t frame_of(const void *object) { return ((uint64_t)object - PMO_BASE) >> HF_PAGE_SHIFT; }
