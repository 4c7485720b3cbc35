/* Calls: from the number to the function, and the functions of those that belong
 * to no object. */
#include "clock.h"
#include "entry.h"
#include "ipc.h"
#include "mmu.h"

hf_status_t call_yield(struct task *) {
    schedule_yield();
    return HF_OK;
}

hf_status_t call_clock(struct task *task) {
    task->registers.rsi = clock_nanoseconds();
    return HF_OK;
}

hf_status_t call_fs_base(struct task *task) {
    if (task->registers.rdi >= HF_USER_END) return HF_BAD_ADDRESS;
    /* commit */
    task->fs_base = task->registers.rdi;
    return HF_OK;
}

hf_status_t call_mmu(struct task *task) { return mmu_list(task, task->registers.r14, &task->registers.r14); }

hf_status_t call_mmu_one(struct task *task) {
    struct frame_registers *registers = &task->registers;
    union {
        struct hf_operation op;
        struct hf_result result;
        uint64_t word[4];
    } in = {.word = {registers->rdi, registers->rsi, registers->rdx, registers->r10}}, out;

    if (!task->memory) return HF_DENIED;
    hf_status_t status = mmu_one(task, &in.op, &out.result);
    registers->rdi = out.word[0];
    registers->rsi = out.word[1];
    registers->rdx = out.word[2];
    registers->r10 = out.word[3];
    return status;
}

/* The reply is checked before the list, so that a list never runs for a reply
 * that could not be made, and again after it, since the list may have changed that. */
hf_status_t call_mmu_reply_receive(struct task *task) {
    const struct handle *from;
    uint64_t count = task->registers.r14;
    task->registers.r14 = 0;
    hf_status_t status = task->memory ? ipc_check_reply_receive(task, &from) : HF_DENIED;
    if (status == HF_OK) status = mmu_list(task, count, &task->registers.r14);
    return status == HF_OK ? call_reply_receive(task) : status;
}

static const struct {
    call_function *run;
    uint64_t flags;
} calls[HF_CALL_COUNT] = {
#define X(upper, lower, flags) [HF_CALL_##upper] = {call_##lower, flags},
    HF_CALL_LIST(X)
#undef X
};

static hf_status_t dispatch(struct task *task) {
    uint64_t number = task->registers.rax & ~(uint64_t)HF_NOWAIT, flags = task->registers.rax & HF_NOWAIT;
    if (number == HF_CALL_NONE || number >= HF_CALL_COUNT || (flags & ~calls[number].flags)) return HF_BAD_CALL;
    return calls[number].run(task);
}

void entered_by_call(struct task *task) {
    hf_status_t status = dispatch(task);
    /* A task that waits gets its status when it goes on. */
    if (task->state == HF_TASK_READY) task->registers.rax = status;
    schedule();
}
