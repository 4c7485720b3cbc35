/* The timer: it takes the processor away, counts for whoever had it, and disturbs nothing. */
#include "registers.h"
#include "sched.h"

#define FEW 2u /* ticks while a task starts, says something, ends */
#define MANY 5u

static bool about_equal(uint64_t a, uint64_t b) { return (a > b ? a - b : b - a) <= FEW; }

static void equals_get_equal_ticks(void) {
    PLAY_ONCE("", {20, "start spin"}, {20, "start spin"}, {20, "start spin"});
    WANT(actor_ticks(0) >= MANY);
    WANT(about_equal(actor_ticks(0), actor_ticks(1)));
    WANT(about_equal(actor_ticks(1), actor_ticks(2)));
}

static void equals_do_not_starve(void) { PLAY_ONCE("ba", {20, "start spin say:a"}, {20, "say:b"}); }

static void lower_waits_while_higher_computes(void) {
    PLAY_ONCE("hl", {20, "say:l"}, {30, "start spin say:h"});
    WANT(actor_ticks(1) >= MANY);
    WANT(actor_ticks(0) <= FEW);
}

static void ticks_are_those_of_who_runs(void) {
    PLAY_ONCE("c", {30, "take:a start spin reply"}, SETTLE, {20, "call:a say:c"});
    WANT(actor_ticks(0) >= MANY);
    WANT(actor_ticks(1) <= FEW);
}

static void raised_server_takes_turns_with_its_callers_equals(void) {
    PLAY_ONCE("", {10, "take:a start spin reply"}, SETTLE, {20, "call:a"}, {20, "start spin"});
    WANT(actor_ticks(0) >= MANY);
    WANT(about_equal(actor_ticks(0), actor_ticks(2)));
}

static void woken_by_an_equal_of_who_computes(void) {
    PLAY_ONCE("wnl", {30, "take:a say:w"}, {20, "start spin say:l"}, {20, "notify:a say:n"});
}

static void yielding_leaves_the_ticks_to_others(void) {
    PLAY_ONCE("", {20, "start pause"}, {20, "start spin"});
    WANT(actor_ticks(1) >= MANY);
    WANT(actor_ticks(0) <= actor_ticks(1) / 4 + FEW);
}

static void waiting_costs_no_ticks(void) {
    PLAY_ONCE("", {20, "take:a"}, {30, "call:b"}, SETTLE, {10, "start spin"});
    WANT(actor_ticks(0) + actor_ticks(1) <= 2 * FEW);
    WANT(actor_ticks(2) >= MANY);
}

#define SPINNERS 4u

/* How many of the registers and flags were not as they had been put. */
static int keep_registers(uint64_t pattern) {
    uint64_t wrong = 0;
    for (uint64_t start = hf_clock(); hf_clock() - start < 2 * WINDOW_NANOSECONDS;) {
        wrong += registers_spin(pattern * 0x1111111111111111, 20000);
        wrong += registers_call(pattern * 0x0101010101010101, HF_CALL_YIELD);
    }
    return (int)wrong;
}

static void registers_stay(const unsigned priorities[SPINNERS]) {
    unsigned roles[SPINNERS];
    uint64_t ticks = 0;
    for (unsigned i = 0; i < SPINNERS; i++) {
        roles[i] = START_AT(priorities[i], keep_registers, 3 + 2 * i);
    }
    for (unsigned i = 0; i < SPINNERS; i++) {
        WANT_CODE(roles[i], 0);
        ticks += role_end(roles[i]).left.ticks;
    }
    WANT(ticks >= MANY);
}

static void equals_keep_their_registers(void) { registers_stay((const unsigned[SPINNERS]){20, 20, 20, 20}); }

static void all_levels_keep_their_registers(void) { registers_stay((const unsigned[SPINNERS]){2, 63, 64, 20}); }

const struct suite_test ticks_tests[] = {
    TEST(equals_get_equal_ticks),
    TEST(equals_do_not_starve),
    TEST(lower_waits_while_higher_computes),
    TEST(ticks_are_those_of_who_runs),
    TEST(raised_server_takes_turns_with_its_callers_equals),
    TEST(woken_by_an_equal_of_who_computes),
    TEST(yielding_leaves_the_ticks_to_others),
    TEST(waiting_costs_no_ticks),
    TEST(equals_keep_their_registers),
    TEST(all_levels_keep_their_registers),
    TESTS_END,
};
