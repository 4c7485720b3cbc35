/* What a granted call did, besides bringing the machine into another legal state. */
#pragma once

#include "calls.h"

/* The first thing that it shouldn't have done to the machine that was kept, as text; NULL: none. */
const char *effect_wrong(const struct call *call, hf_status_t status, const struct hf_result *result);
