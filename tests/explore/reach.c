#include "reach.h"

#include "calls.h"
#include "schedule.h"
#include "state.h"

/* How many frames there are, and how many an aspace takes with its tables, and with a page of 2 MiB. */
#define ROOM (MACHINE_FRAMES - MACHINE_CORE)
#define SMALL TABLE_LEVELS
#define LARGE (TABLE_LEVELS - 1u + MACHINE_RUN)
#define ALL_CALLS (EXPLORE_CALLS == CALLS_ALL && TABLE_LEVELS == 2u)
#define NEVER (ROOM + 1u)

static const unsigned frames_needed[REACHED_COUNT] = {
    [REACHED_SHARED] = 2u * SMALL + 1u,
    [REACHED_LARGE] = LARGE,
    [REACHED_LARGE_BESIDE] = LARGE + 1u,
    [REACHED_SHARED_SPLIT] = 2u * (TABLE_LEVELS - 1u) + 1u + MACHINE_RUN,
    [REACHED_ZEROING] = MACHINE_RUN + 1u,
    [REACHED_PINNED] = SMALL + 1u,
    [REACHED_PINNED_RUN] = LARGE,
    [REACHED_DEVICE] = EXPLORE_CALLS == CALLS_USERS ? NEVER : SMALL,
    [REACHED_TORN] = 1u,
    [REACHED_LOADED] = SMALL + 1u,
    [REACHED_TASK] = EXPLORE_CALLS == CALLS_MEMORY ? NEVER : 2u,
    [REACHED_RUNNING] = EXPLORE_CALLS == CALLS_MEMORY ? NEVER : 2u,
    [REACHED_BUFFER] = EXPLORE_CALLS == CALLS_MEMORY ? NEVER : 2u,
    [REACHED_WAITING] = ALL_CALLS ? 4u : NEVER,
};

bool reach_wanted(enum reached what) { return frames_needed[what] <= ROOM; }

uint64_t reached_states[REACHED_COUNT];

const char *const reached_texts[REACHED_COUNT] = {
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

static void note(enum reached what, bool is) { reached_states[what] += is; }

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

void reach_note(void) {
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
