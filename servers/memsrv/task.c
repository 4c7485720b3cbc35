#include "task.h"

#include <string.h>

#include "core.h"
#include "last.h"
#include "own.h"
#include "record.h"
#include "serve.h"
#include "work.h"

/* A badge: kind in bits 0-3, index in 4-15, number above. */
#define BADGE_KIND_MASK 15ull
#define BADGE_INDEX_SHIFT 4
#define BADGE_NUMBER_SHIFT 16

#define TASKS 4096u
#define INIT_NUMBER 1u /* the first that is spawned */

hf_frame_t task_endpoint;

static struct task *tasks[TASKS];
static unsigned used;             /* indexes below this have had a record */
static struct task *free_records; /* linked by `next` */
static struct task *dying, **dying_end = &dying;
static uint64_t last_number;

static struct record_pool records = {.bytes = sizeof(struct task)};
static struct record_pool waiters = {.bytes = sizeof(struct waiter)};
static struct record_pool owned_pool = {.bytes = sizeof(struct owned)};

void task_init(hf_frame_t endpoint) { task_endpoint = endpoint; }

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

static void free_record(struct task *task) {
    task->state = TASK_FREE;
    task->next = free_records;
    free_records = task;
}

struct task *task_new(struct task *parent) {
    struct task *task = take_record();
    if (!task) return NULL;
    task->state = TASK_BUILDING;
    task->number = ++last_number;
    task->task = task->handles = task->buffer = task->aspace.root = HF_NO_FRAME;
    task->parent = parent;
    if (parent) {
        task->sibling = parent->children;
        parent->children = task;
    }
    return task;
}

hf_badge_t task_badge(const struct task *task, enum badge_kind kind) {
    return task->number << BADGE_NUMBER_SHIFT | (uint64_t)task->index << BADGE_INDEX_SHIFT | kind;
}

struct task *task_of_badge(hf_badge_t badge, enum badge_kind *kind) {
    struct task *task = tasks[(badge >> BADGE_INDEX_SHIFT) % TASKS];
    *kind = (enum badge_kind)(badge & BADGE_KIND_MASK);
    return task && task->state != TASK_FREE && task->number == badge >> BADGE_NUMBER_SHIFT ? task : NULL;
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

/* ---- The end ---- */

static void leave_parent(struct task *task) {
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

/* Nobody asks any more why its children ended. */
static void leave_children(struct task *task) {
    while (task->children) {
        struct task *child = task->children;
        leave_parent(child);
        if (child->state == TASK_ENDED) {
            free_record(child);
        }
    }
}

static void stop(struct task *task) {
    if (task->state == TASK_RUNNING) {
        hf_status_t status = core_object(HF_OP_TASK_STOP, task->task, NULL);
        core_check(status == HF_OK || status == HF_NOT_READY);
    }
}

void task_end(struct task *task, const struct hf_exit *why) {
    if (task->state == TASK_DYING || task->state == TASK_ENDED) {
        return;
    }
    task->exit = *why;
    task->exit.number = task->number;
    memcpy(task->exit.name, task->name, HF_NAME_BYTES);
    stop(task);
    task->state = TASK_DYING;
    work_cancel(task);
    leave_children(task);
    task->next = NULL;
    *dying_end = task;
    dying_end = &task->next;
}

bool task_reaping(void) { return dying != NULL; }

/* The IPC buffer goes back by whichever of its uses ends last: this, or its mapping. */
static void give_buffer(struct task *task, uint64_t frame) {
    if (frame != HF_NO_FRAME) {
        ledger_give(&task->ledger, LEDGER_PAGES, frame);
    }
}

/* Each of the following does a part, and says whether there is nothing more to do. */

static bool reap_core_task(struct task *task) {
    struct hf_result result;
    struct hf_task_block block;
    if (task->task == HF_NO_FRAME) {
        return true;
    }
    task_core_state(task, &block);
    task->exit.left.ticks = block.ticks;
    hf_status_t status = core_object(HF_OP_TASK_DESTROY, task->task, &result);
    if (status == HF_AGAIN) return false;
    core_must(status);
    give_buffer(task, result.value[0]);
    ledger_give(&task->ledger, LEDGER_OBJECTS, task->task);
    task->task = HF_NO_FRAME;
    return true;
}

static bool reap_endpoints(struct task *task) {
    struct owned *owned = task->endpoints;
    if (!owned) return true;
    hf_status_t status = core_object(HF_OP_ENDPOINT_DESTROY, owned->frame, NULL);
    if (status != HF_AGAIN) {
        core_must(status);
        ledger_give(&task->ledger, LEDGER_OBJECTS, owned->frame);
        task->endpoints = owned->next;
        record_give(&owned_pool, owned);
    }
    return false;
}

static bool reap_handles(struct task *task) {
    if (task->handles != HF_NO_FRAME) {
        core_must(core_object(HF_OP_HANDLES_DESTROY, task->handles, NULL));
        ledger_give(&task->ledger, LEDGER_OBJECTS, task->handles);
        task->handles = HF_NO_FRAME;
    }
    return true;
}

static void answer_waiters(struct task *task) {
    while (task->waiters) {
        struct waiter *waiter = task->waiters;
        task->waiters = waiter->next;
        serve_exit_record(waiter->reply, &task->exit);
        record_give(&waiters, waiter);
    }
}

static void finish(struct task *task) {
    bool known = task->waiters != NULL;
    uint64_t ticks = task->exit.left.ticks;
    task->exit.left = ledger_show(&task->ledger, ticks);
    core_check(task->ledger.sum == 0);
    if (task->number == INIT_NUMBER) {
        last_words("init has ended, so nobody is left to ask for anything");
    }
    task->state = TASK_ENDED;
    answer_waiters(task);
    if (known) {
        leave_parent(task);
    }
    if (!task->parent) {
        free_record(task);
    }
}

static bool reap_part(struct task *task) {
    return reap_core_task(task) && reap_endpoints(task) && reap_handles(task) && aspace_destroy_part(&task->aspace);
}

void task_abandon(struct task *task) {
    stop(task);
    while (!reap_part(task)) {
    }
    leave_parent(task);
    free_record(task);
}

void task_reap(void) {
    struct task *task = dying;
    if (!reap_part(task)) {
        return;
    }
    dying = task->next;
    if (!dying) {
        dying_end = &dying;
    }
    finish(task);
}

hf_status_t task_wait(struct task *task, bool *held) {
    *held = false;
    if (task->state == TASK_ENDED) {
        return HF_OK;
    }
    struct waiter *waiter = record_take(&waiters);
    if (!waiter) return HF_NO_MEMORY;
    waiter->reply = HF_SLOT_ANY;
    hf_status_t status = hf_hold(&waiter->reply);
    if (status != HF_OK) {
        record_give(&waiters, waiter);
        return status;
    }
    waiter->next = task->waiters;
    task->waiters = waiter;
    *held = true;
    return HF_OK;
}

void task_waited(struct task *task) {
    leave_parent(task);
    free_record(task);
}

hf_status_t task_own_endpoint(struct task *task, hf_frame_t *frame) {
    struct owned *owned = record_take(&owned_pool);
    if (!owned) {
        return HF_NO_MEMORY;
    }
    hf_status_t status = ledger_take(&task->ledger, LEDGER_OBJECTS, frame);
    if (status != HF_OK) {
        record_give(&owned_pool, owned);
        return status;
    }
    core_must(core_object(HF_OP_ENDPOINT_CREATE, *frame, NULL));
    owned->frame = *frame;
    owned->next = task->endpoints;
    task->endpoints = owned;
    return HF_OK;
}

void task_disown_endpoint(struct task *task) {
    struct owned *owned = task->endpoints;
    core_must(core_object(HF_OP_ENDPOINT_DESTROY, owned->frame, NULL));
    ledger_give(&task->ledger, LEDGER_OBJECTS, owned->frame);
    task->endpoints = owned->next;
    record_give(&owned_pool, owned);
}

void task_core_state(const struct task *task, struct hf_task_block *block) {
    core_must(core_object(HF_OP_TASK_GET, task->task, NULL));
    *block = OPERATION_PAGE->task;
}
