/* Who runs first, and whom calls, replies, bits and yield let run. */
#include "sched.h"

static void higher_priority_runs_first(void) { PLAY("hl", {20, "say:l"}, {30, "say:h"}); }

static void equals_run_in_order(void) { PLAY("abc", {20, "say:a"}, {20, "say:b"}, {20, "say:c"}); }

static void yield_goes_behind_equals(void) { PLAY("1ab2", {20, "say:1 yield say:2"}, {20, "say:a"}, {20, "say:b"}); }

static void yield_passes_over_lower(void) { PLAY("12l", {30, "say:1 yield say:2"}, {20, "say:l"}); }

static void yield_alone_goes_on(void) { PLAY("12", {20, "say:1 yield yield yield say:2"}); }

static void two_take_turns(void) {
    PLAY("a1b2c3", {20, "say:a yield say:b yield say:c"}, {20, "say:1 yield say:2 yield say:3"});
}

static void bits_let_higher_run_at_once(void) { PLAY("hl", {30, "take:a say:h"}, SETTLE, {20, "notify:a say:l"}); }

static void bits_leave_lower_waiting(void) { PLAY("hl", {10, "take:a say:l"}, SETTLE, {20, "notify:a say:h"}); }

static void bits_put_equal_behind_others(void) {
    PLAY("nxw", {20, "take:a say:w"}, SETTLE, {20, "notify:a say:n"}, {20, "say:x"});
}

static void call_switches_directly(void) {
    PLAY("scx", {20, "take:a say:s next:a"}, SETTLE, {20, "call:a say:c"}, {20, "say:x"});
}

static void call_runs_higher_server(void) { PLAY("sc", {30, "take:a say:s reply"}, SETTLE, {20, "call:a say:c"}); }

static void call_to_nobody_lets_lower_run(void) { PLAY("lc", {30, "call:a say:c"}, {20, "say:l take:a reply"}); }

static void reply_to_equal_goes_on(void) {
    PLAY("scx", {20, "take:a reply say:s"}, SETTLE, {20, "call:a say:c"}, {20, "say:x"});
}

static void reply_to_higher_lets_it_run(void) { PLAY("cs", {10, "take:a reply say:s"}, SETTLE, {30, "call:a say:c"}); }

static void reply_to_lower_goes_on(void) { PLAY("sc", {30, "take:a reply say:s"}, SETTLE, {20, "call:a say:c"}); }

/* The caller could be switched to directly, but somebody more important has become ready. */
static void reply_receive_passes_lower_caller_over(void) {
    PLAY("hc", {50, "take:a notify:b next:a"}, {40, "take:b say:h"}, SETTLE, {20, "call:a say:c"});
}

static void held_reply_lets_higher_run(void) {
    PLAY("1c2", {10, "take:a hold say:1 answer say:2"}, SETTLE, {30, "call:a say:c"});
}

static void end_lets_next_run(void) { PLAY("ab", {20, "say:a die"}, {20, "say:b"}); }

static int say_letter(uint64_t letter) {
    stage_say((char)letter);
    return 0;
}

/* Tasks of every fourth priority, started in no order: they end from the highest down.
 * Above the settler's, below the recorder's. */
static void climb_down(unsigned lowest) {
    char wanted[ROLES] = "";
    unsigned count = (own_priority() - 1 - lowest) / 4 + 1;
    for (unsigned i = 0; i < count; i++) {
        unsigned priority = lowest + i * 7 % count * 4;
        START_AT(priority, say_letter, priority, stage_handles()[0]);
        wanted[i] = (char)(lowest + (count - 1 - i) * 4);
    }
    WANT(count > 20);
    WANT(strcmp(stage_record(), wanted) == 0);
}

static void priorities_from_2(void) { climb_down(2); }
static void priorities_from_3(void) { climb_down(3); }
static void priorities_from_4(void) { climb_down(4); }
static void priorities_from_5(void) { climb_down(5); }

static hf_status_t try_to_start(unsigned priority) {
    struct mem_spawn_options options = {.priority = priority};
    struct mem_task task;
    struct hf_exit how;
    hf_status_t status = mem_spawn("sched", (const char *[]){"list", NULL}, &options, &task);
    return status == HF_OK ? mem_wait(task.handle, &how) : status;
}

static int start_others(uint64_t own) {
    WANT_STATUS(try_to_start((unsigned)own + 1), HF_DENIED);
    WANT_STATUS(try_to_start(255), HF_DENIED);
    WANT_STATUS(try_to_start(256), HF_BAD_ARGUMENT);
    WANT_OK(try_to_start((unsigned)own));
    WANT_OK(try_to_start(1));
    return 0;
}

static void priority_not_above_ones_own(void) {
    start_others(own_priority());
    WANT_CODE(START_AT(20, start_others, 20), 0);
}

static int wait_for_ever(uint64_t argument) {
    (void)argument;
    return hf_call(SLOT_A, &(struct hf_message){0}) == HF_OK;
}

static void priority_is_ones_own_unless_said(void) {
    unsigned role = START(wait_for_ever, 0, new_endpoint());
    WANT(role_info(role).priority == own_priority());
    WANT_NUMBER(role_info(START_AT(7, wait_for_ever, 0, new_endpoint())).priority, 7);
}

const struct suite_test order_tests[] = {
    TEST(higher_priority_runs_first),
    TEST(equals_run_in_order),
    TEST(yield_goes_behind_equals),
    TEST(yield_passes_over_lower),
    TEST(yield_alone_goes_on),
    TEST(two_take_turns),
    TEST(bits_let_higher_run_at_once),
    TEST(bits_leave_lower_waiting),
    TEST(bits_put_equal_behind_others),
    TEST(call_switches_directly),
    TEST(call_runs_higher_server),
    TEST(call_to_nobody_lets_lower_run),
    TEST(reply_to_equal_goes_on),
    TEST(reply_to_higher_lets_it_run),
    TEST(reply_to_lower_goes_on),
    TEST(reply_receive_passes_lower_caller_over),
    TEST(held_reply_lets_higher_run),
    TEST(end_lets_next_run),
    TEST(priorities_from_2),
    TEST(priorities_from_3),
    TEST(priorities_from_4),
    TEST(priorities_from_5),
    TEST(priority_not_above_ones_own),
    TEST(priority_is_ones_own_unless_said),
    TESTS_END,
};
