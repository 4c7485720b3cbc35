/* Building the frame table at boot. */
#pragma once

#include "bootmap.h"

/* Takes its memory from the pool, maps it, and says in it what each range is:
 * modules become pinned USER frames. The kernel half must be loaded. */
void frametable_build(const struct bootmap *map);

