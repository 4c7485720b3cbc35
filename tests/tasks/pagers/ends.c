/* Pagers and clients that end, that say nothing, or that go round in circles. */
#include "pagers.h"

static void test_silent(void) {
    struct mem_task client = start_client("read", 0), other = start_client("read", 0);
    check(is_waiting(&client), "a client is shown to wait for its pager");
    check(is_waiting(&other), "... also a second one");
    check_status(mem_kill(client.handle), HF_OK, "kill a client that nobody has asked about");
    check(finish(&client).how == HF_EXIT_KILLED, "it is killed");
    struct hf_pager_request request = take(&other);
    check(is_waiting(&other), "a client whose request was taken waits");
    check_status(mem_kill(other.handle), HF_OK, "kill it");
    check(finish(&other).how == HF_EXIT_KILLED, "it is killed too");
    check_status(supply(&request), HF_NOT_FOUND, "supply its page");
    check_status(mem_pager_pass(pager, request.id), HF_NOT_FOUND, "pass it");
}

static void test_loop(void) {
    struct mem_task client = start_client("loop", 0);
    bool good = true;
    for (unsigned i = 0; i < 3; i++) {
        struct hf_pager_request request = take(&client);
        good = supply(&request) == HF_OK && good;
    }
    check(ended_for(&client, HF_REASON_PAGER_LOOP) && good, "a client ends for which pages do nothing");
}

static void test_quota(void) {
    struct mem_task client = start_client("write", 20);
    struct hf_exit how;
    unsigned pages = 0;
    for (; pages < PAGES && is_waiting(&client); pages++) {
        struct hf_pager_request request = take(&client);
        if (supply(&request) != HF_OK) printf("not ok a page that the client has no room for\n");
    }
    how = finish(&client);
    check(how.how == HF_EXIT_FAULT && how.reason == HF_REASON_QUOTA, "a client ends when its quota is used up");
}

/* Another task's pager, which ends with a request in hand. */
static void test_gone(void) {
    hf_handle_t endpoint, call = HF_SLOT_ANY, own = pager;
    struct hf_message message = {0};
    struct mem_task maker, client;
    void *at;
    check_status(mem_endpoint_create(&endpoint), HF_OK, "an endpoint to be told a pager");
    check_status(hf_handle_copy(endpoint, HF_RIGHT_CALL | HF_RIGHT_GRANT, 0, &call), HF_OK, "a handle to it");
    struct mem_spawn_options options = {.console = HF_SLOT_CONSOLE, .handle_count = 1, .handles = {call}};
    hf_buffer()->receive_slot = HF_SLOT_ANY;
    check_status(mem_spawn("pagers", (const char *[]){"take one", NULL}, &options, &maker), HF_OK, "start a pager");
    check_status(hf_receive(endpoint, &message, NULL), HF_OK, "it sends its pager's handle");
    hf_buffer()->receive_slot = 0;
    pager = message.handle;
    client = start_client("read", 0);
    check_status(hf_reply(&message), HF_OK, "it goes on");
    check(ended_with(&maker, 0), "it ends with a request in hand");
    check(ended_for(&client, HF_REASON_PAGER_GONE), "its client ends");
    struct hf_pager_request request;
    check_status(mem_pager_next(pager, &request), HF_DEAD, "its handle is dead");
    check_status(mem_object_map(pager, 0, PAGE, HF_READ, 0, &at), HF_DEAD, "... for mapping too");
    check(hf_handle_close(pager) == HF_OK && hf_handle_close(call) == HF_OK && hf_handle_close(endpoint) == HF_OK,
          "close them all");
    pager = own;
}

void test_ends(void) {
    test_silent();
    test_loop();
    test_quota();
    test_gone();
}
