/* Registers and flags filled with a pattern while time passes. */
#pragma once

#include <stdint.h>

/* Fills every register but RSP and RCX, and the flags, counts RCX down from `rounds`, and
 * looks: how many have changed. */
uint64_t registers_spin(uint64_t pattern, uint64_t rounds);

/* How many of RBP and RSP are changed by the call of this number, which must do without arguments. */
uint64_t registers_call(uint64_t pattern, uint64_t number);
