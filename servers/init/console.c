#include "console.h"

#include <handoff/console.h>
#include <ipc.h>
#include <mem.h>

#define PATIENCE_NS 2000000000ul

/* What was handed on is no longer used here. */
static void close_all(const hf_handle_t *handles, size_t count) {
    for (size_t i = 0; i < count; i++) {
        hf_status_t status = hf_handle_close(handles[i]);
        (void)status; /* there is nothing to undo */
    }
}

/* Waits for HF_CONSOLE_STARTED, but not for ever: a server that has ended at once
 * can't say so. */
static hf_status_t wait_for_it(hf_handle_t endpoint) {
    struct hf_message message = {0};
    struct hf_sender sender;
    uint64_t start = hf_clock();
    hf_status_t status;
    hf_buffer()->receive_slot = HF_SLOT_CONSOLE;
    while ((status = hf_receive_nowait(endpoint, &message, &sender)) == HF_WOULD_BLOCK &&
           hf_clock() - start < PATIENCE_NS) {
        hf_yield();
    }
    hf_buffer()->receive_slot = 0;
    if (status != HF_OK || message.label != HF_CONSOLE_STARTED || message.handle != HF_SLOT_CONSOLE) {
        return HF_NOT_READY;
    }
    return hf_reply(&(struct hf_message){.label = HF_OK});
}

static hf_status_t start(hf_handle_t endpoint) {
    struct mem_spawn_options options = {
        .handle_count = HF_CONSOLE_GIVEN_COUNT,
        .handles =
            {
                [HF_CONSOLE_GIVEN_STARTER] = HF_SLOT_ANY,
                [HF_CONSOLE_GIVEN_PORTS] = HF_INIT_PORTS,
                [HF_CONSOLE_GIVEN_IRQ] = HF_INIT_IRQ,
            },
    };
    struct mem_task task;
    hf_status_t status =
        hf_handle_copy(endpoint, HF_RIGHT_CALL | HF_RIGHT_GRANT, 0, &options.handles[HF_CONSOLE_GIVEN_STARTER]);
    if (status == HF_OK) {
        status = mem_spawn("console", NULL, &options, &task);
    }
    close_all(options.handles, options.handle_count);
    return status == HF_OK ? wait_for_it(endpoint) : status;
}

hf_status_t console_start(void) {
    hf_handle_t endpoint;
    hf_status_t status = mem_endpoint_create(&endpoint);
    if (status == HF_OK) {
        status = start(endpoint);
        close_all(&endpoint, 1);
    }
    return status;
}
