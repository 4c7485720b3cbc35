#include "ipc.h"

#include "handle.h"
#include "schedule.h"
#include "transfer.h"
#include "walk.h"

#define VECTOR_PAGE_FAULT 14

/* The words that a fault's message brings, found when it is delivered, so that
 * the pager sees the entry as it is then. */
static void compose_page_fault(const struct task *task, struct frame_registers *message) {
    struct walk found = walk(task->cr3 >> HF_PAGE_SHIFT, task->fault_address, HF_LEVEL_PT);
    uint64_t entry = found.entry->value;
    const struct hf_frame_entry *frame =
        (entry & ENTRY_PRESENT) ? frame_entry(entry_frame(*found.entry)) : NULL;

    message->rsi = HF_LABEL_CORE | (uint32_t)HF_LABEL_FAULT;
    message->rdx = task->fault_address;
    message->r10 = task->registers.error;
    message->r8 = task->registers.rip;
    message->r9 = task->registers.rsp;
    message->r12 = entry;
    message->r13 = found.level | (frame ? (uint64_t)frame->refs << 32 : 0);
}

static void compose_exception(const struct task *task, struct frame_registers *message) {
    message->rsi = HF_LABEL_CORE | (uint32_t)HF_LABEL_EXCEPTION;
    message->rdx = task->registers.vector;
    message->r10 = task->registers.error;
    message->r8 = task->registers.rip;
    message->r9 = task->registers.rsp;
    message->r12 = 0;
    message->r13 = 0;
}

static void compose(struct task *sender, struct task *receiver) {
    if (!(sender->slow & SLOW_FAULT)) {
        transfer(sender, receiver);
    } else if (sender->registers.vector == VECTOR_PAGE_FAULT) {
        compose_page_fault(sender, &receiver->registers);
    } else {
        compose_exception(sender, &receiver->registers);
    }
}

/* Gives a sender's message to a receiver that is in no queue; the sender waits
 * for the reply from now on. */
static void deliver(struct task *sender, struct task *receiver, hf_badge_t badge) {
    compose(sender, receiver);
    receiver->registers.rdi = badge;
    receiver->registers.rbx = sender->serial;
    receiver->registers.rax = HF_OK;
    receiver->registers.vector = ENTERED_BY_CALL;
    receiver->caller = sender;
    sender->server = receiver;
    sender->state = HF_TASK_WAITING;
    if (sender->effective > receiver->effective) {
        receiver->effective = sender->effective;
    }
}

static void deliver_bits(struct task *task, struct endpoint *endpoint) {
    struct frame_registers *message = &task->registers;
    *message = (struct frame_registers){
        .rax = HF_OK, .rsi = HF_LABEL_CORE | (uint32_t)HF_LABEL_NOTIFICATION, .rdx = endpoint->bits,
        .rbp = message->rbp, .vector = ENTERED_BY_CALL, .rip = message->rip, .cs = message->cs,
        .rflags = message->rflags, .rsp = message->rsp, .ss = message->ss};
    endpoint->bits = 0;
}

/* Sends what the current task has to say: at once to a waiting receiver, which
 * then runs in its place (its priority is at least the sender's now), or later. */
static void send(struct task *task, struct endpoint *endpoint, hf_badge_t badge) {
    struct task *receiver = endpoint->receivers.first;
    if (receiver) {
        queue_remove(&endpoint->receivers, receiver);
        deliver(task, receiver, badge);
        receiver->state = HF_TASK_READY;
        processor.current = receiver;
        return;
    }
    task->send_badge = badge;
    task->queued_at = endpoint;
    task->state = HF_TASK_SENDING;
    queue_append(&endpoint->senders, task);
    processor.current = NULL;
}

hf_status_t ipc_call(struct task *task, bool wait) {
    struct endpoint *endpoint;
    hf_badge_t badge;
    hf_status_t status = handle_endpoint(task, task->registers.rdi, HF_RIGHT_CALL, &endpoint, &badge);
    if (status == HF_OK) {
        status = transfer_check(task, task->registers.rsi);
    }
    if (status == HF_OK && !wait && !endpoint->receivers.first) {
        status = HF_WOULD_BLOCK;
    }
    if (status != HF_OK) {
        return status;
    }
    /* commit */
    send(task, endpoint, badge);
    return HF_OK;
}

static hf_status_t check_receive(const struct task *task, struct endpoint **endpoint) {
    hf_badge_t badge;
    return handle_endpoint(task, task->registers.rdi, HF_RIGHT_RECEIVE, endpoint, &badge);
}

static hf_status_t receive(struct task *task, struct endpoint *endpoint, bool wait) {
    struct task *sender = endpoint->senders.first;
    if (endpoint->bits) {
        deliver_bits(task, endpoint);
    } else if (sender) {
        queue_remove(&endpoint->senders, sender);
        deliver(sender, task, sender->send_badge);
    } else if (!wait) {
        return HF_WOULD_BLOCK;
    } else {
        task->queued_at = endpoint;
        task->state = HF_TASK_RECEIVING;
        queue_append(&endpoint->receivers, task);
        processor.current = NULL;
    }
    return HF_OK;
}

hf_status_t ipc_receive(struct task *task, bool wait) {
    struct endpoint *endpoint;
    hf_status_t status = task->caller != NO_CALL ? HF_BAD_CALL : check_receive(task, &endpoint);
    return status == HF_OK ? receive(task, endpoint, wait) : status;
}

/* Answers `caller` with the message in the task's registers. */
static void answer(struct task *task, struct task *caller) {
    if (!(caller->slow & SLOW_FAULT)) {
        transfer(task, caller);
    }
    ipc_wake(caller, HF_OK);
}

static void reply(struct task *task) {
    struct task *caller = task->caller;
    task->caller = NO_CALL;
    task->effective = task->priority;
    if (caller != GONE_CALL) {
        answer(task, caller);
    }
}

static hf_status_t check_reply(const struct task *task) {
    return task->caller == NO_CALL ? HF_BAD_CALL : transfer_check(task, task->registers.rsi);
}

hf_status_t ipc_reply(struct task *task) {
    hf_status_t status = check_reply(task);
    if (status == HF_OK) {
        /* commit */
        reply(task);
    }
    return status;
}

hf_status_t ipc_check_reply_receive(struct task *task) {
    struct endpoint *endpoint;
    hf_status_t status = check_reply(task);
    return status == HF_OK ? check_receive(task, &endpoint) : status;
}

hf_status_t ipc_reply_receive(struct task *task, bool wait) {
    struct endpoint *endpoint;
    hf_status_t status = check_reply(task);
    if (status == HF_OK) {
        status = check_receive(task, &endpoint);
    }
    if (status != HF_OK) {
        return status;
    }
    /* commit */
    reply(task);
    return receive(task, endpoint, wait);
}

hf_status_t ipc_hold(struct task *task) {
    struct task *caller = task->caller;
    uint64_t slot = task->registers.rdi;
    if (caller == NO_CALL) return HF_BAD_CALL;
    hf_status_t status = handle_free_slot(task->handles, &slot);
    if (status != HF_OK) return status;
    /* commit */
    struct handle held = {.kind = HF_HANDLE_REPLY};
    if (caller != GONE_CALL) {
        held.object = (uint64_t)caller;
        held.serial = caller->serial;
        held.badge = caller->cancelled;
        queue_append(&task->held, caller);
    }
    task->handles[slot] = held;
    task->caller = NO_CALL;
    task->effective = task->priority;
    task->registers.rsi = slot;
    return HF_OK;
}

/* The caller that a REPLY handle names, or NULL when it no longer waits. */
static struct task *held_caller(const struct handle *handle) {
    struct task *caller = (struct task *)handle->object;
    bool waits = task_alive(caller, handle->serial) && caller->cancelled == handle->badge &&
                 caller->state == HF_TASK_WAITING;
    return waits ? caller : NULL;
}

hf_status_t ipc_reply_held(struct task *task) {
    struct handle *handle = handle_in(task, task->registers.rdi);
    if (!handle || handle->kind != HF_HANDLE_REPLY) {
        return HF_BAD_HANDLE;
    }
    struct task *caller = held_caller(handle);
    if (caller && caller->server != task) return HF_DENIED;
    hf_status_t status = transfer_check(task, task->registers.rsi);
    if (status != HF_OK) return status;
    /* commit */
    handle->kind = HF_HANDLE_NONE;
    if (!caller) {
        return HF_DEAD; /* the slot was good for this one reply all the same */
    }
    queue_remove(&task->held, caller);
    answer(task, caller);
    return HF_OK;
}

hf_status_t ipc_drop_held(struct task *task, struct handle *handle) {
    struct task *caller = held_caller(handle);
    if (caller && caller->server != task) {
        return HF_DENIED;
    }
    /* commit */
    handle->kind = HF_HANDLE_NONE;
    if (caller) {
        queue_remove(&task->held, caller);
        ipc_wake(caller, HF_DEAD);
    }
    return HF_OK;
}

void ipc_set_bits(struct endpoint *endpoint, uint64_t bits) {
    struct task *receiver = endpoint->receivers.first;
    endpoint->bits |= bits;
    if (receiver && endpoint->bits) {
        queue_remove(&endpoint->receivers, receiver);
        deliver_bits(receiver, endpoint);
        schedule_ready(receiver);
    }
}

hf_status_t ipc_notify(struct task *task) {
    struct endpoint *endpoint;
    hf_badge_t bits;
    hf_status_t status = handle_endpoint(task, task->registers.rdi, HF_RIGHT_NOTIFY, &endpoint, &bits);
    if (status == HF_OK) {
        /* commit */
        ipc_set_bits(endpoint, bits);
    }
    return status;
}

bool ipc_raise(struct task *task) {
    if (!task->pager) {
        return false;
    }
    if (!endpoint_alive(task->pager, task->pager_serial)) {
        processor.current = NULL;
        task->state = HF_TASK_STOPPED;
        return true;
    }
    task->slow |= SLOW_FAULT;
    send(task, task->pager, task->pager_badge);
    return true;
}

void ipc_unlink(struct task *task) {
    if (task->state == HF_TASK_SENDING) {
        queue_remove(&task->queued_at->senders, task);
    } else if (task->state == HF_TASK_RECEIVING) {
        queue_remove(&task->queued_at->receivers, task);
    } else if (task->server->caller == task) {
        task->server->caller = GONE_CALL;
        task->cancelled++;
    } else {
        queue_remove(&task->server->held, task);
        task->cancelled++;
    }
}

/* Not a word of the message's registers changes: a fault's are the task's own. */
static void set_result(struct task *task, hf_status_t status) {
    if (task->slow & SLOW_FAULT) {
        task->slow &= (uint8_t)~SLOW_FAULT;
    } else {
        task->registers.rax = status;
        task->registers.vector = ENTERED_BY_CALL;
    }
}

void ipc_wake(struct task *task, hf_status_t status) {
    set_result(task, status);
    schedule_ready_first(task);
}

void ipc_cancel(struct task *task) {
    ipc_unlink(task);
    set_result(task, HF_CANCELLED);
}

bool ipc_abandon(struct task *task, unsigned limit) {
    if (task->caller != NO_CALL && task->caller != GONE_CALL) {
        ipc_wake(task->caller, HF_DEAD);
    }
    task->caller = NO_CALL;
    for (; task->held.first; limit--) {
        if (limit == 0) return false;
        struct task *caller = task->held.first;
        queue_remove(&task->held, caller);
        ipc_wake(caller, HF_DEAD);
    }
    return true;
}
