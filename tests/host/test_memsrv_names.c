// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c
// sources: ukernel/device.c ukernel/call.c
// sources: servers/memsrv/*.c
// sources: tests/host/memsrv_image.c tests/host/memsrv_machine.c tests/host/memsrv_script.c tests/host/memsrv_touch.c
// sources: tests/host/world.c
// sources: tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine tests/host/fake ukernel
// flags: -fno-sanitize=address
/* Names: what memsrv makes of each request, with memory running out at each step, and with tasks
 * that end at the wrong moment. */
#include "memsrv_script.h"
#include <string.h>

#define CALL_GRANT (HF_RIGHT_CALL | HF_RIGHT_GRANT)

static hf_status_t name_request(struct task *task, uint32_t label, const char *name, uint64_t word) {
    return ASK(task, .label = label, .word = {word}, .bytes = name, .count = (unsigned)strlen(name) + 1);
}

static hf_status_t add_name(struct task *task, const char *name, uint64_t handle) {
    return name_request(task, HF_MEM_REGISTER, name, handle);
}

static hf_status_t look_up(struct task *task, const char *name) { return name_request(task, HF_MEM_LOOKUP, name, 0); }

static void start_waiting(struct task *task, const char *name) {
    script_send(task, &(struct script_request){.label = HF_MEM_LOOKUP,
                                               .word = {HF_LOOKUP_WAIT},
                                               .bytes = name,
                                               .count = (unsigned)strlen(name) + 1});
    script_go();
    assert_false(script_answered(task));
}

/* A copy of a handle, with fewer rights; its slot. */
static hf_handle_t copy(struct task *task, hf_handle_t handle, unsigned rights) {
    task->registers.rdi = handle;
    task->registers.rsi = rights;
    task->registers.rdx = 0;
    task->registers.r10 = HF_SLOT_ANY;
    assert_int_equal(world_call(task, HF_CALL_HANDLE_COPY), HF_OK);
    return (hf_handle_t)task->registers.rsi;
}

static void close_handle(struct task *task, hf_handle_t handle) {
    task->registers.rdi = handle;
    assert_int_equal(world_call(task, HF_CALL_HANDLE_CLOSE), HF_OK);
}

static hf_handle_t make_endpoint(struct task *task) {
    assert_int_equal(ASK(task, .label = HF_MEM_ENDPOINT_CREATE), HF_OK);
    return (hf_handle_t)script_word(task, 0);
}

/* Two children of init, of which the first has an endpoint; both are ended after a test. */
static struct task *server, *client;
static hf_handle_t server_handle, client_handle, endpoint, public;

static void start_both(void) {
    server = script_spawn(0, &server_handle);
    client = script_spawn(0, &client_handle);
    endpoint = make_endpoint(server);
    public = copy(server, endpoint, CALL_GRANT);
}

static void end_both(void) {
    struct hf_exit how = script_kill(script_init, server_handle);
    assert_int_equal(how.left.objects + how.left.pages + how.left.tables, 0);
    script_kill(script_init, client_handle);
}

/* ---- what is refused ---- */

static void test_refused_names(void **state) {
    static const char longest[] = "0123456789012345678901234567890";
    (void)state;
    start_both();
    uint64_t before = script_total();
    static const char *const bad[] = {"", "01234567890123456789012345678901", "a\n", "\x7f", "\x80", "a\x1f"};
    for (unsigned i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(add_name(server, bad[i], public), HF_BAD_ARGUMENT);
        assert_int_equal(look_up(server, bad[i]), HF_BAD_ARGUMENT);
    }
    for (uint32_t label = HF_MEM_REGISTER; label <= HF_MEM_LOOKUP; label++) {
        const uint64_t word = label == HF_MEM_REGISTER ? public : 0;
        assert_int_equal(ASK(server, .label = label, .word = {word}), HF_BAD_ARGUMENT);
        assert_int_equal(ASK(server, .label = label, .word = {word}, .bytes = "ab", .count = 2), HF_BAD_ARGUMENT);
        assert_int_equal(ASK(server, .label = label, .word = {word}, .bytes = "a\0b", .count = 4), HF_BAD_ARGUMENT);
        assert_int_equal(ASK(script_init, .to = server_handle, .label = label, .word = {word}), HF_BAD_HANDLE);
    }
    assert_int_equal(name_request(server, HF_MEM_LOOKUP, "a", 2), HF_BAD_ARGUMENT);
    assert_int_equal(name_request(server, HF_MEM_LOOKUP, "a", 1ull << 63), HF_BAD_ARGUMENT);
    assert_int_equal(look_up(server, longest), HF_NOT_FOUND);
    assert_int_equal(script_total(), before);
    assert_int_equal(add_name(server, longest, public), HF_OK);
    assert_int_equal(look_up(client, longest), HF_OK);
    end_both();
}

static void test_refused_handles(void **state) {
    (void)state;
    start_both();
    uint64_t before = script_total();
    static const uint64_t none[] = {0, 50, HF_HANDLE_COUNT, HF_SLOT_ANY, 1ull << 32 | 127, UINT64_MAX};
    for (unsigned i = 0; i < sizeof none / sizeof *none; i++) {
        assert_int_equal(add_name(server, "a", none[i]), HF_BAD_HANDLE);
    }
    assert_int_equal(add_name(server, "a", HF_SLOT_MEMSRV), HF_DENIED);
    assert_int_equal(add_name(server, "a", copy(server, endpoint, HF_RIGHT_CALL)), HF_DENIED);
    assert_int_equal(add_name(server, "a", copy(server, endpoint, HF_RIGHTS_ALL & ~HF_RIGHT_CALL & ~HF_RIGHT_USE)),
                     HF_DENIED);
    /* init has devices, and everything that it may do with them */
    assert_int_equal(add_name(script_init, "a", HF_INIT_PORTS), HF_BAD_HANDLE);
    assert_int_equal(add_name(script_init, "a", HF_INIT_IRQ), HF_BAD_HANDLE);
    assert_int_equal(add_name(script_init, "a", HF_INIT_POWER), HF_BAD_HANDLE);
    assert_int_equal(look_up(client, "a"), HF_NOT_FOUND);
    assert_int_equal(script_total(), before);
    end_both();
}

static void test_too_many(void **state) {
    char name[] = "n0";
    (void)state;
    start_both();
    for (unsigned i = 0; i < HF_TASK_NAMES; i++, name[1]++) {
        assert_int_equal(add_name(server, name, public), HF_OK);
        assert_int_equal(add_name(server, name, public), HF_EXISTS);
    }
    uint64_t before = script_total();
    assert_int_equal(add_name(server, name, public), HF_QUOTA);
    assert_int_equal(script_total(), before);
    end_both();
}

/* ---- rights and lives ---- */

static void test_what_is_found(void **state) {
    (void)state;
    start_both();
    assert_int_equal(add_name(server, "a", public), HF_OK);
    close_handle(server, public); /* the name has a copy */
    assert_int_equal(look_up(client, "a"), HF_OK);
    const struct handle *found = &client->handles[script_word(client, 0)];
    assert_int_equal(found->kind, HF_HANDLE_ENDPOINT);
    assert_int_equal(found->rights, CALL_GRANT);
    assert_int_equal(found->object, server->handles[endpoint].object);
    end_both();
}

static void test_name_ends_with_its_registrar(void **state) {
    (void)state;
    start_both();
    assert_int_equal(add_name(server, "a", public), HF_OK);
    assert_int_equal(look_up(client, "a"), HF_OK);
    assert_int_equal(add_name(client, "lent", script_word(client, 0)), HF_OK);
    assert_int_equal(add_name(client, "lent too", script_word(client, 0)), HF_OK);
    assert_int_equal(add_name(client, "a", script_word(client, 0)), HF_EXISTS);
    uint64_t before = script_total();
    script_kill(script_init, server_handle);
    assert_int_equal(look_up(client, "a"), HF_NOT_FOUND);
    uint64_t gone = script_total();
    assert_true(gone > before);
    assert_int_equal(look_up(client, "lent"), HF_NOT_FOUND); /* its endpoint is gone: the name's frame too */
    assert_int_equal(script_total(), gone + 1);
    server = script_spawn(0, &server_handle);
    endpoint = make_endpoint(server);
    assert_int_equal(add_name(server, "lent too", endpoint), HF_OK);
    assert_int_equal(add_name(server, "a", endpoint), HF_OK);
    end_both();
}

static void test_dead_handle(void **state) {
    (void)state;
    start_both();
    assert_int_equal(add_name(server, "a", public), HF_OK);
    assert_int_equal(look_up(client, "a"), HF_OK);
    uint64_t found = script_word(client, 0);
    script_kill(script_init, server_handle);
    assert_int_equal(add_name(client, "b", found), HF_DEAD);
    server = script_spawn(0, &server_handle);
    end_both();
}

/* All that one may have are dead: then there is room. */
static void test_dead_names_make_room(void **state) {
    char name[] = "n0";
    (void)state;
    start_both();
    assert_int_equal(add_name(server, "a", public), HF_OK);
    assert_int_equal(look_up(client, "a"), HF_OK);
    uint64_t found = script_word(client, 0);
    for (unsigned i = 0; i < HF_TASK_NAMES; i++, name[1]++) {
        assert_int_equal(add_name(client, name, found), HF_OK);
    }
    assert_int_equal(add_name(client, name, found), HF_QUOTA);
    script_kill(script_init, server_handle);
    assert_int_equal(add_name(client, name, make_endpoint(client)), HF_OK);
    server = script_spawn(0, &server_handle);
    end_both();
}

/* ---- waiting ---- */

static void test_waiting(void **state) {
    hf_handle_t other_handle;
    (void)state;
    start_both();
    struct task *other = script_spawn(0, &other_handle);
    start_waiting(client, "late");
    start_waiting(other, "later");
    assert_int_equal(add_name(server, "late", public), HF_OK);
    assert_int_equal(script_answer(client), HF_OK);
    assert_int_equal(client->handles[script_word(client, 0)].rights, CALL_GRANT);
    assert_false(script_answered(other));
    script_kill(script_init, other_handle); /* while it waits */
    assert_int_equal(add_name(server, "later", public), HF_OK);
    end_both();
}

static void test_no_room_for_what_was_waited_for(void **state) {
    (void)state;
    start_both();
    for (unsigned slot = 1; slot < HF_HANDLE_COUNT; slot++) {
        if (client->handles[slot].kind == HF_HANDLE_NONE) {
            client->handles[slot] = client->handles[HF_SLOT_MEMSRV];
        }
    }
    start_waiting(client, "late");
    assert_int_equal(add_name(server, "late", public), HF_OK);
    assert_int_equal(script_answer(client), HF_NO_MEMORY);
    assert_int_equal(look_up(client, "late"), HF_NO_MEMORY);
    end_both();
}

/* ---- memory that runs out ---- */

static void test_out_of_memory(void **state) {
    hf_status_t status = HF_NO_MEMORY;
    unsigned refused = 0;
    (void)state;
    start_both();
    for (uint64_t left = 0; status != HF_OK; left++, refused++) {
        script_leave(left);
        status = add_name(server, "a", public);
        assert_true(status == HF_OK || (status == HF_NO_MEMORY && script_free() <= left));
        script_put_back();
        assert_true(left < 10);
    }
    assert_in_range(refused, 2, 9);
    end_both();
}

static void test_quota(void **state) {
    hf_handle_t handle;
    (void)state;
    start_both();
    struct task *small = script_spawn(9, &handle); /* one frame more than it has */
    assert_int_equal(look_up(small, "a"), HF_NOT_FOUND);
    assert_int_equal(add_name(server, "a", public), HF_OK);
    assert_int_equal(look_up(small, "a"), HF_OK);
    uint64_t found = script_word(small, 0), before = script_total();
    assert_int_equal(add_name(small, "b", found), HF_OK);
    assert_int_equal(add_name(small, "c", found), HF_QUOTA);
    assert_int_equal(script_total(), before - 1);
    script_kill(script_init, handle);
    assert_int_equal(look_up(client, "b"), HF_NOT_FOUND);
    end_both();
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, script_before, script_after)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(test_refused_names),
        TEST(test_refused_handles),
        TEST(test_too_many),
        TEST(test_what_is_found),
        TEST(test_name_ends_with_its_registrar),
        TEST(test_dead_handle),
        TEST(test_dead_names_make_room),
        TEST(test_waiting),
        TEST(test_no_room_for_what_was_waited_for),
        TEST(test_out_of_memory),
        TEST(test_quota),
    };
    return cmocka_run_group_tests(tests, script_boot, NULL);
}
