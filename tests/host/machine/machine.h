/* A simulated machine, in place of the core's own <machine.h>: RAM is an array, CR3 a
 * variable, and INVLPG works on a model of the translation caches that is as eager as a
 * processor may be (machine.c). The shape of the page tables can be set from outside. */
#pragma once

#include <handoff/mmu.h>
#include <layout.h>
#include <stddef.h>
#include <stdint.h>

#include "instructions.h"

#ifndef TABLE_LEVELS
#define TABLE_LEVELS 4u
#endif
#ifndef TABLE_BITS
#define TABLE_BITS 9u
#endif

#define MACHINE_RUN (1u << TABLE_BITS) /* frames of a run */
#ifndef MACHINE_RUNS
#define MACHINE_RUNS (TABLE_BITS >= 9u ? 5u : 24u)
#endif
#define MACHINE_FRAMES (MACHINE_RUN * MACHINE_RUNS)

extern uint8_t machine_ram[MACHINE_FRAMES][HF_PAGE_SIZE];
extern struct hf_run_header machine_headers[MACHINE_RUNS];
extern struct hf_frame_entry machine_entries[MACHINE_FRAMES];

#define PMO_BASE ((uint64_t)machine_ram)
#define FRAME_HEADERS machine_headers
#define FRAME_ENTRIES machine_entries

uint64_t read_cr2(void);
uint64_t read_cr3(void);
