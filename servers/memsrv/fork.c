#include "fork.h"

#include <string.h>

#include "core.h"
#include "end.h"
#include "large.h"
#include "part.h"
#include "record.h"

/* What a process may have to be forked in one message. */
#define SMALL_PAGES 64u
#define SMALL_REGIONS 24u

enum cost {
    COST_TABLE = 1200,
    COST_CLONE = 4000,
    COST_LEAF = 25,
    COST_REGION = 500,
};

enum phase {
    PHASE_PAY,
    PHASE_TABLES,
    PHASE_REGIONS,
    PHASE_TASK,
    PHASE_DONE,
};

struct fork {
    struct task *child;
    enum phase phase;
    unsigned level;            /* TABLES: which of them */
    const struct table *table; /* the next of those */
    uint64_t address;          /* REGIONS: from where on */
    uint64_t buffer;           /* where the child has its IPC buffer: as the task that forks */
    struct hf_registers registers;
};

static struct record_pool pool = {.bytes = sizeof(struct fork)};
static struct list list;

/* ---- page tables ---- */

static void plan(enum hf_operation_code code, unsigned level, hf_frame_t root, uint64_t address, unsigned rights,
                 hf_frame_t frame) {
    list_add(&list, &(struct hf_operation){.code = (uint8_t)code,
                                           .level = (uint8_t)level,
                                           .rights = (uint16_t)rights,
                                           .object = root,
                                           .address = address,
                                           .frame = frame});
}

static hf_status_t copy_large(struct aspace *from, struct aspace *to, const struct table *large) {
    unsigned rights = region_find(&from->regions, large->address)->rights & ~(unsigned)HF_WRITE;
    if (!table_add(to, large->address, TABLE_LARGE, large->frame)) return table_why_not(to);
    plan(HF_OP_PROTECT, HF_LEVEL_PD, from->root, large->address, rights, 0);
    plan(HF_OP_MAP, HF_LEVEL_PD, to->root, large->address, rights, large->frame);
    return HF_OK;
}

static hf_status_t copy_table(struct aspace *from, struct aspace *to, const struct table *table) {
    hf_frame_t frame;
    hf_status_t status = aspace_take_table(to, table->address, table->level, &frame);
    if (status != HF_OK) return status;
    list_add(&list, &(struct hf_operation){.code = HF_OP_TABLE_INSTALL,
                                           .level = (uint8_t)table->level,
                                           .object = to->root,
                                           .address = table->address,
                                           .frame = frame});
    if (table->level == HF_LEVEL_PT) {
        list_add(&list, &(struct hf_operation){
                            .code = HF_OP_CLONE, .object = from->root, .address = table->address, .frame = to->root});
    }
    return HF_OK;
}

/* From the highest level down, and pages of 2 MiB at last. */
static hf_status_t copy_tables(struct aspace *from, struct aspace *to, struct fork *fork, int *cost) {
    hf_status_t status = HF_OK;
    list_clear(&list);
    while (status == HF_OK && *cost > 0 && list.count + 2 <= HF_OPERATIONS) {
        const struct table *table = fork->table;
        if (!table) {
            if (fork->level == TABLE_LARGE) break;
            fork->table = from->tables[--fork->level];
            continue;
        }
        fork->table = table->next;
        status = table->level == TABLE_LARGE ? copy_large(from, to, table) : copy_table(from, to, table);
        *cost -= table->level == HF_LEVEL_PT ? COST_CLONE + COST_LEAF * (int)HF_RUN_FRAMES : COST_TABLE;
    }
    list_run(&list);
    if (status == HF_OK && !fork->table && fork->level == TABLE_LARGE) {
        fork->phase = PHASE_REGIONS;
        to->partial = false;
    }
    return status;
}

/* ---- regions ---- */

/* A parent's IPC buffers are not for the child. */
static void unmap_buffer(struct aspace *to, uint64_t address) {
    if (core_unmap(to->root, address) == HF_OK) {
        ledger_unpay(to->ledger, LEDGER_pages, 1);
    }
}

static hf_status_t copy_region(struct aspace *to, const struct region *region) {
    if (region->backing == &backing_buffer) {
        unmap_buffer(to, region->start);
        return HF_OK;
    }
    hf_status_t status = aspace_region_room(to);
    if (status == HF_OK) {
        status = region_add(&to->regions, region);
    }
    if (status == HF_OK && region->backing->share) {
        region->backing->share(&region->data, region->end - region->start);
    }
    aspace_note_regions(to);
    return status;
}

static hf_status_t copy_regions(const struct aspace *from, struct aspace *to, struct fork *fork, int *cost) {
    for (; *cost > 0; *cost -= COST_REGION) {
        const struct region *region = region_from(&from->regions, fork->address);
        if (!region) {
            fork->phase = PHASE_TASK;
            return HF_OK;
        }
        hf_status_t status = copy_region(to, region);
        if (status != HF_OK) return status;
        fork->address = region->end;
    }
    return HF_OK;
}

/* ---- the page that both write at once ---- */

/* The top of the stack, on which parent and child go on: it is copied now, which spares both a fault. That is no
 * more than an attempt. */
static void copy_stack_page(struct aspace *from, struct aspace *to, uint64_t address) {
    const struct region *region = region_find(&to->regions, address);
    hf_frame_t copy;
    struct hf_result result;
    address &= ~(HF_PAGE_SIZE - 1);
    if (!region || region->backing != &backing_stack || region->rights != (HF_READ | HF_WRITE)) return;
    core_must(
        core_do(&(struct hf_operation){.code = HF_OP_TRANSLATE, .object = from->root, .address = address}, &result));
    if (result.detail != HF_LEVEL_PT || !(result.value[0] & 1) || ledger_frames(0, &copy) != HF_OK) return;
    hf_frame_t frame = core_entry_frame(result.value[0]);
    core_must(core_stage(copy, frame, 0, HF_PAGE_SIZE, 0));
    list_clear(&list);
    plan(HF_OP_UNMAP, HF_LEVEL_PT, to->root, address, 0, 0);
    plan(HF_OP_MAP, HF_LEVEL_PT, to->root, address, HF_READ | HF_WRITE, copy);
    list_add(&list, &(struct hf_operation){.code = HF_OP_QUERY, .level = HF_QUERY_FRAMES, .count = 1, .object = frame});
    list_run(&list);
    if (OPERATION_PAGE->entries[0].refs > 1) return; /* older children have it too */
    list_clear(&list);
    plan(HF_OP_PROTECT, HF_LEVEL_PT, from->root, address, HF_READ | HF_WRITE, 0);
    list_run(&list);
}

/* ---- the child ---- */

static hf_status_t pay(struct task *process, struct fork *fork) {
    struct ledger *parents = &process->ledger, *childs = &fork->child->ledger;
    if (large_pending_for(process)) return HF_OK; /* what is on its way comes first */
    hf_status_t status = ledger_pay(childs, LEDGER_pages, parents->held[LEDGER_pages]);
    if (status != HF_OK) return status;
    ledger_share(childs, parents->held[LEDGER_shared]);
    process->aspace.forked = fork->child->aspace.forked = fork->child->aspace.partial = true;
    fork->phase = PHASE_TABLES;
    fork->level = HF_LEVEL_PML4;
    return HF_OK;
}

static hf_status_t start_child(struct task *process, struct fork *fork, struct work *work) {
    struct task *child = fork->child;
    unsigned slot;
    if (!region_is_free(&child->aspace.regions, fork->buffer, fork->buffer + HF_PAGE_SIZE)) return HF_EXISTS;
    hf_status_t status = part_buffer(child, fork->buffer);
    if (status == HF_OK) {
        status = part_task(child, &fork->registers);
    }
    if (status != HF_OK) return status;
    copy_stack_page(&process->aspace, &child->aspace, fork->registers.rsp);
    child->state = TASK_RUNNING;
    status = task_put_handle(process, child, &slot);
    if (status != HF_OK) return status;
    work->word[0] = slot;
    work->word[1] = child->number;
    fork->phase = PHASE_DONE;
    return HF_OK;
}

static hf_status_t step(struct task *process, struct fork *fork, struct work *work, int *cost) {
    struct aspace *from = &process->aspace, *to = &fork->child->aspace;
    switch (fork->phase) {
    case PHASE_PAY:
        *cost -= COST_TABLE;
        return pay(process, fork);
    case PHASE_TABLES:
        return copy_tables(from, to, fork, cost);
    case PHASE_REGIONS:
        return copy_regions(from, to, fork, cost);
    default:
        *cost -= COST_CLONE;
        return start_child(process, fork, work);
    }
}

void fork_part(struct task *process, struct work *work) {
    struct fork *fork = work->fork;
    int cost = PART_COST;
    while (cost > 0 && fork->phase != PHASE_DONE && work->status == HF_OK) {
        enum phase before = fork->phase;
        work->status = step(process, fork, work, &cost);
        if (before == PHASE_PAY && fork->phase == before) break;
    }
    if (work->status != HF_OK) {
        fork_drop(fork);
    } else if (fork->phase == PHASE_DONE) {
        record_give(&pool, fork);
    } else {
        return;
    }
    work->at = work->end;
}

/* What it has got so far is taken apart like any task. */
void fork_drop(struct fork *fork) {
    end_unborn(fork->child);
    record_give(&pool, fork);
}

/* ---- beginning ---- */

static hf_status_t make_handles(const struct task *process, struct task *child) {
    struct hf_result result;
    hf_status_t status = part_object(child, HF_OP_HANDLES_CREATE, &child->handles, NULL);
    if (status != HF_OK) return status;
    core_must(
        core_do(&(struct hf_operation){.code = HF_OP_HANDLES_COPY, .object = child->handles, .frame = process->handles},
                &result));
    return core_put(child->handles, HF_SLOT_MEMSRV, HF_PUT_ENDPOINT, task_endpoint, task_badge(child, BADGE_SELF),
                    HF_RIGHT_CALL, NULL);
}

static struct task *make_child(const struct task *asker) {
    struct task *process = asker->process;
    struct task *child = task_new(process);
    if (!child) return NULL;
    ledger_open(&child->ledger, quota_share(process->ledger.quota), false);
    task_join(child, process->ledger.quota);
    memcpy(child->name, process->name, HF_NAME_BYTES);
    child->priority = asker->priority;
    child->inspect = process->inspect;
    child->place = process->place;
    child->stack_down = asker->stack_down;
    child->stack_pages = asker->stack_pages;
    pager_inherit(child, process);
    return child;
}

static hf_status_t begin(const struct task *process, struct task *child) {
    hf_status_t status = make_handles(process, child);
    return status == HF_OK ? aspace_create(&child->aspace, &child->ledger) : status;
}

static hf_status_t admit(struct task *asker) {
    const struct task *process = asker->process;
    bool small = process->ledger.held[LEDGER_pages] + process->ledger.held[LEDGER_shared] <= SMALL_PAGES &&
                 process->aspace.regions.count <= SMALL_REGIONS && !large_pending_for(process);
    return small ? HF_OK : hold_call(asker);
}

hf_status_t fork_serve(struct request *request) {
    const uint64_t *word = request->message.word;
    struct task *asker = request->asker;
    if (word[0] >= HF_USER_END || word[1] > HF_USER_END || word[2] >= HF_USER_END) return HF_BAD_ADDRESS;
    hf_status_t status = admit(asker);
    if (status != HF_OK) return status;
    struct fork *fork = record_take(&pool);
    struct task *child = fork ? make_child(asker) : NULL;
    if (!child) {
        if (fork) record_give(&pool, fork);
        return fork ? task_why_not(asker->process) : HF_NO_MEMORY;
    }
    *fork = (struct fork){.child = child,
                          .buffer = asker->buffer_address,
                          .registers = {.rip = word[0], .rsp = word[1], .fs_base = word[2]}};
    status = begin(asker->process, child);
    if (status != HF_OK) {
        fork_drop(fork);
        return status;
    }
    struct work work = {.kind = WORK_FORK, .end = 1, .fork = fork};
    status = work_start(asker, &work);
    request->message.word[0] = asker->process->work.word[0];
    request->message.word[1] = asker->process->work.word[1];
    return status;
}
