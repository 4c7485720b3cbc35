/* Where boot/ hands over to C, on a stack of its own, with interrupts off. */
#pragma once

#include <stdint.h>

/* `information`: physical address of the Multiboot2 boot information. Mapped are
 * the image and, at the PMO's place, the first 4 GiB. */
_Noreturn void core_main(uint64_t information);

