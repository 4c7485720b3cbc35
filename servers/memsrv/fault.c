#include "fault.h"

#include <string.h>

#include "core.h"
#include "task.h"

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
    task->ledger.faults_refused++;
    task_end(task, &why);
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

/* Operations of the answer. */
struct plan {
    unsigned count;
};

static struct hf_operation *next_operation(struct plan *plan, enum hf_operation_code code) {
    struct hf_operation *operation = &OPERATION_PAGE->operation[plan->count++];
    *operation = (struct hf_operation){.code = (uint8_t)code};
    return operation;
}

/* The tables that are missing between the entry where the walk ended and the page. */
static hf_status_t plan_tables(struct plan *plan, struct task *task, const struct fault *fault) {
    for (unsigned level = fault->level - 1; level >= HF_LEVEL_PT; level--) {
        hf_frame_t table;
        hf_status_t status = aspace_take_table(&task->aspace, fault->address & ~(HF_PAGE_SIZE - 1), level, &table);
        if (status != HF_OK) return status;
        struct hf_operation *install = next_operation(plan, HF_OP_TABLE_INSTALL);
        install->level = (uint8_t)level;
        install->object = task->aspace.root;
        install->address = fault->address & ~(HF_PAGE_SIZE - 1);
        install->frame = table;
    }
    return HF_OK;
}

static void plan_stage(struct plan *plan, hf_frame_t frame, const struct page_source *source) {
    struct hf_operation *stage = next_operation(plan, HF_OP_STAGE);
    stage->object = frame;
    stage->frame = source->frame;
    stage->count = source->length;
    stage->address = HF_STAGE_AT(source->offset, source->at);
}

static void plan_map(struct plan *plan, const struct task *task, const struct region *region, uint64_t address,
                     hf_frame_t frame) {
    struct hf_operation *map = next_operation(plan, HF_OP_MAP);
    map->level = HF_LEVEL_PT;
    map->rights = (uint16_t)region->rights;
    map->object = task->aspace.root;
    map->address = address;
    map->frame = frame;
}

/* The whole answer: tables, the page's content, its mapping. What can't be had is
 * not half-done: tables that were taken are installed, and go with the task. */
static hf_status_t plan_page(struct plan *plan, struct task *task, const struct fault *fault,
                             const struct region *region, const struct page_source *source) {
    uint64_t address = fault->address & ~(HF_PAGE_SIZE - 1);
    hf_frame_t frame = source->frame;
    hf_status_t status = source->shared ? HF_OK : ledger_take(&task->ledger, LEDGER_PAGES, &frame);
    if (status != HF_OK) return status;
    status = plan_tables(plan, task, fault);
    if (status != HF_OK) {
        uint64_t done;
        core_must(hf_mmu(plan->count, &done));
        if (!source->shared) {
            ledger_give(&task->ledger, LEDGER_PAGES, frame);
        }
        return status;
    }
    if (!source->shared) {
        plan_stage(plan, frame, source);
    }
    plan_map(plan, task, region, address, frame);
    return HF_OK;
}

static void count_fault(struct task *task, const struct page_source *source) {
    if (!source->shared && source->frame == HF_NO_FRAME) {
        task->ledger.faults_zero++;
    } else {
        task->ledger.faults_image++;
    }
}

static void bring_page(struct request *request, const struct fault *fault, const struct region *region) {
    struct task *task = request->task;
    struct page_source source;
    struct plan plan = {0};
    enum hf_reason reason = region->backing->page(&region->data, fault->address & ~(HF_PAGE_SIZE - 1), &source);
    if (reason == HF_REASON_NONE) {
        hf_status_t status = plan_page(&plan, task, fault, region, &source);
        reason = status == HF_OK ? HF_REASON_NONE : status == HF_QUOTA ? HF_REASON_QUOTA : HF_REASON_NO_MEMORY;
    }
    if (reason != HF_REASON_NONE) {
        end(task, fault, reason, region);
        return;
    }
    count_fault(task, &source);
    request->operations = plan.count;
}

/* A page that is there and may be used as it was: the region's rights were
 * widened while the fault was on its way. Anything else is a broken entry. */
static bool entry_allows(const struct fault *fault) {
    bool write = !(fault->error & HF_FAULT_WRITE) || (fault->entry & 2);
    bool fetch = !(fault->error & HF_FAULT_FETCH) || !(fault->entry >> 63);
    return (fault->entry & 5) == 5 && write && fetch;
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
    const struct region *region = region_find(&task->aspace.regions, fault.address);
    enum hf_reason reason = judge(&fault, region);

    if (reason == HF_REASON_NONE && (fault.entry & 1)) {
        reason = entry_allows(&fault) ? HF_REASON_NONE : HF_REASON_BAD_ENTRY;
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
    task_end(request->task, &(struct hf_exit){.how = HF_EXIT_EXCEPTION,
                                              .address = word[HF_EXCEPTION_VECTOR],
                                              .error = word[HF_EXCEPTION_ERROR],
                                              .rip = word[HF_EXCEPTION_RIP]});
}
