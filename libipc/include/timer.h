/* The timer server's client. Times are nanoseconds, measured by hf_clock.
 *
 * The first call looks the server up, and keeps its handle. HF_NOT_FOUND: there is
 * no timer server. HF_DEAD: it has ended. */
#pragma once

#include <handoff/status.h>
#include <handoff/types.h>

#define TIMER_SECOND 1000000000ul
#define TIMER_MILLISECOND 1000000ul

/* Comes back when so much time has passed, and never before. While more tasks sleep
 * than the server can take, it asks again and again, yielding in between. */
HF_MUST_CHECK hf_status_t timer_sleep(uint64_t nanoseconds);

/* From now on the bits that the handle `notify` names are set at the end of each
 * period, as counted from now, until the timer is cancelled or the endpoint is gone;
 * not even the caller's own end stops it. The handle needs NOTIFY and GRANT, and is
 * no longer needed afterwards. Periods that end while nobody receives become one.
 * HF_BAD_ARGUMENT: a period below HF_TIMER_PERIOD_MIN. HF_BAD_HANDLE, HF_DENIED: of
 * the handle. HF_NO_MEMORY: there are HF_TIMER_PERIODICS timers in all, or
 * HF_TIMER_PERIODICS_EACH of the caller's, or the server has no slot left. */
HF_MUST_CHECK hf_status_t timer_periodic(uint64_t period, hf_handle_t notify, uint64_t *number);

/* Ends a periodic timer; only the task that made it can. Bits that are set already
 * stay. HF_NOT_FOUND: there is no such timer any more. HF_DENIED: it is another's. */
HF_MUST_CHECK hf_status_t timer_cancel(uint64_t number);
