#include "work.h"

#include "core.h"
#include "fork.h"
#include "jobs.h"
#include "large.h"
#include "serve.h"
#include "task.h"

#define COST_POPULATE 1100 /* one page, zeroed */

/* Processes whose address space is worked on, or that have requests waiting for that. */
static struct task *first, **last = &first;

/* ---- a part of each kind ---- */

static void unmap_part(struct aspace *aspace, struct work *work) {
    int cost = PART_COST;
    while (cost > 0 && work->at < work->end) {
        struct region *region = region_from(&aspace->regions, work->at);
        uint64_t until = region->end < work->end ? region->end : work->end;
        work->at = aspace_unmap(aspace, region->backing, work->at, until, &cost);
        if (work->at == until) {
            aspace_drop(aspace, region, until);
        }
        cost -= COST_PAGE;
    }
}

/* A region gets its new rights before its pages do: what comes by a fault meanwhile has them too. */
static void protect_part(struct aspace *aspace, struct work *work) {
    for (int cost = PART_COST; cost > 0 && work->at < work->end; cost -= COST_PAGE) {
        if (work->at >= work->until) {
            struct region *region = region_from(&aspace->regions, work->at);
            work->until = region->end < work->end ? region->end : work->end;
            work->backing = region->backing;
            (void)region_set(&aspace->regions, region, work->rights);
            aspace_note_regions(aspace);
        }
        work->at = aspace_protect(aspace, work->backing, work->at, work->until, work->rights, &cost);
    }
}

/* What was populated so far is of no use when the rest can't be had. */
static void give_up(struct work *work, hf_status_t status) {
    work->kind = WORK_UNMAP;
    work->status = status;
    work->at = work->start;
}

/* A run for `at`, where one would do. */
static bool wants_run(const struct aspace *aspace, const struct work *work, const struct region *region) {
    return work->run != HF_NO_FRAME ||
           (work->at % HF_RUN_SIZE == 0 && large_fits(region, work->at) && !table_find(aspace, work->at, HF_LEVEL_PT));
}

/* False: 4 KiB pages have to do. */
static bool populate_run(struct aspace *aspace, struct work *work, const struct region *region, int *cost) {
    if (work->run == HF_NO_FRAME && large_take(aspace->ledger, &work->run) != HF_OK) return false;
    if (!large_stage(work->run, cost)) return true;
    hf_status_t status = aspace_map_run(aspace, work->at, work->run, region->rights);
    if (status == HF_OK) {
        work->run = HF_NO_FRAME;
        work->at += HF_RUN_SIZE;
        return true;
    }
    large_release(aspace->ledger, &work->run);
    return false;
}

static void populate_part(struct aspace *aspace, struct work *work) {
    for (int cost = PART_COST; cost > 0 && work->at < work->end;) {
        const struct region *region = region_find(&aspace->regions, work->at);
        if (wants_run(aspace, work, region) && populate_run(aspace, work, region, &cost)) continue;
        hf_status_t status = aspace_populate(aspace, region, work->at);
        if (status != HF_OK && status != HF_EXISTS) {
            give_up(work, status);
            return;
        }
        work->at += HF_PAGE_SIZE;
        cost -= COST_POPULATE;
    }
}

static void do_part(struct task *process) {
    struct work *work = &process->work;
    switch (work->kind) {
    case WORK_UNMAP:
        unmap_part(&process->aspace, work);
        break;
    case WORK_PROTECT:
        protect_part(&process->aspace, work);
        break;
    case WORK_POPULATE:
        populate_part(&process->aspace, work);
        break;
    case WORK_FORK:
        fork_part(process, work);
        break;
    case WORK_NONE:
        break;
    }
}

static bool finished(const struct work *work) { return work->at == work->end; }

/* ---- beginning ---- */

hf_status_t work_admit(struct task *asker, enum work_kind kind, uint64_t bytes) {
    uint64_t each = kind == WORK_POPULATE ? COST_POPULATE : COST_PAGE;
    return bytes / HF_PAGE_SIZE * each >= PART_COST ? hold_call(asker) : HF_OK;
}

static void enqueue(struct task *process, unsigned priority) {
    jobs_wake(priority);
    if (last == &process->next_worked || process->next_worked) return;
    process->next_worked = NULL;
    *last = process;
    last = &process->next_worked;
}

hf_status_t work_start(struct task *asker, const struct work *asked) {
    struct task *process = asker->process;
    struct work *work = &process->work;
    *work = *asked;
    work->at = work->start;
    work->run = HF_NO_FRAME;
    do_part(process);
    while (!asker->held.reply && !finished(work)) {
        do_part(process); /* it is little; but there may be many regions, or what was done is undone */
    }
    if (finished(work)) {
        work->kind = WORK_NONE;
        return work->status;
    }
    enqueue(process, asker->priority);
    return hold_in(asker, &work->asker);
}

bool work_must_wait(const struct task *process) { return process->work.kind != WORK_NONE || process->parked.first; }

hf_status_t work_park(struct task *asker, const struct hf_message *request) {
    struct task *process = asker->process;
    asker->request = *request;
    jobs_wake(asker->priority);
    return hold_in(asker, &process->parked);
}

/* ---- going on ---- */

bool work_pending(void) { return first != NULL; }

static void finish(struct work *work) {
    work->kind = WORK_NONE;
    if (work->asker.first) {
        hold_answer(work->asker.first,
                    &(struct hf_message){.label = work->status, .word = {work->word[0], work->word[1]}});
    }
}

static void leave_queue(struct task *process) {
    struct task **link = &first;
    while (*link && *link != process) {
        link = &(*link)->next_worked;
    }
    if (!*link) return;
    *link = process->next_worked;
    process->next_worked = NULL;
    if (!*link) {
        last = link;
    }
}

static void go_on(struct task *process) {
    struct work *work = &process->work;
    if (work->kind == WORK_NONE) {
        serve_parked(process);
    } else {
        do_part(process);
        if (finished(work)) {
            finish(work);
        }
    }
    leave_queue(process);
    if (work_must_wait(process)) {
        enqueue(process, 0);
    }
}

void work_do_part(void) { go_on(first); }

/* ---- faults meanwhile ---- */

/* What is being unmapped is gone; what has not got its new rights yet will have them; while pages are cloned,
 * nothing may change. */
bool work_meets(const struct task *process, uint64_t address, enum hf_reason *reason) {
    const struct work *work = &process->work;
    bool inside = address >= work->start && address < work->end;
    if (work->kind == WORK_FORK) return *reason == HF_REASON_NONE;
    if (work->kind == WORK_UNMAP && inside) {
        *reason = HF_REASON_NO_REGION;
    }
    return work->kind == WORK_PROTECT && inside && address >= work->until && *reason != HF_REASON_NONE;
}

void work_help(struct task *process) { go_on(process); }

void work_drop(struct task *process) {
    struct work *work = &process->work;
    leave_queue(process);
    if (work->kind == WORK_POPULATE && work->run != HF_NO_FRAME) {
        large_release(process->aspace.ledger, &work->run);
    }
    if (work->kind == WORK_FORK) {
        fork_drop(work->fork);
    }
    work->kind = WORK_NONE;
}
