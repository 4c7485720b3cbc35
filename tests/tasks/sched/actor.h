/* What actors and the recorder tell each other. */
#pragma once

#include "stage.h"

#define STAGE_HANDLES 5u
#define SLOT_RECORDER SLOT_A
#define SLOT_FIRST_ENDPOINT SLOT_B

enum stage_label {
    STAGE_SAY = 1, /* word 0: the letter */
    STAGE_START,   /* -> word 0: until when to compute */
    STAGE_KILL,    /* word 0: which actor */
    STAGE_QUIET,
};

/* The role: follows the script whose address it is given. */
int actor(uint64_t script);
