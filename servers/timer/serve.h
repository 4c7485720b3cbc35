/* One message after the other, and what has become due meanwhile. */
#pragma once

#include <handoff/message.h>

/* Where the interrupt's handle is. */
void serve_start(hf_handle_t irq);

/* Takes up what was received; a call is answered, or set aside to be answered
 * later. Afterwards nothing is overdue, and an interrupt comes for what is next. */
void serve(const struct hf_message *message, const struct hf_sender *sender);
