#include "task.h"

#include <string.h>

#include "core.h"
#include "record.h"

/* A badge: kind in bits 0-3, index in 4-15, number above. */
#define BADGE_KIND_MASK 15ull
#define BADGE_INDEX_SHIFT 4
#define BADGE_NUMBER_SHIFT 16

#define TASKS 4096u
#define SERIAL_CHAINS 256u

hf_frame_t task_endpoint;

static struct task *tasks[TASKS];
static unsigned used;             /* indexes below this have had a record */
static struct task *free_records; /* linked by `next` */
static uint64_t last_number;
static struct task *serials[SERIAL_CHAINS]; /* linked by `same_serial` */

static struct record_pool records = {.bytes = sizeof(struct task)};
static struct record_pool owned_pool = {.bytes = sizeof(struct owned)};
_Static_assert(sizeof(struct task) <= HF_PAGE_SIZE, "records are made of pages");

void task_init(hf_frame_t endpoint) { task_endpoint = endpoint; }

/* ---- records ---- */

static struct task *take_record(void) {
    struct task *task = free_records;
    if (task) {
        free_records = task->next;
        unsigned index = task->index;
        memset(task, 0, sizeof(*task));
        task->index = index;
        return task;
    }
    if (used == TASKS || !(task = record_take(&records))) {
        return NULL;
    }
    task->index = used;
    tasks[used++] = task;
    return task;
}

struct task *task_new(struct task *parent) {
    struct task *task = take_record();
    if (!task) return NULL;
    task->state = TASK_BUILDING;
    task->number = ++last_number;
    task->process = task;
    task->task = task->handles = task->buffer = task->aspace.root = HF_NO_FRAME;
    task->parent = parent;
    if (parent) {
        task->sibling = parent->children;
        parent->children = task;
    }
    return task;
}

static struct task **chain_of(hf_serial_t serial) { return &serials[serial % SERIAL_CHAINS]; }

static void forget_serial(struct task *task) {
    struct task **link = chain_of(task->serial);
    while (*link && *link != task) {
        link = &(*link)->same_serial;
    }
    if (*link) {
        *link = task->same_serial;
    }
}

void task_free(struct task *task) {
    forget_serial(task);
    task->state = TASK_FREE;
    task->next = free_records;
    free_records = task;
}

void task_leave_parent(struct task *task) {
    if (!task->parent) {
        return;
    }
    struct task **link = &task->parent->children;
    while (*link != task) {
        link = &(*link)->sibling;
    }
    *link = task->sibling;
    task->parent = NULL;
}

/* ---- finding one ---- */

hf_badge_t task_badge(const struct task *task, enum badge_kind kind) {
    return task->number << BADGE_NUMBER_SHIFT | (uint64_t)task->index << BADGE_INDEX_SHIFT | kind;
}

struct task *task_of_badge(hf_badge_t badge, enum badge_kind *kind) {
    struct task *task = tasks[(badge >> BADGE_INDEX_SHIFT) % TASKS];
    *kind = (enum badge_kind)(badge & BADGE_KIND_MASK);
    return task && task->state != TASK_FREE && task->number == badge >> BADGE_NUMBER_SHIFT ? task : NULL;
}

void task_set_serial(struct task *task, hf_serial_t serial) {
    struct task **chain = chain_of(serial);
    task->serial = serial;
    task->same_serial = *chain;
    *chain = task;
}

struct task *task_of_serial(hf_serial_t serial) {
    struct task *task = *chain_of(serial);
    while (task && task->serial != serial) {
        task = task->same_serial;
    }
    return task;
}

struct task *task_from_index(unsigned index) {
    for (; index < used; index++) {
        if (tasks[index]->state != TASK_FREE) {
            return tasks[index];
        }
    }
    return NULL;
}

struct task *task_by_number(uint64_t number) {
    struct task *task = task_from_index(0);
    while (task && task->number != number) {
        task = task_from_index(task->index + 1);
    }
    return task;
}

void task_core_state(const struct task *task, struct hf_task_block *block) {
    core_must(core_object(HF_OP_TASK_GET, task->task, NULL));
    *block = OPERATION_PAGE->task;
}

/* ---- endpoints ---- */

hf_status_t task_own_endpoint(struct task *process, hf_frame_t *frame) {
    struct owned *owned = record_take(&owned_pool);
    if (!owned) {
        return HF_NO_MEMORY;
    }
    hf_status_t status = ledger_take(&process->ledger, LEDGER_OBJECTS, frame);
    if (status != HF_OK) {
        record_give(&owned_pool, owned);
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
        ledger_give(&process->ledger, LEDGER_OBJECTS, owned->frame);
        process->endpoints = owned->next;
        record_give(&owned_pool, owned);
    }
    return true;
}

/* Nobody has a handle to it yet, so nobody waits there. */
void task_disown_endpoint(struct task *process) { core_check(task_reap_endpoint(process)); }
