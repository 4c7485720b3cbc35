/* From every state everything can be brought back to FREE (I13), by MMU calls alone. */
#include "judge.h"
#include "schedule.h"
#include "state.h"

static hf_status_t ask(struct hf_operation op) {
    struct hf_result result;
    return mmu_one(&asker, &op, &result);
}

/* Once for each frame that has the type. */
static void for_each(enum hf_frame_type type, void (*end)(hf_frame_t)) {
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES; frame++) {
        if (frame_is(frame, type)) end(frame);
    }
}

static void end_task(hf_frame_t frame) {
    (void)ask((struct hf_operation){HF_OP_TASK_STOP, .object = frame});
    while (ask((struct hf_operation){HF_OP_TASK_DESTROY, .object = frame}) == HF_AGAIN) continue;
}

static void end_endpoint(hf_frame_t frame) {
    while (ask((struct hf_operation){HF_OP_ENDPOINT_DESTROY, .object = frame}) == HF_AGAIN) continue;
}

static void end_handles(hf_frame_t frame) { (void)ask((struct hf_operation){HF_OP_HANDLES_DESTROY, .object = frame}); }

static void end_below(hf_frame_t root, hf_frame_t table, unsigned level, uint64_t base) {
    unsigned end = table == root ? MACHINE_RUN / 2 : MACHINE_RUN;
    for (unsigned slot = 0; slot < end; slot++) {
        uint64_t entry = state_table(table)[slot], at = base + slot * level_span(level);
        uint64_t address = at < HF_USER_FIRST ? HF_USER_FIRST : at;
        bool leaf = level == HF_LEVEL_PT || (entry & ENTRY_LARGE);
        uint8_t code = leaf ? HF_OP_UNMAP : HF_OP_TABLE_REMOVE;
        if (!(entry & ENTRY_PRESENT)) continue;
        if (!leaf) end_below(root, (entry & ENTRY_ADDRESS) >> HF_PAGE_SHIFT, level - 1, at);
        uint8_t of = (uint8_t)(leaf ? level : level - 1);
        (void)ask((struct hf_operation){code, .level = of, .object = root, .address = address});
    }
}

static void end_aspace(hf_frame_t root) {
    end_below(root, root, TABLE_LEVELS, 0);
    (void)ask((struct hf_operation){HF_OP_ASPACE_DESTROY, .object = root});
}

static void end_content(hf_frame_t frame) {
    hf_frame_t first = frame - frame % MACHINE_RUN;
    (void)ask((struct hf_operation){HF_OP_UNPIN, .object = frame});
    (void)ask((struct hf_operation){HF_OP_RELEASE, .object = frame});
    (void)ask((struct hf_operation){HF_OP_UNPIN, HF_WHOLE_RUN, .object = first});
    (void)ask((struct hf_operation){HF_OP_RELEASE, HF_WHOLE_RUN, .object = first});
}

const char *judge_drain(void) {
    for_each(HF_FRAME_TASK, end_task);
    write_cr3(0); /* who asks has an aspace of its own */
    for_each(HF_FRAME_ENDPOINT, end_endpoint);
    for_each(HF_FRAME_HANDLES, end_handles);
    for_each(HF_FRAME_PML4, end_aspace);
    for_each(HF_FRAME_STAGED, end_content);
    for_each(HF_FRAME_USER, end_content);
    for (unsigned run = 1; run < MACHINE_RUNS; run++) {
        if (machine_headers[run].state != HF_RUN_FREE) return "I13: a run can't be brought back to FREE";
    }
    bool whole = MACHINE_CORE == 0 || machine_headers[0].busy == MACHINE_CORE;
    return whole && !processor.current && processor.top < 0 ? NULL : "I13: a frame can't be brought back to FREE";
}
