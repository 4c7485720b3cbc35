#include "task.h"

#include "core.h"
#include "directory.h"
#include "record.h"

#define CHAINS 1024u

hf_frame_t task_endpoint;

static struct directory directory;
static uint64_t last_number;
static struct task *serials[CHAINS]; /* linked by `same_serial` */
static struct task *numbers[CHAINS]; /* linked by `same_number` */

static struct record_pool records = {.bytes = sizeof(struct task)};
static struct record_pool owned_pool = {.bytes = sizeof(struct owned)};
_Static_assert(sizeof(struct task) <= RECORD_MOST, "records are made of pages");

void task_init(hf_frame_t endpoint) { task_endpoint = endpoint; }

/* ---- records ---- */

uint64_t task_next_number(void) { return ++last_number; }

/* Its parent's quota pays until somebody knows how it ended; that may be later than the parent's end. */
static struct task *take_record(struct quota *payer, uint64_t leave) {
    if (payer && quota_room(payer, sizeof(struct task), leave) != HF_OK) return NULL;
    struct task *task = record_take(&records);
    if (!task) return NULL;
    if (!directory_add(&directory, task, &task->index)) {
        record_give(&records, task);
        return NULL;
    }
    if (payer) {
        task->payer = quota_share(payer);
        quota_records(payer, sizeof(struct task));
    }
    return task;
}

hf_status_t task_why_not(const struct task *parent) {
    hf_status_t status = quota_room(parent->ledger.quota, sizeof(struct task), parent->ledger.leave);
    return status == HF_OK ? HF_NO_MEMORY : status;
}

struct task *task_new(struct task *parent) {
    struct task *task = take_record(parent ? parent->ledger.quota : NULL, parent ? parent->ledger.leave : 0);
    if (!task) return NULL;
    task->state = TASK_BUILDING;
    task->number = task_next_number();
    task->same_number = numbers[task->number % CHAINS];
    numbers[task->number % CHAINS] = task;
    task->process = task;
    task->task = task->handles = task->buffer = task->aspace.root = task->run = HF_NO_FRAME;
    task->parent = parent;
    if (parent) {
        task->sibling = parent->children;
        if (task->sibling) task->sibling->elder = task;
        parent->children = task;
    }
    return task;
}

static void forget_serial(struct task *task) {
    struct task **link = &serials[task->serial % CHAINS];
    while (*link && *link != task) {
        link = &(*link)->same_serial;
    }
    if (*link) {
        *link = task->same_serial;
    }
}

static void forget_number(struct task *task) {
    struct task **link = &numbers[task->number % CHAINS];
    while (*link != task) {
        link = &(*link)->same_number;
    }
    *link = task->same_number;
}

void task_free(struct task *task) {
    forget_serial(task);
    forget_number(task);
    directory_remove(&directory, task->index);
    if (task->payer) {
        quota_records(task->payer, -(int64_t)sizeof(struct task));
        quota_leave(task->payer);
    }
    record_give(&records, task);
}

void task_leave_parent(struct task *task) {
    if (!task->parent) return;
    *(task->elder ? &task->elder->sibling : &task->parent->children) = task->sibling;
    if (task->sibling) task->sibling->elder = task->elder;
    task->parent = task->elder = task->sibling = NULL;
}

void task_join(struct task *process, struct quota *quota) {
    process->member_of = quota;
    process->next_member = quota->members;
    if (process->next_member) process->next_member->previous_member = process;
    quota->members = process;
}

void task_resign(struct task *process) {
    if (!process->member_of) return;
    *(process->previous_member ? &process->previous_member->next_member : &process->member_of->members) =
        process->next_member;
    if (process->next_member) process->next_member->previous_member = process->previous_member;
    process->member_of = NULL;
    process->next_member = process->previous_member = NULL;
}

/* ---- finding one ---- */

hf_badge_t task_badge(const struct task *task, enum badge_kind kind) {
    return badge_make(task->number, task->index, 0, kind);
}

struct task *task_of_badge(hf_badge_t badge) {
    struct task *task = directory_at(&directory, badge_index(badge));
    return task && task->number == badge_number(badge) ? task : NULL;
}

void task_set_serial(struct task *task, hf_serial_t serial) {
    struct task **chain = &serials[serial % CHAINS];
    task->serial = serial;
    task->same_serial = *chain;
    *chain = task;
}

struct task *task_of_serial(hf_serial_t serial) {
    struct task *task = serials[serial % CHAINS];
    while (task && task->serial != serial) {
        task = task->same_serial;
    }
    return task;
}

struct task *task_by_number(uint64_t number) {
    struct task *task = numbers[number % CHAINS];
    while (task && task->number != number) {
        task = task->same_number;
    }
    return task;
}

struct task *task_from_index(unsigned *index) {
    for (unsigned scanned = 0; scanned < TASK_SCAN; scanned++, ++*index) {
        if (*index >= directory.used) {
            *index = 0;
            return NULL;
        }
        struct task *task = directory_at(&directory, *index);
        if (task) return task;
    }
    return NULL;
}

hf_status_t task_put_handle(const struct task *process, const struct task *made, unsigned *slot) {
    return core_put(process->handles, HF_SLOT_ANY, HF_PUT_ENDPOINT, task_endpoint, task_badge(made, BADGE_TASK),
                    HF_RIGHT_CALL | HF_RIGHT_GRANT, slot);
}

void task_core_state(const struct task *task, struct hf_task_block *block) {
    core_must(core_object(HF_OP_TASK_GET, task->task, NULL));
    *block = OPERATION_PAGE->task;
}

/* ---- endpoints ---- */

hf_status_t task_own_endpoint(struct task *process, hf_frame_t *frame) {
    struct ledger *ledger = &process->ledger;
    struct owned *owned = ledger_record(ledger, &owned_pool);
    if (!owned) return ledger_why_no_record(ledger, &owned_pool);
    hf_status_t status = ledger_take(ledger, LEDGER_objects, frame);
    if (status != HF_OK) {
        ledger_record_give(ledger, &owned_pool, owned);
        return status;
    }
    core_must(core_object(HF_OP_ENDPOINT_CREATE, *frame, NULL));
    owned->frame = *frame;
    owned->next = process->endpoints;
    process->endpoints = owned;
    return HF_OK;
}

bool task_reap_endpoint(struct task *process) {
    struct owned *owned = process->endpoints;
    if (!owned) return false;
    hf_status_t status = core_object(HF_OP_ENDPOINT_DESTROY, owned->frame, NULL);
    if (status != HF_AGAIN) {
        core_must(status);
        ledger_give(&process->ledger, LEDGER_objects, owned->frame);
        process->endpoints = owned->next;
        ledger_record_give(&process->ledger, &owned_pool, owned);
    }
    return true;
}

/* Nobody has a handle to it yet, so nobody waits there. */
void task_disown_endpoint(struct task *process) { core_check(task_reap_endpoint(process)); }
