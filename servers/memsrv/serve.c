#include "serve.h"

#include <string.h>

#include "core.h"
#include "end.h"
#include "explain.h"
#include "fault.h"
#include "fork.h"
#include "inspect.h"
#include "jobs.h"
#include "memory.h"
#include "name.h"
#include "object.h"
#include "pager.h"
#include "source.h"
#include "spawn.h"
#include "thread.h"

hf_status_t serve_put_task(struct request *request, struct task *made) {
    unsigned slot;
    hf_status_t status = task_put_handle(request->task, made, &slot);
    if (status == HF_OK) {
        request->message.word[0] = slot;
        request->message.word[1] = made->number;
    } else {
        end_unborn(made);
    }
    return status;
}

static hf_status_t serve_spawn(struct request *request) {
    struct spawn spawn;
    struct task *made;
    const struct hf_spawn *asked = (const void *)BUFFER->bytes;
    hf_status_t status = spawn_prepare(request->task, asked, request->bytes, &spawn);
    if (status == HF_OK) {
        spawn.pager = request->source;
        status = spawn_do(&spawn, &made);
    }
    return status == HF_OK ? serve_put_task(request, made) : status;
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
    bool changes_aspace; /* one after the other, for each address space */
} handlers[HF_MEM_COUNT] = {
    [HF_MEM_SPAWN] = {serve_spawn, false},
    [HF_MEM_EXIT] = {serve_exit, false},
    [HF_MEM_WAIT] = {serve_wait, false},
    [HF_MEM_KILL] = {serve_kill, false},
    [HF_MEM_MAP] = {memory_map, true},
    [HF_MEM_UNMAP] = {memory_unmap, true},
    [HF_MEM_PROTECT] = {memory_protect, true},
    [HF_MEM_STAT] = {inspect_stat, false},
    [HF_MEM_TASKS] = {inspect_tasks, false},
    [HF_MEM_TASK_KILL] = {serve_task_kill, false},
    [HF_MEM_IMAGES] = {inspect_images, false},
    [HF_MEM_COMMAND_LINE] = {inspect_command_line, false},
    [HF_MEM_ENDPOINT_CREATE] = {serve_endpoint_create, false},
    [HF_MEM_REGISTER] = {name_register, false},
    [HF_MEM_LOOKUP] = {name_lookup, false},
    [HF_MEM_THREAD] = {thread_serve, true},
    [HF_MEM_FORK] = {fork_serve, true},
    [HF_MEM_TASK_STAT] = {inspect_task_stat, false},
    [HF_MEM_REGIONS] = {inspect_regions, false},
    [HF_MEM_EXPLAIN] = {explain_serve, false},
    [HF_MEM_NAME_OF] = {inspect_name_of, false},
    [HF_MEM_OBJECT_CREATE] = {object_create, false},
    [HF_MEM_OBJECT_HANDLE] = {object_handle, false},
    [HF_MEM_OBJECT_MAP] = {object_map, true},
    [HF_MEM_OBJECT_STAT] = {object_stat, false},
    [HF_MEM_PAGER_CREATE] = {pager_create, false},
    [HF_MEM_PAGER_NEXT] = {pager_next, false},
    [HF_MEM_PAGER_SUPPLY] = {pager_supply, true},
    [HF_MEM_PAGER_PASS] = {pager_pass, false},
    [HF_MEM_PAGER_REFUSE] = {pager_refuse, false},
};

static const uint8_t vias[HF_MEM_COUNT] = {
#define X(name, via, text) [HF_MEM_##name] = (via),
    HF_MEM_LABEL_LIST(X)
#undef X
};

static unsigned via_of(hf_badge_t badge) {
    static const uint8_t via[BADGE_KINDS] = {[BADGE_SELF] = HF_VIA_SELF,
                                             [BADGE_TASK] = HF_VIA_TASK,
                                             [BADGE_OBJECT] = HF_VIA_OBJECT,
                                             [BADGE_PAGER] = HF_VIA_PAGER};
    return via[badge_kind(badge)];
}

/* Whom or what the badge names. False: that is gone. */
static bool find_named(struct request *request) {
    bool task = via_of(request->badge) & (HF_VIA_SELF | HF_VIA_TASK);
    request->task = task ? task_of_badge(request->badge) : request->asker->process;
    request->source = task ? NULL : source_of_badge(request->badge);
    return request->task && (task || request->source);
}

static hf_status_t serve_label(struct request *request) {
    uint32_t label = request->message.label;
    if (label >= HF_MEM_COUNT || !handlers[label].serve) return HF_BAD_CALL;
    if (!find_named(request)) return HF_DEAD;
    if (!(vias[label] & via_of(request->badge))) return HF_BAD_HANDLE;
    if (handlers[label].changes_aspace && work_must_wait(request->task)) {
        request->asker->badge = request->badge;
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
    request->task = task_of_badge(request->badge);
    core_check(request->task); /* one that is stopped for good has no call under way */
    if (request->task->process->state == TASK_DYING) {
        kill(request->task);
    } else if (request->message.label == HF_LABEL_FAULT) {
        fault_page(request);
    } else {
        fault_exception(request);
    }
    request->message = (struct hf_message){0};
}

static void serve_request(struct request *request) {
    request->bytes = request->message.bytes;
    request->message.bytes = 0;
    request->message.handle = 0;
    request->asker = task_of_serial(request->sender.serial);
    core_check(request->asker); /* there is no task but by memsrv */
    if (request->asker->process->state == TASK_DYING) {
        kill(request->asker); /* a thread that has not been stopped yet */
        return;
    }
    request->asker->asked.times = 0; /* it has gone on since its last fault */
    request->message.label = serve_label(request);
    settle(request);
}

void serve(struct request *request) {
    request->badge = request->sender.badge;
    request->held = false;
    list_clear(&request->list);
    switch (badge_kind(request->badge)) {
    case BADGE_FAULT:
        serve_exception(request);
        break;
    case BADGE_WORKER:
        jobs_serve(request);
        break;
    default:
        serve_request(request);
    }
}

void serve_parked(struct task *process) {
    struct task *asker = process->parked.first;
    if (!asker) return;
    struct request request = {.message = asker->request, .badge = asker->badge, .asker = asker};
    hold_leave(asker);
    request.message.label = find_named(&request) ? handlers[request.message.label].serve(&request) : HF_DEAD;
    settle(&request);
}
