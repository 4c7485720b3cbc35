/* A client: a task of its own, whose code stands in this file too. In an aspace of its own it has
 * a copy of this program's code and none of its data, so nothing that it does can disturb us. */
#include "world.h"

#define STACK_TOP (OWN_WINDOW + 0x100000ul)
#define PRIORITY 50u
#define CLIENT_ENDPOINT 1u
#define CALLED 1u

extern char image_base[] __asm__("IMAGE_BASE"); /* where this program is linked */

hf_frame_t client_endpoint;

/* ---- what runs in the client */

static hf_status_t call_core(const struct hf_message *order) {
    return hf_stub_plain(order->word[1], order->word[2], order->word[3], order->word[4], order->word[5], NULL);
}

static uint64_t obey(const struct hf_message *order) {
    volatile uint64_t *at = (volatile uint64_t *)order->word[1];
    if (order->word[0] == COMMAND_READ) return *at;
    if (order->word[0] == COMMAND_WRITE) return *at = order->word[2];
    if (order->word[0] == COMMAND_JUMP) ((void (*)(void))order->word[1])();
    return call_core(order);
}

void client_main(uint64_t unused) {
    struct hf_message message = {.label = CALLED, .word = {unused}};
    while (hf_call(CLIENT_ENDPOINT, &message) == HF_OK) {
        uint64_t value = obey(&message);
        message = (struct hf_message){.label = CALLED, .word = {value}};
    }
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

/* From the beginning: it has called when this returns. */
static void restart(void) {
    struct hf_message message = {0};
    struct hf_task_block block = {0};
    client_registers(&block, client_main, 0);
    PAGE_OF_OPERATIONS->task = block;
    must(ON(TASK_SET, world.client));
    must(ON(TASK_START, world.client));
    if (hf_receive(LISTENING, &message, NULL) != HF_OK || message.label != CALLED) give_up("the client doesn't call");
}

void client_start(void) { client_start_in(world.aspace); }

void client_start_in(hf_frame_t aspace) {
    hf_frame_t handles = pool_frame();
    world.client = pool_frame();
    client_image(aspace);
    must(ON(HANDLES_CREATE, handles));
    must(PUT(handles, CLIENT_ENDPOINT, ENDPOINT, client_endpoint, 0, HF_RIGHT_CALL));
    must(ON(TASK_CREATE, world.client));
    PAGE_OF_OPERATIONS->task = (struct hf_task_block){
        .fields = HF_TASK_PRIORITY | HF_TASK_ASPACE | HF_TASK_HANDLES | HF_TASK_PAGER,
        .priority = PRIORITY,
        .aspace = aspace,
        .handles = handles,
        .pager = client_endpoint,
    };
    must(ON(TASK_SET, world.client));
    restart();
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

struct answer client_do(enum command command, uint64_t address, uint64_t value) {
    return order((struct hf_message){.word = {command, address, value}});
}

struct answer client_call(uint64_t number, uint64_t rdi, uint64_t rsi, uint64_t rdx) {
    return order((struct hf_message){.word = {COMMAND_CALL, number, rdi, rsi, rdx, 0}});
}
