/* Handles that lack the right for what is asked. */
#include "badcalls.h"

static hf_handle_t lacking(hf_handle_t endpoint, unsigned right) {
    return new_handle(endpoint, RIGHTS_ENDPOINT & ~right, 0);
}

static hf_handle_t without(unsigned right) { return lacking(world.endpoint, right); }

static void call_without_call(void) {
    world_open(true);
    bad_call(HF_CALL_CALL, lacking(world.served, HF_RIGHT_CALL), GOOD_TAG, 0, 0, HF_DENIED);
    bad_call(HF_CALL_CALL | HF_NOWAIT, lacking(world.served, HF_RIGHT_CALL), GOOD_TAG, 0, 0, HF_DENIED);
    bad_call(HF_CALL_CALL, new_handle(world.served, 0, 0), GOOD_TAG, 0, 0, HF_DENIED);
    world_close();
}

static void receive_without_receive(void) {
    world_open(false);
    bad_call(HF_CALL_RECEIVE, without(HF_RIGHT_RECEIVE), 0, 0, 0, HF_DENIED);
    bad_call(HF_CALL_RECEIVE | HF_NOWAIT, without(HF_RIGHT_RECEIVE), 0, 0, 0, HF_DENIED);
    bad_call(HF_CALL_RECEIVE, HF_SLOT_MEMSRV, 0, 0, 0, HF_DENIED);
    bad_call(HF_CALL_RECEIVE | HF_NOWAIT, HF_SLOT_CONSOLE, 0, 0, 0, HF_DENIED);
    world_close();
}

static void reply_receive_without_receive(void) {
    world_open(true);
    bad_call(HF_CALL_REPLY_RECEIVE, lacking(world.quiet, HF_RIGHT_RECEIVE), GOOD_TAG, 0, 0, HF_DENIED);
    bad_call(HF_CALL_REPLY_RECEIVE | HF_NOWAIT, lacking(world.quiet, HF_RIGHT_RECEIVE), GOOD_TAG, 0, 0, HF_DENIED);
    bad_call(HF_CALL_REPLY_RECEIVE, HF_SLOT_MEMSRV, GOOD_TAG, 0, 0, HF_DENIED);
    world_close();
}

static void notify_without_notify(void) {
    world_open(true);
    bad_call(HF_CALL_NOTIFY, without(HF_RIGHT_NOTIFY), 0, 0, 0, HF_DENIED);
    bad_call(HF_CALL_NOTIFY, HF_SLOT_MEMSRV, 0, 0, 0, HF_DENIED);
    bad_call(HF_CALL_NOTIFY, HF_SLOT_CONSOLE, 0, 0, 0, HF_DENIED);
    world_close();
}

/* A right that only devices' handles have serves nobody who has it not. */
static void copy_with_more_rights(void) {
    hf_handle_t none;
    world_open(true);
    none = new_handle(world.endpoint, 0, 0);
    for (unsigned right = 1; right <= HF_RIGHTS_ALL; right *= 2) {
        bad_call(HF_CALL_HANDLE_COPY, none, right, 0, HF_SLOT_ANY, HF_DENIED);
        bad_call(HF_CALL_HANDLE_COPY, right == HF_RIGHT_USE ? world.endpoint : without(right), right, 0, HF_SLOT_ANY,
                 HF_DENIED);
    }
    bad_call(HF_CALL_HANDLE_COPY, HF_SLOT_MEMSRV, HF_RIGHTS_ALL, 0, HF_SLOT_ANY, HF_DENIED);
    bad_call(HF_CALL_HANDLE_COPY, HF_SLOT_MEMSRV, HF_RIGHT_CALL | HF_RIGHT_GRANT, 0, HF_SLOT_ANY, HF_DENIED);
    world_close();
}

static void copy_with_a_badge_without_mint(void) {
    world_open(true);
    bad_call(HF_CALL_HANDLE_COPY, without(HF_RIGHT_MINT), HF_RIGHT_CALL, 1, HF_SLOT_ANY, HF_DENIED);
    bad_call(HF_CALL_HANDLE_COPY, without(HF_RIGHT_MINT), 0, ~0ul, HF_SLOT_ANY, HF_DENIED);
    bad_call(HF_CALL_HANDLE_COPY, HF_SLOT_MEMSRV, HF_RIGHT_CALL, 1ul << 63, HF_SLOT_ANY, HF_DENIED);
    world_close();
}

/* What a copy lost, a copy of that one hasn't either. */
static void copies_of_copies_gain_nothing(void) {
    hf_handle_t second;
    world_open(true);
    second = new_handle(new_handle(world.endpoint, HF_RIGHT_CALL | HF_RIGHT_NOTIFY, 0), HF_RIGHT_CALL, 0);
    bad_call(HF_CALL_NOTIFY, second, 0, 0, 0, HF_DENIED);
    bad_call(HF_CALL_HANDLE_COPY, second, HF_RIGHT_NOTIFY, 0, HF_SLOT_ANY, HF_DENIED);
    bad_call(HF_CALL_HANDLE_COPY, second, HF_RIGHT_CALL, 2, HF_SLOT_ANY, HF_DENIED);
    world_close();
}

/* Every operation and none: what they say isn't looked at. */
static void mmu_one_without_memory(void) {
    world_open(true);
    look_at_state();
    for (unsigned code = 0; code < 256; code++) {
        bad_call_quick(HF_CALL_MMU_ONE, code, 1, 2, 3, HF_DENIED);
        bad_call_quick(HF_CALL_MMU_ONE, ~0ul << 8 | code, ~0ul, ~0ul, ~0ul, HF_DENIED);
    }
    want_same_state("MMU operations");
    world_close();
}

static void mmu_without_memory(void) {
    static const uint64_t counts[] = {0, 1, 64, 65, 1ul << 32, ~0ul};
    world_open(true);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        bad_call_counted(HF_CALL_MMU, 0, counts[i], HF_DENIED);
    }
    world_close();
}

static void mmu_reply_receive_without_memory(void) {
    static const uint64_t counts[] = {0, 1, 64, 65, 1ul << 32, ~0ul};
    world_open(true);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
        bad_call_counted(HF_CALL_MMU_REPLY_RECEIVE, world.quiet, counts[i], HF_DENIED);
        bad_call_counted(HF_CALL_MMU_REPLY_RECEIVE, EMPTY_SLOT, counts[i], HF_DENIED);
    }
    world_close();
}

const struct suite_test right_tests[] = {
    TEST(call_without_call),
    TEST(receive_without_receive),
    TEST(reply_receive_without_receive),
    TEST(notify_without_notify),
    TEST(copy_with_more_rights),
    TEST(copy_with_a_badge_without_mint),
    TEST(copies_of_copies_gain_nothing),
    TEST(mmu_one_without_memory),
    TEST(mmu_without_memory),
    TEST(mmu_reply_receive_without_memory),
    TESTS_END,
};
