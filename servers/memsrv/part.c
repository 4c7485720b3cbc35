#include "part.h"

#include "core.h"

hf_status_t part_object(struct task *process, enum hf_operation_code code, hf_frame_t *object,
                        struct hf_result *result) {
    hf_frame_t frame;
    hf_status_t status = ledger_take(&process->ledger, LEDGER_objects, &frame);
    if (status == HF_OK) {
        core_must(core_object(code, frame, result));
        *object = frame;
    }
    return status;
}

hf_status_t part_page(struct task *process, uint64_t address, hf_frame_t source, hf_frame_t *page) {
    hf_frame_t frame;
    hf_status_t status = ledger_take(&process->ledger, LEDGER_pages, &frame);
    if (status != HF_OK) {
        return status;
    }
    core_must(core_stage(frame, source, 0, source == HF_NO_FRAME ? 0 : HF_PAGE_SIZE, 0));
    status = aspace_map(&process->aspace, address, frame, HF_READ | HF_WRITE);
    if (status != HF_OK) {
        core_must(core_object(HF_OP_RELEASE, frame, NULL));
        ledger_give(&process->ledger, LEDGER_pages, frame);
        return status;
    }
    *page = frame;
    return HF_OK;
}

hf_status_t part_buffer(struct task *task, uint64_t address) {
    struct task *process = task->process;
    hf_status_t status = part_page(process, address, HF_NO_FRAME, &task->buffer);
    if (status != HF_OK) return status;
    task->buffer_address = address;
    status = part_region(process, address, address + HF_PAGE_SIZE, HF_READ | HF_WRITE, &backing_buffer,
                         (struct backing_data){.frame = task->buffer});
    if (status != HF_OK) {
        ledger_unpay(&process->ledger, LEDGER_pages, 1);
        core_must(core_unmap(process->aspace.root, address));
        ledger_frames_give(task->buffer, 0);
        task->buffer = HF_NO_FRAME;
    }
    return status;
}

struct region *part_buffer_region(struct task *task) {
    struct region *region = region_find(&task->process->aspace.regions, task->buffer_address);
    bool its = region && region->backing == &backing_buffer && region->data.frame == task->buffer;
    return its ? region : NULL;
}

hf_status_t part_region(struct task *process, uint64_t start, uint64_t end, unsigned rights,
                        const struct backing *backing, struct backing_data data) {
    struct aspace *aspace = &process->aspace;
    hf_status_t status = aspace_region_room(aspace);
    if (status == HF_OK) {
        status = region_add(
            &aspace->regions,
            &(struct region){.start = start, .end = end, .rights = rights, .backing = backing, .data = data});
    }
    aspace_note_regions(aspace);
    return status;
}

hf_status_t part_task(struct task *task, const struct hf_registers *registers) {
    struct task *process = task->process;
    struct hf_result result;
    hf_status_t status = part_object(process, HF_OP_TASK_CREATE, &task->task, &result);
    if (status != HF_OK) {
        return status;
    }
    task_set_serial(task, result.value[0]);
    OPERATION_PAGE->task = (struct hf_task_block){
        .fields = HF_TASK_FIELDS_ALL & ~(uint64_t)(HF_TASK_OPERATIONS | HF_TASK_MEMORY),
        .registers = *registers,
        .priority = task->priority,
        .aspace = process->aspace.root,
        .handles = process->handles,
        .buffer = task->buffer,
        .pager = task_endpoint,
        .pager_badge = task_badge(task, BADGE_FAULT),
        .mark = task->number,
    };
    core_must(core_object(HF_OP_TASK_SET, task->task, NULL));
    core_must(core_object(HF_OP_TASK_START, task->task, NULL));
    return HF_OK;
}
