/* The prompt. */
#pragma once

#include <stdbool.h>

/* Reads lines and does what they say, for ever: `exit` ends the machine. */
_Noreturn void shell(void);

/* ---- commands.c ---- */

struct command {
    const char *name, *arguments, *help;
    /* words[0] is the command, words[count] is NULL. False: its arguments make no
     * sense. */
    bool (*run)(int count, char **words);
};

/* NULL when there is none of that name. */
const struct command *command_find(const char *name);
