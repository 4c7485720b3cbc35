/* Searches, told in words. */
#pragma once

#include "prepare.h"
#include "search.h"

/* Boots the machine, and prints its shape. Once. */
void report_start(void);

/* Searches from a prepared state, and prints what came of it; false: a violation. */
bool report_search(enum prepared_name name, const struct search *search);

/* Prints in how many states each thing was seen that is worth to be seen; false: one wasn't that must be. */
bool report_reached(void);
