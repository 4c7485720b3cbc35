/* MMU operations: one function for each, in the file of what it works on.
 *
 * Every one decides first and changes afterwards: up to the line that says
 * "commit" nothing has changed, and from there on nothing can be refused. When
 * it is called, unused fields are zero and `object` has the type that
 * HF_OPERATION_LIST says. */
#pragma once

#include <handoff/mmu.h>

#include "object.h"
#include "walk.h"

/* What one entry may do: so many pages, and in all so much work, in table entries. An
 * operation and a page cost as much as visiting so many of them, so that whatever a
 * list is made of, interrupts are off for about the same time at most. A list of 64
 * with 16 pages fits, and so does one that visits a whole table. */
#define PAGES_PER_ENTRY 16u
#define WORK_PER_ENTRY 528u
#define WORK_OF_OPERATION 4u
#define WORK_OF_PAGE 16u

struct mmu {
    struct task *task; /* who asks */
    unsigned pages;    /* fills and copies of a page that this entry may still do */
    unsigned work;     /* what it may still do in all, in table entries visited */
    bool spilled;      /* an operation of the list has used the page's second half */
};

/* Runs `count` operations from the operation page of `task`, in order, until one
 * is refused; `done` counts those before it.
 * HF_DENIED without MEMORY, HF_NOT_READY without an operation page,
 * HF_BAD_ARGUMENT for count > 64, else the last operation's status. */
hf_status_t mmu_list(struct task *task, uint64_t count, uint64_t *done);

/* Runs one operation from and to registers. */
hf_status_t mmu_one(struct task *task, const struct hf_operation *op, struct hf_result *result);

/* The same for a task that is known to have MEMORY, when `result` is zero and the operation
 * itself has been paid for. The status is only returned. */
hf_status_t mmu_granted(struct mmu *mmu, const struct hf_operation *op, struct hf_result *result);

/* Takes part of this entry's bounded work; false when it is used up (HF_AGAIN). */
bool mmu_take_page(struct mmu *mmu);
bool mmu_take_entries(struct mmu *mmu, unsigned count);
bool mmu_take_object(struct mmu *mmu, hf_frame_t frame); /* to fill it, and its run's entries if need be */

/* FREE `frame` becomes `type`, zeroed; the frame's content, or NULL when that is
 * more than this entry may still do (HF_AGAIN). Commits. */
void *mmu_create(struct mmu *mmu, hf_frame_t frame, enum hf_frame_type type);

/* The page's second half for this operation: HF_NOT_READY without an operation
 * page, HF_BAD_ARGUMENT when another operation of the list has used it. */
hf_status_t mmu_spill(struct mmu *mmu, struct hf_operation_page **page);

/* The entry of this level for the operation's aspace and address: HF_BAD_ADDRESS,
 * HF_EXISTS (a larger page), or HF_NO_TABLE with the level in the result. */
static inline hf_status_t mmu_find(const struct hf_operation *op, unsigned level, struct walk *found,
                                   struct hf_result *result) {
    if (!address_is_user(op->address)) return HF_BAD_ADDRESS;
    *found = walk(op->object, op->address, level);
    if (found->level == level) return HF_OK;
    if (entry_present(*found->entry)) return HF_EXISTS;
    result->detail = found->level - 1;
    return HF_NO_TABLE;
}

/* Whether a task may have this root: only one that has the kernel half (invariant I4). */
bool aspace_runnable(hf_frame_t root);

typedef hf_status_t mmu_operation(struct mmu *mmu, const struct hf_operation *op, struct hf_result *result);

#define X(upper, lower, object, fields, text) mmu_operation mmu_##lower;
HF_OPERATION_LIST(X)
#undef X
