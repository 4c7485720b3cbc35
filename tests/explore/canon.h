/* One name for all states that differ by the names of frames only. */
#pragma once

#include "state.h"

/* The order in which the frames of the machine's state are written down to be hashed, and each
 * frame's place in it. Runs stay together, and the first one stays first. */
void canon_order(uint8_t order[MACHINE_FRAMES], uint8_t label[MACHINE_FRAMES]);

uint64_t canon_hash(const uint8_t *bytes, size_t count);
