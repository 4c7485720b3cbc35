/* Asks the core all combinations of arguments in all scenes, and compares with the oracle:
 * status, result, and the state afterwards. */
#pragma once

#include "scene.h"

/* What one field of an operation is given. The first `plain` values are such as memsrv would use. */
struct axis {
    const uint64_t *values;
    unsigned count, plain;
};

enum matrix_axis { AXIS_OBJECT, AXIS_LEVEL, AXIS_RIGHTS, AXIS_COUNT, AXIS_ADDRESS, AXIS_FRAME, AXIS_END };

/* Which scenes a group is asked in. */
enum matrix_scenes {
    SCENES_ONE,    /* it has nothing to do with mappings */
    SCENES_FEW,    /* a few leaves at the place */
    SCENES_LEAVES, /* all that can be there ... */
    SCENES_ALL,    /* ... with all rights, and used in all ways */
};

struct group {
    const char *name;
    uint8_t code; /* enum hf_operation_code */
    enum matrix_scenes scenes;
    struct axis axis[AXIS_END]; /* without values: the field is zero */
};

extern const struct group matrix_groups[];
extern const unsigned matrix_group_count;

struct tally {
    uint64_t cases, granted, scenes, several; /* several: cases with more than one reason to refuse */
    uint64_t disagreements, pairs_left;       /* pairs of values that never met */
};

/* Every combination; or with a `sample`, those that differ from a sensible call in at most one value,
 * and about so many others. Disagreements are printed, up to ten of a group. */
struct tally matrix_run(const struct group *group, uint64_t sample);
