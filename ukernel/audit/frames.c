/* Run headers, and how often each frame is referred to (I1, I2, I3, I9). */
#include "audit.h"

#include "../kernelmap.h"

/* ---- runs ---- */

/* Whether a frame of RAM is where frame_pointer looks for it. Where a page of 2 MiB is, audit_kernel has looked. */
static bool in_pmo(hf_frame_t frame) {
    if (frame_is(frame, HF_FRAME_RESERVED)) return true;
    return entry_present(*walk(kernelmap_root(), (uint64_t)frame_pointer(frame), HF_LEVEL_PT).entry);
}

static void check_header(struct audit *audit, hf_frame_t first) {
    const struct hf_run_header *run = frame_run(first);
    bool large = run->state == HF_RUN_STAGED || run->state == HF_RUN_USER;
    bool pinned = run->flags == HF_FRAME_PINNED && (run->state == HF_RUN_USER || run->state == HF_RUN_SPLIT);
    bool valid = run->state <= HF_RUN_USER && (run->flags == 0 || pinned) &&
                 (large || run->state == HF_RUN_SPLIT || run->state == HF_RUN_ZEROING || run->busy == 0) &&
                 (run->state == HF_RUN_USER || run->state == HF_RUN_SPLIT || run->refs == 0);
    audit_check(audit, valid, HF_INVARIANT_TYPED, "no valid run header", first, HF_NO_FRAME);
    audit_check(audit, run->state != HF_RUN_USER || run_in_use(run), HF_INVARIANT_CONSERVED, "a run that nothing keeps",
                first, HF_NO_FRAME);
    audit_check(audit, run->state != HF_RUN_ZEROING || run->busy < RUN_FRAMES, HF_INVARIANT_BOUNDED,
                "zeroed beyond its end", first, run->busy);
}

/* One frame of a split run. */
static void check_split(struct audit *audit, hf_frame_t frame) {
    const struct hf_run_header *run = frame_run(frame);
    audit->busy += FRAME_ENTRIES[frame].type != HF_FRAME_FREE;
    audit_check(audit, !run_in_use(run) || FRAME_ENTRIES[frame].type == HF_FRAME_USER, HF_INVARIANT_TYPED,
                "part of a page of 2 MiB, and not USER", frame, HF_NO_FRAME);
    if ((frame + 1) % RUN_FRAMES != 0) return;
    audit_check(audit, audit->busy == run->busy && audit->busy > 0, HF_INVARIANT_COUNTED,
                "busy is not what is not FREE", frame / RUN_FRAMES * RUN_FRAMES, audit->busy);
}

static bool is_zero(hf_frame_t frame) {
    const uint64_t *words = frame_pointer(frame);
    uint64_t seen = 0;
    for (unsigned i = 0; i < HF_PAGE_SIZE / sizeof(*words); i++) seen |= words[i];
    return seen == 0;
}

/* A frame of its run, or the run when it is whole; how many frames that was. */
static uint64_t check_frame(struct audit *audit, hf_frame_t frame) {
    const struct hf_run_header *run = frame_run(frame);
    if (frame % RUN_FRAMES == 0) {
        audit->busy = 0;
        check_header(audit, frame);
    }
    audit_check(audit, in_pmo(frame), HF_INVARIANT_KERNEL_HALF, "RAM that is not in the PMO", frame, HF_NO_FRAME);
    if (run->state == HF_RUN_SPLIT) check_split(audit, frame);
    bool zeroed = run->state == HF_RUN_ZEROING && frame % RUN_FRAMES < run->busy;
    if (zeroed) audit_check(audit, is_zero(frame), HF_INVARIANT_CLEAN, "not as zero as it says", frame, HF_NO_FRAME);
    return run->state == HF_RUN_SPLIT || zeroed ? 1 : RUN_FRAMES - frame % RUN_FRAMES;
}

#define PARTS_OF_RUN 16u /* a zeroed page takes as long as so many frames of a split run */

bool audit_runs(struct audit *audit) {
    for (unsigned left = AUDIT_SLOTS / 2; left > 0 && audit->at < frame_limit;) {
        unsigned cost = frame_run(audit->at)->state == HF_RUN_ZEROING ? PARTS_OF_RUN : 1;
        audit->at += check_frame(audit, audit->at);
        left -= cost < left ? cost : left;
    }
    return audit->at >= frame_limit;
}

/* ---- counting ---- */

/* So many runs at a time have room to count what refers to their frames. */
#define WINDOW_RUNS 16u
#define WINDOW (WINDOW_RUNS * RUN_FRAMES)

static struct counts {
    uint32_t refs[WINDOW], run_refs[WINDOW_RUNS];
    uint8_t parents[WINDOW];
} counts;

static void count_ref(const struct audit *audit, hf_frame_t frame, uint32_t refs) {
    if (frame - audit->first < WINDOW) counts.refs[frame - audit->first] += refs;
}

static void count_entry(const struct audit *audit, pte_t entry, enum hf_frame_type type) {
    unsigned level = type - HF_FRAME_PT + HF_LEVEL_PT;
    hf_frame_t frame = entry_frame(entry);
    if (frame - audit->first >= WINDOW || (entry.value & ENTRY_DEVICE)) return;
    if (!entry_is_leaf(entry, level)) {
        counts.parents[frame - audit->first]++;
    } else if (level == HF_LEVEL_PD) {
        counts.run_refs[(frame - audit->first) / RUN_FRAMES]++;
    } else {
        counts.refs[frame - audit->first]++;
    }
}

static void count_table(const struct audit *audit, hf_frame_t table, unsigned first, unsigned end) {
    enum hf_frame_type type = frame_type(table);
    const pte_t *entries = frame_pointer(table);
    uint32_t present = 0;
    for (unsigned slot = first; slot < end; slot++) {
        if (!entry_present(entries[slot])) continue;
        present++;
        count_entry(audit, entries[slot], type);
    }
    count_ref(audit, table, present);
}

static void count_pointer(const struct audit *audit, const void *object) {
    if (object) count_ref(audit, frame_of(object), 1);
}

static void count_task(const struct audit *audit, const struct task *task) {
    count_pointer(audit, task->handles); /* the empty table is in the image, and so nowhere */
    count_pointer(audit, task->buffer);
    count_pointer(audit, task->operations);
    if (task->cr3) count_ref(audit, task->cr3 >> HF_PAGE_SHIFT, 1);
}

static unsigned slots(enum hf_frame_type type) {
    if (type == HF_FRAME_PML4) return KERNEL_HALF_SLOT;
    return audit_is_table(type) ? TABLE_ENTRIES : 1;
}

static void count_frame(struct audit *audit, hf_frame_t frame, unsigned first, unsigned end) {
    enum hf_frame_type type = frame_type(frame);
    if (audit_is_table(type)) count_table(audit, frame, first, end);
    if (type == HF_FRAME_TASK) count_task(audit, frame_pointer(frame));
}

bool audit_count(struct audit *audit) {
    if (audit->at == 0 && audit->slot == 0) fill_words(&counts, 0, sizeof(counts) / sizeof(uint64_t));
    return audit_each_frame(audit, slots, count_frame);
}

static void compare_run(struct audit *audit, hf_frame_t first) {
    const struct hf_run_header *run = frame_run(first);
    uint32_t counted = counts.run_refs[(first - audit->first) / RUN_FRAMES];
    audit_check(audit, run->refs == counted, HF_INVARIANT_COUNTED, "a run's refs are not the leaves that name it",
                first, counted);
}

static void compare_frame(struct audit *audit, hf_frame_t frame) {
    const struct hf_frame_entry *entry = &FRAME_ENTRIES[frame];
    uint32_t counted = counts.refs[frame - audit->first];
    bool lower = audit_is_table(entry->type) && entry->type != HF_FRAME_PML4;
    bool kept = entry->refs || (entry->flags & HF_FRAME_PINNED) || run_in_use(frame_run(frame));
    audit_check(audit, entry->refs == counted, HF_INVARIANT_COUNTED, "refs are not what refers to it", frame, counted);
    audit_check(audit, counts.parents[frame - audit->first] == lower, HF_INVARIANT_TREE, "not one parent", frame,
                counts.parents[frame - audit->first]);
    audit_check(audit, entry->type != HF_FRAME_USER || kept, HF_INVARIANT_CONSERVED, "USER, and nothing keeps it",
                frame, HF_NO_FRAME);
}

bool audit_compare(struct audit *audit) {
    if (audit->at == 0) audit->at = audit->first;
    if (audit->at % RUN_FRAMES == 0) compare_run(audit, audit->at);
    hf_frame_t end = audit->at + AUDIT_SLOTS;
    for (; audit->at < end; audit->at++) {
        if (frame_has_entry(audit->at)) compare_frame(audit, audit->at);
    }
    bool last = end - audit->first == WINDOW || end >= frame_limit;
    if (last) audit->first = end;
    return last;
}
