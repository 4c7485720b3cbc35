/* Names for addresses, out of the boot module `names`; without it there are none. */
#pragma once

#include <stdint.h>

/* Prints " name+0x12", or nothing. memsrv may have changed the module: at worst the name is wrong. */
void names_print(uint64_t address);
