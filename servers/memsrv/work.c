#include "work.h"

#include "core.h"
#include "record.h"
#include "serve.h"

#define POPULATE_PAGES 32u /* in one part: each is zeroed */

static struct record_pool pool = {.bytes = sizeof(struct work)};
static struct work *first, **last = &first;

/* What was populated so far is of no use when the rest can't be had. */
static void give_up(struct work *work, hf_status_t status) {
    region_remove(&work->task->aspace.regions, work->start, work->end);
    work->kind = WORK_UNMAP;
    work->status = status;
    work->at = work->start;
}

static void populate_part(struct work *work) {
    struct aspace *aspace = &work->task->aspace;
    for (unsigned pages = 0; pages < POPULATE_PAGES && work->at < work->end; pages++) {
        const struct region *region = region_find(&aspace->regions, work->at);
        hf_status_t status = region ? aspace_populate(aspace, region, work->at) : HF_NOT_MAPPED;
        if (status != HF_OK && status != HF_EXISTS) {
            give_up(work, status);
            return;
        }
        work->at += HF_PAGE_SIZE;
    }
}

static void do_part(struct work *work) {
    struct aspace *aspace = &work->task->aspace;
    switch (work->kind) {
    case WORK_UNMAP:
        work->at = aspace_unmap(aspace, work->at, work->end);
        break;
    case WORK_PROTECT:
        work->at = aspace_protect(aspace, work->at, work->end, work->rights);
        break;
    case WORK_POPULATE:
        populate_part(work);
        break;
    }
}

static bool finished(const struct work *work) { return work->at == work->end; }

hf_status_t work_start(const struct work *asked, bool *held) {
    struct work *work = record_take(&pool);
    *held = false;
    if (!work) return HF_NO_MEMORY;
    *work = *asked;
    work->at = work->start;
    work->reply = HF_SLOT_ANY;
    do_part(work);
    hf_status_t status = finished(work) ? work->status : hf_hold(&work->reply);
    if (finished(work) || status != HF_OK) {
        record_give(&pool, work);
        return status;
    }
    *held = true;
    work->next = NULL;
    *last = work;
    last = &work->next;
    return HF_OK;
}

bool work_pending(void) { return first != NULL; }

static void remove_after(struct work **link) {
    struct work *work = *link;
    *link = work->next;
    if (!work->next) {
        last = link;
    }
    record_give(&pool, work);
}

void work_do_part(void) {
    struct work *work = first;
    do_part(work);
    if (finished(work)) {
        serve_answer_held(work->reply, work->status, work->word);
        remove_after(&first);
    }
}

void work_cancel(struct task *task) {
    struct work **link = &first;
    while (*link) {
        if ((*link)->task == task) {
            core_must(hf_handle_close((*link)->reply));
            remove_after(link);
        } else {
            link = &(*link)->next;
        }
    }
}
