#include "dump.h"

#include "boot.h"
#include "clock.h"
#include "entry.h"
#include "handle.h"
#include "interrupt.h"
#include "names.h"
#include "schedule.h"

/* ---- Finding objects: there is no list of them but the frame table ---- */

static hf_frame_t next_of(enum hf_frame_type type, hf_frame_t from) {
    while (from < frame_limit) {
        if (!frame_has_entry(from)) {
            from = (from / RUN_FRAMES + 1) * RUN_FRAMES;
        } else if (FRAME_ENTRIES[from].type != type) {
            from++;
        } else {
            return from;
        }
    }
    return HF_NO_FRAME;
}

#define FOR_EACH(frame, type) \
    for (hf_frame_t frame = next_of(type, 0); frame != HF_NO_FRAME; frame = next_of(type, frame + 1))

/* ---- Who waits for whom ---- */

#define SEVERAL ((struct task *)1)

static void note_receiver(struct task *task) {
    for (unsigned slot = 0; slot < HF_HANDLE_COUNT; slot++) {
        const struct handle *handle;
        if (handle_endpoint(task, slot, HF_RIGHT_RECEIVE, &handle) != HF_OK) continue;
        struct endpoint *endpoint = endpoint_of(handle);
        endpoint->receiver = !endpoint->receiver || endpoint->receiver == task ? task : SEVERAL;
    }
}

static void find_receivers(void) {
    FOR_EACH(frame, HF_FRAME_ENDPOINT) {
        struct endpoint *endpoint = frame_pointer(frame);
        endpoint->receiver = NULL;
    }
    FOR_EACH(frame, HF_FRAME_TASK) { note_receiver(frame_pointer(frame)); }
}

/* Who alone can let this one go on, or NULL. */
static const struct task *awaited(const struct task *task) {
    if (task->state == HF_TASK_WAITING) return task->server;
    if (task->state != HF_TASK_SENDING || task->queued_at->receiver == SEVERAL) return NULL;
    return task->queued_at->receiver;
}

/* ---- Printing ---- */

/* One name of a list whose title stands already. */
static void print_listed(unsigned index, const struct task *task) {
    if (index % 8 == 0 && index > 0) log_text("\n   ");
    log_print(" 0x%lx", frame_of(task));
}

static void print_owner(const struct endpoint *endpoint) {
    log_print("endpoint 0x%lx", frame_of(endpoint));
    if (endpoint->receiver == SEVERAL) {
        log_text(" of several tasks");
    } else if (endpoint->receiver) {
        log_print(" of task 0x%lx", frame_of(endpoint->receiver));
    } else {
        log_text(" of no task");
    }
}

static void print_state(const struct task *task) {
    static const char *const states[] = {"stopped", "ready", "sends to ", "receives at ", "waits for "};
    log_text(task == processor.current ? "running" : states[task->state]);
    if (task->state == HF_TASK_SENDING || task->state == HF_TASK_RECEIVING) print_owner(task->queued_at);
    if (task->state == HF_TASK_WAITING) log_print("task 0x%lx, which has its call", frame_of(task->server));
}

/* memsrv stops a task while an external pager is asked about its fault. */
static bool in_fault(const struct task *task) {
    bool stopped = task->state == HF_TASK_STOPPED && task->registers.vector == VECTOR_PAGE_FAULT;
    return stopped || (task->slow & SLOW_FAULT);
}

static void print_fault(const struct frame_registers *registers, uint64_t address) {
    log_print("  exception %lu, error 0x%lx", registers->vector, registers->error);
    if (registers->vector == VECTOR_PAGE_FAULT) log_print(", address 0x%lx", address);
    log_text("\n");
}

static void print_task(const struct task *task) {
    log_print("task 0x%lx serial %lu priority %u", frame_of(task), task->serial, task->priority);
    if (task->effective != task->priority) log_print(" (now %u)", task->effective);
    log_text(": ");
    print_state(task);
    log_print("\n  aspace 0x%lx, rip 0x%lx", task->cr3 >> HF_PAGE_SHIFT, task->registers.rip);
    names_print(task->registers.rip);
    log_text("\n");
    if (in_fault(task)) print_fault(&task->registers, task->fault_address);
}

static void print_queue(const char *title, const struct task_queue *queue) {
    unsigned index = 0;
    if (!queue->first) return;
    log_text(title);
    for (const struct task *task = queue->first; task; task = task->next) print_listed(index++, task);
    log_text("\n");
}

static void print_endpoint(const struct endpoint *endpoint) {
    if (!endpoint->receivers.first && !endpoint->senders.first) return;
    print_owner(endpoint);
    print_queue(": receivers", &endpoint->receivers);
    print_queue(": senders", &endpoint->senders);
}

/* Each circle once: from its member with the lowest frame. */
static void print_circle(const struct task *first, unsigned tasks) {
    const struct task *at = awaited(first);
    for (unsigned steps = 1; at > first && steps < tasks; steps++) at = awaited(at);
    if (at != first) return;
    log_text("a circle, in which each waits for the next:");
    unsigned index = 0;
    do print_listed(index++, at);
    while ((at = awaited(at)) != first);
    log_text("\n");
}

bool dump_frames(const char *before_tables) {
    uint64_t sums[HF_FRAME_TYPE_COUNT] = {0}, all = 0, ram = boot.map.total_ram >> HF_PAGE_SHIFT;
    static const char *const names[] = {
#define X(name, text) #name,
        HF_FRAME_TYPE_LIST(X)
#undef X
    };
    frame_sum(sums);
    log_text("frames");
    for (unsigned type = HF_FRAME_CORE; type < HF_FRAME_TYPE_COUNT; type++) {
        all += sums[type];
        if (type == HF_FRAME_PT) log_text(before_tables);
        if (sums[type]) log_print(" %s %lu", names[type], sums[type]);
    }
    log_print(", sum %lu, RAM %lu\n", all, ram);
    return all == ram;
}

static void print_runs(void) {
    static const char *const names[] = {"RESERVED", "CORE", "FREE", "SPLIT", "ZEROING", "STAGED", "USER"};
    uint64_t sums[sizeof(names) / sizeof(names[0])] = {0};
    for (uint64_t run = 0; run < frame_limit / RUN_FRAMES; run++) sums[FRAME_HEADERS[run].state]++;
    log_text("runs");
    for (unsigned state = 0; state < sizeof(names) / sizeof(names[0]); state++) {
        if (sums[state]) log_print(" %s %lu", names[state], sums[state]);
    }
    log_text("\n");
}

static void dump(void) {
    unsigned tasks = 0;
    log_print("dump: %lu ms after the start\n", clock_nanoseconds() / 1000000);
    find_receivers();
    FOR_EACH(frame, HF_FRAME_TASK) {
        print_task(frame_pointer(frame));
        tasks++;
    }
    FOR_EACH(frame, HF_FRAME_ENDPOINT) { print_endpoint(frame_pointer(frame)); }
    FOR_EACH(frame, HF_FRAME_TASK) { print_circle(frame_pointer(frame), tasks); }
    dump_frames("\n ");
    print_runs();
    log_text("dump: end\n");
}

/* Nanoseconds after a dump, besides as many as it took: on a slow line, too, noise has the machine for less than half
 * of the time. */
#define QUIET 100000000ul

void dump_interrupt(void) {
    static uint64_t quiet_until;
    uint64_t start = clock_nanoseconds();
    if (start >= quiet_until) {
        dump();
        quiet_until = 2 * clock_nanoseconds() - start + QUIET;
    }
    log_forget();
    interrupt_end(LOG_IRQ);
}
