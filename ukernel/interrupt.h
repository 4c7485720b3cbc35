/* Interrupt controllers: the 8259 pair for devices' lines, the local APIC for the
 * timer that preempts. */
#pragma once

#include <handoff/types.h>

#define INTERRUPT_FIRST_VECTOR 32u /* of line 0 */
#define TICKS_PER_SECOND HF_TICKS_PER_SECOND

/* All lines masked, local APIC on. `registers` is where the APIC is mapped. */
void interrupt_init(volatile uint32_t *registers);

/* Lets the APIC's timer count, and how far it has got since. */
void interrupt_timer_measure(void);
uint32_t interrupt_timer_measured(void);

/* From now on a tick every `count` of those. */
void interrupt_timer_start(uint32_t count);
void interrupt_timer_end(void);

void interrupt_mask(unsigned line);
void interrupt_unmask(unsigned line);

/* What a controller raises when a line has lost its interrupt: its last. Nothing else
 * can come there, since both stay masked (they can't be granted). */
#define INTERRUPT_NOISE_FIRST 7u
#define INTERRUPT_NOISE_SECOND 15u

/* Tells the controllers that the line's interrupt was taken; of noise, only the first
 * knows, when it came through the second. */
void interrupt_end(unsigned line);
