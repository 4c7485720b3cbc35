/* Handles that are none, or name something else than the call needs. */
#include "badcalls.h"

#define COM1 0x3f8u

/* Arguments with which only the handle is wrong. */
static void refuse(uint64_t number, uint64_t handle, hf_status_t wanted) {
    switch (number & ~(uint64_t)HF_NOWAIT) {
    case HF_CALL_HANDLE_COPY:
        bad_call(number, handle, 0, 0, HF_SLOT_ANY, wanted);
        break;
    case HF_CALL_PORT_IN:
    case HF_CALL_PORT_OUT:
        bad_call(number, handle, COM1, 1, 0, wanted);
        break;
    case HF_CALL_IRQ_BIND:
        bad_call(number, handle, world.quiet, 0, 0, wanted);
        break;
    case HF_CALL_POWER:
        bad_call(number, handle, 0, 0, 0, wanted);
        break;
    default:
        bad_call(number, handle, GOOD_TAG, 0, 0, wanted);
        break;
    }
}

/* `good`: a handle that the call would take, of which a careless core might look at some bits only. */
static void refuse_no_handles(uint64_t number, uint64_t good) {
    const uint64_t handles[] = {0,
                                EMPTY_SLOT,
                                HF_HANDLE_COUNT,
                                HF_HANDLE_COUNT + 1,
                                HF_HANDLE_COUNT + good,
                                2 * HF_HANDLE_COUNT + good,
                                HF_SLOT_ANY,
                                1ul << 16 | good,
                                1ul << 31 | good,
                                1ul << 32 | good,
                                1ul << 63 | good,
                                -good,
                                ~0ul};
    for (size_t i = 0; i < sizeof handles / sizeof *handles; i++) {
        refuse(number, handles[i], HF_BAD_HANDLE);
    }
}

static void bad_handles_of_call(void) {
    world_open(true);
    refuse_no_handles(HF_CALL_CALL, world.served);
    refuse_no_handles(HF_CALL_CALL | HF_NOWAIT, world.served);
    refuse(HF_CALL_CALL, world.held, HF_BAD_HANDLE);
    refuse(HF_CALL_CALL | HF_NOWAIT, world.held, HF_BAD_HANDLE);
    world_close();
}

static void bad_handles_of_receive(void) {
    world_open(false);
    refuse_no_handles(HF_CALL_RECEIVE, world.endpoint);
    refuse_no_handles(HF_CALL_RECEIVE | HF_NOWAIT, world.endpoint);
    refuse(HF_CALL_RECEIVE, world.held, HF_BAD_HANDLE);
    refuse(HF_CALL_RECEIVE | HF_NOWAIT, world.held, HF_BAD_HANDLE);
    world_close();
}

static void bad_handles_of_reply_receive(void) {
    world_open(true);
    refuse_no_handles(HF_CALL_REPLY_RECEIVE, world.quiet);
    refuse_no_handles(HF_CALL_REPLY_RECEIVE | HF_NOWAIT, world.quiet);
    refuse(HF_CALL_REPLY_RECEIVE, world.held, HF_BAD_HANDLE);
    refuse(HF_CALL_REPLY_RECEIVE | HF_NOWAIT, world.held, HF_BAD_HANDLE);
    world_close();
}

static void bad_handles_of_reply_held(void) {
    world_open(true);
    refuse_no_handles(HF_CALL_REPLY_HELD, world.held);
    refuse(HF_CALL_REPLY_HELD, world.endpoint, HF_BAD_HANDLE);
    refuse(HF_CALL_REPLY_HELD, HF_SLOT_MEMSRV, HF_BAD_HANDLE);
    refuse(HF_CALL_REPLY_HELD, DEAD_SLOT, HF_BAD_HANDLE);
    world_close();
}

static void bad_handles_of_notify(void) {
    world_open(true);
    refuse_no_handles(HF_CALL_NOTIFY, world.pending);
    refuse(HF_CALL_NOTIFY, world.held, HF_BAD_HANDLE);
    world_close();
}

static void bad_handles_of_handle_copy(void) {
    world_open(true);
    refuse_no_handles(HF_CALL_HANDLE_COPY, world.endpoint);
    refuse(HF_CALL_HANDLE_COPY, world.held, HF_BAD_HANDLE);
    world_close();
}

static void bad_handles_of_handle_close(void) {
    world_open(true);
    refuse_no_handles(HF_CALL_HANDLE_CLOSE, world.endpoint);
    world_close();
}

/* What a task without rights has are endpoints and calls set aside. */
static void refuse_for_devices(uint64_t number) {
    world_open(true);
    refuse_no_handles(number, world.endpoint);
    refuse(number, world.endpoint, HF_BAD_HANDLE);
    refuse(number, HF_SLOT_MEMSRV, HF_BAD_HANDLE);
    refuse(number, HF_SLOT_CONSOLE, HF_BAD_HANDLE);
    refuse(number, DEAD_SLOT, HF_BAD_HANDLE);
    refuse(number, world.held, HF_BAD_HANDLE);
    world_close();
}

static void bad_handles_of_port_in(void) { refuse_for_devices(HF_CALL_PORT_IN); }
static void bad_handles_of_port_out(void) { refuse_for_devices(HF_CALL_PORT_OUT); }
static void bad_handles_of_irq_ack(void) { refuse_for_devices(HF_CALL_IRQ_ACK); }
static void bad_handles_of_irq_bind(void) { refuse_for_devices(HF_CALL_IRQ_BIND); }
static void bad_handles_of_power(void) { refuse_for_devices(HF_CALL_POWER); }

static void closed_handle(void) {
    hf_handle_t copy;
    world_open(true);
    copy = new_handle(world.endpoint, RIGHTS_ENDPOINT, 0);
    WANT_OK(hf_handle_close(copy));
    refuse(HF_CALL_HANDLE_CLOSE, copy, HF_BAD_HANDLE);
    refuse(HF_CALL_CALL, copy, HF_BAD_HANDLE);
    refuse(HF_CALL_NOTIFY, copy, HF_BAD_HANDLE);
    refuse(HF_CALL_HANDLE_COPY, copy, HF_BAD_HANDLE);
    world_close();
}

static void endpoint_that_has_gone(void) {
    world_open(true);
    refuse(HF_CALL_CALL, DEAD_SLOT, HF_DEAD);
    refuse(HF_CALL_CALL | HF_NOWAIT, DEAD_SLOT, HF_DEAD);
    refuse(HF_CALL_REPLY_RECEIVE, DEAD_SLOT, HF_DEAD);
    refuse(HF_CALL_REPLY_RECEIVE | HF_NOWAIT, DEAD_SLOT, HF_DEAD);
    refuse(HF_CALL_NOTIFY, DEAD_SLOT, HF_DEAD);
    world_close();
}

static void receive_where_the_endpoint_has_gone(void) {
    world_open(false);
    refuse(HF_CALL_RECEIVE, DEAD_SLOT, HF_DEAD);
    refuse(HF_CALL_RECEIVE | HF_NOWAIT, DEAD_SLOT, HF_DEAD);
    world_close();
}

const struct suite_test handle_tests[] = {
    TEST(bad_handles_of_call),
    TEST(bad_handles_of_receive),
    TEST(bad_handles_of_reply_receive),
    TEST(bad_handles_of_reply_held),
    TEST(bad_handles_of_notify),
    TEST(bad_handles_of_handle_copy),
    TEST(bad_handles_of_handle_close),
    TEST(bad_handles_of_port_in),
    TEST(bad_handles_of_port_out),
    TEST(bad_handles_of_irq_ack),
    TEST(bad_handles_of_irq_bind),
    TEST(bad_handles_of_power),
    TEST(closed_handle),
    TEST(endpoint_that_has_gone),
    TEST(receive_where_the_endpoint_has_gone),
    TESTS_END,
};
