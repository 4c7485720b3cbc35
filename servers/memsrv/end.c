#include "end.h"

#include <string.h>

#include "core.h"
#include "last.h"
#include "name.h"
#include "serve.h"
#include "thread.h"

#define INIT_NUMBER 1u /* the first that is spawned */

static struct task *dying, **dying_end = &dying;

/* Nobody asks any more why its children ended. */
static void leave_children(struct task *task) {
    while (task->children) {
        struct task *child = task->children;
        task_leave_parent(child);
        if (child->state == TASK_ENDED) {
            task_free(child);
        }
    }
}

static void stop(struct task *task) {
    if (task->state == TASK_RUNNING) {
        hf_status_t status = core_object(HF_OP_TASK_STOP, task->task, NULL);
        core_check(status == HF_OK || status == HF_NOT_READY);
    }
}

/* The threads come first, so that they are taken apart before what they use. */
static void end_process(struct task *process) {
    for (struct task *thread = process->threads; thread; thread = thread->next_thread) {
        end_task(thread, &(struct hf_exit){.how = HF_EXIT_KILLED});
    }
    work_drop(process);
    name_drop_all(process);
    leave_children(process);
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
    hold_cancel(task);
    if (task->process == task) {
        end_process(task);
    }
    task->next = NULL;
    *dying_end = task;
    dying_end = &task->next;
}

bool end_reaping(void) { return dying != NULL; }

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
    if (result.value[0] != HF_NO_FRAME) {
        ledger_give(ledger, LEDGER_PAGES, result.value[0]);
    }
    ledger_give(ledger, LEDGER_OBJECTS, task->task);
    task->task = HF_NO_FRAME;
    return true;
}

static void reap_handles(struct task *process) {
    if (process->handles != HF_NO_FRAME) {
        core_must(core_object(HF_OP_HANDLES_DESTROY, process->handles, NULL));
        ledger_give(&process->ledger, LEDGER_OBJECTS, process->handles);
        process->handles = HF_NO_FRAME;
    }
}

static bool reap_process(struct task *process) {
    if (task_reap_endpoint(process)) return false;
    reap_handles(process);
    return aspace_destroy_part(&process->aspace);
}

static bool reap_part(struct task *task) {
    if (!reap_core_task(task)) return false;
    if (task->process == task) return reap_process(task);
    thread_reap(task);
    return true;
}

/* ---- and what comes of it ---- */

static void answer_waiters(struct task *task) {
    while (task->waiters) {
        memcpy(BUFFER->bytes, &task->exit, sizeof(task->exit));
        hold_answer(task->waiters, &(struct hf_message){.label = HF_OK, .bytes = sizeof(task->exit)});
    }
}

static void finish(struct task *task) {
    bool known = task->waiters != NULL;
    uint64_t ticks = task->exit.left.ticks;
    task->exit.left = ledger_show(&task->ledger, ticks);
    core_check(task->ledger.sum == 0 && !task->threads);
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

void end_abandon(struct task *task) {
    stop(task);
    while (!reap_part(task)) {
    }
    end_waited(task);
}

void end_reap(void) {
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

hf_status_t end_wait(struct task *task, struct task *asker) { return hold_in(asker, &task->waiters); }

void end_waited(struct task *task) {
    task_leave_parent(task);
    task_free(task);
}
