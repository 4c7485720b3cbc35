#include "serve.h"

#include <string.h>

#include "core.h"
#include "end.h"
#include "fault.h"
#include "inspect.h"
#include "memory.h"
#include "name.h"
#include "spawn.h"
#include "thread.h"

hf_status_t serve_put_task(struct request *request, const struct task *made) {
    unsigned slot;
    hf_status_t status = core_put(request->task->handles, HF_SLOT_ANY, HF_PUT_ENDPOINT, task_endpoint,
                                  task_badge(made, BADGE_TASK), HF_RIGHT_CALL | HF_RIGHT_GRANT, &slot);
    if (status == HF_OK) {
        request->message.word[0] = slot;
        request->message.word[1] = made->number;
    }
    return status;
}

static hf_status_t serve_spawn(struct request *request) {
    struct spawn spawn;
    struct task *made;
    const struct hf_spawn *asked = (const void *)BUFFER->bytes;
    hf_status_t status = spawn_prepare(request->task, asked, request->bytes, &spawn);
    if (status == HF_OK) {
        status = spawn_do(&spawn, &made);
    }
    if (status != HF_OK) {
        return status;
    }
    status = serve_put_task(request, made);
    if (status != HF_OK) {
        end_abandon(made);
    }
    return status;
}

static hf_status_t serve_exit(struct request *request) {
    end_task(request->asker, &(struct hf_exit){.how = HF_EXIT_CODE, .code = (int64_t)request->message.word[0]});
    return HF_OK;
}

static hf_status_t serve_wait(struct request *request) {
    struct task *task = request->task;
    if (task->state != TASK_ENDED) return end_wait(task, request->asker);
    memcpy(BUFFER->bytes, &task->exit, sizeof(task->exit));
    request->message.bytes = sizeof(task->exit);
    end_waited(task);
    return HF_OK;
}

static void kill(struct task *task) { end_task(task, &(struct hf_exit){.how = HF_EXIT_KILLED}); }

static hf_status_t serve_kill(struct request *request) {
    kill(request->task);
    return HF_OK;
}

static hf_status_t serve_task_kill(struct request *request) {
    struct task *victim = task_by_number(request->message.word[0]);
    if (!victim || victim->state != TASK_RUNNING) {
        return HF_NOT_FOUND;
    }
    if (!inspect_may(request->task, victim)) return HF_DENIED;
    kill(victim);
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
    bool changes_aspace; /* one after the other, for each address space */
} handlers[HF_MEM_COUNT] = {
    [HF_MEM_SPAWN] = {serve_spawn, BADGE_SELF, false},
    [HF_MEM_EXIT] = {serve_exit, BADGE_SELF, false},
    [HF_MEM_WAIT] = {serve_wait, BADGE_TASK, false},
    [HF_MEM_KILL] = {serve_kill, BADGE_TASK, false},
    [HF_MEM_MAP] = {memory_map, BADGE_SELF, true},
    [HF_MEM_UNMAP] = {memory_unmap, BADGE_SELF, true},
    [HF_MEM_PROTECT] = {memory_protect, BADGE_SELF, true},
    [HF_MEM_STAT] = {inspect_stat, BADGE_SELF, false},
    [HF_MEM_TASKS] = {inspect_tasks, BADGE_SELF, false},
    [HF_MEM_TASK_KILL] = {serve_task_kill, BADGE_SELF, false},
    [HF_MEM_IMAGES] = {inspect_images, BADGE_SELF, false},
    [HF_MEM_COMMAND_LINE] = {inspect_command_line, BADGE_SELF, false},
    [HF_MEM_ENDPOINT_CREATE] = {serve_endpoint_create, BADGE_SELF, false},
    [HF_MEM_REGISTER] = {name_register, BADGE_SELF, false},
    [HF_MEM_LOOKUP] = {name_lookup, BADGE_SELF, false},
    [HF_MEM_THREAD] = {thread_serve, BADGE_SELF, true},
};

static hf_status_t serve_label(struct request *request, enum badge_kind kind) {
    uint32_t label = request->message.label;
    if (label >= HF_MEM_COUNT || !handlers[label].serve) {
        return HF_BAD_CALL;
    }
    if (!request->task) return HF_DEAD;
    if (handlers[label].via != kind) return HF_BAD_HANDLE;
    if (handlers[label].changes_aspace && work_must_wait(request->task)) {
        return work_park(request->asker, &request->message);
    }
    return handlers[label].serve(request);
}

/* Who has set its call aside is answered later, or now if everything is done. */
static void settle(struct request *request) {
    struct held *held = &request->asker->held;
    request->held = held->reply != 0;
    if (held->reply && !held->list) {
        hold_answer(request->asker, &request->message);
    }
}

static void serve_exception(struct request *request) {
    core_check(request->task); /* one that is stopped for good has no call under way */
    if (request->message.label == HF_LABEL_FAULT) {
        fault_page(request);
    } else {
        fault_exception(request);
    }
    request->message = (struct hf_message){0};
}

static void serve_request(struct request *request, enum badge_kind kind) {
    request->bytes = request->message.bytes;
    request->message.bytes = 0;
    request->message.handle = 0;
    request->asker = task_of_serial(request->sender.serial);
    core_check(request->asker); /* there is no task but by memsrv */
    request->message.label = serve_label(request, kind);
    settle(request);
}

void serve(struct request *request) {
    enum badge_kind kind;
    request->task = task_of_badge(request->sender.badge, &kind);
    request->list.count = 0;
    request->held = false;
    if (kind == BADGE_FAULT) {
        serve_exception(request);
    } else {
        serve_request(request, kind);
    }
}

void serve_parked(struct task *process) {
    struct task *asker = process->parked;
    if (!asker) return;
    struct request request = {.message = asker->request, .task = process, .asker = asker};
    hold_leave(asker);
    request.message.label = handlers[request.message.label].serve(&request);
    settle(&request);
}
