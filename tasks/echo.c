/* echo: prints each line that is typed, until Ctrl-D. */
#include <stdio.h>

#define LINE_BYTES 256

int main(int argc, char **argv) {
    char line[LINE_BYTES];
    size_t length = 0;
    int c;
    (void)argv;
    if (argc > 1) {
        puts("Usage: echo, then lines of input, ended by Ctrl-D");
        return 2;
    }
    while ((c = getchar()) != EOF) {
        if (c != '\n' && length < sizeof line - 1) {
            line[length++] = (char)c;
            continue;
        }
        line[length] = '\0';
        puts(line);
        length = 0;
    }
    return 0;
}
