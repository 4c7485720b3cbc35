/* Calls in words. */
#pragma once

#include "calls.h"
#include <stdio.h>

void words_call(FILE *to, const struct call *call, hf_status_t status);
