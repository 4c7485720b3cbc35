/* Which frames, runs and addresses random operations are about: few, so that it matters what is there. */
#pragma once

#include <stdbool.h>

#include "../../ukernel/mmu.h"

#define PICK_TYPE(name) (1u << HF_FRAME_##name)
#define PICK_STATE(name) (1u << HF_RUN_##name)
#define PICK_PAGES (PICK_TYPE(STAGED) | PICK_TYPE(USER))

#define PICK_IN_FIRST_RUN (MACHINE_RUN >= 64u ? 44u : MACHINE_RUN - 4u)
#define PICK_IN_OTHER_RUNS (MACHINE_RUN >= 64u ? 12u : 4u * MACHINE_RUN) /* that are FREE at first */
#define PICK_IN_WHOLE_RUN 8u                                             /* one that is mostly left to pages of 2 MiB */
#define PICK_FRAMES (PICK_IN_FIRST_RUN + PICK_IN_OTHER_RUNS + PICK_IN_WHOLE_RUN)

/* The frames by number, 0 to PICK_FRAMES - 1. */
hf_frame_t pick_frame(unsigned at);

/* From there on the first that is of one of these types, and no part of a page of 2 MiB; else pick_frame(at). */
hf_frame_t pick_frame_of(unsigned types, unsigned at);

/* A FREE one not of the whole run, and of a run that is split already, if there is one. */
hf_frame_t pick_spare(unsigned at);
bool pick_there_is(unsigned types);

/* The same for runs in one of these states, by their first frames. */
#define PICK_RUNS (MACHINE_RUN >= 64u ? 2u : 5u)
hf_frame_t pick_run_in(unsigned states, unsigned at);

/* Frames that are none of memsrv's, or none at all; and those of devices. */
#define PICK_ODD_FRAMES 11u
#define PICK_DEVICE_FRAMES 11u
hf_frame_t pick_odd_frame(unsigned at);
hf_frame_t pick_device_frame(unsigned at);

#define PICK_SPAN(level) (1ull << (HF_PAGE_SHIFT + TABLE_BITS * ((level)-1)))

/* Pages in few tables. */
#define PICK_PLACES 96u
#define PICK_PLACES_OF_PD 24u /* the first of them are in one PD */
uint64_t pick_place(unsigned at);
#define PICK_ODD_PLACES (TABLE_BITS >= 9 ? 9u : 3u)
uint64_t pick_odd_place(unsigned at);
