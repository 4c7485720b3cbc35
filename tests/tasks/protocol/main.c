#include <number.h>
#include <stdio.h>
#include <string.h>

#include "protocol.h"

int main(int argc, char **argv) {
    uint64_t first, second;
    if (argc == 2 && strcmp(argv[1], "owner") == 0) return owner();
    if (argc == 3 && strcmp(argv[1], "role") == 0 && number_parse(argv[2], ROLES, &first)) return role((unsigned)first);
    if (argc == 3 && number_parse(argv[1], UINT64_MAX, &first) && number_parse(argv[2], 10000, &second)) {
        return conductor(first, (unsigned)second);
    }
    puts("Usage: protocol SEED ROUNDS");
    return 2;
}
