/* Faults of clients, with this program as the pager. The clients' code is in this
 * file too: it runs in an aspace of its own. */
#include <stdio.h>

#include "bench.h"

#define ENDPOINT 1u
#define WINDOW 0x60000000ul /* what clients touch */
#define PAGES_MOST 16u

/* What clients say. */
enum label { PREPARE = 1, DONE };

static hf_frame_t endpoint;

/* ---- clients ---- */

static void tell(enum label label) {
    struct hf_message message = {.label = label};
    core_must(hf_call(CLIENT_ENDPOINT, &message));
}

/* Is never answered. */
static _Noreturn void done(void) {
    tell(DONE);
    __builtin_trap();
}

static void touch(void) { *(volatile uint8_t *)WINDOW = 1; }

static void client_touch(uint64_t argument) {
    (void)argument;
    touch();
    done();
}

static void client_break(uint64_t argument) {
    (void)argument;
    sample_begin("fault.exception");
    SAMPLES(, __asm__ volatile("int3"), );
    done();
}

static void client_map_pages(uint64_t pages) {
    static char name[16];
    snprintf(name, sizeof name, pages == 1 ? "fault.map_one" : "fault.map_%lu", pages);
    sample_begin(name);
    SAMPLES(tell(PREPARE), touch(), );
    done();
}

/* ---- the pager ---- */

/* The client waits for ever, and its call no longer stands in the way. */
static void finish(const struct hf_message *message) {
    hf_handle_t held = HF_SLOT_ANY;
    core_check(message->label == DONE);
    core_must(hf_hold(&held));
    machine_report();
}

static bool is_fault(const struct hf_message *message) {
    return message->label == HF_LABEL_FAULT && message->word[HF_FAULT_ADDRESS] == WINDOW;
}

/* An answer has a label of its own: the core's can't be sent. */
#define ANSWER(message) ((message).label = HF_OK)

/* Fault and resumption without a mapping: the client takes the same fault for as
 * long as its page isn't there. Counted from one fault's message to the next: the
 * reply, the client's instruction, its fault, the message. */
static void measure_resume(const struct hf_boot *boot) {
    struct hf_message message = {0};
    hf_status_t status;
    hf_frame_t aspace = client_aspace(boot), frame = machine_frame();
    core_must(core_stage(frame, HF_NO_FRAME, 0, 0, 0));
    client_start(aspace, endpoint, client_touch, 0);
    core_must(hf_receive(ENDPOINT, &message, NULL));
    sample_begin("fault.resume");
    SAMPLES(, (ANSWER(message), status = hf_reply_receive(ENDPOINT, &message, NULL)), {
        core_must(status);
        core_check(is_fault(&message));
    });
    client_map(aspace, WINDOW, frame, HF_READ | HF_WRITE);
    ANSWER(message);
    core_must(hf_reply_receive(ENDPOINT, &message, NULL));
    finish(&message);
}

/* An exception that needs nothing but the reply: a breakpoint, counted by the client. */
static void measure_exception(const struct hf_boot *boot) {
    struct hf_message message = {0};
    client_start(client_aspace(boot), endpoint, client_break, 0);
    hf_status_t status = hf_receive(ENDPOINT, &message, NULL);
    while (status == HF_OK && message.label == HF_LABEL_EXCEPTION) {
        ANSWER(message);
        status = hf_reply_receive(ENDPOINT, &message, NULL);
    }
    core_must(status);
    finish(&message);
}

/* Takes the window's pages away, where they are, and stages others. */
static void prepare(hf_frame_t aspace, const hf_frame_t *frames, uint64_t pages) {
    for (uint64_t i = 0; i < pages; i++) {
        struct hf_result result;
        hf_status_t status = core_do(
            &(struct hf_operation){
                .code = HF_OP_UNMAP, .level = HF_LEVEL_PT, .object = aspace, .address = WINDOW + i * HF_PAGE_SIZE},
            &result);
        core_check(status == HF_OK || status == HF_NOT_MAPPED || status == HF_NO_TABLE);
        core_must(core_stage(frames[i], HF_NO_FRAME, 0, 0, 0));
    }
}

/* The answer to a fault: so many pages, from the one that was touched on. */
static void list_maps(const struct hf_message *fault, hf_frame_t aspace, const hf_frame_t *frames, uint64_t pages) {
    uint64_t address = fault->word[HF_FAULT_ADDRESS] & ~(HF_PAGE_SIZE - 1);
    for (uint64_t i = 0; i < pages; i++, address += HF_PAGE_SIZE) {
        OPERATION_PAGE->operation[i] = (struct hf_operation){.code = HF_OP_MAP,
                                                             .level = HF_LEVEL_PT,
                                                             .rights = HF_READ | HF_WRITE,
                                                             .object = aspace,
                                                             .address = address,
                                                             .frame = frames[i]};
    }
}

/* A fault answered with prepared pages, counted by the client. */
static void measure_map(const struct hf_boot *boot, uint64_t pages) {
    struct hf_message message = {0};
    hf_frame_t aspace = client_aspace(boot), neighbour = machine_frame(), frames[PAGES_MOST];
    for (unsigned i = 0; i < PAGES_MOST; i++) {
        frames[i] = machine_frame();
    }
    /* The window's tables are there, since a page next to it is. */
    core_must(core_stage(neighbour, HF_NO_FRAME, 0, 0, 0));
    client_map(aspace, WINDOW + PAGES_MOST * HF_PAGE_SIZE, neighbour, HF_READ);
    client_start(aspace, endpoint, client_map_pages, pages);
    uint64_t undone = 0;
    hf_status_t status = hf_receive(ENDPOINT, &message, NULL);
    while (status == HF_OK && message.label != DONE) {
        uint64_t count = 0, done_count;
        if (message.label == HF_LABEL_FAULT) {
            list_maps(&message, aspace, frames, pages);
            count = pages;
        } else {
            prepare(aspace, frames, pages);
        }
        ANSWER(message);
        status = hf_mmu_reply_receive(count, &done_count, ENDPOINT, &message, NULL);
        undone |= count - done_count;
    }
    core_must(status);
    core_check(undone == 0);
    finish(&message);
}

void measure_faults(const struct hf_boot *boot) {
    endpoint = machine_frame();
    core_must(core_object(HF_OP_ENDPOINT_CREATE, endpoint, NULL));
    core_must(core_put(boot->handles, ENDPOINT, HF_PUT_ENDPOINT, endpoint, 0, HF_RIGHT_RECEIVE, NULL));
    measure_resume(boot);
    measure_exception(boot);
    for (uint64_t pages = 1; pages <= PAGES_MOST; pages++) {
        measure_map(boot, pages);
    }
}
