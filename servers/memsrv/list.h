/* A list of MMU operations to be asked for together. It stands in memsrv's own memory:
 * what the core has done with the operation page is lost there, also of the operation
 * that one entry had no room for any more. */
#pragma once

#include <ipc.h>
#include <mmu.h>

struct list {
    unsigned count;
    struct hf_operation operation[HF_OPERATIONS];
};

/* One more, with nothing but its code. */
struct hf_operation *list_add(struct list *list, enum hf_operation_code code);

/* Has all of them done, in as many calls as it takes. None may be refused. */
void list_run(const struct list *list);

/* The same, with hf_reply_receive in the last call. */
void list_reply_receive(const struct list *list, hf_handle_t from, struct hf_message *message,
                        struct hf_sender *sender);
