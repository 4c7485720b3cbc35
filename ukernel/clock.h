/* Time: the processor's counter, and how fast it goes. */
#pragma once

#include <stdint.h>

/* Measures counter and APIC timer against the PIT; the waiting does not count as
 * boot time. The APIC timer's counts for one tick. */
uint32_t clock_measure(void);

extern uint64_t clock_start; /* the counter when the core was entered; set by boot/ */

uint64_t clock_hertz(void);

/* Since the core was entered, whole; without the timed waits of booting. */
uint64_t clock_nanoseconds(void);
uint64_t clock_boot_ticks(void);
