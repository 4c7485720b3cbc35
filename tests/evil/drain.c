/* From whatever state this program got the machine into, back to the one it began with.
 * All that is known is what the core says: that must be enough. */
#include "evil.h"

#define SPAN(level) (HF_PAGE_SIZE << 9 * ((level)-1))

static void end_tasks(hf_frame_t frame, struct hf_frame_entry entry) {
    struct hf_result result;
    if (entry.type != HF_FRAME_TASK || is_ours(frame)) return;
    either_way(do_listed(ON(TASK_STOP, frame), &result)); /* it may be stopped already */
    must(ON(TASK_DESTROY, frame));
}

static void end_objects(hf_frame_t frame, struct hf_frame_entry entry) {
    if (is_ours(frame)) return;
    if (entry.type == HF_FRAME_HANDLES) must(ON(HANDLES_DESTROY, frame));
    if (entry.type == HF_FRAME_ENDPOINT) must(ON(ENDPOINT_DESTROY, frame));
}

/* A place that operations take, below the table or leaf at `address`. */
static uint64_t inside(uint64_t address) { return address < HF_USER_FIRST ? HF_USER_FIRST : address; }

static bool empty(hf_frame_t aspace, uint64_t address, unsigned level);

/* A table of this level, from one of its slots on, until so many entries are gone. */
static void empty_table(hf_frame_t aspace, uint64_t base, unsigned level, unsigned slot, uint32_t left) {
    unsigned end = level == HF_LEVEL_PML4 ? 256 : 512;
    for (; slot < end && left > 0; slot++) left -= empty(aspace, base + slot * SPAN(level), level);
}

/* Whatever the entry for `address` in a table of this level leads to; false when it is empty. */
static bool empty(hf_frame_t aspace, uint64_t address, unsigned level) {
    uint64_t entry = look_entry(aspace, address, level);
    if (!(entry & ENTRY_PRESENT)) return false;
    if (level == HF_LEVEL_PD && (entry & ENTRY_LARGE)) {
        must(LARGE(UNMAP, aspace, address));
        return true;
    }
    if (level == HF_LEVEL_PD) {
        must(ON(CLEAR, aspace, .address = inside(address)));
    } else {
        empty_table(aspace, address, level - 1, 0, look_frame((entry & ENTRY_FRAME) >> HF_PAGE_SHIFT).refs);
    }
    must(ON(TABLE_REMOVE, aspace, .level = (uint8_t)(level - 1), .address = inside(address)));
    return true;
}

static uint32_t our_refs; /* our own aspace's, at first: our task, and the first slot with all that is ours */

static void end_aspaces(hf_frame_t frame, struct hf_frame_entry entry) {
    if (entry.type != HF_FRAME_PML4) return;
    if (is_ours(frame)) {
        empty_table(frame, 0, HF_LEVEL_PML4, 1, entry.refs - our_refs);
    } else {
        empty_table(frame, 0, HF_LEVEL_PML4, 0, entry.refs);
        must(ON(ASPACE_DESTROY, frame));
    }
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

void drain_init(void) {
    our_sum = sum_ours();
    our_refs = look_frame(boot->aspace).refs;
}

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
    look_each(end_tasks);
    either_way(hf_reply(&unused)); /* whose call was in hand has ended */
    for (hf_handle_t slot = 1; slot < LISTENING; slot++) either_way(hf_handle_close(slot));
    look_each(end_objects);
    look_each(end_aspaces);
    free_runs();
    look_each(free_frames);
    pool_reset();
}
