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
    return queue->first && after && before;
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

/* What it names may be gone; but then no entry that isn't kept may say it were there. */
static bool weak_name_is_right(uint64_t object) {
    if (object < PMO_START || object % HF_PAGE_SIZE != 0) return false;
    hf_frame_t frame = frame_of((const void *)object);
    if (frame_has_entry(frame)) return true;
    if (frame_is(frame, HF_FRAME_RESERVED)) return false; /* there is no entry to look at */
    return !object_is((const void *)object, HF_FRAME_ENDPOINT) && !object_is((const void *)object, HF_FRAME_TASK);
}

static bool handle_is_right(const struct handle *handle) {
    switch (handle->kind) {
    case HF_HANDLE_NONE:
        return true; /* closing leaves the rest as it was */
    case HF_HANDLE_ENDPOINT:
        return weak_name_is_right(handle->object);
    case HF_HANDLE_REPLY: /* of a call whose caller had gone before it was set aside: it names nobody */
        return handle->object == 0 || weak_name_is_right(handle->object);
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

static void check_handles(struct audit *audit, hf_frame_t frame, unsigned first, unsigned end) {
    const struct handle *table = frame_pointer(frame);
    WRONG(table[0].kind != HF_HANDLE_NONE, "slot 0 has a handle", 0);
    for (unsigned slot = first; slot < end; slot++) {
        WRONG(!handle_is_right(&table[slot]) || (table[slot].rights & ~HF_RIGHTS_ALL), "no handle that can be", slot);
    }
}

static unsigned slots(enum hf_frame_type type) {
    if (type == HF_FRAME_TASK) return AUDIT_SLOTS / 4; /* as much work as so many handles */
    return type == HF_FRAME_HANDLES ? HF_HANDLE_COUNT : 1;
}

static void check_frame(struct audit *audit, hf_frame_t frame, unsigned first, unsigned end) {
    switch (frame_type(frame)) {
    case HF_FRAME_TASK:
        if (first == 0) check_task(audit, frame);
        return;
    case HF_FRAME_ENDPOINT:
        check_endpoint(audit, frame);
        return;
    case HF_FRAME_HANDLES:
        check_handles(audit, frame, first, end);
        return;
    default:
        return;
    }
}

bool audit_objects(struct audit *audit) { return audit_each_frame(audit, slots, check_frame); }

static void check_ready(struct audit *audit, unsigned priority) {
    hf_frame_t frame = HF_NO_FRAME;
    const struct task_queue *queue = &processor.ready[priority];
    bool marked = processor.map[priority / 64] >> priority % 64 & 1;
    WRONG((queue->first != NULL) != marked, "the map of the ready queues is wrong", priority);
    WRONG(queue->first && processor.top < (int64_t)priority, "a ready task is above the highest priority", priority);
    WRONG(!queue->first && processor.top == (int64_t)priority, "nobody has the highest ready priority", priority);
    check_queue(audit, frame, queue, HF_TASK_READY);
}

bool audit_ready(struct audit *audit) {
    for (unsigned left = AUDIT_SLOTS / 2; left > 0; left--) check_ready(audit, (unsigned)audit->at++);
    return audit->at >= PRIORITIES;
}
