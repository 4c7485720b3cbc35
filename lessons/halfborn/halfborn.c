/* Lesson 7: in memsrv's place, makes an address space but for its kernel half, and a task to run in it. If the
 * core refuses that, the other half follows. */
#include "frames.h"

#define ENDPOINT 1u
#define PRIORITY 50u

#define TOYS 0x10000000ul /* one frame, at as many addresses as the processor remembers translations */
#define TOY_PAGES 2048ul

/* Called by _start. */
void memsrv_main(const struct hf_boot *boot);

/* What the task does. */
__attribute__((noinline)) static void live(void) {
    for (;;) {
        for (uint64_t i = 0; i < TOY_PAGES; i++) {
            (void)*(volatile uint8_t *)(TOYS + i * HF_PAGE_SIZE);
        }
    }
}

static hf_frame_t made(enum hf_operation_code code) {
    hf_frame_t frame = frames_take();
    core_must(core_object(code, frame, NULL));
    return frame;
}

/* The task's code is this program's page of `live`, at the same address. */
static void map_code(const struct hf_boot *boot, hf_frame_t aspace) {
    uint64_t address = (uint64_t)live & ~(HF_PAGE_SIZE - 1);
    struct hf_result result;
    core_translate(boot->aspace, address, &result);
    frames_map(aspace, address, core_entry_frame(result.value[0]), HF_READ | HF_EXECUTE);
}

static void map_toys(hf_frame_t aspace) {
    hf_frame_t toy = frames_take();
    core_must(core_stage(toy, HF_NO_FRAME, 0, 0, 0));
    for (uint64_t i = 0; i < TOY_PAGES; i++) {
        frames_map(aspace, TOYS + i * HF_PAGE_SIZE, toy, HF_READ);
    }
}

__attribute__((noinline)) static hf_status_t start(hf_frame_t task, hf_frame_t aspace) {
    OPERATION_PAGE->task = (struct hf_task_block){
        .fields = HF_TASK_REGISTERS | HF_TASK_PRIORITY | HF_TASK_ASPACE,
        .registers = {.rip = (uint64_t)live},
        .priority = PRIORITY,
        .aspace = aspace,
    };
    hf_status_t status = core_object(HF_OP_TASK_SET, task, NULL);
    return status == HF_OK ? core_object(HF_OP_TASK_START, task, NULL) : status;
}

void memsrv_main(const struct hf_boot *boot) {
    struct hf_message message;
    frames_find(boot);
    hf_frame_t endpoint = made(HF_OP_ENDPOINT_CREATE), task = made(HF_OP_TASK_CREATE);
    hf_frame_t aspace = made(HF_OP_ASPACE_CREATE);
    core_must(core_put(boot->handles, ENDPOINT, HF_PUT_ENDPOINT, endpoint, 0, HF_RIGHT_RECEIVE, NULL));
    map_code(boot, aspace);
    map_toys(aspace);
    if (start(task, aspace) == HF_NOT_READY) {
        core_must(core_object(HF_OP_ASPACE_COPY_KERNEL, aspace, NULL));
        core_must(start(task, aspace));
    }
    core_must(hf_receive(ENDPOINT, &message, NULL)); /* nobody calls: the task runs instead */
}
