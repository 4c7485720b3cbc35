#include "large.h"

#include "core.h"
#include "jobs.h"
#include "own.h"

#define COST_ENTRY 9000 /* of one entry that zeroes what it may */

static struct waiters waiting; /* each has a run, or waits for another's of the same process */

static uint64_t first_of(uint64_t address) { return address & ~(HF_RUN_SIZE - 1); }

bool large_stage(hf_frame_t run, int *cost) {
    struct hf_result result;
    const struct hf_operation stage = {.code = HF_OP_STAGE, .level = HF_WHOLE_RUN, .object = run, .frame = HF_NO_FRAME};
    while (*cost > 0) {
        hf_status_t status = core_do(&stage, &result);
        *cost -= COST_ENTRY;
        if (status == HF_OK) return true;
        core_check(status == HF_AGAIN);
    }
    return false;
}

bool large_fits(const struct region *region, uint64_t address) {
    uint64_t start = first_of(address);
    return region && region->backing->large && start >= region->start && region->end - start >= HF_RUN_SIZE;
}

hf_status_t large_take(struct ledger *ledger, hf_frame_t *run) {
    hf_status_t status = ledger_pay(ledger, LEDGER_pages, HF_RUN_FRAMES);
    if (status != HF_OK) return status;
    status = ledger_frames(BUDDY_RUN_ORDER, run);
    if (status != HF_OK) {
        ledger_unpay(ledger, LEDGER_pages, HF_RUN_FRAMES);
    }
    return status;
}

static void give(struct ledger *ledger, hf_frame_t run) {
    core_check(ledger_run_give(run));
    ledger_unpay(ledger, LEDGER_pages, HF_RUN_FRAMES);
}

/* It is FREE still when nothing of it was zeroed yet. */
void large_release(struct ledger *ledger, hf_frame_t *run) {
    struct hf_result result;
    hf_status_t status =
        core_do(&(struct hf_operation){.code = HF_OP_RELEASE, .level = HF_WHOLE_RUN, .object = *run}, &result);
    core_check(status == HF_OK || status == HF_BAD_FRAME);
    give(ledger, *run);
    *run = HF_NO_FRAME;
}

/* ---- faults ---- */

/* Another thread's fault for the same page. */
static bool on_its_way(const struct task *process, uint64_t start) {
    for (const struct task *task = waiting.first; task; task = task->held.next) {
        if (task->process == process && task->run_address == start) return true;
    }
    return false;
}

bool large_wanted(const struct task *task, const struct fault *fault, const struct region *region) {
    return region->backing->large && !task->small_next && fault->level >= HF_LEVEL_PD &&
           large_fits(region, fault->address);
}

bool large_available(const struct ledger *ledger) {
    bool free = false;
    for (unsigned order = BUDDY_RUN_ORDER; order < HF_ORDERS && !free; order++) {
        free = buddy_free_blocks(&frames, order) > 0;
    }
    return free && ledger_has_room(ledger, HF_RUN_FRAMES, 0) == HF_OK;
}

bool large_begin(struct request *request, const struct fault *fault, const struct region *region) {
    struct task *task = request->task, *process = task->process;
    uint64_t start = first_of(fault->address);
    bool wanted = large_wanted(task, fault, region);
    task->small_next = false;
    if (!wanted) return false;
    task->run = HF_NO_FRAME;
    if (!on_its_way(process, start) && large_take(&process->ledger, &task->run) != HF_OK) return false;
    task->run_address = start;
    hold_fault(task, &waiting);
    jobs_wake(task->priority);
    return true;
}

bool large_pending(void) { return waiting.first != NULL; }

bool large_pending_for(const struct task *process) {
    const struct task *task = waiting.first;
    while (task && task->process != process) {
        task = task->held.next;
    }
    return task != NULL;
}

/* Meanwhile the region may have changed, or the place may have been taken. */
static void map(struct task *task) {
    struct task *process = task->process;
    const struct region *region = region_find(&process->aspace.regions, task->run_address);
    hf_status_t status = HF_NOT_MAPPED;
    if (large_fits(region, task->run_address)) {
        status = aspace_map_run(&process->aspace, task->run_address, task->run, region->rights);
    }
    if (status == HF_OK) {
        process->ledger.faults[FAULT_large]++;
    } else {
        task->small_next = true;
        large_release(&process->ledger, &task->run);
    }
    task->run = HF_NO_FRAME;
}

void large_do_part(void) {
    struct task *task = waiting.first;
    int cost = PART_COST;
    if (task->run != HF_NO_FRAME) {
        if (!large_stage(task->run, &cost)) return;
        map(task);
    }
    hold_answer(task, &(struct hf_message){0});
}

void large_drop(struct task *task) {
    if (task->held.list == &waiting && task->run != HF_NO_FRAME) {
        large_release(&task->process->ledger, &task->run);
    }
}
