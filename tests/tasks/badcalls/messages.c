/* Messages that can't be sent: each of these with each call that sends one. */
#include "badcalls.h"

/* Where the call would go if it weren't for the message. */
static uint64_t destination(uint64_t number) {
    switch (number) {
    case HF_CALL_CALL:
    case HF_CALL_CALL | HF_NOWAIT:
        return world.served;
    case HF_CALL_REPLY_HELD:
        return world.held;
    default:
        return world.quiet;
    }
}

static void refuse(uint64_t number, uint64_t tag, hf_status_t wanted) {
    bad_call(number, destination(number), tag, 1, 2, wanted);
}

static void refuse_labels(uint64_t number) {
    static const uint32_t labels[] = {HF_LABEL_CORE, 0xffffffffu,
#define X(name, value) value,
                                      HF_CORE_LABEL_LIST(X)
#undef X
                                          0xc0000000u};
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        refuse(number, TAG(labels[i], 0, 0), HF_BAD_ARGUMENT);
    }
}

static void refuse_lengths(uint64_t number) {
    static const uint16_t lengths[] = {HF_MESSAGE_BYTES + 1, 4096, HF_LOST, HF_LOST | 1, 0xffff};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        refuse(number, TAG(7, lengths[i], 0), HF_TOO_BIG);
    }
}

static void refuse_handles(uint64_t number) {
    const hf_handle_t handles[] = {EMPTY_SLOT, HF_HANDLE_COUNT, HF_HANDLE_COUNT + HF_SLOT_MEMSRV, HF_LOST, HF_SLOT_ANY,
                                   world.held, HF_LOST | 0xff};
    for (size_t i = 0; i < sizeof handles / sizeof *handles; i++) {
        refuse(number, TAG(7, 0, handles[i]), HF_BAD_HANDLE);
    }
}

static void refuse_ungranted(uint64_t number) {
    hf_handle_t ungranted = new_handle(world.endpoint, RIGHTS_ENDPOINT & ~(unsigned)HF_RIGHT_GRANT, 0);
    refuse(number, TAG(7, 0, ungranted), HF_DENIED);
    refuse(number, TAG(7, 0, HF_SLOT_MEMSRV), HF_DENIED);
    refuse(number, TAG(7, HF_MESSAGE_BYTES, ungranted), HF_DENIED);
}

static void refuse_all(void (*refuse_some)(uint64_t number), uint64_t number) {
    world_open(true);
    refuse_some(number);
    if (number == HF_CALL_CALL || number == HF_CALL_REPLY_RECEIVE) {
        refuse_some(number | HF_NOWAIT);
    }
    world_close();
}

static void labels_of_call(void) { refuse_all(refuse_labels, HF_CALL_CALL); }
static void labels_of_reply(void) { refuse_all(refuse_labels, HF_CALL_REPLY); }
static void labels_of_reply_receive(void) { refuse_all(refuse_labels, HF_CALL_REPLY_RECEIVE); }
static void labels_of_reply_held(void) { refuse_all(refuse_labels, HF_CALL_REPLY_HELD); }
static void lengths_of_call(void) { refuse_all(refuse_lengths, HF_CALL_CALL); }
static void lengths_of_reply(void) { refuse_all(refuse_lengths, HF_CALL_REPLY); }
static void lengths_of_reply_receive(void) { refuse_all(refuse_lengths, HF_CALL_REPLY_RECEIVE); }
static void lengths_of_reply_held(void) { refuse_all(refuse_lengths, HF_CALL_REPLY_HELD); }
static void sent_handles_of_call(void) { refuse_all(refuse_handles, HF_CALL_CALL); }
static void sent_handles_of_reply(void) { refuse_all(refuse_handles, HF_CALL_REPLY); }
static void sent_handles_of_reply_receive(void) { refuse_all(refuse_handles, HF_CALL_REPLY_RECEIVE); }
static void sent_handles_of_reply_held(void) { refuse_all(refuse_handles, HF_CALL_REPLY_HELD); }
static void ungranted_handles_of_call(void) { refuse_all(refuse_ungranted, HF_CALL_CALL); }
static void ungranted_handles_of_reply(void) { refuse_all(refuse_ungranted, HF_CALL_REPLY); }
static void ungranted_handles_of_reply_receive(void) { refuse_all(refuse_ungranted, HF_CALL_REPLY_RECEIVE); }
static void ungranted_handles_of_reply_held(void) { refuse_all(refuse_ungranted, HF_CALL_REPLY_HELD); }

const struct suite_test message_tests[] = {
    TEST(labels_of_call),
    TEST(labels_of_reply),
    TEST(labels_of_reply_receive),
    TEST(labels_of_reply_held),
    TEST(lengths_of_call),
    TEST(lengths_of_reply),
    TEST(lengths_of_reply_receive),
    TEST(lengths_of_reply_held),
    TEST(sent_handles_of_call),
    TEST(sent_handles_of_reply),
    TEST(sent_handles_of_reply_receive),
    TEST(sent_handles_of_reply_held),
    TEST(ungranted_handles_of_call),
    TEST(ungranted_handles_of_reply),
    TEST(ungranted_handles_of_reply_receive),
    TEST(ungranted_handles_of_reply_held),
    TESTS_END,
};
