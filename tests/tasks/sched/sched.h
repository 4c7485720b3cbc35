/* The groups of tests of this program, a file each. */
#pragma once

#include "stage.h"

extern const struct suite_test inherit_tests[];
extern const struct suite_test order_tests[];
extern const struct suite_test queue_tests[];
extern const struct suite_test ticks_tests[];
