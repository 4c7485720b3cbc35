/* What the command line asks for: evil=attacks, evil=random,SEED,CALLS or both. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct order {
    bool attacks, random;
    uint64_t seed, calls; /* for random */
};

/* The first word that begins with `evil=`; everything, if there is none. False: it means nothing. */
bool order_read(const char *command_line, struct order *order);
