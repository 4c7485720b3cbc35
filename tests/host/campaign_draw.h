/* Random MMU operations, most of which can be granted. */
#pragma once

#include <stdbool.h>

#include "../../ukernel/mmu.h"

/* All that is random in a campaign comes from here. */
void chance_start(unsigned long seed);
uint64_t chance(uint64_t below);

/* One for the machine as it is. `giving`: mostly of those that give frames back. */
struct hf_operation draw_operation(bool giving);
