/* hello [ARGUMENTS]: greets, and prints its arguments. */
#include <stdio.h>

int main(int argc, char **argv) {
    printf("Hello from ring 3. I am \"%s\", with %d argument%s.\n", argv[0], argc - 1, argc == 2 ? "" : "s");
    for (int i = 1; i < argc; i++) {
        printf("  %d: %s\n", i, argv[i]);
    }
    return 0;
}
