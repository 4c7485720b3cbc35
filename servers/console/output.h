/* What waits to be sent, in the order in which it was written. */
#pragma once

#include <handoff/message.h>
#include <handoff/status.h>
#include <stdbool.h>

/* Takes up all the memory there will be need of, so that what the server uses
 * doesn't depend on how slow the line is. */
void output_start(void);

/* Takes the write that is in hand, sets it aside, and answers it when its last
 * byte is in the UART. Any other status but HF_OK: it is to be answered with it. */
hf_status_t output_take(const struct hf_message *message);

/* A line of the console's own; left out when there is no room. */
void output_note(const char *text);

/* Sends what the UART takes now. */
void output_advance(void);

/* There is more to send. */
bool output_is_waiting(void);
