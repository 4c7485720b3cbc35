/* Everything a task's program can call besides the C library. */
#pragma once

#include <handoff/console.h>
#include <ipc.h>
#include <mem.h>
