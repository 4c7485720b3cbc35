#include "servers.h"

#include <handoff/console.h>
#include <handoff/timer.h>
#include <ipc.h>
#include <mem.h>
#include <stdbool.h>
#include <stdio.h>

#define PATIENCE_NS 2000000000ul

/* What a server is started with besides a handle to call back, and what it then says. */
struct server {
    const char *name;
    hf_handle_t ports, irq;
    uint32_t started; /* the label */
    hf_handle_t slot; /* for the handle that comes along, 0 for none */
};

/* Frames put by for each server, so that nobody else's use of memory can hurt it: some three times of what
 * each has been seen to need. */
#define SERVER_QUOTA 64u

_Static_assert(HF_CONSOLE_GIVEN_STARTER == 0 && HF_CONSOLE_GIVEN_PORTS == 1 && HF_CONSOLE_GIVEN_IRQ == 2,
               "the order of spawn's handles");
_Static_assert(HF_TIMER_GIVEN_STARTER == 0 && HF_TIMER_GIVEN_PORTS == 1 && HF_TIMER_GIVEN_IRQ == 2,
               "the order of spawn's handles");

/* What was handed on is no longer used here. */
static void close_all(const hf_handle_t *handles, size_t count) {
    for (size_t i = 0; i < count; i++) {
        hf_status_t status = hf_handle_close(handles[i]);
        (void)status; /* there is nothing to undo */
    }
}

/* Waits for its call, but not for ever: a server that has ended at once can't make
 * one. It tells an hf_status_t in word 0. */
static hf_status_t wait_for(const struct server *server, hf_handle_t endpoint) {
    struct hf_message message = {0};
    struct hf_sender sender;
    uint64_t start = hf_clock();
    hf_status_t status;
    hf_buffer()->receive_slot = server->slot;
    while ((status = hf_receive_nowait(endpoint, &message, &sender)) == HF_WOULD_BLOCK &&
           hf_clock() - start < PATIENCE_NS) {
        hf_yield();
    }
    hf_buffer()->receive_slot = 0;
    if (status != HF_OK) return HF_NOT_READY;
    bool good = message.label == server->started && message.handle == server->slot;
    hf_status_t replied = hf_reply(&(struct hf_message){.label = good ? HF_OK : HF_BAD_ARGUMENT});
    return good && replied == HF_OK ? (hf_status_t)message.word[0] : HF_NOT_READY;
}

/* Nothing is left of a server that did not come up. */
static void take_back(hf_handle_t task) {
    struct hf_exit how;
    hf_status_t status = mem_kill(task);
    if (status == HF_OK || status == HF_DEAD) {
        status = mem_wait(task, &how);
    }
    (void)status; /* nobody is interested any more */
}

static hf_status_t start(const struct server *server, hf_handle_t endpoint) {
    struct mem_spawn_options options = {
        .quota = SERVER_QUOTA, .handle_count = 3, .handles = {HF_SLOT_ANY, server->ports, server->irq}};
    struct mem_task task;
    hf_status_t status = hf_handle_copy(endpoint, HF_RIGHT_CALL | HF_RIGHT_GRANT, 0, &options.handles[0]);
    if (status != HF_OK) return status;
    status = mem_spawn(server->name, NULL, &options, &task);
    close_all(options.handles, options.handle_count);
    if (status != HF_OK) return status;
    status = wait_for(server, endpoint);
    if (status != HF_OK) take_back(task.handle);
    close_all(&task.handle, 1);
    return status;
}

hf_status_t servers_start(void) {
    static const struct server console = {"console", HF_INIT_PORTS, HF_INIT_IRQ, HF_CONSOLE_STARTED, HF_SLOT_CONSOLE};
    static const struct server timer = {"timer", HF_INIT_TIMER_PORTS, HF_INIT_TIMER_IRQ, HF_TIMER_STARTED, 0};
    hf_handle_t endpoint;
    hf_status_t status = mem_endpoint_create(&endpoint);
    if (status != HF_OK) return status;
    status = start(&console, endpoint);
    if (status == HF_OK) {
        hf_status_t without = start(&timer, endpoint);
        if (without != HF_OK) {
            printf("init: there is no timer: %s (%s).\n", hf_status_text(without), hf_status_name(without));
        }
    }
    close_all(&endpoint, 1);
    return status;
}
