/* The last act of booting: memsrv gets all RAM, and control. */
#pragma once

#include "multiboot.h"

/* Builds memsrv's aspace and task, writes the boot information, and says what
 * was handed over. memsrv is ready to run then. */
void handoff(struct multiboot_info *boot);

