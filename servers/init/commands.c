/* The list of commands, and those that are about the shell itself. */
#include "commands.h"

#include <mem.h>
#include <number.h>
#include <stdio.h>
#include <string.h>

#include "machine.h"

static const struct command commands[] = {
#define X(name, arguments, help) {#name, arguments, help, command_##name},
    COMMAND_LIST(X)
#undef X
};

const struct command *command_find(const char *name) {
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(commands[i].name, name) == 0) {
            return &commands[i];
        }
    }
    return NULL;
}

void command_complain(const char *what, hf_status_t status) {
    printf("%s: %s (%s).\n", what, hf_status_text(status), hf_status_name(status));
}

bool command_help(int count, char **words) {
    (void)count;
    (void)words;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        printf("%-6s %-27s %s\n", commands[i].name, commands[i].arguments, commands[i].help);
    }
    return true;
}

bool command_exit(int count, char **words) {
    uint64_t code = 0;
    if (count > 2 || (count == 2 && !number_parse(words[1], MACHINE_CODE_MAX, &code))) {
        return false;
    }
    machine_end((unsigned)code);
}
