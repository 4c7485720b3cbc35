/* What must hold in every state, and what was reached. */
#pragma once

#include <handoff/status.h>
#include <stdbool.h>
#include <stdint.h>

/* The first invariant that the machine's state breaks, as text; NULL: none. */
const char *judge_state(void);

/* The same for what pages hold, which is no part of a state: after each call. */
const char *judge_pages(void);

/* Brings everything back to FREE by MMU calls alone; what is left, as text, or NULL. The state is
 * spoilt by it. */
const char *judge_drain(void);
