#include "pager.h"

#include "ask.h"
#include "jobs.h"
#include "memory.h"
#include "record.h"

#define COST_END 20000 /* of one task that waits for an answer; most of it is trace_fill's */

static struct record_pool pool = {.bytes = sizeof(struct pager)};
static struct pager *reaping;

/* ---- beginning and end ---- */

static void close(struct pager *pager) {
    source_remove(&pager->source);
    record_give(&pool, pager);
}

hf_status_t pager_create(struct request *request) {
    struct task *process = request->task;
    unsigned slot;
    struct pager *pager = ledger_record(&process->ledger, &pool);
    if (!pager) return ledger_why_no_record(&process->ledger, &pool);
    pager->payer = &process->ledger;
    if (!source_add(&pager->source, BADGE_PAGER, process)) {
        ledger_record_give(&process->ledger, &pool, pager);
        return HF_NO_MEMORY;
    }
    hf_status_t status = source_put_handle(process, &pager->source, 0, &slot);
    if (status != HF_OK) {
        source_remove(&pager->source);
        ledger_record_give(&process->ledger, &pool, pager);
        return status;
    }
    request->message.word[0] = slot;
    return HF_OK;
}

/* While tasks wait for it, it has an owner or they are being ended. */
static void end_if_unused(struct pager *pager) {
    if (pager->source.owner || pager->source.mapped > 0 || pager->clients > 0 || pager->reaping) return;
    close(pager);
}

/* From now on nobody pays for the record. What keeps it costs more: a region, a process, a task that waits. */
void pager_disowned(struct source *source) {
    struct pager *pager = (void *)source;
    const struct task *first = ask_first(pager);
    ledger_records(pager->payer, -(int64_t)sizeof(*pager));
    pager->payer = NULL;
    if (first) {
        pager->reaping = true;
        pager->next = reaping;
        reaping = pager;
        jobs_wake(first->priority);
    }
    end_if_unused(pager);
}

bool pager_reaping(void) { return reaping != NULL; }

void pager_reap(void) {
    struct pager *pager = reaping;
    struct task *task;
    for (int cost = PART_COST; cost > 0 && (task = ask_first(pager)); cost -= COST_END) {
        ask_end(task, HF_REASON_PAGER_GONE);
    }
    if (ask_first(pager)) return;
    reaping = pager->next;
    pager->reaping = false;
    end_if_unused(pager);
}

/* ---- processes ---- */

static void serve_process(struct task *process, struct pager *pager) {
    process->pager = pager;
    pager->clients++;
}

hf_status_t pager_serve_task(struct task *process, struct source *source) {
    if (!source) return HF_OK;
    if (!source->owner) return HF_DEAD;
    serve_process(process, (void *)source);
    return HF_OK;
}

void pager_inherit(struct task *child, const struct task *parent) {
    if (parent->pager) {
        serve_process(child, parent->pager);
    }
}

void pager_forget(struct task *task) {
    struct pager *serving = task->pager;
    task->asked.pager = task->pager = NULL;
    if (serving) {
        serving->clients--;
        end_if_unused(serving);
    }
}

uint64_t pager_waits_for(const struct task *task) {
    const struct pager *pager = task->asked.pager;
    return pager && pager->source.owner ? pager->source.owner->number : 0;
}

/* ---- regions ---- */

static void share(const struct backing_data *data, uint64_t bytes) {
    data->pager->source.mapped += bytes / HF_PAGE_SIZE;
}

static void leave(const struct backing_data *data, uint64_t bytes) {
    data->pager->source.mapped -= bytes / HF_PAGE_SIZE;
    end_if_unused(data->pager);
}

/* Its pages are the client's own; zeroes are what it gets where the pager doesn't supply anything. */
const struct backing backing_pager = {
    .name = "pager's memory",
    .page = backing_zero,
    .limit = backing_any_rights,
    .fault = ask_fault,
    .share = share,
    .leave = leave,
    .has_offset = true,
};

hf_status_t pager_map(struct request *request) {
    const uint64_t *word = request->message.word;
    uint64_t rights = word[2], flags = word[3], offset = word[4];
    struct place_wanted place = {.start = word[0], .length = word[1]};
    if ((flags & ~(uint64_t)HF_MAP_FIXED) || !memory_rights_valid(rights) || offset % HF_PAGE_SIZE ||
        offset + place.length < offset) {
        return HF_BAD_ARGUMENT;
    }
    if (!request->source->owner) return HF_DEAD;
    hf_status_t status = memory_place(request->task, flags, false, &place);
    if (status != HF_OK) return status;
    return memory_add(request,
                      &(struct region){.start = place.start,
                                       .end = place.end,
                                       .rights = (unsigned)rights,
                                       .backing = &backing_pager,
                                       .data = {.pager = (void *)request->source, .offset = offset}},
                      false);
}
