/* The groups of tests of this program, a file each. */
#pragma once

#include "world.h"

extern const struct suite_test handle_tests[];
extern const struct suite_test message_tests[];
extern const struct suite_test number_tests[];
extern const struct suite_test right_tests[];
extern const struct suite_test slot_tests[];
extern const struct suite_test state_tests[];
