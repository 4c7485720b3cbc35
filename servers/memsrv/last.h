/* memsrv's last words: for when no console will ever be there. */
#pragma once

/* Says one line on COM1 and ends the machine. */
_Noreturn void last_words(const char *text);
