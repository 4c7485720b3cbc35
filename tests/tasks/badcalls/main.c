/* badcalls: tests of all that is wrong with a core call, made by a task without rights. */
#include "../suite_main.h"
#include "badcalls.h"

static const struct suite_test *const groups[] = {handle_tests, message_tests, number_tests, right_tests,
                                                  slot_tests,   state_tests,   NULL};

int main(int argc, char **argv) { return suite_main("badcalls", groups, argc, argv); }
