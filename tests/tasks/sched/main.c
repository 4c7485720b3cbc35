/* sched: tests of who runs when. */
#include "../suite_main.h"
#include "sched.h"

static const struct suite_test *const groups[] = {inherit_tests, order_tests, queue_tests, ticks_tests, NULL};

int main(int argc, char **argv) { return suite_main("sched", groups, argc, argv); }
