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
    task_set_fs_base(task, task->registers.rdi);
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

static hf_status_t no_call(struct task *) { return HF_BAD_CALL; }

static call_function *const calls[HF_CALL_COUNT] = {no_call,
#define X(upper, lower, flags) call_##lower,
                                                    HF_CALL_LIST(X)
#undef X
};

static const uint16_t flags_known[HF_CALL_COUNT] = {0,
#define X(upper, lower, flags) flags,
                                                    HF_CALL_LIST(X)
#undef X
};

static hf_status_t dispatch(struct task *task) {
    uint64_t number = task->registers.rax, flags = number & HF_NOWAIT;
    if (number < HF_CALL_COUNT) return calls[number](task);
    number -= flags;
    return number < HF_CALL_COUNT && (flags_known[number] & flags) ? calls[number](task) : HF_BAD_CALL;
}

void call_end(struct task *task, hf_status_t status) {
    /* A task that waits gets its status when it goes on. */
    if (task->state == HF_TASK_READY) task->registers.rax = status;
    schedule();
}

void entered_by_call(struct task *task) { call_end(task, dispatch(task)); }
