/* What programs in memsrv's place begin with: frames, and a place for them. */
#pragma once

#include "core.h"

void frames_find(const struct hf_boot *boot);

/* A FREE frame, which is never given back. */
hf_frame_t frames_take(void);

/* With the tables that this takes. */
void frames_map(hf_frame_t aspace, uint64_t address, hf_frame_t frame, unsigned rights);
