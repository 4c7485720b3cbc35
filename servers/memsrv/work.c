#include "work.h"

#include "core.h"
#include "serve.h"
#include "task.h"

#define POPULATE_PAGES 32u /* in one part: each is zeroed */

/* Processes whose address space is worked on, or that have requests waiting for that. */
static struct task *first, **last = &first;

/* What was populated so far is of no use when the rest can't be had. */
static void give_up(struct task *process, hf_status_t status) {
    struct work *work = &process->work;
    region_remove(&process->aspace.regions, work->start, work->end);
    work->kind = WORK_UNMAP;
    work->status = status;
    work->at = work->start;
}

static void populate_part(struct task *process) {
    struct work *work = &process->work;
    struct aspace *aspace = &process->aspace;
    for (unsigned pages = 0; pages < POPULATE_PAGES && work->at < work->end; pages++) {
        hf_status_t status = aspace_populate(aspace, region_find(&aspace->regions, work->at), work->at);
        if (status != HF_OK && status != HF_EXISTS) {
            give_up(process, status);
            return;
        }
        work->at += HF_PAGE_SIZE;
    }
}

static void do_part(struct task *process) {
    struct work *work = &process->work;
    struct aspace *aspace = &process->aspace;
    if (work->kind == WORK_UNMAP) {
        work->at = aspace_unmap(aspace, work->at, work->end);
    } else if (work->kind == WORK_PROTECT) {
        work->at = aspace_protect(aspace, work->at, work->end, work->rights);
    } else {
        populate_part(process);
    }
}

static bool finished(const struct work *work) { return work->at == work->end; }

hf_status_t work_admit(struct task *asker, enum work_kind kind, uint64_t bytes) {
    uint64_t pages = kind == WORK_POPULATE ? POPULATE_PAGES : ASPACE_PART_PAGES;
    return bytes > pages * HF_PAGE_SIZE ? hold_call(asker) : HF_OK;
}

static void enqueue(struct task *process) {
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
    do_part(process);
    if (!asker->held.reply && !finished(work)) {
        do_part(process); /* one part was enough, but what it did is undone */
    }
    if (finished(work)) {
        work->kind = WORK_NONE;
        return work->status;
    }
    enqueue(process);
    return hold_in(asker, &work->asker);
}

bool work_must_wait(const struct task *process) { return process->work.kind != WORK_NONE || process->parked; }

hf_status_t work_park(struct task *asker, const struct hf_message *request) {
    struct task *process = asker->process;
    asker->request = *request;
    return hold_in(asker, &process->parked);
}

bool work_protects(const struct task *process, uint64_t address) {
    const struct work *work = &process->work;
    return work->kind == WORK_PROTECT && address >= work->start && address < work->end;
}

bool work_pending(void) { return first != NULL; }

static void finish(struct work *work) {
    work->kind = WORK_NONE;
    if (work->asker) {
        hold_answer(work->asker, &(struct hf_message){.label = work->status, .word = {work->word}});
    }
}

void work_do_part(void) {
    struct task *process = first;
    struct work *work = &process->work;
    if (work->kind == WORK_NONE) {
        serve_parked(process);
    } else {
        do_part(process);
        if (finished(work)) {
            finish(work);
        }
    }
    if (!work_must_wait(process)) {
        work_drop(process);
    }
}

void work_drop(struct task *process) {
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
    process->work.kind = WORK_NONE;
}
