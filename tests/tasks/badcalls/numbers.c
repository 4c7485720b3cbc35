/* Numbers that are no calls, and bits that are not to be set with those that are. */
#include "badcalls.h"

#define X(upper, lower, flags) [HF_CALL_##upper] = (flags),
static const uint64_t known_flags[HF_CALL_COUNT] = {HF_CALL_LIST(X)};
#undef X

/* Where the call would do something at once. */
static uint64_t destination(uint64_t number) { return number == HF_CALL_CALL ? world.served : world.quiet; }

/* Each number with each bit that says nothing, and with all of them. */
static void refuse_reserved_bits(uint64_t number) {
    uint64_t to = destination(number);
    look_at_state();
    for (uint64_t bit = 1ul << 63; bit >= HF_CALL_COUNT; bit /= 2) {
        if (!(bit & known_flags[number])) {
            bad_call_quick(bit | number, to, GOOD_TAG, 0, 0, HF_BAD_CALL);
            bad_call_quick(bit | number | known_flags[number], to, GOOD_TAG, 0, 0, HF_BAD_CALL);
        }
    }
    bad_call_quick(~0xfful | number, to, GOOD_TAG, 0, 0, HF_BAD_CALL);
    bad_call_quick(~known_flags[number], to, GOOD_TAG, 0, 0, HF_BAD_CALL);
    want_same_state("reserved bits");
}

/* A test for each call; the compiler complains when one isn't in the table below. */
#define X(upper, lower, flags) \
    static void reserved_bits_of_##lower(void) { \
        world_open(HF_CALL_##upper != HF_CALL_RECEIVE); \
        refuse_reserved_bits(HF_CALL_##upper); \
        world_close(); \
    }
HF_CALL_LIST(X)
#undef X

static void numbers_of_no_call(void) {
    world_open(true);
    look_at_state();
    for (uint64_t number = HF_CALL_COUNT; number < 0x100; number++) {
        bad_call_quick(number, world.endpoint, GOOD_TAG, 0, 0, HF_BAD_CALL);
        bad_call_quick(number | HF_NOWAIT, world.endpoint, GOOD_TAG, 0, 0, HF_BAD_CALL);
    }
    for (uint64_t number = HF_CALL_COUNT; number != 0; number *= 2) {
        bad_call_quick(number & ~(uint64_t)HF_NOWAIT, world.endpoint, GOOD_TAG, 0, 0, HF_BAD_CALL);
        bad_call_quick(~number, world.endpoint, GOOD_TAG, 0, 0, HF_BAD_CALL);
    }
    want_same_state("unknown numbers");
    world_close();
}

static void number_zero(void) {
    world_open(true);
    bad_call(HF_CALL_NONE, 0, 0, 0, 0, HF_BAD_CALL);
    bad_call(HF_CALL_NONE | HF_NOWAIT, world.endpoint, GOOD_TAG, 0, 0, HF_BAD_CALL);
    world_close();
}

const struct suite_test number_tests[] = {
    TEST(reserved_bits_of_call),
    TEST(reserved_bits_of_reply_receive),
    TEST(reserved_bits_of_receive),
    TEST(reserved_bits_of_reply),
    TEST(reserved_bits_of_hold),
    TEST(reserved_bits_of_reply_held),
    TEST(reserved_bits_of_notify),
    TEST(reserved_bits_of_yield),
    TEST(reserved_bits_of_clock),
    TEST(reserved_bits_of_handle_copy),
    TEST(reserved_bits_of_handle_close),
    TEST(reserved_bits_of_port_in),
    TEST(reserved_bits_of_port_out),
    TEST(reserved_bits_of_irq_ack),
    TEST(reserved_bits_of_irq_bind),
    TEST(reserved_bits_of_fs_base),
    TEST(reserved_bits_of_power),
    TEST(reserved_bits_of_mmu),
    TEST(reserved_bits_of_mmu_one),
    TEST(reserved_bits_of_mmu_reply_receive),
    TEST(numbers_of_no_call),
    TEST(number_zero),
    TESTS_END,
};
