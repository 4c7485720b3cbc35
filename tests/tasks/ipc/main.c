/* ipc: tests of messages, notifications, handles, and of what happens when somebody ends. */
#include "../suite_main.h"
#include "ipc.h"

static const struct suite_test *const groups[] = {
    message_tests,  nowait_tests,  hold_tests,     held_tests,     queue_tests, bytes_tests,
    pass_tests,     handle_tests,  stale_tests,    notify_tests,   death_tests, circle_tests,
    register_tests, context_tests, boundary_tests, priority_tests, NULL,
};

int main(int argc, char **argv) { return suite_main("ipc", groups, argc, argv); }
