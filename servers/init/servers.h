/* The servers that init starts. */
#pragma once

#include <handoff/status.h>

/* Gives COM1 to a new console server; from then on HF_SLOT_CONSOLE calls it, and can
 * be handed on. Then gives the PIT to a timer server: when that does not come up,
 * this is said, and all goes on without. HF_NOT_READY, or what mem_spawn says: there
 * is no console. */
hf_status_t servers_start(void);
