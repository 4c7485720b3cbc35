/* A server runs at least at the priority of the caller whose call it has in hand. In
 * most of these a server of priority 10 lets somebody of 30 become ready, by bits at b:
 * who says his letter first tells what the server runs at. */
#include "sched.h"

#define MIDDLE \
    { 30, "take:b say:m" }

static void server_runs_at_its_callers_priority(void) {
    PLAY("1cm2", {10, "take:a notify:b say:1 reply say:2"}, MIDDLE, SETTLE, {50, "call:a say:c"});
}

static void bits_do_not_raise(void) { PLAY("m1", {10, "take:a notify:b say:1"}, MIDDLE, SETTLE, {50, "notify:a"}); }

static void lower_caller_does_not_lower(void) {
    PLAY("1mc", {50, "take:a notify:b say:1 reply"}, MIDDLE, SETTLE, {20, "call:a say:c"});
}

static void ends_with_the_reply(void) {
    PLAY("cm1", {10, "take:a reply notify:b say:1"}, MIDDLE, SETTLE, {50, "call:a say:c"});
}

static void ends_with_hold(void) {
    PLAY("m1c2", {10, "take:a hold notify:b say:1 answer say:2"}, MIDDLE, SETTLE, {50, "call:a say:c"});
}

/* Who waits for the next message has nothing left of the last caller's priority. */
static void ends_with_waiting_again(void) {
    PLAY("cm1l", {10, "take:a next:a notify:b say:1 reply"}, MIDDLE, SETTLE, {50, "call:a say:c"}, SETTLE,
         {20, "call:a say:l"});
}

static void ends_with_waiting_again_for_bits(void) {
    PLAY("cm1", {10, "take:a next:a notify:b say:1"}, MIDDLE, SETTLE, {50, "call:a say:c"}, SETTLE, {20, "notify:a"});
}

static void queued_callers_do_not_raise(void) {
    PLAY("m1lh2", {10, "take:a notify:c notify:b say:1 reply take:a reply say:2"}, MIDDLE, {50, "take:c call:a say:h"},
         SETTLE, {20, "call:a say:l"});
}

static void taking_a_queued_call_raises(void) {
    PLAY("1cm2", {50, "call:a say:c"}, MIDDLE, SETTLE, {10, "take:a notify:b say:1 reply say:2"});
}

static void next_call_counts_instead(void) {
    PLAY("cm1l", {50, "call:a say:c"}, SETTLE, {20, "call:a say:l"}, MIDDLE, SETTLE,
         {10, "take:a next:a notify:b say:1 reply"});
}

static void nothing_is_left_after_many(void) {
    PLAY("xyzm1", {10, "take:a next:a next:a reply notify:b say:1"}, MIDDLE, SETTLE,
         {50, "call:a say:x call:a say:y call:a say:z"});
}

static void chain_of_two_servers(void) {
    PLAY("2cm", {10, "take:a call:c next:a"}, {5, "take:c notify:b say:2 next:c"}, MIDDLE, SETTLE,
         {50, "call:a say:c"});
}

static void chain_of_three_servers(void) {
    PLAY("3cm", {10, "take:a call:c next:a"}, {5, "take:c call:d next:c"}, {7, "take:d notify:b say:3 next:d"}, MIDDLE,
         SETTLE, {50, "call:a say:c"});
}

/* The caller waits for one who waits himself, for a call that was set aside. */
static void chain_over_a_held_call_does_not_raise(void) {
    PLAY("m21c", {10, "call:c say:1 take:a reply"}, {5, "take:c hold take:d notify:b say:2 answer"}, MIDDLE, SETTLE,
         {50, "notify:d call:a say:c"});
}

static void stays_while_yielding(void) {
    PLAY("1cm", {10, "take:a notify:b yield say:1 reply"}, MIDDLE, SETTLE, {50, "call:a say:c"});
}

static void stays_over_a_page_fault(void) {
    PLAY("1cm", {10, "take:a touch notify:b say:1 reply"}, MIDDLE, SETTLE, {50, "call:a say:c"});
}

static void stays_over_ones_own_calls(void) {
    PLAY("1cm", {10, "take:a call:c notify:b say:1 reply"}, {60, "take:c next:c"}, MIDDLE, SETTLE,
         {50, "call:a say:c"});
}

/* A reply to one who has ended is none too little: nothing is left over. */
static void ends_when_the_caller_has_ended(void) {
    PLAY("m2", {10, "take:a kill:2 reply notify:b say:2"}, MIDDLE, {50, "call:a say:c"});
}

static void caller_of_a_server_that_ends_goes_on(void) {
    PLAY("dm", {10, "take:a notify:b die"}, MIDDLE, SETTLE, {50, "dead:a say:d"});
}

const struct suite_test inherit_tests[] = {
    TEST(server_runs_at_its_callers_priority),
    TEST(bits_do_not_raise),
    TEST(lower_caller_does_not_lower),
    TEST(ends_with_the_reply),
    TEST(ends_with_hold),
    TEST(ends_with_waiting_again),
    TEST(ends_with_waiting_again_for_bits),
    TEST(queued_callers_do_not_raise),
    TEST(taking_a_queued_call_raises),
    TEST(next_call_counts_instead),
    TEST(nothing_is_left_after_many),
    TEST(chain_of_two_servers),
    TEST(chain_of_three_servers),
    TEST(chain_over_a_held_call_does_not_raise),
    TEST(stays_while_yielding),
    TEST(stays_over_a_page_fault),
    TEST(stays_over_ones_own_calls),
    TEST(ends_when_the_caller_has_ended),
    TEST(caller_of_a_server_that_ends_goes_on),
    TESTS_END,
};
