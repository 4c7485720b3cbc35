/* A list of MMU operations to be asked for together. It stands in memsrv's own memory:
 * what the core has done with the operation page is lost there, also of the operation
 * that one entry had no room for any more. */
#pragma once

#include <ipc.h>
#include <mmu.h>

struct list {
    unsigned count;
    unsigned optional; /* from this one on, a MAP where something is mapped already is left out */
    /* Told which MAP that was. */
    void (*left_out)(void *context, const struct hf_operation *map);
    void *context;
    struct hf_operation operation[HF_OPERATIONS];
};

/* Nothing in it, and nothing optional. */
static inline void list_clear(struct list *list) {
    list->count = 0;
    list->optional = HF_OPERATIONS;
}

/* One more; there must be room. */
static inline void list_add(struct list *list, const struct hf_operation *operation) {
    list->operation[list->count++] = *operation;
}

/* Has all of them done, in as many calls as it takes. None may be refused, but for optional ones. */
void list_run(const struct list *list);

/* The same, with hf_reply_receive in the last call. */
void list_reply_receive(const struct list *list, hf_handle_t from, struct hf_message *message,
                        struct hf_sender *sender);
