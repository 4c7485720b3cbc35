/* Sleeping, as C programs know it. */
#pragma once

/* Answers how many seconds were not slept: 0, or all of them without a timer server. */
unsigned sleep(unsigned seconds);

/* The same for microseconds, of which there can be any number. 0, or -1 without a
 * timer server. */
int usleep(unsigned microseconds);
