/* States to begin at. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* X(name): prepared by make_NAME in prepare.c. The first is what boot leaves; the others are there
 * for four levels, where it takes many calls to get anywhere. */
#define PREPARED_LIST(X) \
    X(boot) \
    X(shared) \
    X(running) \
    X(pinned) \
    X(large) \
    X(split) \
    X(torn)

enum prepared_name {
#define X(name) PREPARED_##name,
    PREPARED_LIST(X)
#undef X
        PREPARED_COUNT
};

extern const char *const prepared_names[PREPARED_COUNT];

/* Whether this machine has frames enough for it. */
bool prepared_fits(enum prepared_name name);

/* Brings the machine there from boot; false: a call was refused. */
bool prepared_make(enum prepared_name name);
