#include "inspect.h"

#include <string.h>

#include "core.h"
#include "own.h"
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
        stat->free_blocks[order] = buddy_free_blocks(&frames, order);
    }
    request->message.bytes = sizeof(*stat);
    return HF_OK;
}

/* Whose reply the task waits for; 0 when that is memsrv, or nobody. */
static uint64_t number_of(hf_frame_t frame) {
    struct task *task = task_from_index(0);
    while (task && task->task != frame) {
        task = task_from_index(task->index + 1);
    }
    return task ? task->number : 0;
}

static void describe(const struct task *task, struct hf_task_info *info) {
    static const uint8_t states[] = {[HF_TASK_STOPPED] = HF_INFO_STOPPED,
                                     [HF_TASK_READY] = HF_INFO_RUNNING,
                                     [HF_TASK_SENDING] = HF_INFO_SENDING,
                                     [HF_TASK_RECEIVING] = HF_INFO_RECEIVING,
                                     [HF_TASK_WAITING] = HF_INFO_WAITING};
    struct hf_task_block block = {.waits_for = HF_NO_FRAME};
    if (task->state == TASK_RUNNING) {
        task_core_state(task, &block);
    }
    *info = (struct hf_task_info){
        .number = task->number,
        .parent = task->parent ? task->parent->number : 0,
        .state = task->state == TASK_RUNNING ? states[block.state] : HF_INFO_ENDED,
        .priority = task->priority,
        .waits_for = block.waits_for == HF_NO_FRAME ? 0 : number_of(block.waits_for),
        .ledger = ledger_show(&task->ledger, block.ticks),
    };
    memcpy(info->name, task->name, HF_NAME_BYTES);
}

hf_status_t inspect_tasks(struct request *request) {
    struct hf_task_info *info = (void *)BUFFER->bytes;
    unsigned most = HF_MESSAGE_BYTES / sizeof(*info), count = 0;
    uint64_t cursor = request->message.word[0];
    struct task *task = task_from_index(cursor > UINT32_MAX ? UINT32_MAX : (unsigned)cursor);
    for (; task && count < most; task = task_from_index(task->index + 1)) {
        if (inspect_may(request->task, task)) {
            describe(task, &info[count++]);
        }
    }
    request->message.word[0] = task ? task->index : 0;
    request->message.word[1] = count;
    request->message.bytes = (uint16_t)(count * sizeof(*info));
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
