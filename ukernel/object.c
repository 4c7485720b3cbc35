#include "object.h"

hf_serial_t serial_next(void) {
    static hf_serial_t last;
    return ++last;
}

static void *object_in(hf_frame_t frame, enum hf_frame_type type) {
    return frame_is(frame, type) ? frame_pointer(frame) : NULL;
}

struct endpoint *endpoint_in(hf_frame_t frame) {
    return object_in(frame, HF_FRAME_ENDPOINT);
}

struct handle *handles_in(hf_frame_t frame) {
    return object_in(frame, HF_FRAME_HANDLES);
}

bool endpoint_alive(const struct endpoint *endpoint, hf_serial_t serial) {
    return endpoint && serial && frame_is(frame_of(endpoint), HF_FRAME_ENDPOINT) && endpoint->serial == serial;
}

bool task_alive(const struct task *task, hf_serial_t serial) {
    return task && frame_is(frame_of(task), HF_FRAME_TASK) && task->serial == serial;
}

/* The `previous` of a queue's first task is never read, so that taking the first one
 * out is two stores. */
void queue_append(struct task_queue *queue, struct task *task) {
    task->next = NULL;
    if (queue->first) {
        queue->last->next = task;
        task->previous = queue->last;
    } else {
        queue->first = task;
    }
    queue->last = task;
}

void queue_prepend(struct task_queue *queue, struct task *task) {
    task->next = queue->first;
    if (queue->first) {
        queue->first->previous = task;
    } else {
        queue->last = task;
    }
    queue->first = task;
}

void queue_remove(struct task_queue *queue, struct task *task) {
    if (queue->first == task) {
        queue->first = task->next;
        return;
    }
    task->previous->next = task->next;
    if (queue->last == task) {
        queue->last = task->previous;
    } else {
        task->next->previous = task->previous;
    }
}
