/* Instructions that take page faults which are served, with every register full. */
#pragma once

#include <stdint.h>

/* Fills every register and the flags (DF too) from `pattern`, reads a word at `address`, and
 * looks: how many have changed, the word that must be 0 included. */
uint64_t touch_with_pattern(uint64_t pattern, uint64_t address);

/* REP MOVSB and STOSB, backward when `direction` is not 0, from addresses of the first
 * byte to be moved. Answers 0, or which of RCX, RSI and RDI (bits 0 to 2) or DF (3) is
 * not what it must be. */
uint64_t move_bytes(uint64_t to, uint64_t from, uint64_t count, uint64_t direction);
uint64_t store_bytes(uint64_t to, uint64_t byte, uint64_t count, uint64_t direction);

/* Pushes `count` words below the stack, and pops them: how many are wrong. */
uint64_t push_deep(uint64_t count);
