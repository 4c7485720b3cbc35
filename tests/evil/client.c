/* A client: a task of its own, whose code stands in this file too. In an aspace of its own it has
 * a copy of this program's code and none of its data, so nothing that it does can disturb us. */
#include "world.h"

#define STACK_TOP (OWN_WINDOW + 0x100000ul)
#define PRIORITY 50u
#define HIGHEST_PRIORITY 255u
#define CLIENT_ENDPOINT 1u
#define CALLED 1u

extern char image_base[] __asm__("IMAGE_BASE"); /* where this program is linked */

hf_frame_t client_endpoint;

/* ---- what runs in the client */

static hf_status_t call_core(const struct hf_message *order) {
    return hf_stub_plain(order->word[1], order->word[2], order->word[3], order->word[4], order->word[5], NULL);
}

static hf_status_t send(const struct hf_message *order) {
    struct hf_message message = {
        .label = CALLED, .bytes = (uint16_t)order->word[1], .handle = (uint16_t)order->word[2]};
    return hf_call(CLIENT_ENDPOINT, &message);
}

uint64_t client_vector(uint64_t word) {
    uint64_t before;
    __asm__ volatile("movq %%xmm0, %0; movq %1, %%xmm0" : "=&r"(before) : "r"(word));
    return before;
}

static uint64_t obey(const struct hf_message *order) {
    volatile uint64_t *at = (volatile uint64_t *)order->word[1];
    switch (order->word[0]) {
    case COMMAND_READ:
        return *at;
    case COMMAND_WRITE:
        return *at = order->word[2];
    case COMMAND_JUMP:
        ((void (*)(void))order->word[1])();
        return 0;
    case COMMAND_SEND:
        return send(order);
    case COMMAND_VECTOR:
        return client_vector(order->word[2]);
    default:
        return call_core(order);
    }
}

void client_main(uint64_t unused) {
    struct hf_message message = {.label = CALLED, .word = {unused}};
    while (hf_call(CLIENT_ENDPOINT, &message) == HF_OK) {
        uint64_t value = obey(&message);
        message = (struct hf_message){.label = CALLED, .word = {value}};
    }
    __builtin_trap();
}

void client_listen(uint64_t unused) {
    struct hf_message message = {.word = {unused}};
    if (hf_receive(CLIENT_ENDPOINT, &message, NULL) == HF_OK) client_main(unused);
    __builtin_trap();
}

void client_hold(uint64_t unused) {
    struct hf_message message = {.word = {unused}};
    hf_handle_t held = HF_SLOT_ANY;
    if (hf_receive(CLIENT_ENDPOINT, &message, NULL) == HF_OK && hf_hold(&held) == HF_OK) client_main(unused);
    __builtin_trap();
}

/* ---- what we do with it */

void client_init(void) {
    struct hf_result result;
    client_endpoint = pool_frame();
    must(ON(ENDPOINT_CREATE, client_endpoint));
    hf_status_t status =
        do_listed(PUT(boot->handles, LISTENING, ENDPOINT, client_endpoint, 0, HF_RIGHT_RECEIVE), &result);
    if (status != HF_OK) give_up("there is no handle for listening");
}

/* Pages that can be written are our data, or the stack. */
static void copy_page(hf_frame_t aspace, uint64_t address, uint64_t entry) {
    if (entry & ENTRY_WRITE) return;
    hf_frame_t frame = pool_frame();
    must(COPIED(frame, (entry & ENTRY_FRAME) >> HF_PAGE_SHIFT));
    must_map(aspace, address, frame, entry & ENTRY_NO_EXECUTE ? HF_READ : HF_READ | HF_EXECUTE);
}

void client_image(hf_frame_t aspace) {
    uint64_t entry;
    hf_frame_t stack = pool_frame();
    must(STAGED(stack));
    must_map(aspace, STACK_TOP - HF_PAGE_SIZE, stack, READ_WRITE);
    if (aspace == boot->aspace) return;
    for (uint64_t at = (uint64_t)image_base; (entry = look_entry(boot->aspace, at, HF_LEVEL_PT)) != 0;
         at += HF_PAGE_SIZE) {
        copy_page(aspace, at, entry);
    }
}

void client_registers(struct hf_task_block *block, void (*entry)(uint64_t argument), uint64_t argument) {
    block->fields |= HF_TASK_REGISTERS;
    /* As if called: the return address would be there. */
    block->registers = (struct hf_registers){.rip = (uint64_t)entry, .rsp = STACK_TOP - 8, .rdi = argument};
}

static struct hf_task_block client_block; /* what it has but for registers */

static void prepare(void (*entry)(uint64_t argument)) {
    PAGE_OF_OPERATIONS->task = client_block;
    client_registers(&PAGE_OF_OPERATIONS->task, entry, 0);
}

void client_prepare(void) { prepare(client_main); }

/* From the beginning. */
static void begin(void (*entry)(uint64_t argument)) {
    prepare(entry);
    must(ON(TASK_SET, world.client));
    must(ON(TASK_START, world.client));
}

/* It has called when this returns. */
static void restart(void) {
    struct hf_message message = {0};
    begin(client_main);
    if (hf_receive(LISTENING, &message, NULL) != HF_OK || message.label != CALLED) give_up("the client doesn't call");
}

static void create(hf_frame_t aspace, hf_frame_t endpoint, unsigned priority) {
    hf_frame_t handles = pool_frame();
    world.behind_handles = pool_frame();
    world.client = pool_frame();
    client_image(aspace);
    must(ON(HANDLES_CREATE, handles));
    must(PUT(handles, CLIENT_ENDPOINT, ENDPOINT, endpoint, 0, HF_RIGHT_CALL | HF_RIGHT_RECEIVE));
    must(ON(TASK_CREATE, world.client));
    client_block = (struct hf_task_block){
        .fields = HF_TASK_PRIORITY | HF_TASK_ASPACE | HF_TASK_HANDLES | HF_TASK_PAGER,
        .priority = priority,
        .aspace = aspace,
        .handles = handles,
        .pager = client_endpoint,
    };
}

void client_start(void) { client_start_in(world.aspace); }

void client_start_in(hf_frame_t aspace) {
    create(aspace, client_endpoint, PRIORITY);
    restart();
}

void client_end(void) {
    must(ON(TASK_STOP, world.client));
    must(ON(TASK_DESTROY, world.client));
}

void client_start_again(void) {
    struct hf_message nothing = {0};
    either_way(hf_reply(&nothing)); /* its last call may be in hand */
    must(ON(TASK_CREATE, world.client));
    restart();
}

void client_share_handles(void) {
    struct hf_message nothing = {0};
    must(ON(TASK_STOP, world.client));
    either_way(hf_reply(&nothing));
    must(PUT(boot->handles, CLIENT_ENDPOINT, ENDPOINT, client_endpoint, 0, HF_RIGHT_CALL));
    client_block.handles = boot->handles;
    restart();
}

void client_wait_at(hf_frame_t aspace, hf_frame_t endpoint, void (*entry)(uint64_t argument)) {
    create(aspace, endpoint, HIGHEST_PRIORITY);
    begin(entry);
    if (look_task(world.client)->state == HF_TASK_READY) give_up("the client doesn't wait");
}

/* The call in hand is that of a task which is stopped: the reply reaches nobody. */
static struct answer give_up_fault(const struct hf_message *message) {
    struct answer answer = {.faulted = true, .error = ~0ul};
    struct hf_message nothing = {0};
    if (message->label == HF_LABEL_FAULT) answer.error = message->word[HF_FAULT_ERROR];
    must(ON(TASK_STOP, world.client));
    if (hf_reply(&nothing) != HF_OK) give_up("a call in hand is gone");
    restart();
    return answer;
}

static struct answer order(struct hf_message message) {
    look_forget();
    if (hf_reply_receive(LISTENING, &message, NULL) != HF_OK) give_up("the client's answer doesn't come");
    if (message.label != CALLED) return give_up_fault(&message);
    return (struct answer){.value = message.word[0]};
}

void client_fault(uint64_t address) {
    struct hf_message message = {.word = {COMMAND_READ, address}};
    if (hf_reply_receive(LISTENING, &message, NULL) != HF_OK || message.label != HF_LABEL_FAULT) give_up("no fault");
}

bool client_has_called(const struct hf_message *message) { return message->label == CALLED; }

struct answer client_do(enum command command, uint64_t address, uint64_t value) {
    return order((struct hf_message){.word = {command, address, value}});
}

struct answer client_call(uint64_t number, uint64_t rdi, uint64_t rsi, uint64_t rdx) {
    return order((struct hf_message){.word = {COMMAND_CALL, number, rdi, rsi, rdx, 0}});
}
