#include "foresee.h"

#include "world.h"
#include <string.h>

/* ---- STAGE ---- */

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

/* ---- CLEAR ---- */

static unsigned leaves;

/* In the PT for the operation's address. */
static unsigned count_leaves(const struct hf_operation *operation) {
    hf_frame_t table = operation->object;
    unsigned count = 0;
    if (table >= MACHINE_FRAMES || frame_type(table) != HF_FRAME_PML4) return 0;
    for (unsigned level = TABLE_LEVELS; level > HF_LEVEL_PT; level--) {
        const uint64_t *entries = (const void *)machine_ram[table];
        const uint64_t entry =
            entries[operation->address >> (HF_PAGE_SHIFT + TABLE_BITS * (level - 1)) & (MACHINE_RUN - 1)];
        table = (entry & 0x000ffffffffff000ull) >> HF_PAGE_SHIFT;
        if (!(entry & 1) || (entry & 0x80) || table >= MACHINE_FRAMES) return 0;
    }
    for (unsigned i = 0; i < MACHINE_RUN; i++) {
        count += ((const uint64_t *)(const void *)machine_ram[table])[i] & 1;
    }
    return count;
}

static const char *check_clear(const struct hf_operation *operation, hf_status_t status) {
    const unsigned left = count_leaves(operation);
    if (result.value[0] != leaves - left) return "CLEAR does not tell how many leaves it has removed";
    return (status == HF_OK) == (left == 0) ? NULL : "CLEAR was done, and there is something left";
}

/* ---- before and after ---- */

void foresee(const struct hf_operation *operation) {
    const uint32_t offset = (uint32_t)operation->address, at = (uint32_t)(operation->address >> 32);
    const size_t size = size_of_target(operation);
    if (operation->code == HF_OP_CLEAR) leaves = count_leaves(operation);
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
    const bool cleared = operation->code == HF_OP_CLEAR && (status == HF_OK || status == HF_AGAIN);
    if (cleared) return check_clear(operation, status);
    if (operation->code != HF_OP_STAGE || status != HF_OK) return NULL;
    const bool same = memcmp(machine_ram[operation->object], staged, size_of_target(operation)) == 0;
    return same ? NULL : "I7: a frame or run does not contain what it was staged with";
}
