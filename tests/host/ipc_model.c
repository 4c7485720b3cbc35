#include "ipc_model.h"

#include <handoff/message.h>
#include <string.h>

struct model_task model_tasks[MODEL_TASKS];
struct model_endpoint model_endpoints[MODEL_ENDPOINTS];
struct model_handle model_tables[MODEL_TABLES][HF_HANDLE_COUNT];
unsigned (*model_receive_slot)(int task);
unsigned (*model_any_slot)(int task);

static struct model_handle *handle_of(int task, unsigned slot) {
    return slot > 0 && slot < HF_HANDLE_COUNT ? &model_tables[model_tasks[task].table][slot] : NULL;
}

static int take_first(int *queue, unsigned *count) {
    const int first = queue[0];
    --*count;
    memmove(queue, queue + 1, *count * sizeof queue[0]);
    return first;
}

static void take_out(int *queue, unsigned *count, int task) {
    unsigned kept = 0;
    for (unsigned i = 0; i < *count; i++) {
        if (queue[i] != task) {
            queue[kept++] = queue[i];
        }
    }
    *count = kept;
}

/* The task goes on with this, unless what it waited for was a fault's answer. */
static void wake(int task, struct model_message found) {
    struct model_task *it = &model_tasks[task];
    found.fault = it->state != RECEIVES && it->out.fault;
    it->state = RUNS;
    it->found = found;
    it->woken = true;
    it->out.fault = false;
}

static void wake_without(int task, hf_status_t status) { wake(task, (struct model_message){.status = status}); }

/* ---- what travels ---- */

static hf_status_t sendable(int task, unsigned slot) {
    const struct model_handle *handle = handle_of(task, slot);
    if (handle == NULL || handle->kind == HF_HANDLE_NONE || handle->kind == HF_HANDLE_REPLY) {
        return HF_BAD_HANDLE;
    }
    return handle->rights & HF_RIGHT_GRANT ? HF_OK : HF_DENIED;
}

static hf_status_t check(int task, const struct model_message *message) {
    if (message->label & HF_LABEL_CORE) {
        return HF_BAD_ARGUMENT;
    }
    if (message->bytes > HF_MESSAGE_BYTES) {
        return HF_TOO_BIG;
    }
    return message->handle ? sendable(task, message->handle) : HF_OK;
}

static unsigned free_slot(int task, unsigned wanted) {
    struct model_handle *handle;
    if (wanted != HF_SLOT_ANY) {
        handle = handle_of(task, wanted);
        return handle != NULL && handle->kind == HF_HANDLE_NONE ? wanted : 0;
    }
    for (unsigned slot = 1; slot < HF_HANDLE_COUNT; slot++) {
        if (handle_of(task, slot)->kind == HF_HANDLE_NONE) {
            return model_any_slot(task);
        }
    }
    return 0;
}

/* The message as it arrives. */
static struct model_message arrive(int from, int to, struct model_message message) {
    message.status = HF_OK;
    message.arrived = true;
    message.from = from;
    if (message.handle) {
        const unsigned wanted = model_receive_slot(to);
        const unsigned slot = wanted != 0 && sendable(from, message.handle) == HF_OK ? free_slot(to, wanted) : 0;
        if (slot != 0 && handle_of(to, slot)->kind == HF_HANDLE_NONE) {
            *handle_of(to, slot) = *handle_of(from, message.handle);
        }
        message.handle = slot != 0 ? slot : HF_LOST;
    }
    return message;
}

static void deliver(int sender, int receiver) {
    model_tasks[receiver].in_hand = sender;
    const struct model_message out = model_tasks[sender].out;
    model_tasks[receiver].state = RUNS;
    model_tasks[receiver].found = arrive(sender, receiver, out);
    model_tasks[receiver].found.call = true;
    model_tasks[receiver].woken = true;
    model_tasks[sender].state = WAITS_FOR_REPLY;
    model_tasks[sender].server = receiver;
    model_tasks[sender].held = false;
}

/* ---- calls ---- */

static hf_status_t endpoint_of(int task, unsigned slot, unsigned right, struct model_endpoint **endpoint,
                               uint64_t *badge) {
    const struct model_handle *handle = handle_of(task, slot);
    if (handle == NULL || handle->kind != HF_HANDLE_ENDPOINT) {
        return HF_BAD_HANDLE;
    }
    if (!(handle->rights & right)) {
        return HF_DENIED;
    }
    *endpoint = &model_endpoints[handle->endpoint];
    *badge = handle->badge;
    return (*endpoint)->generation == handle->generation ? HF_OK : HF_DEAD;
}

static void send(int task, struct model_endpoint *endpoint, struct model_message message) {
    struct model_task *it = &model_tasks[task];
    it->out = message;
    it->call++;
    if (endpoint->receiver_count > 0) {
        deliver(task, take_first(endpoint->receivers, &endpoint->receiver_count));
        return;
    }
    it->state = SENDS;
    it->at = (int)(endpoint - model_endpoints);
    endpoint->senders[endpoint->sender_count++] = task;
}

hf_status_t model_call(int task, unsigned slot, const struct model_message *message, bool wait) {
    struct model_endpoint *endpoint;
    struct model_message out = *message;
    hf_status_t status = endpoint_of(task, slot, HF_RIGHT_CALL, &endpoint, &out.badge);
    if (status == HF_OK) {
        status = check(task, message);
    }
    if (status == HF_OK && !wait && endpoint->receiver_count == 0) {
        status = HF_WOULD_BLOCK;
    }
    if (status != HF_OK) {
        return status;
    }
    send(task, endpoint, out);
    return HF_STATUS_COUNT;
}

static hf_status_t receive(int task, struct model_endpoint *endpoint, bool wait) {
    struct model_task *it = &model_tasks[task];
    if (endpoint->bits) {
        it->found = (struct model_message){.status = HF_OK, .arrived = true, .bits = true, .word = endpoint->bits};
        it->woken = true;
        endpoint->bits = 0;
        return HF_OK;
    }
    if (endpoint->sender_count > 0) {
        deliver(take_first(endpoint->senders, &endpoint->sender_count), task);
        return HF_OK;
    }
    if (!wait) {
        return HF_WOULD_BLOCK;
    }
    it->state = RECEIVES;
    it->at = (int)(endpoint - model_endpoints);
    endpoint->receivers[endpoint->receiver_count++] = task;
    return HF_STATUS_COUNT;
}

hf_status_t model_receive(int task, unsigned slot, bool wait) {
    struct model_endpoint *endpoint;
    uint64_t badge;
    if (model_tasks[task].in_hand != NOBODY) {
        return HF_BAD_CALL;
    }
    const hf_status_t status = endpoint_of(task, slot, HF_RIGHT_RECEIVE, &endpoint, &badge);
    return status == HF_OK ? receive(task, endpoint, wait) : status;
}

static void answer(int task, int caller, const struct model_message *message) {
    if (model_tasks[caller].out.fault) {
        wake_without(caller, HF_OK);
    } else {
        wake(caller, arrive(task, caller, *message));
    }
}

hf_status_t model_reply(int task, const struct model_message *message) {
    const int caller = model_tasks[task].in_hand;
    if (caller == NOBODY) {
        return HF_BAD_CALL;
    }
    const hf_status_t status = check(task, message);
    if (status != HF_OK) {
        return status;
    }
    model_tasks[task].in_hand = NOBODY;
    if (caller != GONE) {
        answer(task, caller, message);
    }
    return HF_OK;
}

hf_status_t model_reply_receive(int task, unsigned slot, const struct model_message *message, bool wait) {
    struct model_endpoint *endpoint;
    uint64_t badge;
    if (model_tasks[task].in_hand == NOBODY) {
        return HF_BAD_CALL;
    }
    hf_status_t status = check(task, message);
    if (status == HF_OK) {
        status = endpoint_of(task, slot, HF_RIGHT_RECEIVE, &endpoint, &badge);
    }
    if (status != HF_OK) {
        return status;
    }
    (void)model_reply(task, message);
    return receive(task, endpoint, wait);
}

hf_status_t model_hold(int task, unsigned slot) {
    const int caller = model_tasks[task].in_hand;
    if (caller == NOBODY) {
        return HF_BAD_CALL;
    }
    if (slot != HF_SLOT_ANY && handle_of(task, slot) == NULL) {
        return HF_BAD_HANDLE;
    }
    const unsigned at = free_slot(task, slot);
    if (at == 0) {
        return slot == HF_SLOT_ANY ? HF_NO_MEMORY : HF_EXISTS;
    }
    *handle_of(task, at) = (struct model_handle){.kind = HF_HANDLE_REPLY, .caller = caller};
    if (caller != GONE) {
        handle_of(task, at)->call = model_tasks[caller].call;
        model_tasks[caller].held = true;
    }
    model_tasks[task].in_hand = NOBODY;
    return HF_OK;
}

/* Takes the handle of a held call: its caller, or NOBODY when that has gone. */
static hf_status_t take_held(int task, struct model_handle *handle, int *caller) {
    const struct model_task *it = handle->caller == GONE ? NULL : &model_tasks[handle->caller];
    const bool waits = it != NULL && it->state == WAITS_FOR_REPLY && it->held && it->call == handle->call;
    if (waits && it->server != task) {
        return HF_DENIED;
    }
    *caller = waits ? handle->caller : NOBODY;
    handle->kind = HF_HANDLE_NONE;
    return HF_OK;
}

hf_status_t model_reply_held(int task, unsigned slot, const struct model_message *message) {
    struct model_handle *handle = handle_of(task, slot);
    int caller;
    if (handle == NULL || handle->kind != HF_HANDLE_REPLY) {
        return HF_BAD_HANDLE;
    }
    const hf_status_t status = take_held(task, handle, &caller);
    if (status != HF_OK) {
        return status;
    }
    if (caller == NOBODY) {
        return HF_DEAD;
    }
    answer(task, caller, message);
    return HF_OK;
}

hf_status_t model_close(int task, unsigned slot) {
    struct model_handle *handle = handle_of(task, slot);
    int caller = NOBODY;
    if (handle == NULL || handle->kind == HF_HANDLE_NONE) {
        return HF_BAD_HANDLE;
    }
    if (handle->kind == HF_HANDLE_REPLY) {
        const hf_status_t status = take_held(task, handle, &caller);
        if (status != HF_OK) {
            return status;
        }
    }
    handle->kind = HF_HANDLE_NONE;
    if (caller != NOBODY) {
        wake_without(caller, HF_DEAD);
    }
    return HF_OK;
}

hf_status_t model_notify(int task, unsigned slot) {
    struct model_endpoint *endpoint;
    uint64_t bits;
    const hf_status_t status = endpoint_of(task, slot, HF_RIGHT_NOTIFY, &endpoint, &bits);
    if (status != HF_OK) {
        return status;
    }
    endpoint->bits |= bits;
    if (endpoint->bits && endpoint->receiver_count > 0) {
        const int receiver = take_first(endpoint->receivers, &endpoint->receiver_count);
        wake(receiver, (struct model_message){.arrived = true, .bits = true, .word = endpoint->bits});
        endpoint->bits = 0;
    }
    return HF_OK;
}

void model_fault(int task, uint64_t address) {
    send(task, &model_endpoints[model_tasks[task].pager],
         (struct model_message){
             .fault = true, .label = (uint32_t)HF_LABEL_FAULT, .word = address, .badge = 0xf0000u + (unsigned)task});
}

/* ---- operations ---- */

void model_stop(int task) {
    struct model_task *it = &model_tasks[task];
    struct model_endpoint *endpoint = &model_endpoints[it->at];
    const enum model_state state = it->state;
    if (state == SENDS) {
        take_out(endpoint->senders, &endpoint->sender_count, task);
    } else if (state == RECEIVES) {
        take_out(endpoint->receivers, &endpoint->receiver_count, task);
    } else if (state == WAITS_FOR_REPLY && !it->held) {
        model_tasks[it->server].in_hand = GONE;
    }
    if (state != RUNS) {
        wake_without(task, HF_CANCELLED);
    }
    it->state = IS_STOPPED;
}

void model_destroy_task(int task) {
    struct model_task *it = &model_tasks[task];
    for (int other = 0; other < (int)MODEL_TASKS; other++) {
        if (model_tasks[other].state == WAITS_FOR_REPLY && model_tasks[other].server == task) {
            wake_without(other, HF_DEAD);
        }
    }
    it->in_hand = NOBODY;
    it->call++; /* what was held of it is nobody's */
}

void model_destroy_endpoint(int endpoint) {
    struct model_endpoint *it = &model_endpoints[endpoint];
    while (it->receiver_count > 0) {
        wake_without(take_first(it->receivers, &it->receiver_count), HF_DEAD);
    }
    while (it->sender_count > 0) {
        wake_without(take_first(it->senders, &it->sender_count), HF_DEAD);
    }
    it->generation++;
    it->bits = 0;
}
