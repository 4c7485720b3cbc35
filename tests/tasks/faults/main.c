/* faults: tests of exceptions and page faults, and of what a task keeps over them. */
#include "../suite_main.h"
#include "faults.h"

static const struct suite_test *const groups[] = {base_tests,   call_tests, exception_tests, fpu_tests, fault_tests,
                                                  served_tests, NULL};

int main(int argc, char **argv) { return suite_main("faults", groups, argc, argv); }
