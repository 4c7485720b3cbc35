/* Endpoints: making and ending them. What happens at them is in ipc.c. */
#include "ipc.h"
#include "mmu.h"

#define WAKE_LIMIT 64u /* tasks that one operation lets go on */

hf_status_t mmu_endpoint_create(struct mmu *mmu, const struct hf_operation *operation,
                                struct hf_result *result) {
    if (!only_object(operation)) {
        return HF_BAD_ARGUMENT;
    }
    if (!frame_is(operation->object, HF_FRAME_FREE)) {
        return HF_BAD_FRAME;
    }
    if (!mmu_take_object(mmu, operation->object)) {
        return HF_AGAIN;
    }
    /* commit */
    frame_claim(operation->object, HF_FRAME_ENDPOINT);
    struct endpoint *endpoint = frame_pointer(operation->object);
    *endpoint = (struct endpoint){.serial = serial_next()};
    result->value[0] = endpoint->serial;
    return HF_OK;
}

/* Lets up to `limit` tasks of a queue go on with HF_DEAD. */
static unsigned drain(struct task_queue *queue, unsigned limit) {
    while (queue->first && limit > 0) {
        struct task *task = queue->first;
        queue_remove(queue, task);
        ipc_wake(task, HF_DEAD);
        limit--;
    }
    return limit;
}

hf_status_t mmu_endpoint_destroy(struct mmu *mmu, const struct hf_operation *operation,
                                 struct hf_result *result) {
    (void)result;
    struct endpoint *endpoint = endpoint_in(operation->object);
    if (!only_object(operation)) {
        return HF_BAD_ARGUMENT;
    }
    if (!endpoint) {
        return HF_BAD_FRAME;
    }
    if (!mmu_take_entries(mmu, WAKE_LIMIT)) {
        return HF_AGAIN;
    }
    /* commit */
    endpoint->serial = 0;
    drain(&endpoint->senders, drain(&endpoint->receivers, WAKE_LIMIT));
    if (endpoint->senders.first || endpoint->receivers.first) {
        return HF_AGAIN;
    }
    frame_release(operation->object);
    return HF_OK;
}
