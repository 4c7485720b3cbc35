/* The states that were found, by their hashes; and those among them that are still to be visited,
 * in the order in which they were found. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A search begins at this state; everything before is forgotten. */
void visited_begin(const uint8_t *bytes, size_t length);
const uint8_t *visited_start(void);

/* Whether a state with this hash was not found before; now it was. */
bool visited_add(uint64_t hash);

/* The state that visited_add was asked about, found from the current one by this call, waits. */
void visited_put(unsigned call, const uint8_t *bytes, size_t length);

/* The first that waits becomes the current one; false: there is none. */
bool visited_next(void);
const uint8_t *visited_bytes(void);
unsigned visited_depth(void);
uint64_t visited_waiting(void);

/* The way to a state, by numbers: a start is its own parent. */
uint32_t visited_current(void);
uint32_t visited_parent(uint32_t state);
unsigned visited_call(uint32_t state);
