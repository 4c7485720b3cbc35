#include "ask.h"
#include "core.h"
#include "directory.h"
#include "jobs.h"

static struct pager *pager_in(const struct request *request) { return (void *)request->source; }

static hf_status_t check_owner(const struct request *request) {
    const struct task *owner = request->source->owner;
    return owner == request->task ? HF_OK : owner ? HF_DENIED : HF_DEAD;
}

hf_status_t pager_next(struct request *request) {
    struct pager *pager = pager_in(request);
    hf_status_t status = check_owner(request);
    if (status != HF_OK) return status;
    if (!pager->waiting.first) return hold_in(request->asker, &pager->idle);
    ask_take(pager);
    request->message.bytes = sizeof(struct hf_pager_request);
    return HF_OK;
}

/* The task whose request it answers: one that was taken, and not answered yet. */
static hf_status_t find(const struct request *request, struct task **found) {
    struct pager *pager = pager_in(request);
    uint64_t id = request->message.word[0];
    unsigned index = (unsigned)id % DIRECTORY_INDEXES;
    hf_status_t status = check_owner(request);
    if (status != HF_OK) return status;
    struct task *task = task_from_index(&index);
    if (!task || task->asked.id != id || task->held.list != &pager->taken) return HF_NOT_FOUND;
    *found = task;
    return HF_OK;
}

/* It may try again. */
static void resume(struct task *task) {
    task->asked.pager = NULL;
    hold_answer(task, &(struct hf_message){0});
}

hf_status_t pager_pass(struct request *request) {
    struct task *task;
    hf_status_t status = find(request, &task);
    if (status != HF_OK) return status;
    task->asked.pass = true;
    task->asked.times = 0;
    resume(task);
    return HF_OK;
}

hf_status_t pager_refuse(struct request *request) {
    struct task *task;
    hf_status_t status = find(request, &task);
    if (status != HF_OK) return status;
    ask_end(task, HF_REASON_PAGER_REFUSED);
    return HF_OK;
}

/* ---- a page that is supplied ---- */

/* The frame of a page of the pager's own. HF_BAD_ADDRESS: none can be there. HF_NOT_MAPPED: none is yet. */
static hf_status_t find_frame(struct task *process, uint64_t address, hf_frame_t *frame) {
    const struct region *region = region_find(&process->aspace.regions, address);
    const struct fault read = {.address = address, .error = HF_FAULT_USER};
    struct hf_result result;
    if (address % HF_PAGE_SIZE || fault_judge(&read, region) != HF_REASON_NONE) return HF_BAD_ADDRESS;
    hf_status_t status = aspace_split(&process->aspace, address); /* part of a larger page can't be copied */
    if (status != HF_OK) return status;
    core_must(core_do(
        &(struct hf_operation){.code = HF_OP_TRANSLATE, .object = process->aspace.root, .address = address}, &result));
    *frame = core_entry_frame(result.value[0]);
    return result.value[0] & 1 ? HF_OK : HF_NOT_MAPPED;
}

/* While an address space is copied, and where it is being changed, pages come later. */
static bool is_changing(const struct task *process, uint64_t address) {
    const struct work *work = &process->work;
    bool inside = address >= work->start && address < work->end;
    return work->kind == WORK_FORK || (work->kind != WORK_NONE && inside);
}

/* The region whose page it still is that the fault is about, whatever else the process has done meanwhile; or NULL. */
static const struct region *still_wanted(struct task *task) {
    const struct asked *asked = &task->asked;
    const struct fault fault = ask_of(task);
    struct task *process = task->process;
    const struct region *region = region_find(&process->aspace.regions, fault.address);
    if (is_changing(process, fault.address) || fault_judge(&fault, region) != HF_REASON_NONE) return NULL;
    bool same = pager_of(process, region) == asked->pager && ask_offset(region, fault.address) == asked->offset;
    return same ? region : NULL;
}

/* A copy of the frame, for the client. HF_EXISTS: a page is there. HF_BAD_FRAME: nothing to be copied. */
static hf_status_t put_copy(struct task *task, const struct region *region, hf_frame_t source) {
    struct aspace *aspace = &task->process->aspace;
    hf_frame_t frame;
    hf_status_t status = ledger_take(aspace->ledger, LEDGER_pages, &frame);
    if (status != HF_OK) return status;
    status = core_stage(frame, source, 0, HF_PAGE_SIZE, 0);
    if (status == HF_OK) {
        status = aspace_map(aspace, ask_page(task->asked.address), frame, region->rights);
        if (status == HF_OK) return HF_OK;
        core_must(core_object(HF_OP_RELEASE, frame, NULL));
    }
    ledger_give(aspace->ledger, LEDGER_pages, frame);
    return status;
}

/* What becomes of the client is not the pager's concern, unless the page was bad. */
static hf_status_t supplied(struct task *task, hf_status_t status) {
    bool memory = status == HF_NO_MEMORY || status == HF_QUOTA;
    if (status == HF_BAD_FRAME) {
        ask_end(task, HF_REASON_PAGER_NONSENSE);
        return HF_BAD_ADDRESS;
    }
    if (memory && !jobs_giving_back()) {
        ask_end(task, fault_reason(status));
        return HF_OK;
    }
    task->asked.times += status == HF_OK;
    task->process->ledger.faults[FAULT_pager] += status == HF_OK;
    resume(task); /* first: it may be one of those that end by what follows */
    if (memory) {
        jobs_give_back();
    }
    return HF_OK;
}

hf_status_t pager_supply(struct request *request) {
    hf_frame_t frame;
    struct task *task;
    hf_status_t status = find(request, &task);
    if (status != HF_OK) return status;
    status = find_frame(request->task, request->message.word[1], &frame);
    if (status == HF_BAD_ADDRESS) {
        ask_end(task, HF_REASON_PAGER_NONSENSE);
    }
    if (status != HF_OK) return status;
    const struct region *region = still_wanted(task);
    return supplied(task, region ? put_copy(task, region, frame) : HF_EXISTS);
}
