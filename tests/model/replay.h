/* Reads the log that replay.pml replays: lines of six numbers, in the file that REPLAY_LOG
 * in the environment names. How many lines; no line has the number 0 as its event. */
#include <stdio.h>
#include <stdlib.h>

static int replay_read(short *event, short *role, short *a, short *b, short *c, short *d, int limit) {
    FILE *file = fopen(getenv("REPLAY_LOG"), "r");
    int i = 0;
    if (!file) exit(2);
    while (i < limit && fscanf(file, "%hd %hd %hd %hd %hd %hd", event + i, role + i, a + i, b + i, c + i, d + i) == 6) {
        i++;
    }
    if (i == limit || !feof(file)) exit(2);
    fclose(file);
    return i;
}
