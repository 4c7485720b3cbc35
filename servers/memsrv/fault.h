/* From a task's exception to what is done about it. */
#pragma once

#include "serve.h"

struct fault {
    uint64_t address, error, rip;
    uint64_t entry; /* the last page-table entry that the walk read ... */
    unsigned level; /* ... and the level of its table */
    uint32_t refs;  /* of the frame that it maps */
};

/* HF_LABEL_FAULT: brings the page by operations that the core runs before it
 * delivers the reply, or ends the task. */
void fault_page(struct request *request);

/* HF_LABEL_EXCEPTION: ends the task. */
void fault_exception(struct request *request);

/* Why an access is wrong whatever is mapped there, or HF_REASON_NONE. */
enum hf_reason fault_judge(const struct fault *fault, const struct region *region);

/* The page is there, and so is the right: another of the process's tasks was faster. */
static inline bool fault_is_over(const struct fault *fault) {
    bool write = !(fault->error & HF_FAULT_WRITE) || (fault->entry & 2);
    bool fetch = !(fault->error & HF_FAULT_FETCH) || !(fault->entry >> 63);
    return (fault->entry & 5) == 5 && write && fetch;
}

/* Ends the task for it. */
void fault_end(struct task *task, const struct fault *fault, enum hf_reason reason, const struct region *region);

/* What a backing does by itself where nothing is mapped. HF_REASON_NONE: the answer is planned. */
enum hf_reason fault_bring(struct request *request, const struct fault *fault, const struct region *region);

/* For those that answer a fault on their own: adds the tables that are missing to the request's
 * list, and the MAP of a frame. HF_QUOTA, HF_NO_MEMORY. */
HF_MUST_CHECK hf_status_t fault_plan_tables(struct request *request, const struct fault *fault);
void fault_plan_map(struct request *request, uint64_t address, hf_frame_t frame, unsigned rights);

/* The reason that goes with what the ledger or the allocator has answered. */
enum hf_reason fault_reason(hf_status_t status);
