#include "trace.h"

#include <handoff/callsite.h>
#include <string.h>

#include "core.h"
#include "own.h"

/* A leaf that ring 3 may use (Intel SDM vol. 3A, 4.5). */
#define PRESENT_USER 5u

/* As far as the page goes. Never out of a page of 2 MiB. */
static bool read_page(const struct aspace *aspace, uint64_t address, void *to, size_t count) {
    struct hf_result result;
    if (address >= HF_USER_END) return false;
    core_translate(aspace->root, address, &result);
    uint64_t entry = result.value[0];
    if (result.detail != HF_LEVEL_PT || (entry & PRESENT_USER) != PRESENT_USER) return false;
    return own_read(core_entry_frame(entry), address % HF_PAGE_SIZE, to, count);
}

/* What the task itself would read there, if all of it is there without a fault. Not longer than a page. */
static bool read_bytes(const struct aspace *aspace, uint64_t address, void *to, size_t count) {
    size_t room = HF_PAGE_SIZE - address % HF_PAGE_SIZE, first = count < room ? count : room;
    return read_page(aspace, address, to, first) &&
           (first == count || read_page(aspace, address + first, (uint8_t *)to + first, count - first));
}

/* Whether a call can have put it there: it leads behind one, in what the task may execute. */
static bool is_caller(struct aspace *aspace, uint64_t address) {
    uint8_t before[HF_CALL_BYTES];
    const struct region *region = region_find(&aspace->regions, address - 1);
    return region && (region->rights & HF_EXECUTE) &&
           read_bytes(aspace, address - sizeof(before), before, sizeof(before)) && hf_ends_with_call(before);
}

/* A function without a frame of its own, or that has not made it yet, has its return address on top of the stack. */
static unsigned find_first(struct aspace *aspace, uint64_t rsp, uint64_t *caller) {
    uint64_t top;
    if (!read_bytes(aspace, rsp, &top, sizeof(top)) || !is_caller(aspace, top)) return 0;
    *caller = top;
    return 1;
}

/* A frame pointer leads to the caller's, and the word above it is where the call returns to. The chain only
 * goes up: it can't be followed round and round. */
static void find_callers(struct aspace *aspace, const struct hf_registers *registers,
                         uint64_t callers[HF_EXIT_CALLERS]) {
    struct {
        uint64_t outer, caller;
    } frame;
    unsigned count = find_first(aspace, registers->rsp, callers);
    for (uint64_t at = registers->rbp; count < HF_EXIT_CALLERS; at = frame.outer) {
        if (!read_bytes(aspace, at, &frame, sizeof(frame)) || !is_caller(aspace, frame.caller)) return;
        callers[count++] = frame.caller;
        if (frame.outer <= at) return;
    }
}

void trace_fill(const struct task *task, struct hf_exit *why) {
    struct aspace *aspace = &task->process->aspace;
    struct hf_task_block block;
    struct hf_result result;
    if (why->how == HF_EXIT_FAULT && why->address < HF_USER_END) {
        core_translate(aspace->root, why->address, &result);
        memcpy(why->entry, OPERATION_PAGE->walk, sizeof(why->entry));
    }
    task_core_state(task, &block);
    find_callers(aspace, &block.registers, why->callers);
}
