/* What STAGE must make of a frame or run, and how many leaves CLEAR must say that it has removed. */
#pragma once

#include "../../ukernel/mmu.h"

/* Before the operation: works out what there will be, and puts something else there if it is FREE. */
void foresee(const struct hf_operation *operation);

/* Afterwards: what is wrong, as text, or NULL. */
const char *unforeseen(const struct hf_operation *operation, hf_status_t status);
