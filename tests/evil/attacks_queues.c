/* Attacks by what still points to what is gone: queues, calls and interrupts. The frame is a page by
 * then, and whoever follows the old pointer leaves a trace in it. */
#include "judge.h"

#define MARK 0x5a5a5a5a5a5a5a5aul

static void end_endpoint_under(void (*entry)(uint64_t argument), const char *text) {
    client_wait_at(world.aspace, world.endpoint, entry);
    must(ON(ENDPOINT_DESTROY, world.endpoint));
    bool out = look_task(world.client)->waits_for != world.endpoint;
    world_forge(world.endpoint, MARK);
    client_end();
    saw(out && world_forged(MARK), text);
}

static void end_endpoint_with_caller(void) {
    end_endpoint_under(client_main, "destroy an endpoint, fill its frame, and destroy who waited there with a call");
}

static void end_endpoint_with_receiver(void) {
    end_endpoint_under(client_listen, "destroy an endpoint, fill its frame, and destroy who waited there for a call");
}

static void end_caller_in_queue(void) {
    struct hf_message message = {0};
    take_handle(world.endpoint, HF_RIGHT_RECEIVE);
    client_wait_at(world.aspace, world.endpoint, client_main);
    client_end();
    world_forge(world.client, MARK);
    answered("destroy who waits with a call, fill its frame, and receive", hf_receive_nowait(SLOT, &message, NULL));
    saw(world_forged(MARK), "... and nothing was looked for there");
}

static void end_receiver_in_queue(void) {
    struct hf_message message = {.label = 1};
    take_handle(world.endpoint, HF_RIGHT_CALL);
    client_wait_at(world.aspace, world.endpoint, client_listen);
    client_end();
    world_forge(world.client, MARK);
    answered("destroy who waits for a call, fill its frame, and call", hf_call_nowait(SLOT, &message));
    saw(world_forged(MARK), "... and nothing was delivered there");
}

/* While we wait for the client's call, the core looks for who is to run. */
static void end_task_about_to_run(void) {
    PAGE_OF_OPERATIONS->task = world_block(HF_TASK_FIELDS_ALL);
    must(ON(TASK_SET, world.task));
    must(ON(TASK_START, world.task));
    must(ON(TASK_STOP, world.task));
    must(ON(TASK_DESTROY, world.task));
    world_forge(world.task, MARK);
    client_start();
    saw(world_forged(MARK), "destroy a task that is about to run, fill its frame, and let others run");
}

/* A call in hand ends with its caller; what answers it may not find the caller's frame. */
static void end_caller_in_hand(void) {
    struct hf_message message = {.word = {MARK}};
    client_start();
    client_end();
    world_forge(world.client, MARK);
    saw(hf_reply(&message) == HF_OK && world_forged(MARK), "destroy who called us, fill its frame, and reply");
}

static void hold_at(hf_handle_t slot) {
    if (hf_hold(&slot) != HF_OK) give_up("a call can't be held");
}

static void end_caller_held(void) {
    client_start();
    hold_at(SLOT);
    client_end();
    world_forge(world.client, MARK);
    client_start_in(world.second);
    hold_at(SECOND_SLOT);
    saw(world_forged(MARK), "hold a call, destroy its caller, fill its frame, and hold another call");
}

/* One task calls another, which doesn't answer: it calls the same endpoint, and waits there. */
static hf_frame_t call_between_others(void (*entry)(uint64_t argument)) {
    client_wait_at(world.aspace, world.endpoint, entry);
    hf_frame_t server = world.client;
    client_wait_at(world.second, world.endpoint, client_main);
    if (look_task(world.client)->waits_for != server) give_up("the second client doesn't wait for the first");
    return server;
}

static void end_server_first(void (*entry)(uint64_t argument), const char *text) {
    hf_frame_t server = call_between_others(entry), caller = world.client;
    world.client = server;
    client_end();
    world_forge(server, MARK);
    world.client = caller;
    client_end();
    saw(world_forged(MARK), text);
}

static void end_server_in_call(void) {
    end_server_first(client_listen, "destroy who has to answer, fill its frame, and destroy who waits for the answer");
}

static void end_holder_of_call(void) {
    end_server_first(client_hold, "destroy who holds a call, fill its frame, and destroy who waits for the answer");
}

static void end_caller_in_call(void) {
    hf_frame_t server = call_between_others(client_listen);
    client_end();
    world_forge(world.client, MARK);
    world.client = server;
    client_end();
    saw(world_forged(MARK), "destroy who waits for an answer, fill its frame, and destroy who has to answer");
}

#define WAIT 5000000u /* nanoseconds, and so some interrupts */

static void end_endpoint_of_interrupt(void) {
    hf_serial_t serial;
    hf_frame_t endpoint = world_endpoint(&serial);
    must(PUT(boot->handles, SECOND_SLOT, PORTS, PIT_CHANNEL_0, PIT_PORT_COUNT, HF_RIGHT_USE));
    must(PUT(boot->handles, THIRD_SLOT, IRQ, PIT_LINE, 0, HF_RIGHT_USE));
    take_handle(endpoint, HF_RIGHT_NOTIFY);
    if (hf_irq_bind(THIRD_SLOT, SLOT) != HF_OK) give_up("the PIT can't be bound");
    must(ON(ENDPOINT_DESTROY, endpoint));
    world_forge(endpoint, serial);
    pit_start(SECOND_SLOT);
    if (hf_irq_ack(THIRD_SLOT) != HF_OK) give_up("the PIT can't come again"); /* it may have come already */
    for (uint64_t end = hf_clock() + WAIT; hf_clock() < end;) continue;
    saw(world_forged(serial), "destroy the endpoint that an interrupt notifies, forge it, and let it interrupt");
}

const struct attack attacks_queues[] = {
    ATTACK(end_endpoint_with_caller, RIGHTS, OK, "a queue whose head is gone: leaving it would write into a page"),
    ATTACK(end_endpoint_with_receiver, RIGHTS, OK, "... the queue of those who wait for calls"),
    ATTACK(end_caller_in_queue, RIGHTS, WOULD_BLOCK, "a queue in which a task is that is a page by now"),
    ATTACK(end_receiver_in_queue, RIGHTS, WOULD_BLOCK, "... whose registers a message would be written into"),
    ATTACK(end_task_about_to_run, RIGHTS, OK, "a ready queue in which a page is: its registers would be loaded"),
    ATTACK(end_caller_in_hand, RIGHTS, OK, "a call whose caller is a page by now"),
    ATTACK(end_caller_held, RIGHTS, OK, "... in the list of calls that are held"),
    ATTACK(end_server_in_call, RIGHTS, OK, "... a call whose server is one"),
    ATTACK(end_holder_of_call, RIGHTS, OK, "... a held call whose holder is one"),
    ATTACK(end_caller_in_call, RIGHTS, OK, "... and the same between two others"),
    ATTACK(end_endpoint_of_interrupt, RIGHTS, OK, "an interrupt that notifies what is no endpoint any more"),
    ATTACKS_END,
};
