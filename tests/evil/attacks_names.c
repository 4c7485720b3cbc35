/* Attacks by names: handles and calls that outlive what they name, and messages that pretend. */
#include "judge.h"

static void try_stale(void) {
    struct hf_message message = {.label = 1};
    answered("call through a handle to what is gone", hf_call_nowait(SLOT, &message));
    answered("call, and wait", hf_call(SLOT, &message)); /* which takes another way through the core */
    answered("notify", hf_notify(SLOT));
    answered("receive", hf_receive_nowait(SLOT, &message, NULL));
}

static void stale_endpoint(void) {
    take_handle(world.endpoint, ALL_BUT_USE);
    must(ON(ENDPOINT_DESTROY, world.endpoint));
    try_stale();
}

static void stale_endpoint_forged(void) {
    hf_serial_t serial;
    hf_frame_t endpoint = world_endpoint(&serial);
    take_handle(endpoint, ALL_BUT_USE);
    must(ON(ENDPOINT_DESTROY, endpoint));
    world_forge(endpoint, serial);
    try_stale();
    saw(world_forged(serial), "and the page is as it was");
}

static void stale_endpoint_in_large_page(void) {
    hf_serial_t serial;
    struct hf_result result;
    hf_frame_t run = pool_run(1);
    if (do_listed(ON(ENDPOINT_CREATE, run), &result) != HF_OK) give_up("no endpoint");
    serial = result.value[0];
    take_handle(run, ALL_BUT_USE);
    must(ON(ENDPOINT_DESTROY, run));
    must(STAGED_RUN(run));
    must(TABLE(PDPT, boot->aspace, OWN_WINDOW, pool_frame()));
    must(TABLE(PD, boot->aspace, OWN_WINDOW, pool_frame()));
    must(MAPPED_RUN(boot->aspace, OWN_WINDOW, run, READ_WRITE));
    for (unsigned i = 0; i < HF_PAGE_SIZE / 8; i++) ((volatile uint64_t *)OWN_WINDOW)[i] = serial;
    try_stale();
}

static void stale_endpoint_followed(void) {
    take_handle(world.endpoint, ALL_BUT_USE);
    must(ON(ENDPOINT_DESTROY, world.endpoint));
    must(ON(ENDPOINT_CREATE, world.endpoint));
    client_wait_at(world.aspace, world.endpoint, client_listen);
    try_stale();
    saw(look_task(world.client)->state == HF_TASK_RECEIVING, "and who waits there gets none of it");
}

static void stale_endpoint_after_reply(void) {
    struct hf_message message = {0};
    take_handle(world.endpoint, HF_RIGHT_RECEIVE);
    client_start();
    must(ON(ENDPOINT_DESTROY, world.endpoint));
    must(ON(ENDPOINT_CREATE, world.endpoint));
    answered("reply, and receive from what is gone", hf_reply_receive(SLOT, &message, NULL));
    saw(look_task(world.client)->state == HF_TASK_WAITING, "... nothing is delivered");
}

static void stale_endpoint_became_task(void) {
    take_handle(world.endpoint, ALL_BUT_USE);
    must(ON(ENDPOINT_DESTROY, world.endpoint));
    must(ON(TASK_CREATE, world.endpoint));
    try_stale();
}

/* The client's fault goes to a pager that is gone, in whose frame the serial is forged. It is more
 * important than we are, so that it runs at once. */
static void stale_pager_forged(void) {
    hf_serial_t serial;
    hf_frame_t pager = world_endpoint(&serial);
    client_start();
    must(ON(TASK_STOP, world.client));
    PAGE_OF_OPERATIONS->task = (struct hf_task_block){.fields = HF_TASK_PAGER | HF_TASK_REGISTERS | HF_TASK_PRIORITY,
                                                      .registers = {.rip = AT(AT_FREE), .rsp = AT(1)},
                                                      .priority = 255,
                                                      .pager = pager};
    must(ON(TASK_SET, world.client));
    must(ON(ENDPOINT_DESTROY, pager));
    world_forge(pager, serial);
    must(ON(TASK_START, world.client));
    bool stopped = look_task(world.client)->state == HF_TASK_STOPPED;
    saw(stopped && world_forged(serial), "a fault goes to a pager whose frame is forged");
}

/* ---- held calls ---- */

static hf_handle_t hold_client(void) {
    hf_handle_t held = SLOT;
    client_start();
    if (hf_hold(&held) != HF_OK) give_up("a call can't be held");
    return held;
}

static void answer_a_task_that_is_gone(void) {
    struct hf_message message = {0};
    hf_handle_t held = hold_client();
    client_end();
    must(ON(TASK_CREATE, world.client));
    answered("reply to a held call whose task is gone; its frame is another task's", hf_reply_held(held, &message));
}

/* A page that says: this serial, waiting, and no call cancelled so far. Where a task has these is
 * the core's business, so every place of the first is tried. */
static void forge_task(unsigned edge, hf_serial_t serial) {
    volatile uint64_t *page = world_forge(world.client, serial);
    for (unsigned i = edge; i < HF_PAGE_SIZE / 8; i++) page[i] = i < edge + 5 ? HF_TASK_WAITING : 0;
}

static void answer_a_forged_task(void) {
    struct hf_message message = {0};
    hf_handle_t held = hold_client();
    for (unsigned edge = 1; edge < 64; edge++) {
        hf_serial_t serial = look_task(world.client)->serial;
        client_end();
        forge_task(edge, serial);
        answered("reply to a held call in whose task's frame a waiting task is forged", hf_reply_held(held, &message));
        world_forget_forgery();
        client_start_again();
        if (hf_hold(&held) != HF_OK) give_up("a call can't be held");
    }
}

static void answer_a_later_call(void) {
    struct hf_message message = {0};
    hf_handle_t held = hold_client();
    must(ON(TASK_STOP, world.client));
    PAGE_OF_OPERATIONS->task = (struct hf_task_block){0};
    client_registers(&PAGE_OF_OPERATIONS->task, client_main, 0);
    must(ON(TASK_SET, world.client));
    must(ON(TASK_START, world.client));
    if (hf_receive(LISTENING, &message, NULL) != HF_OK) give_up("the client doesn't call");
    answered("reply by a held call's handle, when its task has made another call", hf_reply_held(held, &message));
    saw(look_task(world.client)->state == HF_TASK_WAITING, "... which still waits");
}

static void answer_twice(void) {
    struct hf_message message = {0};
    hf_handle_t held = hold_client();
    if (hf_reply_held(held, &message) != HF_OK) give_up("a held call can't be answered");
    answered("reply twice to one call", hf_reply_held(held, &message));
    answered("close what was answered", hf_handle_close(held));
}

static void copy_a_held_call(void) {
    hf_handle_t held = hold_client(), copy = HF_SLOT_ANY;
    struct hf_message message = {.label = 1, .handle = (uint16_t)held};
    answered("hf_handle_copy of a held call", hf_handle_copy(held, 0, 0, &copy));
    take_handle_at(SECOND_SLOT, world.endpoint, HF_RIGHT_CALL);
    answered("send it along with a message", hf_call_nowait(SECOND_SLOT, &message));
    refused(PUT(world.handles, 3, COPY, boot->handles, held, HF_RIGHTS_SAME));
}

/* ---- messages ---- */

static void send_a_label_of_the_core(void) {
    const uint32_t labels[] = {HF_LABEL_FAULT, HF_LABEL_EXCEPTION, HF_LABEL_NOTIFICATION, 0xffffffff};
    take_handle(world.endpoint, HF_RIGHT_CALL);
    for (unsigned i = 0; i < 4; i++) {
        struct hf_message message = {.label = labels[i]};
        answered("send a message that looks like the core's", hf_call_nowait(SLOT, &message));
    }
}

static void send_too_many_bytes(void) {
    take_handle(world.endpoint, HF_RIGHT_CALL);
    const uint16_t bytes[] = {HF_MESSAGE_BYTES + 1, HF_PAGE_SIZE, 0x7fff, 0xffff};
    for (unsigned i = 0; i < 4; i++) {
        struct hf_message message = {.label = 1, .bytes = bytes[i]};
        answered("send more bytes than a buffer has", hf_call_nowait(SLOT, &message));
    }
}

static void receive_without_right(void) {
    struct hf_message message = {0};
    take_handle(world.endpoint, HF_RIGHT_GRANT);
    client_wait_at(world.aspace, world.endpoint, client_listen);
    answered("call, and wait", hf_call(SLOT, &message));
    answered("receive", hf_receive_nowait(SLOT, &message, NULL));
    answered("call", hf_call_nowait(SLOT, &message));
    answered("notify", hf_notify(SLOT));
}

static void send_handle_without_grant(void) {
    struct hf_message message = {.label = 1, .handle = SLOT};
    take_handle(world.endpoint, HF_RIGHT_CALL);
    answered("send a handle that may not be passed on", hf_call_nowait(SLOT, &message));
}

static void send_handle_of_no_slot(void) {
    const uint16_t slots[] = {SECOND_SLOT, HF_HANDLE_COUNT, HF_HANDLE_COUNT + 1, 0x7fff, 0xffff};
    take_handle(world.endpoint, HF_RIGHT_CALL);
    for (unsigned i = 0; i < sizeof slots / sizeof slots[0]; i++) {
        struct hf_message message = {.label = 1, .handle = slots[i]};
        answered("send a handle out of an empty slot, or from behind the table", hf_call_nowait(SLOT, &message));
    }
}

static void send_bytes_without_buffer(void) {
    client_start();
    answered("send bytes from a task without a buffer", (hf_status_t)client_do(COMMAND_SEND, 8, 0).value);
}

/* The slot stands in memory that ring 3 writes: the core may not believe it. */
static void take_handle_at_no_slot(void) {
    const hf_handle_t slots[] = {LISTENING, HF_HANDLE_COUNT, HF_HANDLE_COUNT + 1, 0x10000 | SLOT, 0x7fffffff, ~0u};
    client_start();
    must(PUT(look_task(world.client)->handles, 2, ENDPOINT, world.endpoint, 0, HF_RIGHT_CALL | HF_RIGHT_GRANT));
    for (unsigned i = 0; i < sizeof slots / sizeof slots[0]; i++) {
        struct hf_message message = {.word = {COMMAND_SEND, 0, 2}};
        ((struct hf_buffer *)HF_MEMSRV_BUFFER)->receive_slot = slots[i];
        hf_status_t status = hf_reply_receive(LISTENING, &message, NULL);
        saw(status == HF_OK && message.handle == HF_LOST, "take a handle into slots that are in use or don't exist");
        message = (struct hf_message){0};
        if (hf_reply_receive(LISTENING, &message, NULL) != HF_OK) give_up("the client doesn't go on");
    }
}

const struct attack attacks_names[] = {
    ATTACK(stale_endpoint, RIGHTS, DEAD, "a handle to an endpoint that was destroyed"),
    ATTACK(stale_endpoint_forged, RIGHTS, DEAD,
           "... in whose frame lies a page with its serial, and queues of one's own making"),
    ATTACK(stale_endpoint_in_large_page, RIGHTS, DEAD, "... the same in a page of 2 MiB, whose frames have no entries"),
    ATTACK(stale_endpoint_followed, RIGHTS, DEAD, "... in whose frame lies another endpoint"),
    ATTACK(stale_endpoint_after_reply, RIGHTS, DEAD, "... and it is asked for the next call in the same breath"),
    ATTACK(stale_endpoint_became_task, RIGHTS, DEAD, "... in whose frame lies a task"),
    ATTACK(stale_pager_forged, RIGHTS, OK, "a pager that was destroyed, forged likewise"),
    ATTACK(answer_a_task_that_is_gone, RIGHTS, DEAD, "a held call of a destroyed task, whose frame is a task again"),
    ATTACK(answer_a_forged_task, RIGHTS, DEAD, "... whose frame lies in a page that says what a task says"),
    ATTACK(answer_a_later_call, RIGHTS, DEAD,
           "a held call that was cancelled: an answer to a call that somebody else has"),
    ATTACK(answer_twice, RIGHTS, BAD_HANDLE, "one call, two answers"),
    ATTACK(copy_a_held_call, RIGHTS, BAD_HANDLE, "the right to answer, twice"),
    ATTACK(send_a_label_of_the_core, RIGHTS, BAD_ARGUMENT, "a forged fault or notification"),
    ATTACK(send_too_many_bytes, RIGHTS, TOO_BIG, "bytes from behind the IPC buffer's frame"),
    ATTACK(send_bytes_without_buffer, RIGHTS, NOT_READY, "... from a buffer that isn't there: frame 0, or any"),
    ATTACK(send_handle_without_grant, RIGHTS, DENIED, "a message that takes along what may not be passed on"),
    ATTACK(send_handle_of_no_slot, RIGHTS, BAD_HANDLE, "... what lies behind the handle table"),
    ATTACK(take_handle_at_no_slot, RIGHTS, OK, "an arriving handle written over another, or behind the table"),
    ATTACK(receive_without_right, RIGHTS, DENIED, "a handle that allows nothing"),
    ATTACKS_END,
};
