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

/* ---- Coverage ---- */

uint64_t judge_reached[REACHED_COUNT];

const char *const judge_reached_text[REACHED_COUNT] = {
#define X(name, text) text,
    REACHED_LIST(X)
#undef X
};

static struct seen {
    uint64_t mapped[MACHINE_FRAMES]; /* in which aspaces each frame is mapped by 4 KiB leaves */
    bool large, table_beside, leaf, torn, device;
} seen;

static void look_into(hf_frame_t table, unsigned level, hf_frame_t root) {
    unsigned end = table == root ? MACHINE_RUN / 2 : MACHINE_RUN;
    bool large = false, below = false;
    for (unsigned slot = 0; slot < end; slot++) {
        uint64_t entry = state_table(table)[slot];
        hf_frame_t frame = (entry & ENTRY_ADDRESS) >> HF_PAGE_SHIFT;
        if (!(entry & ENTRY_PRESENT)) continue;
        if (level == HF_LEVEL_PT || (entry & ENTRY_LARGE)) {
            large = large || level > HF_LEVEL_PT;
            seen.device = seen.device || (entry & ENTRY_DEVICE);
            seen.leaf = seen.leaf || root == machine_cr3 >> HF_PAGE_SHIFT;
            if (frame < MACHINE_FRAMES && level == HF_LEVEL_PT) seen.mapped[frame] |= 1ull << root;
        } else {
            below = true;
            look_into(frame, level - 1, root);
            seen.torn = seen.torn || frame_entry(frame)->refs == 0;
        }
    }
    seen.large = seen.large || large;
    seen.table_beside = seen.table_beside || (large && below);
}

static void note(enum reached what, bool is) { judge_reached[what] += is; }

static void note_runs(void) {
    for (unsigned i = 0; i < MACHINE_RUNS; i++) {
        const struct hf_run_header *run = &machine_headers[i];
        note(REACHED_ZEROING, run->state == HF_RUN_ZEROING);
        note(REACHED_PINNED_RUN, (run->flags & HF_FRAME_PINNED) != 0);
        note(REACHED_SHARED_SPLIT, run->state == HF_RUN_SPLIT && run->refs != 0);
    }
}

static void note_frames(void) {
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES; frame++) {
        const struct hf_frame_entry *entry = frame_entry(frame);
        const struct task *task = state_task(frame);
        if (!entry) continue;
        if (entry->type == HF_FRAME_USER) {
            note(REACHED_SHARED, (seen.mapped[frame] & (seen.mapped[frame] - 1)) != 0);
            note(REACHED_PINNED, entry->refs == 0 && (entry->flags & HF_FRAME_PINNED));
            note(REACHED_BUFFER, entry->refs != 0 && !seen.mapped[frame] && !run_in_use(frame_run(frame)));
        }
        if (entry->type != HF_FRAME_TASK) continue;
        note(REACHED_TASK, task->cr3 != 0);
        note(REACHED_WAITING, task->state == HF_TASK_RECEIVING);
    }
}

void judge_note(void) {
    seen = (struct seen){0};
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES; frame++) {
        if (!frame_is(frame, HF_FRAME_PML4)) continue;
        look_into(frame, TABLE_LEVELS, frame);
        seen.torn = seen.torn || !(frame_entry(frame)->flags & HF_FRAME_KERNEL_HALF);
    }
    note(REACHED_LARGE, seen.large);
    note(REACHED_LARGE_BESIDE, seen.table_beside);
    note(REACHED_DEVICE, seen.device);
    note(REACHED_TORN, seen.torn);
    note(REACHED_LOADED, seen.leaf);
    note(REACHED_RUNNING, processor.current != NULL);
    note_runs();
    note_frames();
}
