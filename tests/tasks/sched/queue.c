/* Queues of endpoints are first in, first out, whatever the priorities. */
#include "sched.h"

static void callers_are_served_as_they_came(void) {
    PLAY("xyz", {20, "call:ax"}, SETTLE, {50, "call:ay"}, SETTLE, {30, "call:az"}, SETTLE,
         {10, "hear:a nexthear:a nexthear:a reply"});
}

static void receivers_are_served_as_they_came(void) {
    PLAY("123", {20, "take:a say:1 reply"}, SETTLE, {50, "take:a say:2 reply"}, SETTLE, {30, "take:a say:3 reply"},
         SETTLE, {10, "call:a call:a call:a"});
}

static void first_receiver_gets_the_bits(void) {
    PLAY("1", {20, "take:a say:1"}, SETTLE, {50, "take:a say:2"}, SETTLE, {10, "notify:a"});
}

static void caller_that_ends_leaves_the_queue(void) {
    PLAY("xz", {20, "call:ax"}, SETTLE, {20, "call:ay"}, SETTLE, {20, "call:az"}, SETTLE, {60, "kill:1"}, SETTLE,
         {10, "hear:a nexthear:a reply"});
}

static void first_and_last_leave_the_queue(void) {
    PLAY("y", {20, "call:ax"}, SETTLE, {20, "call:ay"}, SETTLE, {20, "call:az"}, SETTLE, {60, "kill:2 kill:0"}, SETTLE,
         {10, "hear:a reply"});
}

static void receiver_that_ends_leaves_the_queue(void) {
    PLAY("2", {20, "take:a say:1 reply"}, SETTLE, {20, "take:a say:2 reply"}, SETTLE, {60, "kill:0"}, SETTLE,
         {10, "call:a"});
}

/* The first one was taken out by a call: whoever goes next was second until then. */
static void receiver_ends_behind_one_that_was_called(void) {
    PLAY("13", {30, "take:a say:1 reply"}, SETTLE, {30, "take:a say:2 reply"}, SETTLE, {30, "take:a say:3 reply"},
         SETTLE, {10, "call:a"}, SETTLE, {60, "kill:1"}, SETTLE, {10, "call:a"});
}

static void server_that_waits_again_leaves_the_queue(void) {
    PLAY("2c", {30, "take:a next:a"}, SETTLE, {10, "call:a"}, SETTLE, {30, "take:a say:2 reply"}, SETTLE,
         {60, "kill:0"}, SETTLE, {10, "call:a say:c"});
}

static void server_behind_one_that_ends_is_called_next(void) {
    PLAY("2c", {30, "take:b take:a say:1 reply"}, {30, "take:a next:a say:2 reply"}, SETTLE, {10, "call:a notify:b"},
         SETTLE, {60, "kill:0"}, SETTLE, {10, "call:a say:c"});
}

static void ready_task_that_ends_leaves_the_queue(void) {
    PLAY("kac", {20, "say:a"}, {20, "say:b"}, {20, "say:c"}, {60, "say:k kill:1"});
}

const struct suite_test queue_tests[] = {
    TEST(callers_are_served_as_they_came),
    TEST(receivers_are_served_as_they_came),
    TEST(first_receiver_gets_the_bits),
    TEST(caller_that_ends_leaves_the_queue),
    TEST(first_and_last_leave_the_queue),
    TEST(receiver_that_ends_leaves_the_queue),
    TEST(receiver_ends_behind_one_that_was_called),
    TEST(server_that_waits_again_leaves_the_queue),
    TEST(server_behind_one_that_ends_is_called_next),
    TEST(ready_task_that_ends_leaves_the_queue),
    TESTS_END,
};
