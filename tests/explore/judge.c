#include "judge.h"

#include "../host/check_state.h"
#include "../host/machine/control.h"
#include "handle.h"
#include "schedule.h"
#include "state.h"

#define USES (4u * MACHINE_FRAMES)

static struct check_use uses[USES];
static unsigned use_count;

static void add_use(const void *object, enum hf_frame_type type) {
    if (object) uses[use_count++] = (struct check_use){frame_of(object), type};
}

static void find_uses(void) {
    use_count = 0;
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES; frame++) {
        if (!frame_is(frame, HF_FRAME_TASK)) continue;
        const struct task *task = state_task(frame);
        add_use(task->cr3 ? frame_pointer(task->cr3 >> HF_PAGE_SHIFT) : NULL, HF_FRAME_PML4);
        add_use(task->handles == handle_none ? NULL : task->handles, HF_FRAME_HANDLES);
        add_use(task->buffer, HF_FRAME_USER);
        add_use(task->operations, HF_FRAME_USER);
    }
}

static const char *check_processor(void) {
    hf_frame_t root = machine_cr3 >> HF_PAGE_SHIFT;
    if (!root) return NULL;
    if (!frame_is(root, HF_FRAME_PML4)) return "I8: the processor has an aspace loaded that is gone";
    bool runs = frame_entry(root)->flags & HF_FRAME_KERNEL_HALF;
    return runs ? NULL : "I4: the processor has an aspace loaded that has no kernel half";
}

const char *judge_state(void) {
    static const struct check_range devices[] = {{0xb8, 8}};
    find_uses();
    const char *wrong = check_state(&(struct check_state){
        .ram = machine_ram[0],
        .headers = machine_headers,
        .entries = machine_entries,
        .limit = frame_limit,
        .levels = TABLE_LEVELS,
        .bits = TABLE_BITS,
        .user_first = HF_USER_FIRST,
        .user_end = HF_USER_END,
        .kernel_half = machine_kernel_half,
        .ram_frames = MACHINE_FRAMES,
        .devices = devices,
        .device_count = 1,
        .uses = uses,
        .use_count = use_count,
    });
    if (!wrong) wrong = check_processor();
    return wrong;
}

/* Whether a page was given a content for ring 3: of a run, those that are zeroed already. */
static bool is_filled(hf_frame_t frame) {
    const struct hf_run_header *run = frame_run(frame);
    if (run->state == HF_RUN_ZEROING) return frame % MACHINE_RUN < run->busy;
    return frame_is(frame, HF_FRAME_STAGED) || frame_is(frame, HF_FRAME_USER);
}

const char *judge_pages(void) {
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES; frame++) {
        if (machine_page[frame] != PAGE_ZERO && is_filled(frame) && !machine_page_is_clean(frame)) {
            return "I7: what stood in a frame before can be read";
        }
    }
    return NULL;
}
