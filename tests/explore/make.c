/* Making calls, and what they say. */
#include "calls.h"
#include "ipc.h"
#include "schedule.h"
#include "state.h"

/* An aspace whose kernel half can be copied once more, which takes a page and changes nothing. */
static hf_frame_t find_filler(void) {
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES; frame++) {
        if (frame_is(frame, HF_FRAME_PML4) && (frame_entry(frame)->flags & HF_FRAME_KERNEL_HALF)) return frame;
    }
    return HF_NO_FRAME;
}

static hf_status_t ask_after(unsigned fillers, const struct hf_operation *op, struct hf_result *result) {
    uint64_t done;
    for (unsigned i = 0; i < fillers; i++) {
        asker_page.operation[i] = (struct hf_operation){.code = HF_OP_ASPACE_COPY_KERNEL, .object = find_filler()};
    }
    asker_page.operation[fillers] = *op;
    hf_status_t status = mmu_list(&asker, fillers + 1, &done);
    *result = asker_page.result[fillers];
    return status;
}

static void fill_block(const struct call *call) {
    asker_page.task = (struct hf_task_block){
        .fields = call->fields,
        .registers = {.rip = call->value},
        .aspace = call->value,
        .handles = call->value,
        .buffer = call->value,
        .operations = call->operations,
        .pager = call->value,
        .priority = 256,
        .memory = 2,
    };
}

static hf_status_t ask_itself(const struct call *call, struct hf_result *result) {
    struct task *task = state_task(call->op.object);
    task->memory = 1;
    hf_status_t status = mmu_one(task, &call->op, result);
    task->memory = 0;
    return status;
}

static hf_status_t choose(void) {
    schedule();
    return HF_OK;
}

static hf_status_t yield_processor(void) {
    struct task *task = processor.current;
    processor.current = NULL;
    schedule_ready(task);
    return HF_OK;
}

static hf_status_t make(const struct call *call, struct hf_result *result) {
    switch ((enum call_how)call->how) {
    case CALL_TIRED:
        return ask_after(16, &call->op, result);
    case CALL_SHORT:
        return ask_after(15, &call->op, result);
    case CALL_BY_ITSELF:
        return ask_itself(call, result);
    case CALL_LOAD:
        write_cr3(call->op.object == HF_NO_FRAME ? 0 : call->op.object << HF_PAGE_SHIFT);
        return HF_OK;
    case CALL_SCHEDULE:
        return choose();
    case CALL_YIELD:
        return yield_processor();
    case CALL_RECEIVE:
        return call_receive(processor.current);
    case CALL_ASKED:
        break;
    }
    if (call->op.code == HF_OP_TASK_SET) fill_block(call);
    return mmu_one(&asker, &call->op, result);
}

/* As the end of a kernel entry does: the root that is loaded is that of the task that runs. */
static void leave(void) {
    if (processor.current && processor.current->cr3 != read_cr3()) write_cr3(processor.current->cr3);
}

hf_status_t calls_make(const struct call *call, struct hf_result *result) {
    *result = (struct hf_result){0};
    hf_status_t status = make(call, result);
    leave();
    return status;
}

/* ---- What became FREE ---- */

static uint64_t frame_bit(hf_frame_t frame) { return frame < MACHINE_FRAMES ? 1ull << frame : 0; }

static uint64_t run_bits(hf_frame_t first) { return ((1ull << MACHINE_RUN) - 1) << first; }

static uint64_t freed_leaf(const struct hf_result *result, bool large, hf_frame_t frame) {
    if (result->detail & HF_LEAF_FREED_PART) return (asker_page.freed[0] & ((1ull << MACHINE_RUN) - 1)) << frame;
    if (!(result->detail & HF_LEAF_FREED)) return 0;
    return large ? run_bits(frame) : frame_bit(frame);
}

static uint64_t freed_list(const struct hf_result *result) {
    uint64_t bits = 0;
    for (unsigned i = 0; i < result->detail; i++) bits |= frame_bit(asker_page.frames[i]);
    return bits;
}

static uint64_t freed_pages(const struct hf_result *result) {
    return frame_bit(result->value[0]) | frame_bit(result->value[1]);
}

uint64_t calls_freed(const struct call *call, hf_status_t status, const struct hf_result *result) {
    const struct hf_operation *op = &call->op;
    bool large = op->level == HF_WHOLE_RUN, done = status == HF_OK;
    switch (done || op->code == HF_OP_CLEAR ? op->code : HF_OP_NONE) {
    case HF_OP_RELEASE:
        return large ? run_bits(op->object) : frame_bit(op->object);
    case HF_OP_UNMAP:
        return freed_leaf(result, large, result->value[0]);
    case HF_OP_UNPIN:
        return freed_leaf(result, large, op->object);
    case HF_OP_CLEAR:
        return freed_list(result);
    case HF_OP_TABLE_REMOVE:
        return frame_bit(result->value[0]);
    case HF_OP_TASK_SET:
        return freed_pages(result);
    case HF_OP_TASK_DESTROY:
        return frame_bit(op->object) | freed_pages(result);
    case HF_OP_ASPACE_DESTROY:
    case HF_OP_HANDLES_DESTROY:
    case HF_OP_ENDPOINT_DESTROY:
        return frame_bit(op->object);
    default:
        return 0;
    }
}
