#include "shadow.h"

#include <stdlib.h>
#include <string.h>

void shadow_set(struct shadow *shadow, void *where, uint64_t value) {
    if (shadow->changed == sizeof shadow->changes / sizeof *shadow->changes) abort();
    struct shadow_change *change = &shadow->changes[shadow->changed++];
    change->where = where;
    memcpy(&change->old, where, sizeof change->old);
    memcpy(where, &value, sizeof value);
}

void shadow_undo(struct shadow *shadow) {
    while (shadow->changed) {
        const struct shadow_change *change = &shadow->changes[--shadow->changed];
        memcpy(change->where, &change->old, sizeof change->old);
    }
}

uint64_t shadow_header(struct hf_run_header header) {
    uint64_t word;
    memcpy(&word, &header, sizeof word);
    return word;
}

uint64_t shadow_entry(struct hf_frame_entry entry) {
    uint64_t word;
    memcpy(&word, &entry, sizeof word);
    return word;
}

static void set_header(struct shadow *shadow, hf_frame_t frame, struct hf_run_header header) {
    shadow_set(shadow, shadow_run(shadow, frame), shadow_header(header));
}

static void set_entry(struct shadow *shadow, hf_frame_t frame, struct hf_frame_entry entry) {
    shadow_set(shadow, &shadow->entries[frame], shadow_entry(entry));
}

enum hf_frame_type shadow_type(struct shadow *shadow, hf_frame_t frame) {
    if (frame >= SHADOW_LIMIT) return HF_FRAME_RESERVED;
    switch (shadow_run(shadow, frame)->state) {
    case HF_RUN_RESERVED:
        return HF_FRAME_RESERVED;
    case HF_RUN_CORE:
        return HF_FRAME_CORE;
    case HF_RUN_FREE:
        return HF_FRAME_FREE;
    case HF_RUN_SPLIT:
        return (enum hf_frame_type)shadow->entries[frame].type;
    default:
        return HF_FRAME_TYPE_COUNT;
    }
}

enum hf_run_state shadow_state(struct shadow *shadow, hf_frame_t first) {
    if (first >= SHADOW_LIMIT || first % HF_RUN_FRAMES) return HF_RUN_RESERVED;
    return (enum hf_run_state)shadow_run(shadow, first)->state;
}

void shadow_claim(struct shadow *shadow, hf_frame_t frame, enum hf_frame_type type, uint32_t refs) {
    const struct hf_run_header run = *shadow_run(shadow, frame);
    if (run.state == HF_RUN_FREE) {
        const hf_frame_t first = frame - frame % HF_RUN_FRAMES;
        for (hf_frame_t each = first; each < first + HF_RUN_FRAMES; each++) {
            set_entry(shadow, each, (struct hf_frame_entry){.type = HF_FRAME_FREE});
        }
    }
    set_header(shadow, frame, (struct hf_run_header){HF_RUN_SPLIT, run.flags, (uint16_t)(run.busy + 1), run.refs});
    set_entry(shadow, frame, (struct hf_frame_entry){.type = (uint8_t)type, .refs = refs});
}

void shadow_release(struct shadow *shadow, hf_frame_t frame) {
    struct hf_run_header run = *shadow_run(shadow, frame);
    set_entry(shadow, frame, (struct hf_frame_entry){.type = HF_FRAME_FREE});
    run.busy--;
    if (run.busy == 0 && run.refs == 0) {
        run = (struct hf_run_header){.state = HF_RUN_FREE};
    }
    set_header(shadow, frame, run);
}

static bool run_keeps(const struct hf_run_header *run) { return run->refs != 0 || (run->flags & HF_FRAME_PINNED) != 0; }

static bool frame_keeps(const struct hf_frame_entry *entry) {
    return entry->refs != 0 || (entry->flags & HF_FRAME_PINNED) != 0;
}

/* Something that kept the frame is gone. */
static struct freed let_go_of_frame(struct shadow *shadow, hf_frame_t frame) {
    if (frame_keeps(&shadow->entries[frame]) || run_keeps(shadow_run(shadow, frame))) return (struct freed){0};
    shadow_release(shadow, frame);
    return (struct freed){.whole = true};
}

struct freed shadow_unuse_frame(struct shadow *shadow, hf_frame_t frame) {
    struct hf_frame_entry entry = shadow->entries[frame];
    entry.refs--;
    set_entry(shadow, frame, entry);
    return let_go_of_frame(shadow, frame);
}

struct freed shadow_unpin_frame(struct shadow *shadow, hf_frame_t frame) {
    struct hf_frame_entry entry = shadow->entries[frame];
    entry.flags &= (uint8_t)~HF_FRAME_PINNED;
    set_entry(shadow, frame, entry);
    return let_go_of_frame(shadow, frame);
}

/* Of a split run, those frames go that nothing keeps by themselves. */
static struct freed release_unused(struct shadow *shadow, hf_frame_t first) {
    struct freed freed = {0};
    for (unsigned i = 0; i < HF_RUN_FRAMES; i++) {
        if (!frame_keeps(&shadow->entries[first + i])) {
            freed.which[i / 64] |= 1ull << i % 64;
            freed.count++;
            set_entry(shadow, first + i, (struct hf_frame_entry){.type = HF_FRAME_FREE});
        }
    }
    return freed;
}

static struct freed let_go_of_run(struct shadow *shadow, hf_frame_t first) {
    struct hf_run_header run = *shadow_run(shadow, first);
    struct freed freed = {.whole = true};
    if (run_keeps(&run)) return (struct freed){0};
    if (run.state == HF_RUN_SPLIT) {
        freed = release_unused(shadow, first);
        run.busy -= (uint16_t)freed.count;
    }
    const bool free = freed.whole || run.busy == 0;
    set_header(shadow, first, free ? (struct hf_run_header){.state = HF_RUN_FREE} : run);
    return freed;
}

struct freed shadow_unuse_run(struct shadow *shadow, hf_frame_t first) {
    struct hf_run_header run = *shadow_run(shadow, first);
    run.refs--;
    set_header(shadow, first, run);
    return let_go_of_run(shadow, first);
}

struct freed shadow_unpin_run(struct shadow *shadow, hf_frame_t first) {
    struct hf_run_header run = *shadow_run(shadow, first);
    run.flags &= (uint8_t)~HF_FRAME_PINNED;
    set_header(shadow, first, run);
    return let_go_of_run(shadow, first);
}
