#include "hold.h"

#include "core.h"
#include "task.h"

hf_status_t hold_call(struct task *task) {
    hf_handle_t reply = HF_SLOT_ANY;
    if (task->held.reply) return HF_OK;
    hf_status_t status = hf_hold(&reply);
    if (status == HF_OK) {
        task->held.reply = reply;
    }
    return status;
}

hf_status_t hold_in(struct task *task, struct task **list) {
    struct task **link = list;
    hf_status_t status = hold_call(task);
    if (status != HF_OK) return status;
    while (*link) {
        link = &(*link)->held.next;
    }
    *link = task;
    task->held.next = NULL;
    task->held.list = list;
    return HF_OK;
}

void hold_leave(struct task *task) {
    struct task **link = task->held.list;
    if (!link) return;
    while (*link != task) {
        link = &(*link)->held.next;
    }
    *link = task->held.next;
    task->held.list = NULL;
}

void hold_answer(struct task *task, const struct hf_message *message) {
    hold_leave(task);
    hf_status_t status = hf_reply_held(task->held.reply, message);
    core_check(status == HF_OK || status == HF_DEAD);
    task->held.reply = 0;
}

void hold_cancel(struct task *task) {
    hold_leave(task);
    if (task->held.reply) {
        core_must(hf_handle_close(task->held.reply));
        task->held.reply = 0;
    }
}
