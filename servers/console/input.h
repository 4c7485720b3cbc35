/* What was typed and not yet read, and who waits for it. */
#pragma once

#include <handoff/status.h>
#include <stdbool.h>

/* Takes the read that is in hand and sets it aside until there is input. Any
 * other status but HF_OK: it is to be answered with it. */
hf_status_t input_take_reader(void);

/* Receives what has come, as long as there is room. */
void input_collect(void);

/* Gives what there is to those who wait, first come, first served. */
void input_deliver(void);

/* There is room for more. When there isn't, the sender is asked to wait. */
bool input_has_room(void);
