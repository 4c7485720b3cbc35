/* What the core tells of itself to somebody who asks on its own line. */
#pragma once

#include <stdbool.h>

/* LOG_IRQ was raised: all tasks, who waits for whom, and memory go into the log. Bytes that come
 * meanwhile, and for a while after it, belong to the same question. The one entry that isn't
 * bounded (I11): it takes as long as the line does for so many tasks. */
void dump_interrupt(void);

/* How many frames there are of each type, with `before_tables` before those of tables; whether
 * that is all RAM. */
bool dump_frames(const char *before_tables);
