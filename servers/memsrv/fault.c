#include "fault.h"

#include <string.h>

#include "core.h"
#include "end.h"

struct fault {
    uint64_t address, error, rip;
    uint64_t entry; /* the last page-table entry that the walk read ... */
    unsigned level; /* ... and the level of its table */
};

static void end(struct task *task, const struct fault *fault, enum hf_reason reason, const struct region *region) {
    struct hf_exit why = {
        .how = HF_EXIT_FAULT, .reason = reason, .address = fault->address, .error = fault->error, .rip = fault->rip};
    if (region) {
        strncpy(why.region, region->backing->name, HF_NAME_BYTES - 1);
    }
    task->process->ledger.faults_refused++;
    end_task(task, &why);
}

/* Why the access is wrong whatever is mapped there. */
static enum hf_reason judge(const struct fault *fault, const struct region *region) {
    /* Not USER: the processor read one of its own tables for the task. (QEMU 7.2 says so
     * of the stack of a far return too.) Bringing a page would not help. */
    if (fault->address >= HF_USER_END || !(fault->error & HF_FAULT_USER)) {
        return HF_REASON_KERNEL;
    }
    if (fault->address < HF_USER_FIRST) return HF_REASON_NULL_PAGE;
    if (!region) return HF_REASON_NO_REGION;
    if (fault->error & HF_FAULT_RESERVED) return HF_REASON_BAD_ENTRY;
    if (region->backing == &backing_guard) return HF_REASON_GUARD;
    if ((fault->error & HF_FAULT_WRITE) && !(region->rights & HF_WRITE)) return HF_REASON_READ_ONLY;
    if ((fault->error & HF_FAULT_FETCH) && !(region->rights & HF_EXECUTE)) return HF_REASON_NOT_EXECUTABLE;
    return HF_REASON_NONE;
}

/* The tables that are missing between the entry where the walk ended and the page. */
static hf_status_t plan_tables(struct list *plan, struct task *process, const struct fault *fault) {
    for (unsigned level = fault->level - 1; level >= HF_LEVEL_PT; level--) {
        hf_frame_t table;
        hf_status_t status = aspace_take_table(&process->aspace, fault->address & ~(HF_PAGE_SIZE - 1), level, &table);
        if (status != HF_OK) return status;
        struct hf_operation *install = list_add(plan, HF_OP_TABLE_INSTALL);
        install->level = (uint8_t)level;
        install->object = process->aspace.root;
        install->address = fault->address & ~(HF_PAGE_SIZE - 1);
        install->frame = table;
    }
    return HF_OK;
}

static void plan_stage(struct list *plan, hf_frame_t frame, const struct page_source *source) {
    struct hf_operation *stage = list_add(plan, HF_OP_STAGE);
    stage->object = frame;
    stage->frame = source->frame;
    stage->count = source->length;
    stage->address = HF_STAGE_AT(source->offset, source->at);
}

static void plan_map(struct list *plan, const struct task *process, const struct region *region, uint64_t address,
                     hf_frame_t frame) {
    struct hf_operation *map = list_add(plan, HF_OP_MAP);
    map->level = HF_LEVEL_PT;
    map->rights = (uint16_t)region->rights;
    map->object = process->aspace.root;
    map->address = address;
    map->frame = frame;
}

/* The whole answer: tables, the page's content, its mapping. What can't be had is
 * not half-done: tables that were taken are installed, and go with the process. */
static hf_status_t plan_page(struct list *plan, struct task *process, const struct fault *fault,
                             const struct region *region, const struct page_source *source) {
    uint64_t address = fault->address & ~(HF_PAGE_SIZE - 1);
    hf_frame_t frame = source->frame;
    hf_status_t status = source->shared ? HF_OK : ledger_take(&process->ledger, LEDGER_PAGES, &frame);
    if (status != HF_OK) return status;
    status = plan_tables(plan, process, fault);
    if (status != HF_OK) {
        list_run(plan);
        plan->count = 0;
        if (!source->shared) {
            ledger_give(&process->ledger, LEDGER_PAGES, frame);
        }
        return status;
    }
    if (!source->shared) {
        plan_stage(plan, frame, source);
    }
    plan_map(plan, process, region, address, frame);
    return HF_OK;
}

static void count_fault(struct ledger *ledger, const struct page_source *source) {
    if (!source->shared && source->frame == HF_NO_FRAME) {
        ledger->faults_zero++;
    } else {
        ledger->faults_image++;
    }
}

static void bring_page(struct request *request, const struct fault *fault, const struct region *region) {
    struct task *task = request->task;
    struct page_source source;
    enum hf_reason reason = region->backing->page(&region->data, fault->address & ~(HF_PAGE_SIZE - 1), &source);
    if (reason == HF_REASON_NONE) {
        hf_status_t status = plan_page(&request->list, task->process, fault, region, &source);
        reason = status == HF_OK ? HF_REASON_NONE : status == HF_QUOTA ? HF_REASON_QUOTA : HF_REASON_NO_MEMORY;
    }
    if (reason != HF_REASON_NONE) {
        end(task, fault, reason, region);
        return;
    }
    count_fault(&task->process->ledger, &source);
}

/* A page that is there and may be used as it was: the region's rights were
 * widened while the fault was on its way, or another thread is just having them
 * widened; then the access is tried until it is done. Anything else is a broken entry. */
static bool entry_allows(const struct task *process, const struct fault *fault) {
    bool write = !(fault->error & HF_FAULT_WRITE) || (fault->entry & 2);
    bool fetch = !(fault->error & HF_FAULT_FETCH) || !(fault->entry >> 63);
    return ((fault->entry & 5) == 5 && write && fetch) || work_protects(process, fault->address);
}

void fault_page(struct request *request) {
    const uint64_t *word = request->message.word;
    struct task *task = request->task;
    struct fault fault = {
        .address = word[HF_FAULT_ADDRESS],
        .error = word[HF_FAULT_ERROR],
        .rip = word[HF_FAULT_RIP],
        .entry = word[HF_FAULT_ENTRY],
        .level = (unsigned)word[HF_FAULT_FRAME] & 0xff,
    };
    const struct region *region = region_find(&task->process->aspace.regions, fault.address);
    enum hf_reason reason = judge(&fault, region);

    if (reason == HF_REASON_NONE && (fault.entry & 1)) {
        reason = entry_allows(task->process, &fault) ? HF_REASON_NONE : HF_REASON_BAD_ENTRY;
        region = NULL;
    }
    if (reason != HF_REASON_NONE) {
        end(task, &fault, reason, region);
    } else if (region) {
        bring_page(request, &fault, region);
    }
}

void fault_exception(struct request *request) {
    const uint64_t *word = request->message.word;
    end_task(request->task, &(struct hf_exit){.how = HF_EXIT_EXCEPTION,
                                              .address = word[HF_EXCEPTION_VECTOR],
                                              .error = word[HF_EXCEPTION_ERROR],
                                              .rip = word[HF_EXCEPTION_RIP]});
}
