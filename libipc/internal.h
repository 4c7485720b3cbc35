/* What libipc's files need of each other. */
#pragma once

/* Sends what was printed and not yet sent. */
void stdio_flush(void);
