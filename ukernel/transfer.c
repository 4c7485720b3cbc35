#include "ipc.h"

hf_status_t transfer_check_more(const struct task *task, uint64_t tag) {
    const struct handle *handle;
    if (tag & TAG_CORE_LABEL) return HF_BAD_ARGUMENT;
    if (tag_bytes(tag) > HF_MESSAGE_BYTES) return HF_TOO_BIG;
    if (tag_bytes(tag) && !task->buffer) return HF_NOT_READY;
    return tag_handle(tag) ? handle_sendable(task, tag_handle(tag), &handle) : HF_OK;
}

static uint64_t transfer_bytes(const struct task *from, struct task *to, unsigned bytes) {
    if (!to->buffer) return HF_LOST;
    copy_bytes(to->buffer->bytes, from->buffer->bytes, bytes);
    return bytes;
}

/* Checked again here: a message that waited in a queue may have lost its handle to
 * another task that shares the table. (By itself: seldom needed, so the common case
 * doesn't make room for it.) */
__attribute__((noinline)) static uint64_t transfer_handle(const struct task *from, struct task *to, unsigned sent) {
    const struct handle *handle;
    uint64_t slot = to->buffer ? to->buffer->receive_slot : 0;
    if (slot == 0 || handle_sendable(from, sent, &handle) != HF_OK) return HF_LOST;
    if (handle_free_slot(to->handles, &slot) != HF_OK) return HF_LOST;
    to->handles[slot] = *handle;
    return slot;
}

uint64_t transfer_more(const struct task *from, struct task *to, uint64_t tag) {
    uint64_t bytes = tag_bytes(tag) ? transfer_bytes(from, to, tag_bytes(tag)) : 0;
    uint64_t handle = tag_handle(tag) ? transfer_handle(from, to, tag_handle(tag)) : 0;
    return (tag & TAG_LABEL) | bytes << TAG_BYTES_SHIFT | handle << TAG_HANDLE_SHIFT;
}
