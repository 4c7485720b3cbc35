/* Names: registering and looking up. */
#include <string.h>

#include "threads.h"

#define ANSWER 42u

/* An endpoint of our own, and a handle to it as one gives to others. */
static hf_handle_t own, public;

static hf_handle_t copy_of(hf_handle_t handle, unsigned rights) {
    hf_handle_t copy = HF_SLOT_ANY;
    return hf_handle_copy(handle, rights, 0, &copy) == HF_OK ? copy : 0;
}

static void close_handle(hf_handle_t handle) {
    if (hf_handle_close(handle) != HF_OK) check(false, "close a handle");
}

/* ---- the other side ---- */

int serve_name(const char *name) {
    struct hf_message message;
    struct hf_sender sender;
    hf_handle_t endpoint;
    if (mem_endpoint_create(&endpoint) != HF_OK) return 1;
    hf_handle_t given = copy_of(endpoint, HF_RIGHT_CALL | HF_RIGHT_GRANT);
    if (mem_register(name, given) != HF_OK || hf_handle_close(given) != HF_OK) return 2;
    if (hf_receive(endpoint, &message, &sender) != HF_OK) return 3;
    return hf_reply(&(struct hf_message){.word = {ANSWER}}) == HF_OK ? 0 : 4;
}

int call_name(const char *name) {
    struct hf_message message = {0};
    hf_handle_t server;
    hf_status_t status = mem_lookup_wait(name, &server);
    if (status != HF_OK) return (int)status;
    status = hf_call(server, &message);
    return status == HF_OK && message.word[0] == ANSWER ? 0 : 60;
}

int fill_names(const char *name) {
    char text[] = "filled 0";
    hf_handle_t endpoint;
    int count = 0;
    (void)name;
    if (mem_endpoint_create(&endpoint) != HF_OK) return 60;
    while (mem_register(text, endpoint) == HF_OK) {
        text[sizeof text - 2]++;
        count++;
    }
    return count;
}

static int run_self(const char *what, const char *detail, uint64_t quota) {
    struct mem_task task;
    if (start_self(what, detail, quota, &task) != HF_OK) return NO_CODE;
    return (int)finish_thread(&task).code;
}

/* ---- tests ---- */

static hf_status_t ask_name(uint32_t label, const char *bytes, unsigned length, uint64_t word) {
    memset(hf_buffer()->bytes, 0x7f, HF_NAME_BYTES + 8);
    memcpy(hf_buffer()->bytes, bytes, length);
    return ask_memsrv(&(struct hf_message){.label = label, .bytes = (uint16_t)length, .word = {word}});
}

static void test_bad_names(void) {
    hf_handle_t found;
    check_status(mem_register("", public), HF_BAD_ARGUMENT, "register no name");
    check_status(mem_register("a name of thirty-two characters.", public), HF_BAD_ARGUMENT, "register a long name");
    check_status(mem_register("a name with a \x7f", public), HF_BAD_ARGUMENT, "register a name with DEL");
    check_status(mem_register("two\nlines", public), HF_BAD_ARGUMENT, "register a name of two lines");
    check_status(mem_register("\xc3\xa4", public), HF_BAD_ARGUMENT, "register a name beyond ASCII");
    check_status(ask_name(HF_MEM_REGISTER, "", 0, public), HF_BAD_ARGUMENT, "register without bytes");
    check_status(ask_name(HF_MEM_REGISTER, "name", 4, public), HF_BAD_ARGUMENT, "register a name without its end");
    check_status(ask_name(HF_MEM_REGISTER, "na\0me", 6, public), HF_BAD_ARGUMENT, "register a name that ends twice");
    check_status(mem_lookup("", &found), HF_BAD_ARGUMENT, "look up no name");
    check_status(mem_lookup("a name of thirty-two characters.", &found), HF_BAD_ARGUMENT, "look up a long name");
    check_status(ask_name(HF_MEM_LOOKUP, "name", 4, 0), HF_BAD_ARGUMENT, "look up a name without its end");
    check_status(ask_name(HF_MEM_LOOKUP, "name", 5, 2), HF_BAD_ARGUMENT, "look up with an unknown flag");
    check_status(ask_name(HF_MEM_LOOKUP, "name", 5, 1ul << 32), HF_BAD_ARGUMENT, "look up with a flag far up");
    check_status(mem_lookup("nobody", &found), HF_NOT_FOUND, "look up what nobody registered");
}

static void test_bad_handles(void) {
    hf_handle_t deaf = copy_of(own, HF_RIGHT_GRANT | HF_RIGHT_RECEIVE | HF_RIGHT_NOTIFY | HF_RIGHT_MINT);
    hf_handle_t kept = copy_of(own, HF_RIGHT_CALL);
    check_status(mem_register("name", 0), HF_BAD_HANDLE, "register no handle");
    check_status(mem_register("name", 90), HF_BAD_HANDLE, "register an empty slot");
    check_status(mem_register("name", 4000000000), HF_BAD_HANDLE, "register an impossible slot");
    check_status(ask_name(HF_MEM_REGISTER, "name", 5, 1ul << 32 | public), HF_BAD_HANDLE, "register a slot far up");
    check_status(mem_register("name", HF_SLOT_MEMSRV), HF_DENIED, "register one's own handle to memsrv");
    check_status(mem_register("name", kept), HF_DENIED, "register a handle without GRANT");
    check_status(mem_register("name", deaf), HF_DENIED, "register a handle without CALL");
    close_handle(deaf);
    close_handle(kept);
}

static void test_register(void) {
    struct hf_message message;
    struct hf_sender sender;
    hf_handle_t found = 0;
    check_status(mem_register("name", public), HF_OK, "register a name");
    check_status(mem_register("name", public), HF_EXISTS, "register it again");
    check_status(mem_register("a name of thirty-one characters", public), HF_OK, "register a name of 31 characters");
    check_status(mem_lookup("nam", &found), HF_NOT_FOUND, "look up the beginning of a name");
    check_status(mem_lookup("name ", &found), HF_NOT_FOUND, "look up more than a name");
    check_status(mem_lookup("name", &found), HF_OK, "look it up");
    check_status(hf_receive_nowait(found, &message, &sender), HF_DENIED, "what is found has no more rights");
    check_status(hf_notify(found), HF_DENIED, "and none of another kind");
    close_handle(found);
    check_status(mem_lookup_wait("name", &found), HF_OK, "look it up, ready to wait");
    close_handle(found);
}

/* Two names are registered, and one is dead. */
static void test_quota(void) {
    char text[] = "name 0";
    hf_status_t status = HF_OK;
    uint64_t before = frames_free();
    unsigned count = 2;
    for (; status == HF_OK && count < 20; count += status == HF_OK) {
        status = mem_register(text, public);
        text[sizeof text - 2]++;
    }
    check_status(status, HF_QUOTA, "register more names than one may");
    check(count == HF_TASK_NAMES, "one may have as many as there shall be, dead ones not counted");
    check(frames_free() == before - (HF_TASK_NAMES - 3), "each costs one frame");
    check(run_self("names", "", 0) == HF_TASK_NAMES, "others may have as many");
    check(frames_free() == before - (HF_TASK_NAMES - 3), "which they give back");
}

static void test_servers(void) {
    struct mem_task server, thief;
    hf_handle_t found;
    check_status(start_self("serve", "server", 0, &server), HF_OK, "start a server");
    check_status(mem_lookup_wait("server", &found), HF_OK, "wait until it has registered");
    check(run_self("serve", "server", 0) == 2, "another can't have its name");
    check(run_self("call", "server", 0) == 0, "call it by its name");
    check(finish_thread(&server).code == 0, "it has served");
    check_status(hf_call(found, &(struct hf_message){0}), HF_DEAD, "what was found is dead with it");
    close_handle(found);
    check_status(mem_lookup("server", &found), HF_NOT_FOUND, "its name went with it");
    check_status(start_self("serve", "server", 0, &thief), HF_OK, "start another server");
    check(run_self("call", "server", 0) == 0, "wait for it, and call it");
    check(finish_thread(&thief).code == 0, "it could have the name");
}

/* The registrar lives, but the endpoint is another's. */
static void test_borrowed(void) {
    struct mem_task server;
    hf_handle_t found, again;
    uint64_t before = frames_free();
    check_status(start_self("serve", "lender", 0, &server), HF_OK, "start one whose endpoint is borrowed");
    check_status(mem_lookup_wait("lender", &found), HF_OK, "get its endpoint");
    check_status(mem_register("borrowed", found), HF_OK, "register it under another name");
    check_status(mem_register("also borrowed", found), HF_OK, "and under a third");
    check_status(mem_kill(server.handle), HF_OK, "end its owner");
    check(finish_thread(&server).how == HF_EXIT_KILLED, "it is ended");
    check_status(mem_register("other", found), HF_DEAD, "register what is dead");
    close_handle(found);
    check_status(mem_lookup("lender", &again), HF_NOT_FOUND, "the owner's name is free");
    check_status(mem_lookup("borrowed", &again), HF_NOT_FOUND, "look up the name of a dead endpoint");
    check(frames_free() == before - 1, "what is left is a name that nobody asked for");
    check(run_self("names", "", 0) == HF_TASK_NAMES, "others register in between");
}

static void test_waiting(unsigned growth) {
    struct mem_task first, second, third, server;
    uint64_t before = frames_free();
    check_status(start_self("call", "late", 0, &first), HF_OK, "start one that waits for a name");
    check_status(start_self("call", "never", 0, &second), HF_OK, "start one that waits for another");
    check_status(start_self("call", "late", 0, &third), HF_OK, "start a third");
    check(becomes(first.number, HF_INFO_WAITING) && becomes(second.number, HF_INFO_WAITING) &&
              becomes(third.number, HF_INFO_WAITING),
          "they wait");
    check_status(mem_kill(third.handle), HF_OK, "end one that waits");
    check(finish_thread(&third).how == HF_EXIT_KILLED, "it is ended");
    check_status(start_self("serve", "late", 0, &server), HF_OK, "start what is waited for");
    check(finish_thread(&first).code == 0, "who waited found it");
    check(finish_thread(&server).code == 0, "and called it");
    check(becomes(second.number, HF_INFO_WAITING), "the other waits still");
    check_status(mem_kill(second.handle), HF_OK, "end the other");
    check(finish_thread(&second).how == HF_EXIT_KILLED, "it is ended too");
    check(frames_free() >= before - growth, "waiting loses nothing");
}

void test_names(void) {
    check_status(mem_endpoint_create(&own), HF_OK, "create an endpoint to give names to");
    public = copy_of(own, HF_RIGHT_CALL | HF_RIGHT_GRANT);
    test_bad_names();
    test_bad_handles();
    test_servers();
    test_waiting(4); /* memsrv keeps what it has grown by */
    test_waiting(0);
    test_borrowed();
    test_register();
    test_quota();
}
