#include "inspect.h"

#include <string.h>

#include "core.h"
#include "explain.h"
#include "own.h"
#include "pager.h"
#include "program.h"

static const struct hf_boot *boot;

void inspect_init(const struct hf_boot *information) { boot = information; }

bool inspect_may(const struct task *task, const struct task *other) {
    return task->inspect || other == task || other->parent == task;
}

hf_status_t inspect_stat(struct request *request) {
    struct hf_mem_stat *stat = (void *)BUFFER->bytes;
    *stat = (struct hf_mem_stat){
        .total = boot->map.total_ram / HF_PAGE_SIZE,
        .modules = program_frames(),
        .memsrv = own_count(),
        .tasks = ledger_total(),
        .free = buddy_free_frames(&frames),
    };
    stat->core = stat->total - stat->modules - stat->memsrv - stat->tasks - stat->free;
    for (unsigned order = 0; order < HF_ORDERS; order++) {
        uint64_t blocks = buddy_free_blocks(&frames, order);
        stat->free_blocks[order] = blocks;
        if (blocks) stat->largest_free = 1ull << order;
        if (order >= BUDDY_RUN_ORDER) stat->runs_free += blocks << order;
    }
    request->message.bytes = sizeof(*stat);
    return HF_OK;
}

/* The number of the task that one waits for, whose core object that is: memsrv has marked it so. 0: memsrv itself. */
static uint64_t number_of(hf_frame_t frame) {
    return core_object(HF_OP_TASK_GET, frame, NULL) == HF_OK ? OPERATION_PAGE->task.mark : 0;
}

/* Who waits with a fault is stopped meanwhile. */
static enum hf_info_state state_of(const struct task *task, const struct hf_task_block *block) {
    static const uint8_t states[] = {[HF_TASK_STOPPED] = HF_INFO_STOPPED,
                                     [HF_TASK_READY] = HF_INFO_RUNNING,
                                     [HF_TASK_SENDING] = HF_INFO_SENDING,
                                     [HF_TASK_RECEIVING] = HF_INFO_RECEIVING,
                                     [HF_TASK_WAITING] = HF_INFO_WAITING};
    if (task->state == TASK_BUILDING) return HF_INFO_STOPPED;
    if (task->state != TASK_RUNNING) return HF_INFO_ENDED;
    return task->held.stopped ? HF_INFO_WAITING : states[block->state];
}

static void describe(const struct task *task, struct hf_task_info *info) {
    struct hf_task_block block = {.waits_for = HF_NO_FRAME};
    if (task->state == TASK_RUNNING) {
        task_core_state(task, &block);
    }
    *info = (struct hf_task_info){
        .number = task->number,
        .parent = task->parent ? task->parent->number : 0,
        .state = state_of(task, &block),
        .priority = task->priority,
        .ledger = ledger_show(&task->ledger, block.ticks),
    };
    if (task->held.stopped) {
        info->waits_for = pager_waits_for(task);
    } else if (block.state == HF_TASK_WAITING && block.waits_for != HF_NO_FRAME) {
        info->waits_for = number_of(block.waits_for);
    }
    memcpy(info->name, task->name, HF_NAME_BYTES);
}

hf_status_t inspect_tasks(struct request *request) {
    struct hf_task_info *info = (void *)BUFFER->bytes;
    unsigned most = HF_MESSAGE_BYTES / sizeof(*info), count = 0;
    uint64_t cursor = request->message.word[0];
    unsigned index = cursor > UINT32_MAX ? UINT32_MAX : (unsigned)cursor;
    for (struct task *task; count < most && (task = task_from_index(&index)); index++) {
        if (inspect_may(request->task, task)) {
            describe(task, &info[count++]);
        }
    }
    request->message.word[0] = index;
    request->message.word[1] = count;
    request->message.bytes = (uint16_t)(count * sizeof(*info));
    return HF_OK;
}

hf_status_t inspect_find(const struct request *request, struct task **found) {
    uint64_t number = request->message.word[0];
    struct task *task = number ? task_by_number(number) : request->task;
    if (!task || task->state != TASK_RUNNING) return HF_NOT_FOUND;
    *found = task;
    return inspect_may(request->task, task) ? HF_OK : HF_DENIED;
}

hf_status_t inspect_task_stat(struct request *request) {
    struct hf_task_stat *stat = (void *)BUFFER->bytes;
    struct task *task;
    hf_status_t status = inspect_find(request, &task);
    if (status != HF_OK) return status;
    const struct ledger *ledger = &task->process->ledger;
    *stat = (struct hf_task_stat){
        .quota = ledger->quota->limit,
        .quota_used = ledger->quota->used,
        .quota_owner = ledger->owner,
        .threads = task->process->thread_count,
        .regions = task->process->aspace.regions.count,
    };
    describe(task, &stat->info);
    request->message.bytes = sizeof(*stat);
    return HF_OK;
}

hf_status_t inspect_regions(struct request *request) {
    struct hf_region *shown = (void *)BUFFER->bytes;
    const unsigned most = HF_MESSAGE_BYTES / sizeof(*shown);
    unsigned count = 0;
    struct task *task;
    hf_status_t status = inspect_find(request, &task);
    if (status != HF_OK) return status;
    const struct region *region = region_from(&task->process->aspace.regions, request->message.word[1]);
    for (; region && count < most; region = region_next(region)) {
        shown[count++] = explain_region(region);
    }
    request->message.word[0] = region ? region->start : 0;
    request->message.word[1] = count;
    request->message.bytes = (uint16_t)(count * sizeof(*shown));
    return HF_OK;
}

static void answer_text(struct request *request, const char *text) {
    size_t bytes = strlen(text) + 1;
    bytes = bytes > HF_MESSAGE_BYTES ? HF_MESSAGE_BYTES : bytes;
    memcpy(BUFFER->bytes, text, bytes);
    BUFFER->bytes[bytes - 1] = 0;
    request->message.bytes = (uint16_t)bytes;
}

hf_status_t inspect_images(struct request *request) {
    uint64_t index = request->message.word[0];
    request->message.word[0] = program_count();
    if (index >= program_count()) {
        return HF_NOT_FOUND;
    }
    answer_text(request, program_at((unsigned)index)->name);
    return HF_OK;
}

hf_status_t inspect_command_line(struct request *request) {
    answer_text(request, boot->command_line);
    return HF_OK;
}

hf_status_t inspect_name_of(struct request *request) {
    struct hf_name_text text;
    if (!program_name_of(request->message.word[0], &text)) return HF_NOT_FOUND;
    answer_text(request, text.bytes);
    return HF_OK;
}
