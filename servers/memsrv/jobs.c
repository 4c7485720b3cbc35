#include "jobs.h"

#include "core.h"
#include "end.h"
#include "large.h"
#include "object.h"
#include "own.h"
#include "pager.h"
#include "serve.h"

#define WORKER_SLOT 2u /* its handle to memsrv's endpoint, in memsrv's table */

static hf_frame_t worker;
static unsigned worker_priority; /* what the core has */
static hf_handle_t held;         /* its call, while there is nothing to do */
static bool restarted;           /* while its call was dealt with: it has made another */
static uint8_t worker_stack[1024] __attribute__((aligned(16)));

/* It has no say in what is done: no answer is looked at. */
static _Noreturn void work(void) {
    for (;;) {
        hf_status_t status = hf_call(WORKER_SLOT, &(struct hf_message){0});
        (void)status;
        hf_yield();
    }
}

static void set(struct hf_task_block block) {
    OPERATION_PAGE->task = block;
    core_must(core_object(HF_OP_TASK_SET, worker, NULL));
    core_must(core_object(HF_OP_TASK_START, worker, NULL));
}

void jobs_init(const struct hf_boot *boot) {
    core_must(core_put(boot->handles, WORKER_SLOT, HF_PUT_ENDPOINT, task_endpoint, BADGE_WORKER, HF_RIGHT_CALL, NULL));
    worker = own_need();
    core_must(core_object(HF_OP_TASK_CREATE, worker, NULL));
    worker_priority = 1;
    set((struct hf_task_block){
        .fields = HF_TASK_REGISTERS | HF_TASK_PRIORITY | HF_TASK_ASPACE | HF_TASK_HANDLES,
        .registers = {.rip = (uint64_t)(uintptr_t)work,
                      .rsp = (uint64_t)(uintptr_t)(worker_stack + sizeof worker_stack) - 8},
        .priority = worker_priority,
        .aspace = boot->aspace,
        .handles = boot->handles,
    });
}

bool jobs_pending(void) {
    return end_reaping() || work_pending() || large_pending() || object_reaping() || pager_reaping();
}

bool jobs_giving_back(void) { return end_reaping() || object_reaping(); }

void jobs_give_back(void) {
    if (end_reaping()) {
        end_reap();
    } else {
        object_reap();
    }
}

/* Stopped and started again, it makes its call anew. */
static void set_priority(unsigned priority) {
    hf_status_t status = core_object(HF_OP_TASK_STOP, worker, NULL);
    core_check(status == HF_OK || status == HF_NOT_READY);
    if (held) {
        core_must(hf_handle_close(held));
        held = 0;
    }
    worker_priority = priority;
    restarted = true;
    set((struct hf_task_block){.fields = HF_TASK_PRIORITY, .priority = priority});
}

void jobs_wake(unsigned priority) {
    if (held && priority ? priority != worker_priority : priority > worker_priority) {
        set_priority(priority);
    } else if (held) {
        hf_status_t status = hf_reply_held(held, &(struct hf_message){0});
        core_check(status == HF_OK);
        held = 0;
    }
}

/* The kinds take turns. */
static void do_part(void) {
    static const struct {
        bool (*pending)(void);
        void (*part)(void);
    } kinds[] = {{end_reaping, end_reap},
                 {work_pending, work_do_part},
                 {large_pending, large_do_part},
                 {object_reaping, object_reap},
                 {pager_reaping, pager_reap}};
    static unsigned turn;
    for (unsigned i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        turn = (turn + 1) % (sizeof(kinds) / sizeof(kinds[0]));
        if (!kinds[turn].pending()) continue;
        kinds[turn].part();
        return;
    }
}

void jobs_serve(struct request *request) {
    restarted = false;
    do_part();
    request->message = (struct hf_message){0};
    if (!jobs_pending() && !restarted) {
        held = HF_SLOT_ANY;
        core_must(hf_hold(&held)); /* there is a slot: hold.c leaves it */
        request->held = true;
    }
}
