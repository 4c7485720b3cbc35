/* What libipc's files need of each other. */
#ifndef LIBIPC_INTERNAL_H
#define LIBIPC_INTERNAL_H

/* Sends what was printed and not yet sent. */
void stdio_flush(void);

#endif
