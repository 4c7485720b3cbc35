/* Exceptions, registers and page-table walks in words. */
#pragma once

#include "object.h"

/* One line: which exception, where, and for a page fault what was tried. */
void explain_exception(const struct frame_registers *registers, uint64_t fault_address);

void explain_registers(const struct frame_registers *registers);

/* A line for each level of the walk from `root` to `address`. */
void explain_walk(hf_frame_t root, uint64_t address);
