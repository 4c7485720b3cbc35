/* MMU operations: one function for each, in the file of what it works on.
 *
 * Every one decides first and changes afterwards: up to the line that says
 * "commit" nothing has changed, and from there on nothing can be refused. */
#ifndef MMU_H
#define MMU_H

#include <handoff/mmu.h>

#include "object.h"

struct mmu {
    struct task *task; /* who asks */
    unsigned pages;    /* fills and copies of a page that this entry may still do */
    unsigned entries;  /* table or run entries that it may still visit */
    bool spilled;      /* an operation of the list has used the page's second half */
};

#define MMU_PAGES 16u
#define MMU_ENTRIES 512u

/* Runs `count` operations from the operation page of `task`, in order, until one
 * is refused; `done` counts those before it.
 * HF_DENIED without MEMORY, HF_NOT_READY without an operation page,
 * HF_BAD_ARGUMENT for count > 64, else the last operation's status. */
hf_status_t mmu_list(struct task *task, uint64_t count, uint64_t *done);

/* Runs one operation from and to registers. */
hf_status_t mmu_one(struct task *task, const struct hf_operation *operation, struct hf_result *result);

/* Takes part of this entry's bounded work; false when it is used up (HF_AGAIN). */
bool mmu_take_page(struct mmu *mmu);
bool mmu_take_entries(struct mmu *mmu, unsigned count);

/* Whether filling FREE `frame`, with its run's entries if need be, is within the bound. */
bool mmu_take_object(struct mmu *mmu, hf_frame_t frame);

/* The page's second half for this operation: HF_NOT_READY without an operation
 * page, HF_BAD_ARGUMENT when another operation of the list has used it. */
hf_status_t mmu_spill(struct mmu *mmu, struct hf_operation_page **page);

/* Whether every field but `code` and `object` is zero. */
static inline bool only_object(const struct hf_operation *operation) {
    return (operation->level | operation->rights | operation->count | operation->address | operation->frame) == 0;
}

typedef hf_status_t mmu_operation(struct mmu *mmu, const struct hf_operation *operation,
                                  struct hf_result *result);

#define X(upper, lower, text) mmu_operation mmu_##lower;
HF_OPERATION_LIST(X)
#undef X

#endif
