/* MMU operations in few words. */
#pragma once

#include <handoff/boot.h>
#include <mmu.h>
#include <stdbool.h>

struct operation_kind {
    const char *name;
    unsigned object; /* enum hf_frame_type that its object must have; HF_FRAME_TYPE_COUNT for any */
    unsigned fields; /* enum hf_operation_field: those that it uses */
};
extern const struct operation_kind operation_kinds[HF_OP_COUNT];

/* This program's operation page. */
#define PAGE_OF_OPERATIONS ((struct hf_operation_page *)HF_MEMSRV_OPERATIONS)

/* ON(RELEASE, frame, .count = ...): the fields not named are zero. */
#define ON(op, what, ...) ((struct hf_operation){.code = HF_OP_##op, .object = (what), ##__VA_ARGS__})
#define STAGED(what) ON(STAGE, what, .frame = HF_NO_FRAME)
#define STAGED_RUN(what) ON(STAGE, what, .level = HF_WHOLE_RUN, .frame = HF_NO_FRAME)
#define COPIED(what, source) ON(STAGE, what, .frame = (source), .count = HF_PAGE_SIZE)
#define LEAF(op, aspace, at, ...) ON(op, aspace, .level = HF_LEVEL_PT, .address = (at), ##__VA_ARGS__)
#define LARGE(op, aspace, at, ...) ON(op, aspace, .level = HF_LEVEL_PD, .address = (at), ##__VA_ARGS__)
#define READ_WRITE (HF_READ | HF_WRITE)
#define MAPPED(aspace, at, what, right) LEAF(MAP, aspace, at, .rights = (right), .frame = (what))
#define MAPPED_RUN(aspace, at, what, right) LARGE(MAP, aspace, at, .rights = (right), .frame = (what))
#define TABLE(table_level, aspace, at, what) \
    ON(TABLE_INSTALL, aspace, .level = HF_LEVEL_##table_level, .address = (at), .frame = (what))
#define NO_TABLE(table_level, aspace, at) ON(TABLE_REMOVE, aspace, .level = HF_LEVEL_##table_level, .address = (at))
#define PUT(table, slot, kind, what, badge, right) \
    ON(HANDLE_PUT, table, .level = HF_PUT_##kind, .count = (slot), .frame = (what), .address = (badge), \
       .rights = (right))

/* What was done may have been refused, and it makes no difference. */
static inline void either_way(hf_status_t status) { (void)status; }

/* The operation in a list of its own, so that it may use the page's second half. */
static inline hf_status_t do_listed(struct hf_operation operation, struct hf_result *result) {
    uint64_t done;
    PAGE_OF_OPERATIONS->operation[0] = operation;
    hf_status_t status = hf_mmu(1, &done);
    *result = PAGE_OF_OPERATIONS->result[0];
    return status;
}

/* Again and again until it is no longer HF_AGAIN. */
static inline hf_status_t do_all(struct hf_operation operation) {
    struct hf_result result;
    hf_status_t status;
    do {
        status = do_listed(operation, &result);
    } while (status == HF_AGAIN);
    return status;
}

/* Something that this program needs, for whatever it is about to do. */
void must(struct hf_operation operation);

/* Maps a page with the tables this takes, which come from the pool. */
void must_map(hf_frame_t aspace, uint64_t address, hf_frame_t frame, unsigned rights);
