/* Who waits for which time. */
#pragma once

#include <handoff/status.h>
#include <handoff/types.h>

struct timers_stat {
    uint64_t sleepers, periodics;
};

/* The call in hand is set aside and answered `nanoseconds` after `now`. Any other
 * status but HF_OK: it is to be answered with it. HF_NO_MEMORY: there is no handle
 * slot for it. */
HF_MUST_CHECK hf_status_t timers_sleep(uint64_t now, uint64_t nanoseconds);

/* From now on `notify` is used at the end of each period, counted from `now`, until
 * its endpoint is gone or `owner` cancels it by its number; then it is closed. A
 * period that has no end before the clock's does nothing.
 * HF_NO_MEMORY: there are too many. */
HF_MUST_CHECK hf_status_t timers_repeat(uint64_t now, uint64_t period, hf_handle_t notify, hf_serial_t owner,
                                        uint64_t *number);

/* HF_NOT_FOUND: there is no timer of that number. HF_DENIED: it is another's. */
HF_MUST_CHECK hf_status_t timers_cancel(uint64_t number, hf_serial_t owner);

/* Does all that was to be done until `now`. */
void timers_expire(uint64_t now);

/* When there is something to do next, UINT64_MAX for never. */
uint64_t timers_next(void);

struct timers_stat timers_count(void);
