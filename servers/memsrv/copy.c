#include "copy.h"

#include "core.h"

static hf_frame_t frame_of(const struct fault *fault) { return core_entry_frame(fault->entry); }

static void plan_writable(struct request *request, const struct fault *fault, unsigned level, unsigned rights) {
    uint64_t span = level == HF_LEVEL_PD ? HF_RUN_SIZE : HF_PAGE_SIZE;
    list_add(&request->list, &(struct hf_operation){.code = HF_OP_PROTECT,
                                                    .level = (uint8_t)level,
                                                    .rights = (uint16_t)rights,
                                                    .object = request->task->process->aspace.root,
                                                    .address = fault->address & ~(span - 1)});
    request->task->process->ledger.faults[FAULT_reuse]++;
}

/* Of a page that others have too, who pay for it as this task does; or of a module's, which it starts to pay for. */
static hf_status_t take_copy(struct ledger *ledger, bool paid, hf_frame_t *frame) {
    if (paid) return ledger_frames(0, frame);
    hf_status_t status = ledger_take(ledger, LEDGER_pages, frame);
    if (status == HF_OK) {
        ledger_unshare(ledger, 1);
    }
    return status;
}

static enum hf_reason plan_copy(struct request *request, const struct fault *fault, const struct region *region,
                                hf_frame_t old, bool paid) {
    struct task *process = request->task->process;
    hf_frame_t frame;
    hf_status_t status = take_copy(&process->ledger, paid, &frame);
    if (status != HF_OK) return fault_reason(status);
    list_add(&request->list,
             &(struct hf_operation){.code = HF_OP_STAGE, .count = HF_PAGE_SIZE, .object = frame, .frame = old});
    list_add(&request->list, &(struct hf_operation){.code = HF_OP_UNMAP,
                                                    .level = HF_LEVEL_PT,
                                                    .object = process->aspace.root,
                                                    .address = fault->address & ~(HF_PAGE_SIZE - 1)});
    fault_plan_map(request, fault->address, frame, region->rights);
    process->ledger.faults[FAULT_copy]++;
    return HF_REASON_NONE;
}

/* ---- pages of 2 MiB ---- */

/* Others have it too, or single pages of it, of which `refs` says nothing. */
static bool is_shared_run(const struct fault *fault) {
    return fault->level == HF_LEVEL_PD && (fault->refs > 1 || ledger_run_is_split(frame_of(fault)));
}

/* The fault as it is when the page is split. */
static struct fault at_page(const struct fault *fault) {
    hf_frame_t index = (fault->address >> HF_PAGE_SHIFT) % HF_RUN_FRAMES;
    struct fault small = *fault;
    small.level = HF_LEVEL_PT;
    small.entry += index << HF_PAGE_SHIFT;
    small.refs = core_refs(frame_of(fault) + index);
    return small;
}

bool copy_is_needed(const struct fault *fault, const struct region *region) {
    if (region->backing->direct) return false;
    if (!aspace_is_paid(region->backing, frame_of(fault))) return true;
    return (is_shared_run(fault) ? at_page(fault).refs : fault->refs) > 1;
}

static enum hf_reason answer(struct request *request, const struct fault *fault, const struct region *region) {
    hf_frame_t frame = frame_of(fault);
    if (!copy_is_needed(fault, region)) {
        plan_writable(request, fault, fault->level, region->rights);
        return HF_REASON_NONE;
    }
    return plan_copy(request, fault, region, frame, aspace_is_paid(region->backing, frame));
}

/* What others have too is split, and only the page that is written is copied. */
enum hf_reason copy_page(struct request *request, const struct fault *fault, const struct region *region) {
    if (region->backing->direct || !is_shared_run(fault)) return answer(request, fault, region);
    hf_status_t status = aspace_split(&request->task->process->aspace, fault->address);
    if (status != HF_OK) return fault_reason(status);
    const struct fault small = at_page(fault);
    return answer(request, &small, region);
}
