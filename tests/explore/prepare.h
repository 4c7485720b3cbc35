/* States to begin at. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct prepared {
    const char *name;
    bool (*make)(void); /* brings the machine there from boot; false: a call was refused */
    bool usual;         /* for this shape of machine */
};

/* Ends with one that has no name. */
extern const struct prepared prepared[];

/* What all usual ones together must reach (enum reached). */
extern const uint8_t prepared_reaches[];
