#include "explain.h"

#include <string.h>

#include "ask.h"
#include "copy.h"
#include "core.h"
#include "inspect.h"
#include "large.h"
#include "own.h"
#include "pager.h"

/* ---- regions ---- */

static const char *segment_name(const struct image_segment *segment) {
    if (segment->rights & HF_EXECUTE) return ".text of ";
    return segment->rights & HF_WRITE ? ".data of " : ".rodata of ";
}

/* Adds to a name as much as there is room for. */
static void add(char name[HF_NAME_BYTES], const char *text) {
    size_t at = strlen(name);
    strncpy(name + at, text, HF_NAME_BYTES - 1 - at);
}

void explain_name(const struct region *region, char name[HF_NAME_BYTES]) {
    bool image = region->backing == &backing_image;
    memset(name, 0, HF_NAME_BYTES);
    add(name, image ? segment_name(&region->data.image->image.segment[region->data.segment]) : region->backing->name);
    if (image) add(name, region->data.image->name);
}

struct hf_region explain_region(const struct region *region) {
    struct hf_region shown = {
        .start = region->start,
        .end = region->end,
        .rights = region->backing == &backing_guard ? 0 : region->rights,
        .large = region->backing->large,
        .offset = region->backing->has_offset ? region->data.offset : 0,
    };
    explain_name(region, shown.name);
    return shown;
}

/* ---- what is mapped ---- */

/* As the core would tell it with a fault. */
static void walk(const struct task *process, struct fault *fault, uint64_t entries[4]) {
    struct hf_result result;
    core_translate(process->aspace.root, fault->address, &result);
    memcpy(entries, OPERATION_PAGE->walk, sizeof(OPERATION_PAGE->walk));
    fault->entry = result.value[0];
    fault->level = result.detail;
    fault->refs = fault->entry & 1 ? core_refs(core_entry_frame(fault->entry)) : 0;
}

/* ---- what would happen: the same questions in the same order as a fault's answer asks ---- */

/* That the walk lacks. */
static uint64_t tables_for(const struct fault *fault) { return fault->entry & 1 ? 0 : fault->level - 1; }

/* Of pages that the task pays for, and those tables. */
static enum hf_outcome if_room(const struct task *process, const struct fault *fault, uint64_t pages,
                               enum hf_outcome outcome, enum hf_reason *reason) {
    uint64_t tables = tables_for(fault);
    *reason = fault_reason(ledger_has_room(&process->ledger, pages + tables, tables * sizeof(struct table)));
    return *reason == HF_REASON_NONE ? outcome : HF_OUTCOME_REFUSED;
}

static enum hf_outcome bring(const struct task *task, const struct fault *fault, const struct region *region,
                             enum hf_reason *reason) {
    const struct task *process = task->process;
    const struct backing *backing = region->backing;
    struct page_source source;
    if (pager_foresee(task, fault, region, reason)) {
        return *reason == HF_REASON_NONE ? HF_OUTCOME_PAGER : HF_OUTCOME_REFUSED;
    }
    if (backing->foresee) {
        *reason = backing->foresee(region, fault->address, &process->ledger, tables_for(fault));
        return *reason == HF_REASON_NONE ? if_room(process, fault, 0, backing->brings, reason) : HF_OUTCOME_REFUSED;
    }
    if (!pager_of(process, region) && large_wanted(task, fault, region) && large_available(&process->ledger))
        return HF_OUTCOME_LARGE;
    *reason =
        backing->page(&region->data, fault->address & ~(HF_PAGE_SIZE - 1), fault->error & HF_FAULT_WRITE, &source);
    if (*reason != HF_REASON_NONE) return HF_OUTCOME_REFUSED;
    bool image = source.shared || source.frame != HF_NO_FRAME;
    return if_room(process, fault, !source.shared, image ? HF_OUTCOME_IMAGE : HF_OUTCOME_ZERO, reason);
}

static enum hf_outcome copy(const struct task *process, const struct fault *fault, const struct region *region,
                            enum hf_reason *reason) {
    if (!copy_is_needed(fault, region)) return HF_OUTCOME_REUSE;
    bool paid = aspace_is_paid(region->backing, core_entry_frame(fault->entry));
    if (!paid) return if_room(process, fault, 1, HF_OUTCOME_COPY, reason);
    uint64_t wanted = fault->level == HF_LEVEL_PD ? 2 : 1; /* with a table, to split it */
    *reason = buddy_free_frames(&frames) < wanted ? HF_REASON_NO_MEMORY : HF_REASON_NONE;
    return *reason == HF_REASON_NONE ? HF_OUTCOME_COPY : HF_OUTCOME_REFUSED;
}

static enum hf_outcome foresee(const struct task *task, const struct fault *fault, const struct region *region,
                               enum hf_reason *reason) {
    const struct task *process = task->process;
    *reason = HF_REASON_NONE;
    if (fault_is_over(fault)) return HF_OUTCOME_DONE;
    *reason = fault_judge(fault, region);
    if (process->work.kind != WORK_NONE) work_meets(process, fault->address, reason);
    if (*reason != HF_REASON_NONE || !region) return HF_OUTCOME_REFUSED;
    if (!(fault->entry & 1)) return bring(task, fault, region, reason);
    if (fault->error & HF_FAULT_WRITE) return copy(process, fault, region, reason);
    *reason = HF_REASON_BAD_ENTRY;
    return HF_OUTCOME_REFUSED;
}

/* ---- the request ---- */

static void explain(const struct task *task, uint64_t address, struct hf_explain *explained) {
    static const uint64_t errors[HF_ACCESSES] = {
        [HF_ACCESS_WRITE] = HF_FAULT_WRITE, [HF_ACCESS_FETCH] = HF_FAULT_FETCH};
    struct task *process = task->process;
    struct fault fault = {.address = address, .level = HF_LEVEL_PML4};
    const struct region *region = region_find(&process->aspace.regions, address);
    *explained = (struct hf_explain){.number = task->number, .address = address};
    if (address < HF_USER_END) walk(process, &fault, explained->entry);
    if (region) explained->region = explain_region(region);
    explained->refs = fault.refs;
    for (unsigned access = 0; access < HF_ACCESSES; access++) {
        enum hf_reason reason;
        fault.error = errors[access] | HF_FAULT_USER | (fault.entry & 1);
        explained->access[access].outcome = foresee(task, &fault, region, &reason);
        explained->access[access].reason = reason;
    }
}

hf_status_t explain_serve(struct request *request) {
    struct task *task;
    hf_status_t status = inspect_find(request, &task);
    if (status != HF_OK) return status;
    explain(task, request->message.word[1], (void *)BUFFER->bytes);
    request->message.bytes = sizeof(struct hf_explain);
    return HF_OK;
}
