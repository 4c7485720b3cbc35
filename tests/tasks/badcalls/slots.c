/* Slots that can't be used for what is to be put there, and what can't be put anywhere. */
#include "badcalls.h"

static const uint64_t no_slots[] = {0,
                                    HF_HANDLE_COUNT,
                                    HF_HANDLE_COUNT + EMPTY_SLOT,
                                    HF_SLOT_ANY - 1,
                                    HF_SLOT_ANY + 1,
                                    1ul << 16 | HF_SLOT_ANY,
                                    1ul << 32 | EMPTY_SLOT,
                                    1ul << 32 | HF_SLOT_ANY,
                                    1ul << 63 | EMPTY_SLOT,
                                    ~0ul};

static void copy_to_no_slot(void) {
    world_open(true);
    for (size_t i = 0; i < sizeof no_slots / sizeof *no_slots; i++) {
        bad_call(HF_CALL_HANDLE_COPY, world.endpoint, HF_RIGHT_CALL, 0, no_slots[i], HF_BAD_HANDLE);
    }
    world_close();
}

static void copy_to_a_taken_slot(void) {
    world_open(true);
    bad_call(HF_CALL_HANDLE_COPY, world.endpoint, HF_RIGHT_CALL, 0, HF_SLOT_MEMSRV, HF_EXISTS);
    bad_call(HF_CALL_HANDLE_COPY, world.endpoint, HF_RIGHT_CALL, 0, HF_SLOT_CONSOLE, HF_EXISTS);
    bad_call(HF_CALL_HANDLE_COPY, world.endpoint, HF_RIGHT_CALL, 0, world.endpoint, HF_EXISTS);
    bad_call(HF_CALL_HANDLE_COPY, world.endpoint, HF_RIGHT_CALL, 7, DEAD_SLOT, HF_EXISTS);
    bad_call(HF_CALL_HANDLE_COPY, world.endpoint, HF_RIGHT_CALL, 7, world.held, HF_EXISTS);
    world_close();
}

static void hold_in_no_slot(void) {
    world_open(true);
    for (size_t i = 0; i < sizeof no_slots / sizeof *no_slots; i++) {
        bad_call(HF_CALL_HOLD, no_slots[i], 0, 0, 0, HF_BAD_HANDLE);
    }
    world_close();
}

static void hold_in_a_taken_slot(void) {
    world_open(true);
    bad_call(HF_CALL_HOLD, HF_SLOT_MEMSRV, 0, 0, 0, HF_EXISTS);
    bad_call(HF_CALL_HOLD, world.endpoint, 0, 0, 0, HF_EXISTS);
    bad_call(HF_CALL_HOLD, world.held, 0, 0, 0, HF_EXISTS);
    bad_call(HF_CALL_HOLD, DEAD_SLOT, 0, 0, 0, HF_EXISTS);
    world_close();
}

/* Answers the slot that was filled last. */
static hf_handle_t fill_table(void) {
    hf_handle_t last = 0, copy = HF_SLOT_ANY;
    while (hf_handle_copy(world.quiet, HF_RIGHT_CALL, 0, &copy) == HF_OK) {
        last = copy;
        copy = HF_SLOT_ANY;
    }
    return last;
}

static void copy_with_a_full_table(void) {
    world_open(true);
    hf_handle_t last = fill_table();
    bad_call(HF_CALL_HANDLE_COPY, world.endpoint, HF_RIGHT_CALL, 0, HF_SLOT_ANY, HF_NO_MEMORY);
    bad_call(HF_CALL_HANDLE_COPY, world.endpoint, HF_RIGHT_CALL, 0, last, HF_EXISTS);
    bad_call(HF_CALL_HANDLE_COPY, world.endpoint, HF_RIGHT_CALL, 0, 0, HF_BAD_HANDLE);
    bad_call(HF_CALL_HANDLE_COPY, last, HF_RIGHT_NOTIFY, 0, HF_SLOT_ANY, HF_DENIED);
    world_close();
}

static void hold_with_a_full_table(void) {
    world_open(true);
    hf_handle_t last = fill_table();
    bad_call(HF_CALL_HOLD, HF_SLOT_ANY, 0, 0, 0, HF_NO_MEMORY);
    bad_call(HF_CALL_HOLD, last, 0, 0, 0, HF_EXISTS);
    bad_call(HF_CALL_HOLD, 0, 0, 0, 0, HF_BAD_HANDLE);
    world_close();
}

static void copy_with_rights_that_are_none(void) {
    static const uint64_t rights[] = {HF_RIGHTS_ALL + 1,         0xff,      0x100, 1ul << 32,
                                      1ul << 32 | HF_RIGHT_CALL, 1ul << 63, ~0ul};
    world_open(true);
    for (size_t i = 0; i < sizeof rights / sizeof *rights; i++) {
        bad_call(HF_CALL_HANDLE_COPY, world.endpoint, rights[i], 0, HF_SLOT_ANY, HF_BAD_ARGUMENT);
        bad_call(HF_CALL_HANDLE_COPY, HF_SLOT_MEMSRV, rights[i], 0, HF_SLOT_ANY, HF_BAD_ARGUMENT);
    }
    world_close();
}

const struct suite_test slot_tests[] = {
    TEST(copy_to_no_slot),
    TEST(copy_to_a_taken_slot),
    TEST(hold_in_no_slot),
    TEST(hold_in_a_taken_slot),
    TEST(copy_with_a_full_table),
    TEST(hold_with_a_full_table),
    TEST(copy_with_rights_that_are_none),
    TESTS_END,
};
