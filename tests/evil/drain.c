/* From whatever state this program got the machine into, back to the one it began with.
 * All that is known is what the core says: that must be enough. */
#include "evil.h"

#define SPAN(level) (HF_PAGE_SIZE << 9 * ((level)-1))

static void end_tasks(hf_frame_t frame, struct hf_frame_entry entry) {
    struct hf_result result;
    if (entry.type != HF_FRAME_TASK || is_ours(frame)) return;
    hf_status_t status = do_listed(ON(TASK_STOP, frame), &result);
    (void)status; /* it may be stopped already */
    must(ON(TASK_DESTROY, frame));
}

static void end_objects(hf_frame_t frame, struct hf_frame_entry entry) {
    if (is_ours(frame)) return;
    if (entry.type == HF_FRAME_HANDLES) must(ON(HANDLES_DESTROY, frame));
    if (entry.type == HF_FRAME_ENDPOINT) must(ON(ENDPOINT_DESTROY, frame));
}

/* A place that operations take, below the table or leaf at `address`. */
static uint64_t inside(uint64_t address) { return address < HF_USER_FIRST ? HF_USER_FIRST : address; }

/* Whatever the entry for `address` in a table of this level leads to. */
static void empty(hf_frame_t aspace, uint64_t address, unsigned level) {
    uint64_t entry = look_entry(aspace, address, level);
    if (!(entry & ENTRY_PRESENT)) return;
    if (level == HF_LEVEL_PD && (entry & ENTRY_LARGE)) {
        must(LARGE(UNMAP, aspace, address));
        return;
    }
    if (level == HF_LEVEL_PD) must(ON(CLEAR, aspace, .address = inside(address)));
    for (unsigned i = 0; i < 512 && level > HF_LEVEL_PD; i++) empty(aspace, address + i * SPAN(level - 1), level - 1);
    must(ON(TABLE_REMOVE, aspace, .level = (uint8_t)(level - 1), .address = inside(address)));
}

static void end_aspaces(hf_frame_t frame, struct hf_frame_entry entry) {
    if (entry.type != HF_FRAME_PML4) return;
    /* Our own things are all in the first slot of our own. */
    for (uint64_t slot = is_ours(frame) ? 1 : 0; slot < 256; slot++) {
        empty(frame, slot * SPAN(HF_LEVEL_PML4), HF_LEVEL_PML4);
    }
    if (!is_ours(frame)) must(ON(ASPACE_DESTROY, frame));
}

static void free_runs(void) {
    for (hf_frame_t first = 0; first < ram_end; first += HF_RUN_FRAMES) {
        struct hf_run_header run = look_run(first);
        if (run.flags & HF_FRAME_PINNED) must(ON(UNPIN, first, .level = HF_WHOLE_RUN));
        if (run.state != HF_RUN_STAGED && run.state != HF_RUN_ZEROING) continue;
        must(ON(RELEASE, first, .level = HF_WHOLE_RUN));
    }
}

static void free_frames(hf_frame_t frame, struct hf_frame_entry entry) {
    if (is_ours(frame)) return;
    if (entry.type == HF_FRAME_STAGED) must(ON(RELEASE, frame));
    if (entry.flags & HF_FRAME_PINNED) must(ON(UNPIN, frame));
}

static uint64_t our_sum; /* of what is ours, as it was at first */
static uint64_t sum;
static unsigned differences;

/* The tag says nothing: it is there to be changed. */
static void add_ours(hf_frame_t frame, struct hf_frame_entry entry) {
    if (!is_ours(frame)) return;
    sum = (sum ^ (frame << 40 | (uint64_t)entry.type << 32 | entry.refs) ^ (uint64_t)entry.flags << 36) *
          0x9e3779b97f4a7c15ul;
}

static uint64_t sum_ours(void) {
    sum = 0;
    look_each(add_ours);
    return sum;
}

void drain_init(void) { our_sum = sum_ours(); }

static void compare(hf_frame_t frame, struct hf_frame_entry entry) {
    if (is_ours(frame) || entry.type == HF_FRAME_FREE) return;
    say("not ok frame 0x%lx is left over: type %u, refs %u, flags %u\n", frame, entry.type, entry.refs, entry.flags);
    differences++;
}

bool drained(void) {
    differences = 0;
    look_each(compare);
    if (sum_ours() != our_sum) {
        say("not ok the frames that this program began with are not what they were\n");
        differences++;
    }
    for (unsigned i = 0; i < POOL_RUNS; i++) {
        struct hf_run_header run = look_run(pool_run(i));
        if (run.state == HF_RUN_FREE) continue;
        say("not ok run 0x%lx: state %u refs %u busy %u\n", pool_run(i), run.state, run.refs, run.busy);
        differences++;
    }
    return differences == 0;
}

void drain(void) {
    struct hf_message unused = {0};
    hf_status_t status;
    look_each(end_tasks);
    status = hf_reply(&unused); /* whose call was in hand has ended */
    for (hf_handle_t slot = 1; slot < LISTENING; slot++) status = hf_handle_close(slot);
    (void)status;
    look_each(end_objects);
    look_each(end_aspaces);
    free_runs();
    look_each(free_frames);
    pool_reset();
}
