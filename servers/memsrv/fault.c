#include "fault.h"

#include <string.h>

#include "around.h"
#include "copy.h"
#include "core.h"
#include "end.h"
#include "explain.h"
#include "jobs.h"
#include "large.h"
#include "trace.h"

#define LOWER_HALF (1ull << 47)

enum hf_reason fault_reason(hf_status_t status) {
    return status == HF_OK ? HF_REASON_NONE : status == HF_QUOTA ? HF_REASON_QUOTA : HF_REASON_NO_MEMORY;
}

void fault_end(struct task *task, const struct fault *fault, enum hf_reason reason, const struct region *region) {
    struct hf_exit why = {
        .how = HF_EXIT_FAULT, .reason = reason, .address = fault->address, .error = fault->error, .rip = fault->rip};
    if (region) {
        explain_name(region, why.region);
    }
    trace_fill(task, &why);
    task->process->ledger.faults[FAULT_refused]++;
    end_task(task, &why);
}

/* The last page of the lower half is never mapped; between the halves there are no addresses, and an access is no
 * page fault but an exception. */
static enum hf_reason judge_beyond(uint64_t address) {
    if (address < HF_USER_END || address >= 0 - LOWER_HALF) return HF_REASON_KERNEL;
    return address < LOWER_HALF ? HF_REASON_NO_REGION : HF_REASON_NOT_CANONICAL;
}

enum hf_reason fault_judge(const struct fault *fault, const struct region *region) {
    /* Not USER: the processor read one of its own tables for the task. (QEMU 7.2 says so
     * of the stack of a far return too.) Bringing a page would not help. */
    if (fault->address >= HF_USER_END || !(fault->error & HF_FAULT_USER)) {
        return judge_beyond(fault->address);
    }
    if (fault->address < HF_USER_FIRST) return HF_REASON_NULL_PAGE;
    if (!region) return HF_REASON_NO_REGION;
    if (fault->error & HF_FAULT_RESERVED) return HF_REASON_BAD_ENTRY;
    if (region->backing == &backing_guard) return HF_REASON_GUARD;
    if ((fault->error & HF_FAULT_WRITE) && !(region->rights & HF_WRITE)) return HF_REASON_READ_ONLY;
    if ((fault->error & HF_FAULT_FETCH) && !(region->rights & HF_EXECUTE)) return HF_REASON_NOT_EXECUTABLE;
    return HF_REASON_NONE;
}

/* ---- a page that isn't there ---- */

hf_status_t fault_plan_tables(struct request *request, const struct fault *fault) {
    struct aspace *aspace = &request->task->process->aspace;
    uint64_t address = fault->address & ~(HF_PAGE_SIZE - 1);
    for (unsigned level = fault->level - 1; level >= HF_LEVEL_PT; level--) {
        hf_frame_t table;
        hf_status_t status = aspace_take_table(aspace, address, level, &table);
        if (status != HF_OK) return status;
        list_add(&request->list, &(struct hf_operation){.code = HF_OP_TABLE_INSTALL,
                                                        .level = (uint8_t)level,
                                                        .object = aspace->root,
                                                        .address = address,
                                                        .frame = table});
    }
    return HF_OK;
}

void fault_plan_map(struct request *request, uint64_t address, hf_frame_t frame, unsigned rights) {
    list_add(&request->list, &(struct hf_operation){.code = HF_OP_MAP,
                                                    .level = HF_LEVEL_PT,
                                                    .rights = (uint16_t)rights,
                                                    .object = request->task->process->aspace.root,
                                                    .address = address & ~(HF_PAGE_SIZE - 1),
                                                    .frame = frame});
}

/* Tables that were taken are installed even if the rest can't be had: they go with the process. */
static hf_status_t plan_or_undo(struct request *request, const struct fault *fault) {
    hf_status_t status = fault_plan_tables(request, fault);
    if (status != HF_OK) {
        list_run(&request->list);
        list_clear(&request->list);
    }
    return status;
}

static hf_status_t bring_shared(struct request *request, const struct fault *fault, const struct region *region,
                                hf_frame_t frame) {
    struct ledger *ledger = &request->task->process->ledger;
    hf_status_t status = plan_or_undo(request, fault);
    if (status != HF_OK) return status;
    fault_plan_map(request, fault->address, frame, region->rights & ~(unsigned)HF_WRITE);
    ledger_share(ledger, 1);
    ledger->faults[FAULT_image]++;
    return HF_OK;
}

static hf_status_t bring_new(struct request *request, const struct fault *fault, const struct region *region,
                             const struct page_source *source) {
    struct ledger *ledger = &request->task->process->ledger;
    hf_frame_t frame;
    hf_status_t status = ledger_take(ledger, LEDGER_pages, &frame);
    if (status != HF_OK) return status;
    status = plan_or_undo(request, fault);
    if (status != HF_OK) {
        ledger_give(ledger, LEDGER_pages, frame);
        return status;
    }
    list_add(&request->list, &(struct hf_operation){.code = HF_OP_STAGE,
                                                    .count = source->length,
                                                    .object = frame,
                                                    .address = HF_STAGE_AT(source->offset, source->at),
                                                    .frame = source->frame});
    fault_plan_map(request, fault->address, frame, region->rights);
    ledger->faults[source->frame == HF_NO_FRAME ? FAULT_zero : FAULT_image]++;
    return HF_OK;
}

enum hf_reason fault_bring(struct request *request, const struct fault *fault, const struct region *region) {
    const struct backing *backing = region->backing;
    struct page_source source;
    if (backing->fault) return backing->fault(request, fault, region);
    if (backing->large && large_begin(request, fault, region)) return HF_REASON_NONE;
    enum hf_reason reason =
        backing->page(&region->data, fault->address & ~(HF_PAGE_SIZE - 1), fault->error & HF_FAULT_WRITE, &source);
    if (reason != HF_REASON_NONE) return reason;
    hf_status_t status =
        source.shared ? bring_shared(request, fault, region, source.frame) : bring_new(request, fault, region, &source);
    /* An external pager is asked about each page. */
    if (status == HF_OK && backing->around != AROUND_NONE && !request->task->process->pager) {
        around_bring(request, fault, region);
    }
    return fault_reason(status);
}

/* ---- what is to be done ---- */

static enum hf_reason answer(struct request *request, const struct fault *fault, const struct region *region) {
    if (!(fault->entry & 1)) {
        bool asked = request->task->process->pager && pager_asks(request, fault, region);
        return asked ? HF_REASON_NONE : fault_bring(request, fault, region);
    }
    if (fault_is_over(fault)) return HF_REASON_NONE;
    return fault->error & HF_FAULT_WRITE ? copy_page(request, fault, region) : HF_REASON_BAD_ENTRY;
}

void fault_page(struct request *request) {
    const uint64_t *word = request->message.word;
    struct task *task = request->task, *process = task->process;
    const struct fault fault = {
        .address = word[HF_FAULT_ADDRESS],
        .error = word[HF_FAULT_ERROR],
        .rip = word[HF_FAULT_RIP],
        .entry = word[HF_FAULT_ENTRY],
        .level = (unsigned)word[HF_FAULT_FRAME] & 0xff,
        .refs = (uint32_t)(word[HF_FAULT_FRAME] >> 32),
    };
    const struct region *region = region_find(&process->aspace.regions, fault.address);
    enum hf_reason reason = fault_judge(&fault, region);
    if (process->work.kind != WORK_NONE && work_meets(process, fault.address, &reason)) {
        work_help(process);
        return;
    }
    if (reason == HF_REASON_NONE) {
        reason = answer(request, &fault, region);
    }
    /* What a task or an object that is being taken apart still has may be enough: then the fault comes again. */
    bool memory = reason == HF_REASON_NO_MEMORY || reason == HF_REASON_QUOTA;
    if (memory && jobs_giving_back()) {
        jobs_give_back();
    } else if (reason != HF_REASON_NONE) {
        fault_end(task, &fault, reason, region);
    }
}

void fault_exception(struct request *request) {
    const uint64_t *word = request->message.word;
    struct hf_exit why = {.how = HF_EXIT_EXCEPTION,
                          .address = word[HF_EXCEPTION_VECTOR],
                          .error = word[HF_EXCEPTION_ERROR],
                          .rip = word[HF_EXCEPTION_RIP]};
    trace_fill(request->task, &why);
    end_task(request->task, &why);
}
