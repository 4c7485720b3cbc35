#include "ask.h"

#include <string.h>

#include "directory.h"

/* A page that was supplied so often for the same fault doesn't help. */
#define TIMES_MOST 3u

static uint64_t last_count; /* of requests that were taken */

/* ---- who is asked ---- */

/* What others have too, and IPC buffers, are as they are. */
struct pager *pager_of(const struct task *process, const struct region *region) {
    if (region->backing == &backing_pager) return region->data.pager;
    return region->backing->direct ? NULL : process->pager;
}

uint64_t ask_offset(const struct region *region, uint64_t address) {
    uint64_t page = ask_page(address);
    return region->backing == &backing_pager ? region->data.offset + (page - region->start) : page;
}

/* ---- from a fault to who waits for one ---- */

void ask_take(struct pager *pager) {
    struct task *task = pager->waiting.first;
    struct asked *asked = &task->asked;
    hold_move(task, &pager->taken);
    asked->id = ++last_count * DIRECTORY_INDEXES + task->index;
    memcpy(BUFFER->bytes,
           &(struct hf_pager_request){.id = asked->id,
                                      .task = task->number,
                                      .address = asked->address,
                                      .offset = asked->offset,
                                      .error = asked->error,
                                      .rip = asked->rip},
           sizeof(struct hf_pager_request));
}

/* How often in a row this fault has been answered with a page already. */
static uint8_t times_of(const struct asked *asked, const struct fault *fault) {
    bool again = asked->address == fault->address && asked->error == (uint32_t)fault->error;
    return again ? asked->times : 0;
}

static enum hf_reason why_not(const struct task *task, const struct pager *pager, const struct fault *fault) {
    if (!pager->source.owner) return HF_REASON_PAGER_GONE;
    return times_of(&task->asked, fault) == TIMES_MOST ? HF_REASON_PAGER_LOOP : HF_REASON_NONE;
}

static enum hf_reason ask(struct task *task, struct pager *pager, const struct fault *fault, uint64_t offset) {
    struct asked *asked = &task->asked;
    uint8_t times = times_of(asked, fault);
    enum hf_reason reason = why_not(task, pager, fault);
    if (reason != HF_REASON_NONE) return reason;
    *asked = (struct asked){.pager = pager,
                            .address = fault->address,
                            .offset = offset,
                            .rip = fault->rip,
                            .error = (uint32_t)fault->error,
                            .times = times};
    hold_fault(task, &pager->waiting);
    struct task *idle = pager->idle.first;
    if (idle) {
        ask_take(pager);
        hold_answer(idle, &(struct hf_message){.label = HF_OK, .bytes = sizeof(struct hf_pager_request)});
    }
    return HF_REASON_NONE;
}

/* Whether the pager has left this very fault to memsrv. Any other is asked about. */
static bool is_left(const struct task *task, const struct fault *fault) {
    return task->asked.pass && ask_page(task->asked.address) == ask_page(fault->address);
}

static bool let_through(struct task *task, const struct fault *fault, const struct region *region) {
    bool through = is_left(task, fault);
    task->asked.pass = false;
    if (through && region->backing->large) {
        task->small_next = true; /* the pager is asked about each page */
    }
    return through;
}

static enum hf_reason bring_zeroes(struct task *process, const struct fault *fault, const struct region *region) {
    hf_status_t status = aspace_populate(&process->aspace, region, ask_page(fault->address));
    process->ledger.faults[FAULT_zero] += status == HF_OK;
    return fault_reason(status);
}

enum hf_reason ask_fault(struct request *request, const struct fault *fault, const struct region *region) {
    struct task *task = request->task;
    if (let_through(task, fault, region)) return bring_zeroes(task->process, fault, region);
    return ask(task, region->data.pager, fault, ask_offset(region, fault->address));
}

bool pager_asks(struct request *request, const struct fault *fault, const struct region *region) {
    struct task *task = request->task;
    struct pager *pager = pager_of(task->process, region);
    if (!pager || region->backing == &backing_pager || let_through(task, fault, region)) return false;
    enum hf_reason reason = ask(task, pager, fault, ask_offset(region, fault->address));
    if (reason != HF_REASON_NONE) {
        fault_end(task, fault, reason, region);
    }
    return true;
}

bool pager_foresee(const struct task *task, const struct fault *fault, const struct region *region,
                   enum hf_reason *reason) {
    const struct pager *pager = pager_of(task->process, region);
    if (!pager || is_left(task, fault)) return false;
    *reason = why_not(task, pager, fault);
    return true;
}

/* ---- who waits ---- */

struct fault ask_of(const struct task *task) {
    const struct asked *asked = &task->asked;
    return (struct fault){.address = asked->address, .error = asked->error, .rip = asked->rip};
}

struct task *ask_first(const struct pager *pager) {
    return pager->taken.first ? pager->taken.first : pager->waiting.first;
}

void ask_end(struct task *task, enum hf_reason reason) {
    const struct fault fault = ask_of(task);
    fault_end(task, &fault, reason, region_find(&task->process->aspace.regions, fault.address));
}
