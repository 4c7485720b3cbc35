/* Devices that ring 3 can be given: the list is fixed, and everything that is not
 * on it is nobody's. Among what is missing are the registers that could undo the
 * core: APICs, PCI configuration, DMA controllers, A20 and reset. */
#pragma once

#include "object.h"

#define IRQ_LINES 16u

/* Whether `count` ports from `first` on lie wholly in one grantable range. */
bool device_ports_grantable(uint64_t first, uint64_t count);
bool device_irq_grantable(uint64_t line);

/* Whether ring 3 may have this frame of a device's registers or memory: VGA's text, and
 * the framebuffer that device_init was told of. */
bool device_frame_grantable(hf_frame_t frame);

/* The framebuffer's place, in bytes; a length of 0 for none. */
void device_init(uint64_t framebuffer, uint64_t length);

/* Interrupt line `line` was raised: masks it and sets the bits it is bound to. */
void device_interrupt(unsigned line);

/* Ends the machine: under QEMU and Bochs with this code (0 to 127), else by halting. */
_Noreturn void device_end_machine(unsigned code);
