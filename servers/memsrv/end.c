#include "end.h"

#include <string.h>

#include "core.h"
#include "jobs.h"
#include "large.h"
#include "last.h"
#include "name.h"
#include "pager.h"
#include "part.h"
#include "serve.h"
#include "source.h"
#include "thread.h"

#define INIT_NUMBER 1u /* the first that is spawned */

#define COST_STEP 600 /* of a step that is about one object */

static struct task *dying, **dying_end = &dying;
static struct task *latest; /* that this message has ended; not among them yet */

static void stop(struct task *task) {
    if (task->state == TASK_RUNNING) {
        hf_status_t status = core_object(HF_OP_TASK_STOP, task->task, NULL);
        core_check(status == HF_OK || status == HF_NOT_READY);
    }
}

static void append(struct task *task) {
    task->next = NULL;
    *dying_end = task;
    dying_end = &task->next;
}

void end_task(struct task *task, const struct hf_exit *why) {
    if (task->state == TASK_DYING || task->state == TASK_ENDED) {
        return;
    }
    task->exit = *why;
    task->exit.number = task->number;
    memcpy(task->exit.name, task->name, HF_NAME_BYTES);
    stop(task);
    task->state = TASK_DYING;
    large_drop(task);
    pager_forget(task);
    hold_cancel(task);
    if (task->process == task) {
        work_drop(task);
        task_resign(task);
    }
    if (latest) append(latest);
    latest = task;
}

void end_unborn(struct task *task) {
    task_leave_parent(task);
    end_task(task, &(struct hf_exit){.how = HF_EXIT_KILLED});
}

bool end_reaping(void) { return dying || latest; }

/* ---- Each of the following does a part, and says whether there is nothing more to do. ---- */

/* The IPC buffer goes back by whichever of its uses ends last: this, or its mapping. */
static bool reap_core_task(struct task *task) {
    struct hf_result result;
    struct hf_task_block block;
    struct ledger *ledger = &task->process->ledger;
    if (task->task == HF_NO_FRAME) {
        return true;
    }
    task_core_state(task, &block);
    task->exit.left.ticks = block.ticks;
    hf_status_t status = core_object(HF_OP_TASK_DESTROY, task->task, &result);
    if (status == HF_AGAIN) return false;
    core_must(status);
    if (task->buffer != HF_NO_FRAME && !part_buffer_region(task)) {
        ledger_unpay(ledger, LEDGER_objects, 1);
    }
    if (result.value[0] != HF_NO_FRAME) {
        ledger_frames_give(result.value[0], 0);
    }
    ledger_give(ledger, LEDGER_objects, task->task);
    task->task = HF_NO_FRAME;
    return true;
}

static void reap_handles(struct task *process) {
    if (process->handles != HF_NO_FRAME) {
        core_must(core_object(HF_OP_HANDLES_DESTROY, process->handles, NULL));
        ledger_give(&process->ledger, LEDGER_objects, process->handles);
        process->handles = HF_NO_FRAME;
    }
}

/* The threads come first, so that they are taken apart before what they use. */
static bool end_threads(struct task *process, int *cost) {
    for (struct task *thread = process->threads; thread && *cost > 0;
         thread = thread->next_thread, *cost -= COST_STEP) {
        end_task(thread, &(struct hf_exit){.how = HF_EXIT_KILLED});
    }
    return !process->threads;
}

/* Nobody asks any more why its children ended. */
static bool leave_children(struct task *process, int *cost) {
    for (struct task *child; (child = process->children); *cost -= COST_STEP) {
        if (*cost <= 0) return false;
        task_leave_parent(child);
        if (child->state == TASK_ENDED) {
            task_free(child);
        }
    }
    return true;
}

/* With the one for whom a quota was made, all end that live on it. */
static bool end_members(const struct task *process, int *cost) {
    struct quota *quota = process->ledger.quota;
    if (!process->ledger.owner) return true;
    for (; quota->members; *cost -= COST_STEP) {
        if (*cost <= 0) return false;
        end_task(quota->members, &(struct hf_exit){.how = HF_EXIT_KILLED});
    }
    return true;
}

static bool reap_process(struct task *process, int *cost) {
    if (!end_threads(process, cost) || !end_members(process, cost) || !leave_children(process, cost)) return false;
    name_drop_all(process);
    while (task_reap_endpoint(process)) {
        *cost -= COST_STEP;
        if (*cost <= 0) return false;
    }
    reap_handles(process);
    return aspace_destroy_part(&process->aspace, cost) && source_leave_all(process, cost);
}

/* What a fork has begun to copy stays as it is until that is done. */
static bool reap_part(struct task *task, int *cost) {
    bool is_thread = task->process != task;
    if (is_thread && task->process->work.kind == WORK_FORK) return false;
    *cost -= COST_STEP;
    if (!reap_core_task(task)) return false;
    if (!is_thread) return reap_process(task, cost);
    thread_reap(task);
    return true;
}

/* ---- and what comes of it ---- */

static void answer_waiters(struct task *task) {
    while (task->waiters.first) {
        memcpy(BUFFER->bytes, &task->exit, sizeof(task->exit));
        hold_answer(task->waiters.first, &(struct hf_message){.label = HF_OK, .bytes = sizeof(task->exit)});
    }
}

static void finish(struct task *task) {
    bool known = task->waiters.first != NULL;
    uint64_t ticks = task->exit.left.ticks;
    task->exit.left = ledger_show(&task->ledger, ticks);
    core_check(!task->threads);
    if (task->process == task) ledger_close(&task->ledger);
    if (task->number == INIT_NUMBER) {
        last_words("init has ended, so nobody is left to ask for anything");
    }
    task->state = TASK_ENDED;
    answer_waiters(task);
    if (known) {
        task_leave_parent(task);
    }
    if (!task->parent) {
        task_free(task);
    }
}

/* Whoever is not done yet has to wait until the others have had their turns. */
static void reap(struct task *task) {
    int cost = PART_COST;
    if (reap_part(task, &cost)) {
        finish(task);
    } else {
        append(task);
    }
}

void end_reap(void) {
    struct task *task = dying;
    if (!task) {
        end_reap_first();
        return;
    }
    dying = task->next;
    if (!dying) dying_end = &dying;
    reap(task);
}

void end_reap_first(void) {
    struct task *task = latest;
    if (!task) return;
    unsigned priority = task->priority;
    latest = NULL;
    reap(task);
    if (dying) jobs_wake(priority);
}

hf_status_t end_wait(struct task *task, struct task *asker) { return hold_in(asker, &task->waiters); }

void end_waited(struct task *task) {
    task_leave_parent(task);
    task_free(task);
}
