/* A task that makes the core's calls with registers drawn at random. */
#pragma once

#include <stdint.h>

/* What it was given, in slots of its own. */
enum rogue_slots {
    ROGUE_SHARED = 3, /* an endpoint that several of them call, receive from and notify */
    ROGUE_DONE,       /* sets the bit of the one that has made its calls */
    ROGUE_OWN,        /* from here on it closes and overwrites as it likes */
};

/* Makes `count` calls, the same for the same seed, and ends with the number of those that were
 * answered by HF_OK. The first `role`, 0, is mainly a server, the others are mainly clients. */
_Noreturn void rogue(uint64_t seed, uint64_t role, uint64_t count);
