/* The shell's commands: one list, and a function each. */
#pragma once

#include <handoff/status.h>
#include <stdbool.h>

/* X(name, arguments, help) */
#define COMMAND_LIST(X) \
    X(help, "", "this list") \
    X(spawn, "NAME [ARGUMENTS] [&]", "run a program; with & in the background") \
    X(quota, "FRAMES NAME [ARGUMENTS] [&]", "the same, with no more memory than that") \
    X(time, "NAME [ARGUMENTS]", "run a program, and tell what that takes") \
    X(sleep, "SECONDS", "wait; fractions as in 0.25") \
    X(ps, "", "the tasks there are") \
    X(stat, "NUMBER", "what a task has, and may have") \
    X(map, "NUMBER", "what is where in a task's memory") \
    X(why, "NUMBER ADDRESS", "why an address works for a task, or not") \
    X(mem, "", "what the memory is used for") \
    X(kill, "NUMBER", "end a task") \
    X(images, "", "the programs there are") \
    X(exit, "[CODE]", "end the machine, with a code from 0 to 63")

struct command {
    const char *name, *arguments, *help;
    /* words[0] is the command, words[count] is NULL. False: its arguments make no
     * sense. */
    bool (*run)(int count, char **words);
};

#define X(name, arguments, help) bool command_##name(int count, char **words);
COMMAND_LIST(X)
#undef X

/* NULL when there is none of that name. */
const struct command *command_find(const char *name);

/* "mem: out of memory (NO_MEMORY)." */
void command_complain(const char *what, hf_status_t status);
