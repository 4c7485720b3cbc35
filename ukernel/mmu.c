#include "mmu.h"

static mmu_operation *const operations[HF_OP_COUNT] = {
#define X(upper, lower, text) [HF_OP_##upper] = mmu_##lower,
    HF_OPERATION_LIST(X)
#undef X
};

bool mmu_take_page(struct mmu *mmu) {
    if (mmu->pages == 0) {
        return false;
    }
    mmu->pages--;
    return true;
}

bool mmu_take_entries(struct mmu *mmu, unsigned count) {
    if (mmu->entries < count) {
        return false;
    }
    mmu->entries -= count;
    return true;
}

bool mmu_take_object(struct mmu *mmu, hf_frame_t frame) {
    unsigned pages = frame_claim_splits(frame) ? 2 : 1;
    if (mmu->pages < pages) {
        return false;
    }
    mmu->pages -= pages;
    return true;
}

hf_status_t mmu_spill(struct mmu *mmu, struct hf_operation_page **page) {
    if (!mmu->task->operations) {
        return HF_NOT_READY;
    }
    if (mmu->spilled) {
        return HF_BAD_ARGUMENT;
    }
    mmu->spilled = true;
    *page = mmu->task->operations;
    return HF_OK;
}

static hf_status_t run(struct mmu *mmu, const struct hf_operation *operation, struct hf_result *result) {
    hf_status_t status = HF_BAD_CALL;
    *result = (struct hf_result){0};
    if (operation->code > HF_OP_NONE && operation->code < HF_OP_COUNT) {
        status = operations[operation->code](mmu, operation, result);
    }
    result->status = status;
    return status;
}

hf_status_t mmu_one(struct task *task, const struct hf_operation *operation, struct hf_result *result) {
    struct mmu mmu = {.task = task, .pages = MMU_PAGES, .entries = MMU_ENTRIES};
    if (!task->memory) {
        return HF_DENIED;
    }
    return run(&mmu, operation, result);
}

hf_status_t mmu_list(struct task *task, uint64_t count, uint64_t *done) {
    struct mmu mmu = {.task = task, .pages = MMU_PAGES, .entries = MMU_ENTRIES};
    hf_status_t status = HF_OK;

    *done = 0;
    if (!task->memory) {
        return HF_DENIED;
    }
    if (!task->operations) {
        return HF_NOT_READY;
    }
    if (count > HF_OPERATIONS) {
        return HF_BAD_ARGUMENT;
    }
    while (*done < count) {
        /* Copied first: the page is shared with ring 3, so nothing in it is read twice. */
        struct hf_operation operation = task->operations->operation[*done];
        status = run(&mmu, &operation, &task->operations->result[*done]);
        if (status != HF_OK) {
            break;
        }
        ++*done;
    }
    return status;
}
