/* badptr [null|kernel|noncanonical|unmapped]: writes through a bad pointer, and so
 * ends with a fault, which its exit record explains. */
#include <ipc.h>
#include <stdio.h>
#include <string.h>

static const struct {
    const char *name;
    uintptr_t address;
} pointers[] = {
    {"null", 0x10},
    {"kernel", 0xffff800000000000u},       /* where the core sees all RAM */
    {"noncanonical", 0x0000800000000000u}, /* no address at all: an exception, not a page fault */
    {"unmapped", 0x0000600000000000u},
};

int main(int argc, char **argv) {
    const char *wanted = argc > 1 ? argv[1] : "null";
    for (size_t i = 0; argc <= 2 && i < sizeof pointers / sizeof *pointers; i++) {
        if (strcmp(wanted, pointers[i].name) == 0) {
            printf("badptr: writing to 0x%lx\n", pointers[i].address);
            *(volatile char *)pointers[i].address = 1;
            puts("badptr: that went well, which is wrong");
            return 1;
        }
    }
    puts("Usage: badptr [null|kernel|noncanonical|unmapped]");
    return 2;
}
