/* memsrv's last words: for when no console will ever be there. */
#ifndef MEMSRV_LAST_H
#define MEMSRV_LAST_H

/* Says one line on COM1 and ends the machine. */
_Noreturn void last_words(const char *text);

#endif
