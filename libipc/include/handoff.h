/* Everything a task's program can call besides the C library. */
#ifndef LIBIPC_HANDOFF_H
#define LIBIPC_HANDOFF_H

#include <handoff/console.h>
#include <ipc.h>
#include <mem.h>

#endif
