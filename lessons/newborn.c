/* Lesson 7: is spawned, and says what it was born with. */
#include <stdio.h>

int main(int argc, char **argv) {
    for (int i = 0; i < argc; i++) {
        printf("newborn: argv[%d] is \"%s\" at %p\n", i, argv[i], (void *)argv[i]);
    }
    return 0;
}
