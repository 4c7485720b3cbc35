#include "state.h"

#include "schedule.h"
#include "../host/machine/control.h"
#include <stdlib.h>
#include <string.h>

struct task asker;
struct hf_operation_page asker_page;

struct task state_new_task;

struct task *state_task(hf_frame_t frame) {
    return (void *)machine_ram[frame];
}
struct handle *state_handles(hf_frame_t frame) {
    return (void *)machine_ram[frame];
}
uint64_t *state_table(hf_frame_t frame) { return (void *)machine_ram[frame]; }

unsigned state_level(hf_frame_t frame) {
    enum hf_frame_type type = frame_type(frame);
    if (type == HF_FRAME_PML4) return TABLE_LEVELS;
    return type >= HF_FRAME_PT && type <= HF_FRAME_PDPT ? HF_LEVEL_PT + (type - HF_FRAME_PT) : 0;
}

void state_boot(void) {
    struct hf_result result;
    frame_limit = MACHINE_FRAMES;
    for (unsigned i = 0; i < MACHINE_RUN / 2; i++) machine_kernel_half[i] = i % 2 ? 0 : 0x1000ull * (i + 1) | 0x23;
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES; frame++) {
        machine_entries[frame] = (struct hf_frame_entry){.type = HF_FRAME_FREE};
    }
    for (unsigned run = 0; run < MACHINE_RUNS; run++) frame_boot_run(run, run ? HF_RUN_FREE : HF_RUN_SPLIT);
    for (hf_frame_t frame = 0; frame < MACHINE_RUN; frame++) {
        frame_boot_set(frame, frame < MACHINE_CORE ? HF_FRAME_CORE : HF_FRAME_FREE, 0);
    }
    schedule_init(false);
    asker = (struct task){.memory = 1, .operations = &asker_page, .state = HF_TASK_READY};
    const struct hf_operation create = {.code = HF_OP_TASK_CREATE, .object = MACHINE_RUN};
    const struct hf_operation destroy = {.code = HF_OP_TASK_DESTROY, .object = MACHINE_RUN};
    if (mmu_one(&asker, &create, &result) != HF_OK) abort();
    memcpy(&state_new_task, machine_ram[MACHINE_RUN], sizeof state_new_task);
    if (mmu_one(&asker, &destroy, &result) != HF_OK) abort();
}
