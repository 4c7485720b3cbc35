/* deep [LEVELS]: calls itself so many times, 1 KiB of stack each, and back; without
 * a number it goes on until it meets the stack's guard. */
#include <number.h>
#include <stdio.h>

#define FRAME_BYTES 1024

/* Volatile, so that each level needs its bytes until those below are done. */
static uint64_t descend(uint64_t levels) {
    volatile char bytes[FRAME_BYTES];
    bytes[0] = (char)levels;
    uint64_t below = levels > 1 ? descend(levels - 1) : 0;
    return below + (bytes[0] == (char)levels);
}

int main(int argc, char **argv) {
    uint64_t levels = UINT64_MAX;
    if (argc > 2 || (argc == 2 && !number_parse(argv[1], UINT64_MAX, &levels)) || levels == 0) {
        puts("Usage: deep [LEVELS], a number of at least 1");
        return 2;
    }
    puts("deep: going down");
    printf("deep: back from %lu levels\n", descend(levels));
    return 0;
}
