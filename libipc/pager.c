/* External pagers: what the process that made a pager says to memsrv. */
#include <ipc.h>
#include <mem.h>
#include <string.h>

static hf_status_t ask(hf_handle_t to, struct hf_message *message) {
    hf_status_t status = hf_call(to, message);
    return status == HF_OK ? (hf_status_t)message->label : status;
}

hf_status_t mem_pager_create(hf_handle_t *pager) {
    struct hf_message message = {.label = HF_MEM_PAGER_CREATE};
    hf_status_t status = ask(HF_SLOT_MEMSRV, &message);
    if (status == HF_OK) {
        *pager = (hf_handle_t)message.word[0];
    }
    return status;
}

hf_status_t mem_pager_next(hf_handle_t pager, struct hf_pager_request *request) {
    struct hf_message message = {.label = HF_MEM_PAGER_NEXT};
    hf_status_t status = ask(pager, &message);
    if (status == HF_OK) {
        memcpy(request, hf_buffer()->bytes, sizeof *request);
    }
    return status;
}

static hf_status_t supply(hf_handle_t pager, uint64_t id, const void *page) {
    struct hf_message message = {.label = HF_MEM_PAGER_SUPPLY, .word = {id, (uintptr_t)page}};
    return ask(pager, &message);
}

/* A page of the caller's that nobody has touched yet isn't there yet: memsrv says so, and waits for nobody. */
hf_status_t mem_pager_supply(hf_handle_t pager, uint64_t id, const void *page) {
    hf_status_t status = supply(pager, id, page);
    while (status == HF_NOT_MAPPED) {
        (void)*(const volatile char *)page;
        status = supply(pager, id, page);
    }
    return status;
}

static hf_status_t decide(hf_handle_t pager, enum hf_mem_label label, uint64_t id) {
    struct hf_message message = {.label = label, .word = {id}};
    return ask(pager, &message);
}

hf_status_t mem_pager_pass(hf_handle_t pager, uint64_t id) { return decide(pager, HF_MEM_PAGER_PASS, id); }

hf_status_t mem_pager_refuse(hf_handle_t pager, uint64_t id) { return decide(pager, HF_MEM_PAGER_REFUSE, id); }
