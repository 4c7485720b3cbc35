/* A program in memsrv's place that measures what needs the MEMORY privilege: MMU
 * operations, and faults answered by a pager. It hands out frames that it never
 * takes back, and ends the machine when it is done. */
#pragma once

#include <handoff/boot.h>

#include "core.h"
#include "sample.h"

/* ---- machine.c: frames, words for whoever reads, the end ---- */

void machine_init(const struct hf_boot *boot);

/* A FREE frame that nobody else has. */
hf_frame_t machine_frame(void);
hf_frame_t machine_run(void); /* the first frame of a run that nobody uses */

/* Prints the measurement that is just complete. */
void machine_report(void);

_Noreturn void machine_end(void);

/* ---- client.c: a task of another program ---- */

/* Maps a frame, with the tables that this takes. */
void client_map(hf_frame_t aspace, uint64_t address, hf_frame_t frame, unsigned rights);

/* An aspace that has this program's image at its own place (the same frames), so
 * that its code and samples are there too. */
hf_frame_t client_aspace(const struct hf_boot *boot);

#define CLIENT_ENDPOINT 1u /* its handle: where its faults go, too */

/* Starts a task there that runs `entry(argument)`. One in each aspace. */
void client_start(hf_frame_t aspace, hf_frame_t endpoint, void (*entry)(uint64_t argument), uint64_t argument);

/* ---- what is measured ---- */

void measure_operations(const struct hf_boot *boot);
void measure_lists(const struct hf_boot *boot);
void measure_faults(const struct hf_boot *boot);
void measure_frames(void);
