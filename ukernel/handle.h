/* Handle tables. */
#pragma once

#include "object.h"

/* What a task without a handle table has: nothing. */
extern struct handle handle_none[HF_HANDLE_COUNT];

/* The slot of the task's table, or NULL when the number is out of range. Slot 0 never
 * has a handle. */
static inline struct handle *handle_in(const struct task *task, uint64_t slot) {
    return slot < HF_HANDLE_COUNT ? &task->handles[slot] : NULL;
}

/* Turns HF_SLOT_ANY into a free slot. HF_BAD_HANDLE: out of range; HF_EXISTS:
 * taken; HF_NO_MEMORY: none is free. */
hf_status_t handle_free_slot(const struct handle *table, uint64_t *slot);

static inline struct endpoint *endpoint_of(const struct handle *handle) { return (struct endpoint *)handle->object; }

/* The handle, if it names a living endpoint and has the right: HF_BAD_HANDLE,
 * HF_DENIED or HF_DEAD. */
static inline hf_status_t handle_endpoint(const struct task *task, uint64_t slot, unsigned right,
                                          const struct handle **handle) {
    *handle = handle_in(task, slot);
    if (!*handle || (*handle)->kind != HF_HANDLE_ENDPOINT) return HF_BAD_HANDLE;
    if (!((*handle)->rights & right)) return HF_DENIED;
    return endpoint_alive(endpoint_of(*handle), (*handle)->serial) ? HF_OK : HF_DEAD;
}

/* The handle of this kind, with the USE right: HF_BAD_HANDLE or HF_DENIED. */
hf_status_t handle_use(const struct task *task, uint64_t slot, enum hf_handle_kind kind, const struct handle **handle);

/* The handle, if it may travel with a message: HF_BAD_HANDLE, HF_DENIED without GRANT. */
hf_status_t handle_sendable(const struct task *task, uint64_t slot, const struct handle **handle);
