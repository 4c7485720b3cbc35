#include "ipc.h"

#include "entry.h"
#include "walk.h"

struct fault_words ipc_fault_words(const struct task *task) {
    struct walk found = walk(task->cr3 >> HF_PAGE_SHIFT, task->fault_address, HF_LEVEL_PT);
    uint64_t refs = entry_present(*found.entry) ? frame_refs(entry_frame(*found.entry)) : 0;
    return (struct fault_words){found.entry->value, found.level | refs << 32};
}

/* The words that a fault's message brings are found when it is delivered, so that
 * the pager sees the page-table entry as it is then. */
static void compose_fault(const struct task *task, struct frame_registers *message) {
    bool page_fault = task->registers.vector == VECTOR_PAGE_FAULT;
    struct fault_words words = page_fault ? ipc_fault_words(task) : (struct fault_words){0, 0};
    message->rsi = page_fault ? HF_LABEL_FAULT : HF_LABEL_EXCEPTION;
    message->rdx = page_fault ? task->fault_address : task->registers.vector;
    message->r10 = task->registers.error;
    message->r8 = task->registers.rip;
    message->r9 = task->registers.rsp;
    message->r12 = words.entry;
    message->r13 = words.frame;
}

/* Gives a sender's message to a receiver that is in no queue; the sender waits
 * for the reply from now on. */
static inline void deliver(struct task *sender, struct task *receiver) {
    if (sender->slow & SLOW_FAULT) {
        compose_fault(sender, &receiver->registers);
    } else {
        transfer(sender, receiver);
    }
    receiver->registers.rdi = sender->send_badge;
    receiver->registers.rbx = sender->serial;
    receiver->registers.rax = HF_OK;
    receiver->registers.vector = ENTERED_BY_CALL;
    receiver->caller = sender;
    sender->server = receiver;
    sender->state = HF_TASK_WAITING;
    if (sender->effective > receiver->effective) receiver->effective = sender->effective;
}

static void deliver_bits(struct task *task, struct endpoint *endpoint) {
    struct frame_registers *message = &task->registers;
    message->rax = HF_OK;
    message->rsi = HF_LABEL_NOTIFICATION;
    message->rdx = endpoint->bits;
    message->rdi = message->rbx = message->r10 = message->r8 = message->r9 = message->r12 = message->r13 = 0;
    message->vector = ENTERED_BY_CALL;
    endpoint->bits = 0;
}

/* The current task waits in a queue of an endpoint. */
static void enqueue(struct task *task, struct endpoint *endpoint, struct task_queue *queue, enum hf_task_state state) {
    task->queued_at = endpoint;
    task->state = (uint8_t)state;
    queue_append(queue, task);
    processor.current = NULL;
}

/* Sends what the current task has to say: at once to a waiting receiver, which
 * then runs in its place (its priority is at least the sender's now), or later. */
static inline void send(struct task *task, struct endpoint *endpoint, hf_badge_t badge) {
    struct task *receiver = endpoint->receivers.first;
    task->send_badge = badge;
    if (!receiver) {
        enqueue(task, endpoint, &endpoint->senders, HF_TASK_SENDING);
        return;
    }
    queue_remove(&endpoint->receivers, receiver);
    deliver(task, receiver);
    receiver->state = HF_TASK_READY;
    processor.current = receiver;
}

/* Without HF_NOWAIT. */
static bool may_wait(const struct task *task) { return !(task->registers.rax & HF_NOWAIT); }

hf_status_t call_call(struct task *task) {
    const struct handle *to;
    hf_status_t status = handle_endpoint(task, task->registers.rdi, HF_RIGHT_CALL, &to);
    if (status == HF_OK) status = transfer_check(task, task->registers.rsi);
    if (status != HF_OK) return status;
    if (!may_wait(task) && !endpoint_of(to)->receivers.first) return HF_WOULD_BLOCK;
    /* commit */
    send(task, endpoint_of(to), to->badge);
    return HF_OK;
}

static inline hf_status_t receive(struct task *task, struct endpoint *endpoint) {
    struct task *sender = endpoint->senders.first;
    if (endpoint->bits) {
        deliver_bits(task, endpoint);
    } else if (sender) {
        queue_remove(&endpoint->senders, sender);
        deliver(sender, task);
    } else if (may_wait(task)) {
        enqueue(task, endpoint, &endpoint->receivers, HF_TASK_RECEIVING);
    } else {
        return HF_WOULD_BLOCK;
    }
    return HF_OK;
}

hf_status_t call_receive(struct task *task) {
    const struct handle *from;
    if (task->caller != NO_CALL) return HF_BAD_CALL;
    hf_status_t status = handle_endpoint(task, task->registers.rdi, HF_RIGHT_RECEIVE, &from);
    return status == HF_OK ? receive(task, endpoint_of(from)) : status;
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

/* Gives `caller`, which isn't READY yet, the message in the task's registers. */
static inline void answer(struct task *task, struct task *caller) {
    if (!(caller->slow & SLOW_FAULT)) {
        transfer(task, caller);
        caller->registers.rdi = caller->registers.rbx = 0;
    }
    set_result(caller, HF_OK);
}

/* Ends the call in hand: its caller, answered, or NULL when that has gone. */
static struct task *reply(struct task *task) {
    struct task *caller = task->caller;
    task->caller = NO_CALL;
    task->effective = task->priority;
    if (caller == GONE_CALL) return NULL;
    answer(task, caller);
    return caller;
}

hf_status_t call_reply(struct task *task) {
    if (task->caller == NO_CALL) return HF_BAD_CALL;
    hf_status_t status = transfer_check(task, task->registers.rsi);
    if (status != HF_OK) return status;
    /* commit */
    struct task *caller = reply(task);
    if (caller) schedule_ready_first(caller);
    return HF_OK;
}

hf_status_t ipc_check_reply_receive(const struct task *task, const struct handle **from) {
    if (task->caller == NO_CALL) return HF_BAD_CALL;
    hf_status_t status = transfer_check(task, task->registers.rsi);
    return status == HF_OK ? handle_endpoint(task, task->registers.rdi, HF_RIGHT_RECEIVE, from) : status;
}

hf_status_t call_reply_receive(struct task *task) {
    const struct handle *from;
    hf_status_t status = ipc_check_reply_receive(task, &from);
    if (status != HF_OK) return status;
    /* commit */
    struct endpoint *endpoint = endpoint_of(from); /* a handle that the reply brings can't move it */
    struct task *caller = reply(task);
    status = receive(task, endpoint);
    if (caller) schedule_ready_first(caller);
    return status;
}

hf_status_t call_hold(struct task *task) {
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

/* Ends a held call: its caller, out of the list of those that are held, or NULL when
 * it has stopped waiting. HF_DENIED when another task holds it. */
static hf_status_t take_held(struct task *task, struct handle *handle, struct task **taken) {
    struct task *caller = (struct task *)handle->object;
    bool waits = caller && task_alive(caller, handle->serial) && caller->cancelled == handle->badge &&
                 caller->state == HF_TASK_WAITING;
    if (waits && caller->server != task) return HF_DENIED;
    /* commit */
    handle->kind = HF_HANDLE_NONE;
    if (waits) queue_remove(&task->held, caller);
    *taken = waits ? caller : NULL;
    return HF_OK;
}

hf_status_t call_reply_held(struct task *task) {
    struct handle *handle = handle_in(task, task->registers.rdi);
    struct task *caller;
    if (!handle || handle->kind != HF_HANDLE_REPLY) return HF_BAD_HANDLE;
    hf_status_t status = transfer_check(task, task->registers.rsi);
    if (status == HF_OK) status = take_held(task, handle, &caller);
    if (status != HF_OK) return status;
    if (!caller) return HF_DEAD; /* the slot was good for this one reply all the same */
    answer(task, caller);
    schedule_ready_first(caller);
    return HF_OK;
}

hf_status_t ipc_drop_held(struct task *task, struct handle *handle) {
    struct task *caller;
    hf_status_t status = take_held(task, handle, &caller);
    if (status == HF_OK && caller) ipc_wake(caller, HF_DEAD);
    return status;
}

void ipc_set_bits(struct endpoint *endpoint, uint64_t bits) {
    struct task *receiver = endpoint->receivers.first;
    endpoint->bits |= bits;
    if (!receiver || !endpoint->bits) return;
    queue_remove(&endpoint->receivers, receiver);
    deliver_bits(receiver, endpoint);
    schedule_ready(receiver);
}

hf_status_t call_notify(struct task *task) {
    const struct handle *to;
    hf_status_t status = handle_endpoint(task, task->registers.rdi, HF_RIGHT_NOTIFY, &to);
    /* commit */
    if (status == HF_OK) ipc_set_bits(endpoint_of(to), to->badge);
    return status;
}

bool ipc_raise(struct task *task) {
    if (task->pager.kind == HF_HANDLE_NONE) return false;
    if (!endpoint_alive(endpoint_of(&task->pager), task->pager.serial)) {
        processor.current = NULL;
        task->state = HF_TASK_STOPPED;
        return true;
    }
    task->slow |= SLOW_FAULT;
    send(task, endpoint_of(&task->pager), task->pager.badge);
    return true;
}

void ipc_wake(struct task *task, hf_status_t status) {
    set_result(task, status);
    schedule_ready_first(task);
}

void ipc_cancel(struct task *task) {
    if (task->state == HF_TASK_SENDING) {
        queue_remove(&task->queued_at->senders, task);
    } else if (task->state == HF_TASK_RECEIVING) {
        queue_remove(&task->queued_at->receivers, task);
    } else if (task->server->caller == task) {
        task->server->caller = GONE_CALL;
        schedule_set_effective(task->server, task->server->priority);
    } else {
        queue_remove(&task->server->held, task);
    }
    task->cancelled++;
    set_result(task, HF_CANCELLED);
}

/* The count tells its REPLY handle, which may outlive this, from a later call. */
static void abandon(struct task *caller) {
    caller->cancelled++;
    ipc_wake(caller, HF_DEAD);
}

bool ipc_abandon(struct task *task, unsigned limit) {
    if (task->caller != NO_CALL && task->caller != GONE_CALL) abandon(task->caller);
    task->caller = NO_CALL;
    for (; task->held.first && limit > 0; limit--) {
        struct task *caller = task->held.first;
        queue_remove(&task->held, caller);
        abandon(caller);
    }
    return !task->held.first;
}
