/* wxtest text|rodata|data|stack|heap: writes to what is executable or constant, or
 * executes what is writable. Either way it ends with a fault. */
#include <stdio.h>
#include <stdlib.h>
#include <stdint.h>
#include <string.h>

#define RETURN_INSTRUCTION 0xc3

static const char constant[] = "constant";
static volatile unsigned char data[1] = {RETURN_INSTRUCTION};

static void write_to(uintptr_t address) {
    printf("wxtest: writing to 0x%lx\n", address);
    *(volatile char *)address = 0;
}

static void execute(volatile unsigned char *code) {
    *code = RETURN_INSTRUCTION;
    printf("wxtest: executing at 0x%lx\n", (uintptr_t)code);
    ((void (*)(void))(uintptr_t)code)();
}

int main(int argc, char **argv) {
    const char *what = argc == 2 ? argv[1] : "";
    unsigned char local;
    if (strcmp(what, "text") == 0) {
        write_to((uintptr_t)execute);
    } else if (strcmp(what, "rodata") == 0) {
        write_to((uintptr_t)constant);
    } else if (strcmp(what, "data") == 0) {
        execute(data);
    } else if (strcmp(what, "stack") == 0) {
        execute(&local);
    } else if (strcmp(what, "heap") == 0) {
        execute(malloc(1));
    } else {
        puts("Usage: wxtest text|rodata|data|stack|heap");
        return 2;
    }
    puts("wxtest: that went well, which is wrong");
    return 1;
}
