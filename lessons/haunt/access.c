#include "haunt.h"

void store(uint64_t at, uint64_t value) { *(volatile uint64_t *)at = value; }

uint64_t load(uint64_t at) { return *(const volatile uint64_t *)at; }
