/* memsrv: takes all memory over, starts init, and then serves one message after
 * the other, with longer work in between. */
#include <string.h>

#include "core.h"
#include "end.h"
#include "inspect.h"
#include "jobs.h"
#include "last.h"
#include "name.h"
#include "own.h"
#include "program.h"
#include "serve.h"
#include "spawn.h"

#define ENDPOINT_SLOT 1u
#define INIT_PRIORITY 110u /* also the servers', which it starts; programs get less */

#define COM1_PORTS 0x3f8
#define COM1_PORT_COUNT 8
#define COM1_LINE 4

#define PIT_PORTS 0x40
#define PIT_PORT_COUNT 4
#define PIT_LINE 0

void memsrv_main(const struct hf_boot *boot);

static void make_endpoint(const struct hf_boot *boot) {
    hf_frame_t frame = own_need();
    core_must(core_object(HF_OP_ENDPOINT_CREATE, frame, NULL));
    core_must(core_put(boot->handles, ENDPOINT_SLOT, HF_PUT_ENDPOINT, frame, 0, HF_RIGHT_RECEIVE, NULL));
    task_init(frame);
}

/* init is spawned like any other task, but for its handles, which nobody can give it. */
static void start_init(void) {
    static const struct hf_spawn request = {.string_bytes = sizeof("init"), .strings = "init"};
    const uint16_t rights = HF_RIGHT_USE | HF_RIGHT_GRANT;
    struct task *init;
    struct spawn spawn = {
        .request = &request,
        .priority = INIT_PRIORITY,
        .given = HF_INIT_SLOTS_END - HF_SLOT_GIVEN,
        .gift_count = HF_INIT_SLOTS_END - HF_SLOT_GIVEN,
        .gift = {{.code = HF_OP_HANDLE_PUT,
                  .level = HF_PUT_PORTS,
                  .rights = rights,
                  .count = HF_INIT_PORTS,
                  .frame = COM1_PORTS,
                  .address = COM1_PORT_COUNT},
                 {.code = HF_OP_HANDLE_PUT,
                  .level = HF_PUT_IRQ,
                  .rights = rights,
                  .count = HF_INIT_IRQ,
                  .frame = COM1_LINE},
                 {.code = HF_OP_HANDLE_PUT, .level = HF_PUT_POWER, .rights = rights, .count = HF_INIT_POWER},
                 {.code = HF_OP_HANDLE_PUT,
                  .level = HF_PUT_PORTS,
                  .rights = rights,
                  .count = HF_INIT_TIMER_PORTS,
                  .frame = PIT_PORTS,
                  .address = PIT_PORT_COUNT},
                 {.code = HF_OP_HANDLE_PUT,
                  .level = HF_PUT_IRQ,
                  .rights = rights,
                  .count = HF_INIT_TIMER_IRQ,
                  .frame = PIT_LINE}},
    };
    switch (spawn_do(&spawn, &init)) {
    case HF_OK:
        return;
    case HF_NOT_FOUND:
        last_words("there is no boot module named init");
    case HF_BAD_IMAGE:
        last_words("the boot module init is no valid program");
    default:
        last_words("there is too little memory for init");
    }
}

void memsrv_main(const struct hf_boot *boot) {
    static struct request request;
    core_check(boot->magic == HF_BOOT_MAGIC && boot->version == HF_BOOT_VERSION);
    own_init(boot);
    program_init(boot);
    place_init(boot);
    spawn_init();
    inspect_init(boot);
    name_init(boot->handles);
    make_endpoint(boot);
    jobs_init(boot);
    start_init();
    own_refill();
    core_must(hf_receive(ENDPOINT_SLOT, &request.message, &request.sender));
    for (;;) {
        serve(&request);
        end_reap_first();
        own_refill();
        if (request.held) {
            core_must(hf_receive(ENDPOINT_SLOT, &request.message, &request.sender));
        } else {
            list_reply_receive(&request.list, ENDPOINT_SLOT, &request.message, &request.sender);
        }
    }
}
