/* Calls that make no sense in the caller's state, addresses that are none; and that a refused
 * call leaves its message and results alone. */
#include "badcalls.h"

static void reply_without_a_call(void) {
    world_open(false);
    bad_call(HF_CALL_REPLY, 0, GOOD_TAG, 0, 0, HF_BAD_CALL);
    bad_call(HF_CALL_REPLY, world.endpoint, GOOD_TAG, 0, 0, HF_BAD_CALL);
    world_close();
}

static void reply_receive_without_a_call(void) {
    world_open(false);
    bad_call(HF_CALL_REPLY_RECEIVE, world.endpoint, GOOD_TAG, 0, 0, HF_BAD_CALL);
    bad_call(HF_CALL_REPLY_RECEIVE | HF_NOWAIT, world.endpoint, GOOD_TAG, 0, 0, HF_BAD_CALL);
    bad_call(HF_CALL_REPLY_RECEIVE, world.pending, GOOD_TAG, 0, 0, HF_BAD_CALL);
    world_close();
}

static void hold_without_a_call(void) {
    world_open(false);
    bad_call(HF_CALL_HOLD, HF_SLOT_ANY, 0, 0, 0, HF_BAD_CALL);
    bad_call(HF_CALL_HOLD, EMPTY_SLOT, 0, 0, 0, HF_BAD_CALL);
    world_close();
}

static void receive_with_a_call_in_hand(void) {
    world_open(true);
    bad_call(HF_CALL_RECEIVE, world.endpoint, 0, 0, 0, HF_BAD_CALL);
    bad_call(HF_CALL_RECEIVE | HF_NOWAIT, world.endpoint, 0, 0, 0, HF_BAD_CALL);
    bad_call(HF_CALL_RECEIVE, world.pending, 0, 0, 0, HF_BAD_CALL);
    bad_call(HF_CALL_RECEIVE | HF_NOWAIT, world.pending, 0, 0, 0, HF_BAD_CALL);
    world_close();
}

static void call_without_waiting_where_nobody_is(void) {
    world_open(true);
    bad_call(HF_CALL_CALL | HF_NOWAIT, world.quiet, GOOD_TAG, 0, 0, HF_WOULD_BLOCK);
    bad_call(HF_CALL_CALL | HF_NOWAIT, world.endpoint, GOOD_TAG, 0, 0, HF_WOULD_BLOCK);
    bad_call(HF_CALL_CALL | HF_NOWAIT, world.pending, TAG(7, HF_MESSAGE_BYTES, world.quiet), 0, 0, HF_WOULD_BLOCK);
    world_close();
}

static void receive_without_waiting_where_nothing_is(void) {
    world_open(false);
    bad_call(HF_CALL_RECEIVE | HF_NOWAIT, world.quiet, 0, 0, 0, HF_WOULD_BLOCK);
    world_close();
}

static uint64_t read_at_fs_base(void) {
    uint64_t value;
    __asm__ volatile("mov %%fs:0, %0" : "=r"(value));
    return value;
}

static void fs_base_outside_of_the_user_half(void) {
    static const uint64_t addresses[] = {HF_USER_END,        0x7fffffffffff,     0x800000000000, 0xffff7fffffffffff,
                                         0xffff800000000000, 0xffffffff80200000, 1ul << 63,      ~0ul};
    static uint64_t word = 0x1234567890abcdef;
    world_open(true);
    WANT_OK(hf_fs_base((uint64_t)&word));
    for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
        bad_call(HF_CALL_FS_BASE, addresses[i], 0, 0, 0, HF_BAD_ADDRESS);
        WANT(read_at_fs_base() == word);
    }
    world_close();
}

/* ---- libipc's forms ---- */

static const struct hf_message sent = {.label = 7, .word = {1, 2, 3, 4, 5, 6}};
static const struct hf_sender nobody = {.badge = 0x1111, .serial = 0x2222};

static struct hf_message message;
static struct hf_sender sender;

/* Before each of them: what it must leave. */
static hf_handle_t fresh(hf_handle_t handle) {
    message = sent;
    sender = nobody;
    return handle;
}

static void want_untouched(void) {
    WANT(memcmp(&message, &sent, sizeof sent) == 0);
    WANT(memcmp(&sender, &nobody, sizeof nobody) == 0);
}

#define WANT_REFUSED(call, wanted) \
    do { \
        WANT_STATUS(call, wanted); \
        want_untouched(); \
    } while (0)

static void refused_calls_leave_the_message(void) {
    world_open(true);
    WANT_REFUSED(hf_call(fresh(EMPTY_SLOT), &message), HF_BAD_HANDLE);
    WANT_REFUSED(hf_call(fresh(DEAD_SLOT), &message), HF_DEAD);
    WANT_REFUSED(hf_call_nowait(fresh(world.quiet), &message), HF_WOULD_BLOCK);
    WANT_REFUSED(hf_receive(fresh(world.endpoint), &message, &sender), HF_BAD_CALL);
    WANT_REFUSED(hf_reply_receive(fresh(HF_SLOT_MEMSRV), &message, &sender), HF_DENIED);
    WANT_REFUSED(hf_reply_receive_nowait(fresh(DEAD_SLOT), &message, &sender), HF_DEAD);
    WANT_REFUSED(hf_reply_held(fresh(world.endpoint), &message), HF_BAD_HANDLE);
    world_close();
}

static void refused_receives_leave_message_and_sender(void) {
    world_open(false);
    WANT_REFUSED(hf_receive(fresh(HF_SLOT_MEMSRV), &message, &sender), HF_DENIED);
    WANT_REFUSED(hf_receive(fresh(DEAD_SLOT), &message, &sender), HF_DEAD);
    WANT_REFUSED(hf_receive_nowait(fresh(world.quiet), &message, &sender), HF_WOULD_BLOCK);
    WANT_REFUSED(hf_reply_receive(fresh(world.endpoint), &message, &sender), HF_BAD_CALL);
    WANT_REFUSED(hf_reply(fresh(0) ? NULL : &message), HF_BAD_CALL);
    world_close();
}

static void refused_calls_leave_their_results(void) {
    hf_handle_t slot = HF_SLOT_ANY;
    uint32_t value = 77;
    world_open(false);
    WANT_STATUS(hf_hold(&slot), HF_BAD_CALL);
    WANT_STATUS(hf_handle_copy(EMPTY_SLOT, 0, 0, &slot), HF_BAD_HANDLE);
    WANT_STATUS(hf_handle_copy(HF_SLOT_MEMSRV, HF_RIGHT_RECEIVE, 0, &slot), HF_DENIED);
    WANT_NUMBER(slot, HF_SLOT_ANY);
    WANT_STATUS(hf_port_in(world.endpoint, 0x3f8, 1, &value), HF_BAD_HANDLE);
    WANT_NUMBER(value, 77);
    world_close();
}

/* Registers that were not arguments come back with nothing of the core's in them, whatever
 * the call; those that do something without arguments are left out. */
static void no_call_tells_of_the_core(void) {
    world_open(true);
    look_at_state();
    for (uint64_t number = 0; number < HF_CALL_COUNT + 2; number++) {
        bool good =
            number == HF_CALL_REPLY || number == HF_CALL_YIELD || number == HF_CALL_CLOCK || number == HF_CALL_FS_BASE;
        bool denied = number >= HF_CALL_MMU && number < HF_CALL_COUNT;
        bool bad = number == HF_CALL_NONE || number >= HF_CALL_COUNT || number == HF_CALL_RECEIVE;
        if (!good) {
            bad_call_quick(number, 0, 0, 0, 0, denied ? HF_DENIED : bad ? HF_BAD_CALL : HF_BAD_HANDLE);
        }
    }
    want_same_state("calls without arguments");
    world_close();
}

const struct suite_test state_tests[] = {
    TEST(reply_without_a_call),
    TEST(reply_receive_without_a_call),
    TEST(hold_without_a_call),
    TEST(receive_with_a_call_in_hand),
    TEST(call_without_waiting_where_nobody_is),
    TEST(receive_without_waiting_where_nothing_is),
    TEST(fs_base_outside_of_the_user_half),
    TEST(refused_calls_leave_the_message),
    TEST(refused_receives_leave_message_and_sender),
    TEST(refused_calls_leave_their_results),
    TEST(no_call_tells_of_the_core),
    TESTS_END,
};
