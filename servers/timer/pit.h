/* The PIT's channel 0: one interrupt at a time, when it is asked for. */
#pragma once

#include <handoff/types.h>

/* No time at all: nothing is to be waited for. */
#define PIT_NEVER UINT64_MAX

/* With a handle for its ports. It stands still until pit_wake. */
void pit_start(hf_handle_t handle);

/* An interrupt is to come at `time` (hf_clock) or soon after; it can come earlier,
 * and does when `time` is further away than one shot reaches, about 55 ms. Asked
 * for after each interrupt. */
void pit_wake(uint64_t time);

/* The interrupt has come. */
void pit_came(void);
