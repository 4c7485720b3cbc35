/* Tasks, endpoints and handle tables: what they name is of the type that it should be, and
 * whoever is linked to somebody is linked back (I1, I4; and what has no number). */
#include "audit.h"

#include "../device.h"
#include "../handle.h"
#include "../kernelmap.h"
#include "../schedule.h"
#include "../segment.h"

#define WRONG(condition, what, slot) audit_check(audit, !(condition), HF_INVARIANT_OBJECTS, what, frame, slot)
#define RIGHT(condition, what) audit_check(audit, condition, HF_INVARIANT_OBJECTS, what, frame, HF_NO_FRAME)

/* What ring 3 may have set: CF PF AF ZF SF TF DF OF RF AC ID, and IF and bit 1, which are always set. */
#define FLAGS_POSSIBLE 0x250fd7ul

/* A pointer to a whole frame in the PMO that has this type. */
static bool names(const void *object, enum hf_frame_type type) {
    uint64_t address = (uint64_t)object;
    bool frame = address >= PMO_START && address < PMO_START + PMO_LIMIT && address % HF_PAGE_SIZE == 0;
    return frame && frame_has_entry(frame_of(object)) && object_is(object, type);
}

static bool is_task(const struct task *task) { return names(task, HF_FRAME_TASK); }

static void check_uses(struct audit *audit, hf_frame_t frame, const struct task *task) {
    hf_frame_t root = task->cr3 >> HF_PAGE_SHIFT;
    bool pages = (!task->buffer || names(task->buffer, HF_FRAME_USER)) &&
                 (!task->operations || names(task->operations, HF_FRAME_USER));
    bool handles = task->handles == handle_none || names(task->handles, HF_FRAME_HANDLES);
    bool runs = task->cr3 == 0 || (frame_has_entry(root) && frame_is(root, HF_FRAME_PML4));
    audit_check(audit, pages, HF_INVARIANT_TYPED, "a buffer that isn't USER", frame, HF_NO_FRAME);
    audit_check(audit, handles, HF_INVARIANT_TYPED, "handles that are none", frame, HF_NO_FRAME);
    if (!audit_check(audit, runs, HF_INVARIANT_TYPED, "an aspace that is none", frame, HF_NO_FRAME)) return;
    audit_check(audit,
                task->cr3 == 0 || (task->cr3 % HF_PAGE_SIZE == 0 && (FRAME_ENTRIES[root].flags & HF_FRAME_KERNEL_HALF)),
                HF_INVARIANT_KERNEL_HALF, "runs without the kernel half", frame, HF_NO_FRAME);
}

/* Where it will go on: in ring 3, with nothing set that is not ring 3's. */
static void check_registers(struct audit *audit, hf_frame_t frame, const struct task *task) {
    const struct frame_registers *registers = &task->registers;
    bool all = registers->vector != ENTERED_BY_CALL; /* by IRET, else RIP alone */
    RIGHT(registers->rip < HF_USER_END + HF_PAGE_SIZE, "RIP is not in the user half");
    if (!all || task == processor.current) return;
    RIGHT(registers->cs == SEGMENT_USER_CODE && registers->ss == SEGMENT_USER_DATA, "selectors that aren't ring 3's");
    RIGHT(!(registers->rflags & ~FLAGS_POSSIBLE), "flags that ring 3 can't set");
}

/* Whether the task is linked with its neighbours in this queue. */
static bool is_linked(const struct task *task, const struct task_queue *queue) {
    bool after = task->next ? is_task(task->next) && task->next->previous == task : queue->last == task;
    bool before = queue->first == task || (is_task(task->previous) && task->previous->next == task);
    return after && before;
}

static bool has_call_of(const struct task *server, const struct task *task) {
    return server->caller == task || is_linked(task, &server->held);
}

/* It is where its state says. */
static void check_place(struct audit *audit, hf_frame_t frame, const struct task *task) {
    const struct endpoint *endpoint = task->queued_at;
    switch (task->state) {
    case HF_TASK_STOPPED:
        return;
    case HF_TASK_READY:
        RIGHT(task == processor.current || is_linked(task, &processor.ready[task->effective]), "READY, and not queued");
        return;
    case HF_TASK_SENDING:
    case HF_TASK_RECEIVING:
        if (!RIGHT(names(endpoint, HF_FRAME_ENDPOINT), "waits at what is no endpoint")) return;
        RIGHT(is_linked(task, task->state == HF_TASK_SENDING ? &endpoint->senders : &endpoint->receivers),
              "waits, and is not in the endpoint's queue");
        return;
    case HF_TASK_WAITING:
        RIGHT(is_task(task->server) && has_call_of(task->server, task), "waits for nobody");
        return;
    default:
        RIGHT(false, "no state");
    }
}

static void check_task(struct audit *audit, hf_frame_t frame) {
    const struct task *task = frame_pointer(frame);
    const struct task *caller = task->caller;
    check_uses(audit, frame, task);
    check_registers(audit, frame, task);
    check_place(audit, frame, task);
    WRONG(caller != NO_CALL && caller != GONE_CALL && !(is_task(caller) && caller->server == task),
          "has the call of somebody who doesn't wait for it", HF_NO_FRAME);
    RIGHT(task->serial != 0 && task->effective >= task->priority, "no serial, or less than its own priority");
    RIGHT(!task->operations || task->memory, "an operation page without MEMORY");
    RIGHT(((task->slow & SLOW_FPU) != 0) == (processor.fpu == task), "not who the FPU's registers are of");
    RIGHT(((task->slow & SLOW_FS_BASE) != 0) == (task->fs_base != 0), "an FS base that the fast path doesn't see");
}

static void check_queue(struct audit *audit, hf_frame_t frame, const struct task_queue *queue, uint8_t state) {
    const struct task *first = queue->first, *last = queue->last;
    if (!first) return;
    bool whole = is_task(first) && is_task(last) && !last->next;
    if (!RIGHT(whole, "a queue that doesn't end")) return;
    RIGHT(first->state == state && last->state == state, "a queue of tasks in another state");
}

static void check_endpoint(struct audit *audit, hf_frame_t frame) {
    const struct endpoint *endpoint = frame_pointer(frame);
    RIGHT(!endpoint->receivers.first || !endpoint->senders.first, "both senders and receivers");
    check_queue(audit, frame, &endpoint->receivers, HF_TASK_RECEIVING);
    check_queue(audit, frame, &endpoint->senders, HF_TASK_SENDING);
}

#define RIGHTS_ALL 63u /* enum hf_handle_rights */

static bool handle_is_right(const struct handle *handle) {
    switch (handle->kind) {
    case HF_HANDLE_NONE:
        return handle->rights == 0;
    case HF_HANDLE_ENDPOINT:
    case HF_HANDLE_REPLY:
        return handle->object >= PMO_START && handle->object < PMO_START + PMO_LIMIT;
    case HF_HANDLE_PORTS:
        return device_ports_grantable(handle->object, handle->serial);
    case HF_HANDLE_IRQ:
        return device_irq_grantable(handle->object);
    case HF_HANDLE_POWER:
        return true;
    default:
        return false;
    }
}

static void check_handles(struct audit *audit, hf_frame_t frame) {
    const struct handle *table = frame_pointer(frame);
    WRONG(table[0].kind != HF_HANDLE_NONE, "slot 0 has a handle", 0);
    for (unsigned slot = 0; slot < HF_HANDLE_COUNT; slot++) {
        WRONG(!handle_is_right(&table[slot]) || (table[slot].rights & ~RIGHTS_ALL), "no handle that can be", slot);
    }
}

static unsigned cost(enum hf_frame_type type) {
    return type == HF_FRAME_HANDLES ? HF_HANDLE_COUNT : type == HF_FRAME_TASK ? 32 : 1;
}

static void check_frame(struct audit *audit, hf_frame_t frame) {
    switch (frame_type(frame)) {
    case HF_FRAME_TASK:
        check_task(audit, frame);
        return;
    case HF_FRAME_ENDPOINT:
        check_endpoint(audit, frame);
        return;
    case HF_FRAME_HANDLES:
        check_handles(audit, frame);
        return;
    default:
        return;
    }
}

static void check_ready_queues(struct audit *audit) {
    hf_frame_t frame = HF_NO_FRAME;
    int64_t top = -1;
    for (unsigned priority = 0; priority < PRIORITIES; priority++) {
        const struct task_queue *queue = &processor.ready[priority];
        bool marked = processor.map[priority / 64] >> priority % 64 & 1;
        if (queue->first) top = priority;
        WRONG((queue->first != NULL) != marked, "the map of the ready queues is wrong", priority);
        check_queue(audit, frame, queue, HF_TASK_READY);
    }
    RIGHT(processor.top == top, "the highest ready priority is another");
}

bool audit_objects(struct audit *audit) {
    if (audit->at == 0) check_ready_queues(audit);
    return audit_each_frame(audit, cost, check_frame);
}
