/* Calls: from the number to the function. */
#include <handoff/call.h>

#include "clock.h"
#include "device.h"
#include "entry.h"
#include "handle.h"
#include "ipc.h"
#include "mmu.h"
#include "schedule.h"

static hf_status_t call_yield(struct task *task) {
    (void)task;
    schedule_yield();
    return HF_OK;
}

static hf_status_t call_clock(struct task *task) {
    task->registers.rsi = clock_nanoseconds();
    return HF_OK;
}

static hf_status_t call_fs_base(struct task *task) {
    if (task->registers.rdi >= HF_USER_END) return HF_BAD_ADDRESS;
    /* commit */
    task_set_fs_base(task, task->registers.rdi);
    return HF_OK;
}

static hf_status_t call_mmu(struct task *task) {
    return mmu_list(task, task->registers.r14, &task->registers.r14);
}

static hf_status_t call_mmu_one(struct task *task) {
    union {
        struct hf_operation operation;
        struct hf_result result;
        uint64_t word[4];
    } in = {.word = {task->registers.rdi, task->registers.rsi, task->registers.rdx, task->registers.r10}}, out;

    hf_status_t status = mmu_one(task, &in.operation, &out.result);
    if (status == HF_DENIED && !task->memory) return status;
    task->registers.rdi = out.word[0];
    task->registers.rsi = out.word[1];
    task->registers.rdx = out.word[2];
    task->registers.r10 = out.word[3];
    return status;
}

/* The reply is checked before the list, so that a list never runs for a reply
 * that could not be made, and again after it, since the list may have changed that. */
static hf_status_t call_mmu_reply_receive(struct task *task) {
    uint64_t count = task->registers.r14;
    task->registers.r14 = 0;
    hf_status_t status = task->memory ? ipc_check_reply_receive(task) : HF_DENIED;
    if (status == HF_OK) {
        status = mmu_list(task, count, &task->registers.r14);
    }
    return status == HF_OK ? ipc_reply_receive(task, true) : status;
}

typedef hf_status_t waiting_call(struct task *task, bool wait);
typedef hf_status_t plain_call(struct task *task);

/* Those that know HF_NOWAIT, and those that do not. */
static const struct {
    waiting_call *waiting;
    plain_call *plain;
} calls[HF_CALL_COUNT] = {
    [HF_CALL_CALL] = {.waiting = ipc_call},
    [HF_CALL_REPLY_RECEIVE] = {.waiting = ipc_reply_receive},
    [HF_CALL_RECEIVE] = {.waiting = ipc_receive},
    [HF_CALL_REPLY] = {.plain = ipc_reply},
    [HF_CALL_HOLD] = {.plain = ipc_hold},
    [HF_CALL_REPLY_HELD] = {.plain = ipc_reply_held},
    [HF_CALL_NOTIFY] = {.plain = ipc_notify},
    [HF_CALL_YIELD] = {.plain = call_yield},
    [HF_CALL_CLOCK] = {.plain = call_clock},
    [HF_CALL_HANDLE_COPY] = {.plain = handle_copy},
    [HF_CALL_HANDLE_CLOSE] = {.plain = handle_close},
    [HF_CALL_PORT_IN] = {.plain = device_port_in},
    [HF_CALL_PORT_OUT] = {.plain = device_port_out},
    [HF_CALL_IRQ_ACK] = {.plain = device_irq_ack},
    [HF_CALL_IRQ_BIND] = {.plain = device_irq_bind},
    [HF_CALL_FS_BASE] = {.plain = call_fs_base},
    [HF_CALL_POWER] = {.plain = device_power},
    [HF_CALL_MMU] = {.plain = call_mmu},
    [HF_CALL_MMU_ONE] = {.plain = call_mmu_one},
    [HF_CALL_MMU_REPLY_RECEIVE] = {.plain = call_mmu_reply_receive},
};

static hf_status_t dispatch(struct task *task) {
    uint64_t number = task->registers.rax & ~(uint64_t)HF_NOWAIT;
    bool wait = !(task->registers.rax & HF_NOWAIT);

    if (number >= HF_CALL_COUNT) {
        return HF_BAD_CALL;
    }
    if (calls[number].waiting) return calls[number].waiting(task, wait);
    return calls[number].plain && wait ? calls[number].plain(task) : HF_BAD_CALL;
}

void entered_by_call(struct task *task) {
    hf_status_t status = dispatch(task);
    /* A task that waits gets its status when it goes on. */
    if (task->state == HF_TASK_READY) {
        task->registers.rax = status;
    }
    schedule();
}
