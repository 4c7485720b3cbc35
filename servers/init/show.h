/* Pieces of what is shown about tasks. */
#pragma once

#include <handoff/mem.h>

/* "waits for 7" */
#define SHOW_STATE_BYTES 32u
void show_state(const struct hf_task_info *info, char text[SHOW_STATE_BYTES]);

/* "12 zero, 3 image", or "none": enum names of those kinds that there were. */
#define SHOW_FAULTS_BYTES 256u
void show_faults(const struct hf_ledger *ledger, char text[SHOW_FAULTS_BYTES]);

/* The walk to an address: a line for each entry, PML4 first, up to where it ends. `entry`: PT first. `refs`: how often
 * the page is mapped; 0: that isn't known. */
void show_walk(uint64_t address, const uint64_t entry[4], uint32_t refs);

/* Frames that count against its quota. */
uint64_t show_frames(const struct hf_ledger *ledger);
