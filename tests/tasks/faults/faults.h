/* The groups of tests of this program, a file each. */
#pragma once

#include "ends.h"

extern const struct suite_test base_tests[];
extern const struct suite_test call_tests[];
extern const struct suite_test exception_tests[];
extern const struct suite_test fault_tests[];
extern const struct suite_test fpu_tests[];
extern const struct suite_test served_tests[];
