/* objects: tests of shared objects, as programs see them. */
#include "../suite_main.h"
#include "objects.h"

static const struct suite_test *const groups[] = {
    request_tests, sharing_tests, right_tests, end_tests, fork_tests, NULL,
};

int main(int argc, char **argv) { return suite_main("objects", groups, argc, argv); }
