/* Endpoints: making and ending them. What happens at them is in ipc.c. */
#include "ipc.h"
#include "mmu.h"

#define WAKE_LIMIT 64u /* tasks that one operation lets go on */

hf_status_t mmu_endpoint_create(struct mmu *mmu, const struct hf_operation *op, struct hf_result *result) {
    struct endpoint *endpoint = mmu_create(mmu, op->object, HF_FRAME_ENDPOINT);
    if (!endpoint) return HF_AGAIN;
    endpoint->serial = result->value[0] = serial_next();
    return HF_OK;
}

/* Lets up to `limit` tasks of a queue go on with HF_DEAD; how many more it could be. */
static unsigned drain(struct task_queue *queue, unsigned limit) {
    for (; queue->first && limit > 0; limit--) {
        struct task *task = queue->first;
        queue_remove(queue, task);
        ipc_wake(task, HF_DEAD);
    }
    return limit;
}

hf_status_t mmu_endpoint_destroy(struct mmu *mmu, const struct hf_operation *op, struct hf_result *) {
    struct endpoint *endpoint = frame_pointer(op->object);
    if (!mmu_take_entries(mmu, WAKE_LIMIT)) return HF_AGAIN;
    /* commit */
    endpoint->serial = 0;
    drain(&endpoint->senders, drain(&endpoint->receivers, WAKE_LIMIT));
    if (endpoint->senders.first || endpoint->receivers.first) return HF_AGAIN;
    frame_release(op->object);
    return HF_OK;
}
