/* Brings memsrv into memory: the only program that the core loads. */
#pragma once

#include <handoff/boot.h>

#include "multiboot.h"
#include <handoff/mmu.h>

/* Does one MMU operation for memsrv's sake, under the same rules as any other;
 * what is refused ends the boot. */
struct hf_result loader_do(const struct hf_operation *operation);

/* The operation page's second half for loader_do. */
struct hf_task_block *loader_task_block(void);

/* Maps `frame` (STAGED or USER) for memsrv, with the tables this takes. */
void loader_map(hf_frame_t aspace, uint64_t address, hf_frame_t frame, unsigned rights);

/* A fresh zeroed page, mapped. */
hf_frame_t loader_map_new(hf_frame_t aspace, uint64_t address, unsigned rights);

/* Loads memsrv's segments from its module: ELF64, static, W^X, page-congruent.
 * Returns the entry point. A malformed image ends the boot. */
uint64_t loader_load(hf_frame_t aspace, const struct multiboot_module *module);

