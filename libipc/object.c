/* Shared objects: requests that go through an object's handle, or a pager's, to memsrv. */
#include <ipc.h>
#include <mem.h>

static hf_status_t ask(hf_handle_t to, struct hf_message *message) {
    hf_status_t status = hf_call(to, message);
    return status == HF_OK ? (hf_status_t)message->label : status;
}

static hf_status_t ask_for_handle(hf_handle_t to, struct hf_message *message, hf_handle_t *handle) {
    hf_status_t status = ask(to, message);
    if (status == HF_OK) {
        *handle = (hf_handle_t)message->word[0];
    }
    return status;
}

hf_status_t mem_object_create(size_t length, hf_handle_t *object) {
    struct hf_message message = {.label = HF_MEM_OBJECT_CREATE, .word = {length}};
    return ask_for_handle(HF_SLOT_MEMSRV, &message, object);
}

hf_status_t mem_object_handle(hf_handle_t object, unsigned rights, hf_handle_t *less) {
    struct hf_message message = {.label = HF_MEM_OBJECT_HANDLE, .word = {rights}};
    return ask_for_handle(object, &message, less);
}

hf_status_t mem_object_map(hf_handle_t handle, uint64_t offset, size_t length, unsigned rights, unsigned flags,
                           void **at) {
    uint64_t address = flags & HF_MAP_FIXED ? (uintptr_t)*at : 0;
    struct hf_message message = {.label = HF_MEM_OBJECT_MAP, .word = {address, length, rights, flags, offset}};
    hf_status_t status = ask(handle, &message);
    if (status == HF_OK) {
        *at = (void *)message.word[0];
    }
    return status;
}

hf_status_t mem_object_stat(hf_handle_t object, uint64_t *length, uint64_t *frames) {
    struct hf_message message = {.label = HF_MEM_OBJECT_STAT};
    hf_status_t status = ask(object, &message);
    if (status == HF_OK) {
        *length = message.word[0];
        *frames = message.word[1];
    }
    return status;
}
