/* The stacks of one processor. Each ends at a multiple of STACK_SPAN; the pages
 * below it that are not mapped catch an overflow. */
#pragma once

#include "layout.h"

/* The first is for everything ordinary; the others are reached through the
 * interrupt stack table, in this order (Intel SDM vol. 3A, 6.14.5). */
#define STACK_DOUBLE_FAULT 1
#define STACK_NMI 2
#define STACK_MACHINE_CHECK 3
#define STACK_DEBUG 4
#define STACK_COUNT 5

#define STACK_BYTES 0x2000ul
#define STACK_TOP(number) (STACKS_START + ((number) + 1) * STACK_SPAN)
