#include "foresee.h"

#include "world.h"
#include <string.h>

static uint8_t staged[MACHINE_RUN * HF_PAGE_SIZE];

static size_t size_of_target(const struct hf_operation *operation) {
    return operation->level == HF_WHOLE_RUN ? sizeof staged : HF_PAGE_SIZE;
}

/* Whether it is zeroed, or will be, so that nothing of what was there before may be found. */
static bool is_fresh(const struct hf_operation *operation) {
    if (operation->level != HF_WHOLE_RUN) return frame_type(operation->object) == HF_FRAME_FREE;
    return operation->object < MACHINE_FRAMES && frame_run(operation->object)->state != HF_RUN_STAGED;
}

static bool is_there(const struct hf_operation *operation) {
    const hf_frame_t last = operation->object + size_of_target(operation) / HF_PAGE_SIZE - 1;
    return last < MACHINE_FRAMES && machine_is_ram(operation->object) && machine_is_ram(last);
}

void foresee(const struct hf_operation *operation) {
    const uint32_t offset = (uint32_t)operation->address, at = (uint32_t)(operation->address >> 32);
    const size_t size = size_of_target(operation);
    if (operation->code != HF_OP_STAGE || !is_there(operation)) return;
    uint8_t *target = machine_ram[operation->object];
    if (!is_fresh(operation)) {
        memcpy(staged, target, size);
    } else {
        memset(staged, 0, size);
        const bool begins = frame_type(operation->object) == HF_FRAME_FREE;
        if (begins) memset(target, 0xee, HF_PAGE_SIZE); /* what was there before */
    }
    const bool inside = (uint64_t)offset + operation->count <= HF_PAGE_SIZE && (uint64_t)at + operation->count <= size;
    if (inside && machine_is_ram(operation->frame)) {
        memcpy(staged + at, machine_ram[operation->frame] + offset, operation->count);
    }
}

const char *unforeseen(const struct hf_operation *operation, hf_status_t status) {
    if (operation->code != HF_OP_STAGE || status != HF_OK) return NULL;
    const bool same = memcmp(machine_ram[operation->object], staged, size_of_target(operation)) == 0;
    return same ? NULL : "I7: a frame or run does not contain what it was staged with";
}
