#include "list.h"

#include <string.h>

#include "core.h"

struct hf_operation *list_add(struct list *list, enum hf_operation_code code) {
    core_check(list->count < HF_OPERATIONS);
    struct hf_operation *operation = &list->operation[list->count++];
    *operation = (struct hf_operation){.code = (uint8_t)code};
    return operation;
}

/* Puts what is left into the operation page; how many that are. */
static uint64_t load(const struct list *list, uint64_t done) {
    uint64_t left = list->count - done;
    memcpy(OPERATION_PAGE->operation, list->operation + done, left * sizeof(struct hf_operation));
    return left;
}

void list_run(const struct list *list) {
    uint64_t done = 0, more;
    hf_status_t status;
    do {
        status = hf_mmu(load(list, done), &more);
        done += more;
    } while (status == HF_AGAIN);
    core_must(status);
}

void list_reply_receive(const struct list *list, hf_handle_t from, struct hf_message *message,
                        struct hf_sender *sender) {
    uint64_t done = 0, more;
    hf_status_t status;
    do {
        status = hf_mmu_reply_receive(load(list, done), &more, from, message, sender);
        done += more;
    } while (status == HF_AGAIN);
    core_must(status);
}
