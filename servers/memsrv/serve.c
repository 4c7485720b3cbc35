#include "serve.h"

#include <string.h>

#include "core.h"
#include "fault.h"
#include "own.h"
#include "program.h"
#include "spawn.h"
#include "work.h"

#define BUFFER ((struct hf_buffer *)HF_MEMSRV_BUFFER)

/* Where mappings go when the caller leaves the place to us. */
#define MAP_START 0x80000000ul
#define MAP_END 0x00007f0000000000ul

static const struct hf_boot *boot;

void serve_init(const struct hf_boot *information) { boot = information; }

static hf_status_t serve_spawn(struct request *request) {
    struct spawn spawn;
    struct task *made;
    unsigned slot;
    /* Nothing else writes to the buffer before the request has been dealt with. */
    const struct hf_spawn *asked = (const void *)BUFFER->bytes;
    hf_status_t status = spawn_prepare(request->task, asked, request->bytes, &spawn);
    if (status == HF_OK) {
        status = spawn_do(&spawn, &made);
    }
    if (status != HF_OK) {
        return status;
    }
    status = core_put(request->task->handles, HF_SLOT_ANY, HF_PUT_ENDPOINT, task_endpoint, task_badge(made, BADGE_TASK),
                      HF_RIGHT_CALL | HF_RIGHT_GRANT, &slot);
    if (status != HF_OK) {
        task_abandon(made);
        return status;
    }
    request->message.word[0] = slot;
    request->message.word[1] = made->number;
    return HF_OK;
}

static hf_status_t serve_exit(struct request *request) {
    task_end(request->task, &(struct hf_exit){.how = HF_EXIT_CODE, .code = (int64_t)request->message.word[0]});
    return HF_OK;
}

static hf_status_t serve_wait(struct request *request) {
    struct task *task = request->task;
    hf_status_t status = task_wait(task, &request->held);
    if (status == HF_OK && !request->held) {
        memcpy(BUFFER->bytes, &task->exit, sizeof(task->exit));
        request->message.bytes = sizeof(task->exit);
        task_waited(task);
    }
    return status;
}

static void kill(struct task *task) { task_end(task, &(struct hf_exit){.how = HF_EXIT_KILLED}); }

static hf_status_t serve_kill(struct request *request) {
    kill(request->task);
    return HF_OK;
}

/* With the INSPECT right anyone, else oneself and what one has spawned. */
static bool may_inspect(const struct task *task, const struct task *other) {
    return task->inspect || other == task || other->parent == task;
}

static hf_status_t serve_task_kill(struct request *request) {
    struct task *victim = task_by_number(request->message.word[0]);
    if (!victim || victim->state != TASK_RUNNING) {
        return HF_NOT_FOUND;
    }
    if (!may_inspect(request->task, victim)) return HF_DENIED;
    kill(victim);
    return HF_OK;
}

static bool rights_valid(uint64_t rights) {
    return (rights & HF_READ) && rights <= (HF_READ | HF_WRITE | HF_EXECUTE) &&
           (rights & (HF_WRITE | HF_EXECUTE)) != (HF_WRITE | HF_EXECUTE);
}

/* A range of pages in the user half; its length may be any number of bytes above 0. */
static hf_status_t range_of(uint64_t start, uint64_t length, uint64_t *end) {
    if (length == 0 || length > HF_USER_END) return HF_BAD_ARGUMENT;
    if (start % HF_PAGE_SIZE || start < HF_USER_FIRST || start > HF_USER_END) return HF_BAD_ADDRESS;
    *end = (start + length + HF_PAGE_SIZE - 1) & ~(HF_PAGE_SIZE - 1);
    return *end <= HF_USER_END ? HF_OK : HF_BAD_ADDRESS;
}

static hf_status_t place_mapping(const struct request *request, uint64_t *start, uint64_t *end) {
    const struct region_list *regions = &request->task->aspace.regions;
    uint64_t length = request->message.word[1];
    if (request->message.word[3] & HF_MAP_FIXED) {
        hf_status_t status = range_of(request->message.word[0], length, end);
        *start = request->message.word[0];
        return status != HF_OK ? status : region_is_free(regions, *start, *end) ? HF_OK : HF_EXISTS;
    }
    hf_status_t status = range_of(MAP_START, length, end);
    if (status == HF_OK) {
        length = *end - MAP_START;
        *start = region_gap(regions, MAP_START, length, MAP_END);
        *end = *start + length;
    }
    return status != HF_OK ? status : *start ? HF_OK : HF_NO_MEMORY;
}

static hf_status_t serve_map(struct request *request) {
    uint64_t start = 0, end = 0, rights = request->message.word[2], flags = request->message.word[3];
    if (flags & ~(uint64_t)(HF_MAP_FIXED | HF_MAP_NOW | HF_MAP_GUARD) || !rights_valid(rights) ||
        (flags & (HF_MAP_NOW | HF_MAP_GUARD)) == (HF_MAP_NOW | HF_MAP_GUARD)) {
        return HF_BAD_ARGUMENT;
    }
    hf_status_t status = place_mapping(request, &start, &end);
    if (status == HF_OK) {
        status = region_add(&request->task->aspace.regions,
                            &(struct region){.start = start,
                                             .end = end,
                                             .rights = (unsigned)rights,
                                             .backing = flags & HF_MAP_GUARD ? &backing_guard : &backing_anonymous});
    }
    if (status == HF_OK && (flags & HF_MAP_NOW)) {
        status = work_start(
            &(struct work){.task = request->task, .kind = WORK_POPULATE, .start = start, .end = end, .word = start},
            &request->held);
    }
    request->message.word[0] = start;
    return status;
}

static hf_status_t serve_unmap(struct request *request) {
    struct region_list *regions = &request->task->aspace.regions;
    uint64_t start = request->message.word[0], end;
    hf_status_t status = range_of(start, request->message.word[1], &end);
    if (status == HF_OK && !region_is_full(regions, start, end)) {
        status = HF_NOT_MAPPED;
    }
    if (status == HF_OK) {
        status = region_cut(regions, start, end);
    }
    if (status != HF_OK) {
        return status;
    }
    region_remove(regions, start, end);
    return work_start(&(struct work){.task = request->task, .kind = WORK_UNMAP, .start = start, .end = end},
                      &request->held);
}

static hf_status_t serve_protect(struct request *request) {
    struct region_list *regions = &request->task->aspace.regions;
    uint64_t start = request->message.word[0], rights = request->message.word[2], end;
    hf_status_t status = rights_valid(rights) ? range_of(start, request->message.word[1], &end) : HF_BAD_ARGUMENT;
    if (status == HF_OK && !region_is_full(regions, start, end)) {
        status = HF_NOT_MAPPED;
    }
    if (status == HF_OK && !region_may(regions, start, end, (unsigned)rights)) {
        status = HF_DENIED;
    }
    if (status == HF_OK) {
        status = region_cut(regions, start, end);
    }
    if (status != HF_OK) {
        return status;
    }
    region_protect(regions, start, end, (unsigned)rights);
    return work_start(
        &(struct work){
            .task = request->task, .kind = WORK_PROTECT, .start = start, .end = end, .rights = (unsigned)rights},
        &request->held);
}

static hf_status_t serve_stat(struct request *request) {
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

static hf_status_t serve_tasks(struct request *request) {
    struct hf_task_info *info = (void *)BUFFER->bytes;
    unsigned most = HF_MESSAGE_BYTES / sizeof(*info), count = 0;
    uint64_t cursor = request->message.word[0];
    struct task *task = task_from_index(cursor > UINT32_MAX ? UINT32_MAX : (unsigned)cursor);
    for (; task && count < most; task = task_from_index(task->index + 1)) {
        if (may_inspect(request->task, task)) {
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

static hf_status_t serve_images(struct request *request) {
    uint64_t index = request->message.word[0];
    request->message.word[0] = program_count();
    if (index >= program_count()) {
        return HF_NOT_FOUND;
    }
    answer_text(request, program_at((unsigned)index)->name);
    return HF_OK;
}

static hf_status_t serve_command_line(struct request *request) {
    answer_text(request, boot->command_line);
    return HF_OK;
}

static hf_status_t serve_endpoint_create(struct request *request) {
    hf_frame_t endpoint;
    unsigned slot;
    hf_status_t status = task_own_endpoint(request->task, &endpoint);
    if (status != HF_OK) return status;
    status = core_put(request->task->handles, HF_SLOT_ANY, HF_PUT_ENDPOINT, endpoint, 0,
                      HF_RIGHT_CALL | HF_RIGHT_RECEIVE | HF_RIGHT_NOTIFY | HF_RIGHT_GRANT | HF_RIGHT_MINT, &slot);
    if (status != HF_OK) {
        task_disown_endpoint(request->task);
        return status;
    }
    request->message.word[0] = slot;
    return HF_OK;
}

static const struct {
    hf_status_t (*serve)(struct request *request);
    enum badge_kind via;
} handlers[HF_MEM_COUNT] = {
    [HF_MEM_SPAWN] = {serve_spawn, BADGE_SELF},
    [HF_MEM_EXIT] = {serve_exit, BADGE_SELF},
    [HF_MEM_WAIT] = {serve_wait, BADGE_TASK},
    [HF_MEM_KILL] = {serve_kill, BADGE_TASK},
    [HF_MEM_MAP] = {serve_map, BADGE_SELF},
    [HF_MEM_UNMAP] = {serve_unmap, BADGE_SELF},
    [HF_MEM_PROTECT] = {serve_protect, BADGE_SELF},
    [HF_MEM_STAT] = {serve_stat, BADGE_SELF},
    [HF_MEM_TASKS] = {serve_tasks, BADGE_SELF},
    [HF_MEM_TASK_KILL] = {serve_task_kill, BADGE_SELF},
    [HF_MEM_IMAGES] = {serve_images, BADGE_SELF},
    [HF_MEM_COMMAND_LINE] = {serve_command_line, BADGE_SELF},
    [HF_MEM_ENDPOINT_CREATE] = {serve_endpoint_create, BADGE_SELF},
};

static hf_status_t serve_label(struct request *request, enum badge_kind kind) {
    uint32_t label = request->message.label;
    if (label >= HF_MEM_COUNT || !handlers[label].serve) {
        return HF_BAD_CALL;
    }
    if (!request->task) return HF_DEAD;
    return handlers[label].via == kind ? handlers[label].serve(request) : HF_BAD_HANDLE;
}

void serve(struct request *request) {
    enum badge_kind kind;
    request->task = task_of_badge(request->sender.badge, &kind);
    request->operations = 0;
    request->held = false;
    if (kind == BADGE_FAULT) {
        core_check(request->task); /* one that is stopped for good has no call under way */
        if (request->message.label == HF_LABEL_FAULT) {
            fault_page(request);
        } else {
            fault_exception(request);
        }
        request->message = (struct hf_message){0};
    } else {
        request->bytes = request->message.bytes;
        request->message.bytes = 0;
        request->message.handle = 0;
        request->message.label = serve_label(request, kind);
    }
}

static void answer_held(hf_handle_t reply, const struct hf_message *message) {
    hf_status_t status = hf_reply_held(reply, message);
    core_check(status == HF_OK || status == HF_DEAD);
}

void serve_exit_record(hf_handle_t reply, const struct hf_exit *exit) {
    memcpy(BUFFER->bytes, exit, sizeof(*exit));
    answer_held(reply, &(struct hf_message){.label = HF_OK, .bytes = sizeof(*exit)});
}

void serve_answer_held(hf_handle_t reply, hf_status_t status, uint64_t word) {
    answer_held(reply, &(struct hf_message){.label = status, .word = {word}});
}
