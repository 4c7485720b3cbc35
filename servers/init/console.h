/* The console server, as init starts it. */
#pragma once

#include <handoff/status.h>

/* Gives COM1 to a new console server; from then on HF_SLOT_CONSOLE calls it, and
 * can be handed on. HF_NOT_READY: it has not come up. */
hf_status_t console_start(void);
