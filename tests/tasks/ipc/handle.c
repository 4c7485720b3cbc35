/* Handles: their rights, copies of them, and closing them. */
#include "ipc.h"

#define WITHOUT(right) new_handle(endpoint, RIGHTS_ENDPOINT & ~(right), 0)

static void right_to_call(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = {0};
    unsigned other = START(server, 1, endpoint);
    settle();
    WANT_STATUS(hf_call(WITHOUT(HF_RIGHT_CALL), &message), HF_DENIED);
    WANT_STATUS(hf_call_nowait(WITHOUT(HF_RIGHT_CALL), &message), HF_DENIED);
    WANT_STATE(other, HF_INFO_RECEIVING);
    call_server(new_handle(endpoint, HF_RIGHT_CALL, 0), 1);
    WANT_CODE(other, HF_OK);
}

static void right_to_receive(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = pattern(2);
    unsigned client = START(caller, 1, endpoint);
    settle();
    WANT_STATUS(hf_receive(WITHOUT(HF_RIGHT_RECEIVE), &message, NULL), HF_DENIED);
    WANT_STATUS(hf_receive_nowait(WITHOUT(HF_RIGHT_RECEIVE), &message, NULL), HF_DENIED);
    take(new_handle(endpoint, HF_RIGHT_RECEIVE, 0), 1);
    WANT_STATUS(hf_reply_receive(WITHOUT(HF_RIGHT_RECEIVE), &message, NULL), HF_DENIED);
    WANT_STATUS(hf_reply_receive_nowait(WITHOUT(HF_RIGHT_RECEIVE), &message, NULL), HF_DENIED);
    WANT_STATE(client, HF_INFO_WAITING);
    answer(1);
    WANT_CODE(client, HF_OK);
}

static void right_to_notify(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = {0};
    hf_handle_t handle = new_handle(endpoint, RIGHTS_ENDPOINT, 3);
    WANT_STATUS(hf_notify(new_handle(handle, RIGHTS_ENDPOINT & ~HF_RIGHT_NOTIFY, 0)), HF_DENIED);
    WANT_STATUS(hf_receive_nowait(endpoint, &message, NULL), HF_WOULD_BLOCK);
    WANT_OK(hf_notify(new_handle(handle, HF_RIGHT_NOTIFY, 0)));
    WANT_OK(hf_receive_nowait(endpoint, &message, NULL));
    WANT_NUMBER(message.word[0], 3);
}

static void right_to_grant(void) {
    hf_handle_t endpoint = new_endpoint();
    struct mem_task task;
    struct mem_spawn_options options = {.handle_count = 1, .handles = {WITHOUT(HF_RIGHT_GRANT)}};
    struct hf_message message = {.handle = (uint16_t)options.handles[0]};
    WANT_STATUS(hf_call_nowait(endpoint, &message), HF_DENIED);
    WANT_STATUS(mem_spawn("ipc", NULL, &options, &task), HF_DENIED);
    options.handles[0] = options.console = HF_SLOT_MEMSRV;
    WANT_STATUS(mem_spawn("ipc", NULL, &options, &task), HF_DENIED);
}

static void right_to_mint(void) {
    hf_handle_t endpoint = new_endpoint(), copy = HF_SLOT_ANY, without = WITHOUT(HF_RIGHT_MINT);
    WANT_STATUS(hf_handle_copy(without, HF_RIGHT_CALL, 5, &copy), HF_DENIED);
    WANT(copy == HF_SLOT_ANY);
    WANT_OK(hf_handle_copy(without, HF_RIGHT_CALL, 0, &copy));
    WANT_OK(hf_handle_close(copy));
    copy = HF_SLOT_ANY;
    WANT_OK(hf_handle_copy(endpoint, HF_RIGHT_CALL, 5, &copy));
}

/* Each right by itself can be given away, and never be had again. */
static void copies_have_no_more_rights(void) {
    hf_handle_t endpoint = new_endpoint();
    for (unsigned right = 1; right <= HF_RIGHT_MINT; right *= 2) {
        hf_handle_t only = new_handle(endpoint, right, 0);
        for (unsigned other = 1; other <= HF_RIGHT_USE; other *= 2) {
            hf_handle_t copy = HF_SLOT_ANY;
            WANT(hf_handle_copy(only, other, 0, &copy) == (other == right ? HF_OK : HF_DENIED));
        }
        hf_handle_t copy = HF_SLOT_ANY;
        WANT_STATUS(hf_handle_copy(only, HF_RIGHTS_ALL, 0, &copy), HF_DENIED);
    }
}

static void rights_that_do_not_exist(void) {
    hf_handle_t endpoint = new_endpoint(), copy = HF_SLOT_ANY;
    WANT_STATUS(hf_handle_copy(endpoint, HF_RIGHTS_ALL + 1, 0, &copy), HF_BAD_ARGUMENT);
    WANT_STATUS(hf_handle_copy(endpoint, HF_RIGHT_CALL | 0x100, 0, &copy), HF_BAD_ARGUMENT);
    WANT_STATUS(hf_handle_copy(endpoint, ~0u, 0, &copy), HF_BAD_ARGUMENT);
    WANT(copy == HF_SLOT_ANY);
}

/* Badges of copies of copies: kept, or replaced. */
static void badges_of_copies(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = {0};
    hf_handle_t minted = new_handle(endpoint, RIGHTS_ENDPOINT, 0x10);
    hf_handle_t kept = new_handle(minted, HF_RIGHT_NOTIFY, 0);
    hf_handle_t replaced = new_handle(minted, HF_RIGHT_NOTIFY, 0x200);
    WANT_OK(hf_notify(kept));
    WANT_OK(hf_receive_nowait(endpoint, &message, NULL));
    WANT_NUMBER(message.word[0], 0x10);
    WANT_OK(hf_notify(replaced));
    WANT_OK(hf_receive_nowait(endpoint, &message, NULL));
    WANT_NUMBER(message.word[0], 0x200);
    WANT_OK(hf_notify(minted));
    WANT_OK(hf_receive_nowait(endpoint, &message, NULL));
    WANT_NUMBER(message.word[0], 0x10);
}

static void copy_into_slots(void) {
    hf_handle_t endpoint = new_endpoint(), copy = 60;
    WANT_OK(hf_handle_copy(endpoint, HF_RIGHT_CALL, 0, &copy));
    WANT_NUMBER(copy, 60);
    WANT_STATUS(hf_handle_copy(endpoint, HF_RIGHT_CALL, 0, &copy), HF_EXISTS);
    copy = 0;
    WANT_STATUS(hf_handle_copy(endpoint, HF_RIGHT_CALL, 0, &copy), HF_BAD_HANDLE);
    copy = HF_HANDLE_COUNT;
    WANT_STATUS(hf_handle_copy(endpoint, HF_RIGHT_CALL, 0, &copy), HF_BAD_HANDLE);
}

static void copy_of_what_is_no_handle(void) {
    hf_handle_t copy = HF_SLOT_ANY;
    WANT_STATUS(hf_handle_copy(0, 0, 0, &copy), HF_BAD_HANDLE);
    WANT_STATUS(hf_handle_copy(70, 0, 0, &copy), HF_BAD_HANDLE);
    WANT_STATUS(hf_handle_copy(HF_HANDLE_COUNT, 0, 0, &copy), HF_BAD_HANDLE);
    WANT_STATUS(hf_handle_copy(~0u, 0, 0, &copy), HF_BAD_HANDLE);
    WANT(copy == HF_SLOT_ANY);
}

static void closed_handle_is_no_handle(void) {
    hf_handle_t endpoint = new_endpoint(), copy = new_handle(endpoint, RIGHTS_ENDPOINT, 1);
    struct hf_message message = {0};
    WANT_OK(hf_handle_close(copy));
    WANT_STATUS(hf_call(copy, &message), HF_BAD_HANDLE);
    WANT_STATUS(hf_receive(copy, &message, NULL), HF_BAD_HANDLE);
    WANT_STATUS(hf_notify(copy), HF_BAD_HANDLE);
    WANT_STATUS(hf_handle_close(copy), HF_BAD_HANDLE);
    WANT_STATUS(hf_receive_nowait(endpoint, &message, NULL), HF_WOULD_BLOCK); /* the other handle is still good */
}

/* Whoever waits at an endpoint does not need the handle any more. */
static void endpoint_lives_on_without_handles(void) {
    hf_handle_t endpoint = new_endpoint(), call = new_handle(endpoint, HF_RIGHT_CALL, 0);
    unsigned other = START(server, 1, endpoint);
    settle();
    WANT_OK(hf_handle_close(endpoint));
    call_server(call, 1);
    WANT_CODE(other, HF_OK);
}

static void full_table(void) {
    hf_handle_t endpoint = new_endpoint(), all[HF_HANDLE_COUNT], copy = HF_SLOT_ANY;
    unsigned count = fill_handles(all);
    note("%u handles", count);
    for (unsigned i = 0; i < count; i++) {
        for (unsigned other = 0; other < i; other++) {
            WANT(all[i] != all[other]);
        }
    }
    WANT_STATUS(hf_handle_copy(endpoint, HF_RIGHT_CALL, 0, &copy), HF_NO_MEMORY);
    WANT_STATUS(mem_endpoint_create(&copy), HF_NO_MEMORY);
    close_handles(all, count);
    copy = HF_SLOT_ANY;
    WANT_OK(hf_handle_copy(endpoint, HF_RIGHT_CALL, 0, &copy));
}

const struct suite_test handle_tests[] = {
    TEST(right_to_call),
    TEST(right_to_receive),
    TEST(right_to_notify),
    TEST(right_to_grant),
    TEST(right_to_mint),
    TEST(copies_have_no_more_rights),
    TEST(rights_that_do_not_exist),
    TEST(badges_of_copies),
    TEST(copy_into_slots),
    TEST(copy_of_what_is_no_handle),
    TEST(closed_handle_is_no_handle),
    TEST(endpoint_lives_on_without_handles),
    TEST(full_table),
    TESTS_END,
};
