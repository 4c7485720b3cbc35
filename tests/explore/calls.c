/* Which calls are made in a state. */
#include "list.h"
#include "schedule.h"

struct calls_list list;

/* Whether a frame before it plays the same part. */
static bool is_doubled(hf_frame_t frame) {
    hf_frame_t first = frame - frame % MACHINE_RUN;
    const struct hf_run_header *run = frame_run(frame);
    if (!is(frame, HF_FRAME_FREE)) return run->state != HF_RUN_SPLIT && frame % MACHINE_RUN > 1;
    for (hf_frame_t other = first; run->state == HF_RUN_SPLIT && other < frame; other++) {
        if (is(other, HF_FRAME_FREE)) return true;
    }
    if (run->state == HF_RUN_SPLIT) return false;
    for (hf_frame_t other = 0; other < first; other += MACHINE_RUN) {
        if (frame_run(other)->state == HF_RUN_FREE) return true;
    }
    return frame % MACHINE_RUN > 1;
}

static void find_names(void) {
    list.name_count = 0;
    for (hf_frame_t frame = MACHINE_CORE - 1; frame < MACHINE_FRAMES; frame++) {
        if (frame < MACHINE_CORE || !is_doubled(frame)) list.names[list.name_count++] = frame;
    }
    list.names[list.name_count++] = MACHINE_FRAMES; /* one past the last */
    list.names[list.name_count++] = 1ul << 52;
    list.names[list.name_count++] = HF_NO_FRAME;
}

/* ---- About any frame ---- */

static void about_staging(hf_frame_t frame) {
    const uint64_t ranges[][2] = {{HF_STAGE_AT(0, 0), HF_PAGE_SIZE},
                                  {HF_STAGE_AT(HF_PAGE_SIZE - 1, HF_PAGE_SIZE - 1), 1},
                                  {HF_STAGE_AT(HF_PAGE_SIZE, 0), 1},
                                  {HF_STAGE_AT(0, 1), HF_PAGE_SIZE},
                                  {HF_STAGE_AT(0, 0xffffffff), 0xffffffff}};
    const uint64_t tags[] = {0, UINT16_MAX, UINT16_MAX + 1ul};
    for (uint8_t level = 0; level <= 2; level++) {
        ADD(HF_OP_STAGE, .level = level, .object = frame, .frame = HF_NO_FRAME);
        ADD(HF_OP_RELEASE, .level = level, .object = frame);
        ADD(HF_OP_PIN, .level = level, .object = frame);
        ADD(HF_OP_UNPIN, .level = level, .object = frame);
        EACH(t, tags) ADD(HF_OP_TAG, .level = level, .object = frame, .address = tags[t]);
    }
    ADD(HF_OP_STAGE, .count = 1, .object = frame, .frame = HF_NO_FRAME);
    EACH_NAME(i) {
        ADD(HF_OP_STAGE, .count = 8, .object = frame, .frame = list.names[i]);
        if (frame % MACHINE_RUN == 0) ADD(HF_OP_STAGE, .level = 2, .count = 8, .object = frame, .frame = list.names[i]);
        if (!frame_has_content(list.names[i])) continue;
        EACH(r, ranges) {
            ADD(HF_OP_STAGE, .count = (uint32_t)ranges[r][1], .object = frame, .address = ranges[r][0],
                .frame = list.names[i]);
        }
    }
}

static void about_frame(hf_frame_t frame) {
    static const uint8_t alone[] = {HF_OP_ASPACE_CREATE, HF_OP_ASPACE_COPY_KERNEL, HF_OP_ASPACE_DESTROY};
    about_staging(frame);
    EACH(i, alone) ADD(alone[i], .object = frame);
    ADD(HF_OP_QUERY, .level = HF_QUERY_FRAMES, .count = 1, .object = frame);
    ADD(HF_OP_QUERY, .level = HF_QUERY_RUNS, .count = 256, .object = frame);
    ADD(HF_OP_ASPACE_CREATE, .level = 1, .object = frame); /* a field that it doesn't use */
    if (is(frame, HF_FRAME_PML4)) {
        about_aspace(frame);
    } else {
        about_no_aspace(frame);
    }
}

/* ---- The processor ---- */

static void add_how(enum call_how how, hf_frame_t object) {
    ADD(.object = object);
    set_how(how);
}

static void about_processor(void) {
    hf_frame_t loaded = read_cr3() >> HF_PAGE_SHIFT;
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES && !processor.current; frame++) {
        bool ready = is(frame, HF_FRAME_PML4) && (frame_entry(frame)->flags & HF_FRAME_KERNEL_HALF);
        if (ready && frame != loaded) add_how(CALL_LOAD, frame);
    }
    if (loaded && !processor.current) add_how(CALL_LOAD, HF_NO_FRAME);
    if (!processor.current && processor.top >= 0) add_how(CALL_SCHEDULE, 0);
    if (!processor.current) return;
    add_how(CALL_YIELD, 0);
    add_how(CALL_RECEIVE, 0);
}

/* ---- Calls that find the work used up ---- */

static bool can_list(void) {
    bool possible = false;
    EACH_NAME(i) {
        if (!is(list.names[i], HF_FRAME_PML4)) continue;
        possible = possible || (frame_entry(list.names[i])->flags & HF_FRAME_KERNEL_HALF);
    }
    return possible;
}

/* Of calls that fill a page, those whose page may be one. */
static bool fills_page(const struct hf_operation *op) {
    switch (op->code) {
    case HF_OP_TABLE_INSTALL:
    case HF_OP_SPLIT:
        return is(op->frame, HF_FRAME_FREE);
    case HF_OP_STAGE:
    case HF_OP_ASPACE_CREATE:
    case HF_OP_TASK_CREATE:
    case HF_OP_HANDLES_CREATE:
    case HF_OP_ENDPOINT_CREATE:
        return is(op->object, HF_FRAME_FREE) || is(op->object, HF_FRAME_STAGED);
    case HF_OP_HANDLES_COPY:
    case HF_OP_ASPACE_COPY_KERNEL:
        return true;
    default:
        return false;
    }
}

/* The same calls again, as the last ones of a list that has used up the work of one entry. */
static void again_when_tired(void) {
    unsigned end = can_list() ? list.count : 0;
    for (unsigned i = 0; i < end; i++) {
        struct call again = list.calls[i];
        bool zeroing = again.op.code == HF_OP_STAGE && again.op.level == 2 && again.op.frame == HF_NO_FRAME;
        if (!fills_page(&again.op)) continue;
        again.how = CALL_TIRED;
        list.calls[list.count++] = again;
        again.how = CALL_SHORT;
        if (zeroing) list.calls[list.count++] = again;
    }
}

unsigned calls_list(struct call calls[CALLS_MOST]) {
    list.calls = calls;
    list.count = 0;
    find_names();
    EACH_NAME(i) {
        about_frame(list.names[i]);
        if (EXPLORE_CALLS != CALLS_MEMORY) about_objects(list.names[i]);
    }
    again_when_tired();
    about_processor();
    return list.count;
}
