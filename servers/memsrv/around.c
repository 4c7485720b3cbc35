#include "around.h"

#include "core.h"

/* Two operations for each page, beside those for the one that was asked for and its tables. */
_Static_assert(2 * (AROUND_PAGES - 1) + 6 <= HF_OPERATIONS, "a list has room");

/* ---- pages of a module ---- */

static void module_left_out(void *context, const struct hf_operation *map) {
    struct ledger *ledger = context;
    (void)map;
    ledger_unshare(ledger, 1);
}

static void bring_aligned(struct request *request, uint64_t page, const struct region *region) {
    const uint64_t group = AROUND_PAGES * HF_PAGE_SIZE;
    uint64_t start = page & ~(group - 1), end = start + group;
    request->list.left_out = module_left_out;
    for (uint64_t at = start < region->start ? region->start : start; at < end && at < region->end;
         at += HF_PAGE_SIZE) {
        struct page_source source;
        if (at == page || region->backing->page(&region->data, at, false, &source) != HF_REASON_NONE) continue;
        if (!source.shared) continue;
        fault_plan_map(request, at, source.frame, region->rights & ~(unsigned)HF_WRITE);
        ledger_share(&request->task->process->ledger, 1);
    }
}

/* ---- a stack that grows ---- */

static void stack_left_out(void *context, const struct hf_operation *map) {
    core_must(core_object(HF_OP_RELEASE, map->frame, NULL));
    ledger_give(context, LEDGER_pages, map->frame);
}

/* How many pages this time: twice as many as the last time, if the task goes on where that ended. */
static unsigned how_many(struct task *task, uint64_t page, uint64_t lowest) {
    bool goes_on = page + HF_PAGE_SIZE == task->stack_down;
    unsigned count = goes_on && task->stack_pages < AROUND_PAGES ? 2 * task->stack_pages : task->stack_pages;
    uint64_t slot = page & ~(HF_RUN_SIZE - 1);
    uint64_t room = (page - (lowest > slot ? lowest : slot)) / HF_PAGE_SIZE + 1;
    count = goes_on ? count : 1;
    task->stack_pages = count > room ? (unsigned)room : count;
    task->stack_down = page - (task->stack_pages - 1) * HF_PAGE_SIZE;
    return task->stack_pages;
}

static void bring_down(struct request *request, uint64_t page, const struct region *region) {
    struct ledger *ledger = &request->task->process->ledger;
    struct list *list = &request->list;
    hf_frame_t frames[AROUND_PAGES];
    unsigned more = how_many(request->task, page, region->start) - 1;
    list->left_out = stack_left_out;
    if (more == 0 || ledger_pay(ledger, LEDGER_pages, more) != HF_OK) return;
    unsigned taken = ledger_frames_many(frames, more);
    ledger_unpay(ledger, LEDGER_pages, more - taken);
    const uint16_t rights = (uint16_t)region->rights;
    const hf_frame_t root = request->task->process->aspace.root;
    struct hf_operation *next = &list->operation[list->count];
    for (unsigned i = 0; i < taken; i++, next += 2) {
        page -= HF_PAGE_SIZE;
        next[0] = (struct hf_operation){.code = HF_OP_STAGE, .object = frames[i], .frame = HF_NO_FRAME};
        next[1] = (struct hf_operation){.code = HF_OP_MAP,
                                        .level = HF_LEVEL_PT,
                                        .rights = rights,
                                        .object = root,
                                        .address = page,
                                        .frame = frames[i]};
    }
    list->count += 2 * taken;
}

void around_start(struct task *task, uint64_t address) {
    task->stack_down = address;
    task->stack_pages = 1;
}

void around_bring(struct request *request, const struct fault *fault, const struct region *region) {
    uint64_t page = fault->address & ~(HF_PAGE_SIZE - 1);
    request->list.optional = request->list.count;
    request->list.context = &request->task->process->ledger;
    if (region->backing->around == AROUND_ALIGNED) {
        bring_aligned(request, page, region);
    } else {
        bring_down(request, page, region);
    }
}
