#include "list.h"

#include <string.h>

#include "core.h"

/* Puts what is left into the operation page; how many that are. */
static uint64_t load(const struct list *list, uint64_t done) {
    uint64_t left = list->count - done;
    memcpy(OPERATION_PAGE->operation, list->operation + done, left * sizeof(struct hf_operation));
    return left;
}

/* What stopped the list, if it goes on: how many operations are dealt with. */
static uint64_t go_on(const struct list *list, uint64_t done, hf_status_t status) {
    if (status == HF_EXISTS && done >= list->optional && done < list->count) {
        list->left_out(list->context, &list->operation[done]);
        return done + 1;
    }
    core_check(status == HF_AGAIN);
    return done;
}

void list_run(const struct list *list) {
    uint64_t done = 0, more;
    hf_status_t status;
    while ((status = hf_mmu(load(list, done), &more)) != HF_OK) {
        done = go_on(list, done + more, status);
    }
}

void list_reply_receive(const struct list *list, hf_handle_t from, struct hf_message *message,
                        struct hf_sender *sender) {
    uint64_t done = 0, more;
    hf_status_t status;
    if (list->count == 0) {
        core_must(hf_reply_receive(from, message, sender));
        return;
    }
    while ((status = hf_mmu_reply_receive(load(list, done), &more, from, message, sender)) != HF_OK) {
        done = go_on(list, done + more, status);
    }
}
