/* The machine's end. */
#pragma once

#include <handoff/mem.h>

/* Codes that the machine ends with, besides a program's own. */
enum machine_code {
    MACHINE_CODE_NOT_STARTED = 61, /* the program, or the console */
    MACHINE_CODE_ENDED_BADLY = 62, /* a fault, an exception, or killed */
    MACHINE_CODE_MAX = 63,         /* also every code that isn't 0 to 63 */
};

/* The code that stands for how a program ended. */
unsigned machine_code_of(const struct hf_exit *how);

/* Waits until everything written has left, then ends the machine. */
_Noreturn void machine_end(unsigned code);
