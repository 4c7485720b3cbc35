/* Numbers that someone typed. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* A decimal number of digits and nothing else, at most `limit`. *number is left
 * alone when it isn't one. */
bool number_parse(const char *text, uint64_t limit, uint64_t *number);
