/* The explored machine, in place of the core's own <machine.h>: RAM is an array, CR3 a variable,
 * and whatever fills a page or flushes a translation is seen by the explorer (machine.c, caches.c). */
#pragma once

#include <handoff/mmu.h>
#include <layout.h>
#include <stddef.h>
#include <stdint.h>

#include "../host/machine/instructions.h"

#define MACHINE_RUN (1u << TABLE_BITS) /* frames of a run, entries of a table */
#define MACHINE_FRAMES (MACHINE_RUN * MACHINE_RUNS)

extern uint8_t machine_ram[MACHINE_FRAMES][HF_PAGE_SIZE];
extern struct hf_run_header machine_headers[MACHINE_RUNS];
extern struct hf_frame_entry machine_entries[MACHINE_FRAMES];
extern uint64_t machine_cr3;

/* What a frame's page is known to hold; whoever writes into one sets it. */
enum machine_page {
    PAGE_WRITTEN,
    PAGE_ZERO,
    PAGE_SECRET, /* leftovers that nobody may ever read */
};
extern uint8_t machine_page[MACHINE_FRAMES];
void machine_paint(hf_frame_t frame, enum machine_page want);

/* The first byte of leftovers in a page that is said to be clean. */
_Bool machine_page_is_clean(hf_frame_t frame);

#define PMO_BASE ((uint64_t)machine_ram)
#define FRAME_HEADERS machine_headers
#define FRAME_ENTRIES machine_entries

static inline uint64_t read_cr3(void) { return machine_cr3; }
