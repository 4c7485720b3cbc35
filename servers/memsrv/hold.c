#include "hold.h"

#include "core.h"
#include "task.h"

#define SLOTS 124u /* of memsrv's own handle table: what its endpoint, its worker and a try (name.c) leave */

static unsigned held_count;

hf_status_t hold_call(struct task *task) {
    hf_handle_t reply = HF_SLOT_ANY;
    const struct ledger *ledger = &task->process->ledger;
    struct quota *quota = ledger->quota;
    if (task->held.reply) return HF_OK;
    bool is_init = ledger->owner && !quota->parent;
    if (held_count == SLOTS || (!is_init && quota->held >= SLOTS - held_count)) return HF_NO_MEMORY;
    core_must(hf_hold(&reply));
    task->held.reply = reply;
    quota->held++;
    held_count++;
    return HF_OK;
}

static void no_call(struct task *task) {
    task->held.reply = 0;
    task->process->ledger.quota->held--;
    held_count--;
}

static void append(struct task *task, struct waiters *list) {
    task->held.list = list;
    task->held.next = NULL;
    task->held.previous = list->last;
    if (list->last) {
        list->last->held.next = task;
    } else {
        list->first = task;
    }
    list->last = task;
}

hf_status_t hold_in(struct task *task, struct waiters *list) {
    hf_status_t status = hold_call(task);
    if (status == HF_OK) {
        append(task, list);
    }
    return status;
}

void hold_fault(struct task *task, struct waiters *list) {
    core_must(core_object(HF_OP_TASK_STOP, task->task, NULL));
    task->held.stopped = true;
    append(task, list);
}

void hold_leave(struct task *task) {
    struct held *held = &task->held;
    if (!held->list) return;
    *(held->next ? &held->next->held.previous : &held->list->last) = held->previous;
    *(held->previous ? &held->previous->held.next : &held->list->first) = held->next;
    held->list = NULL;
}

void hold_move(struct task *task, struct waiters *list) {
    hold_leave(task);
    append(task, list);
}

void hold_answer(struct task *task, const struct hf_message *message) {
    hold_leave(task);
    if (task->held.stopped) {
        task->held.stopped = false;
        core_must(core_object(HF_OP_TASK_START, task->task, NULL));
        return;
    }
    hf_status_t status = hf_reply_held(task->held.reply, message);
    core_check(status == HF_OK || status == HF_DEAD);
    no_call(task);
}

void hold_cancel(struct task *task) {
    hold_leave(task);
    task->held.stopped = false;
    if (task->held.reply) {
        core_must(hf_handle_close(task->held.reply));
        no_call(task);
    }
}
