/* What many tests do. */
#include "objects.h"

hf_handle_t new_object(size_t length) {
    hf_handle_t object = 0;
    WANT_OK(mem_object_create(length, &object));
    return object;
}

hf_handle_t less_of(hf_handle_t handle, unsigned rights) {
    hf_handle_t less = 0;
    WANT_OK(mem_object_handle(handle, rights, &less));
    return less;
}

volatile uint8_t *map_object(hf_handle_t handle, uint64_t offset, size_t length, unsigned rights) {
    void *at = NULL;
    return WANT_OK(mem_object_map(handle, offset, length, rights, 0, &at)) ? at : NULL;
}

uint64_t frames_of(hf_handle_t handle) {
    uint64_t length = 0, frames = 0;
    WANT_OK(mem_object_stat(handle, &length, &frames));
    return frames;
}

hf_handle_t take_handle(unsigned role) {
    struct hf_message message = {0};
    hf_buffer()->receive_slot = HF_SLOT_ANY;
    WANT_NUMBER(take_report(&message), role);
    hf_buffer()->receive_slot = 0;
    WANT(message.handle != 0 && message.handle != HF_LOST);
    return message.handle;
}

/* ---- a role that does what it is told ---- */

int puppet(uint64_t rights) {
    struct hf_message message = {0};
    uint64_t length = 0, frames = 0;
    WANT_OK(mem_object_stat(SLOT_B, &length, &frames));
    volatile uint8_t *memory = map_object(SLOT_B, 0, length, (unsigned)rights);
    hf_status_t status = hf_receive(SLOT_A, &message, NULL);
    while (status == HF_OK && message.label != PUPPET_END) {
        struct hf_message reply = {0};
        if (message.label == PUPPET_READ) {
            reply.word[0] = memory[message.word[0]];
        } else if (message.label == PUPPET_WRITE) {
            memory[message.word[0]] = (uint8_t)message.word[1];
        } else {
            WANT_OK(mem_unmap((void *)(uintptr_t)memory, length));
        }
        message = reply;
        status = hf_reply_receive(SLOT_A, &message, NULL);
    }
    return (int)status;
}

static uint64_t tell(hf_handle_t endpoint, uint32_t label, uint64_t offset, uint64_t byte) {
    struct hf_message message = {.label = label, .word = {offset, byte}};
    WANT_OK(hf_call(endpoint, &message));
    return message.word[0];
}

uint8_t puppet_read(hf_handle_t endpoint, uint64_t offset) { return (uint8_t)tell(endpoint, PUPPET_READ, offset, 0); }

void puppet_write(hf_handle_t endpoint, uint64_t offset, uint8_t byte) { tell(endpoint, PUPPET_WRITE, offset, byte); }

void puppet_unmap(hf_handle_t endpoint) { tell(endpoint, PUPPET_UNMAP, 0, 0); }
