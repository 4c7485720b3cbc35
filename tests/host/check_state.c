#include "check_state.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define FRAMES 4096u

#define PRESENT 0x1ull
#define WRITE 0x2ull
#define USER 0x4ull
#define ACCESSED 0x20ull
#define DIRTY 0x40ull
#define LARGE 0x80ull
#define NX (1ull << 63)
#define ADDRESS 0x000ffffffffff000ull

static const struct check_state *state;
static char wrong[200];
static uint64_t counted[FRAMES]; /* what refers to each frame */
static uint8_t types[FRAMES];
static unsigned parents[FRAMES]; /* slots that name it as a table */

__attribute__((format(printf, 1, 2))) static void broken(const char *format, ...) {
    va_list arguments;
    if (wrong[0] != 0) {
        return;
    }
    va_start(arguments, format);
    vsnprintf(wrong, sizeof wrong, format, arguments);
    va_end(arguments);
}

static uint64_t run_frames(void) { return 1ull << state->bits; }

static const struct hf_run_header *header(hf_frame_t frame) { return &state->headers[frame / run_frames()]; }

static unsigned type_of(hf_frame_t frame) { return frame < state->limit ? types[frame] : HF_FRAME_RESERVED; }

static unsigned read_type(hf_frame_t frame) {
    switch (header(frame)->state) {
    case HF_RUN_SPLIT:
        return state->entries[frame].type;
    case HF_RUN_FREE:
        return HF_FRAME_FREE;
    case HF_RUN_CORE:
        return HF_FRAME_CORE;
    default:
        return HF_FRAME_RESERVED;
    }
}

static const uint64_t *table_at(hf_frame_t frame) {
    return (const uint64_t *)(const void *)(state->ram + (frame << HF_PAGE_SHIFT));
}

static const unsigned table_types[] = {
    [HF_LEVEL_PT] = HF_FRAME_PT, [HF_LEVEL_PD] = HF_FRAME_PD, [HF_LEVEL_PDPT] = HF_FRAME_PDPT};

static void check_leaf(uint64_t entry, uint64_t address) {
    const hf_frame_t frame = (entry & ADDRESS) >> HF_PAGE_SHIFT;
    if (type_of(frame) != HF_FRAME_USER) {
        broken("I1: %#llx maps frame %llu of type %u", (unsigned long long)address, (unsigned long long)frame,
               type_of(frame));
        return;
    }
    counted[frame]++;
    if ((entry & WRITE) && !(entry & NX)) {
        broken("I5: %#llx is writable and executable", (unsigned long long)address);
    }
    if (!(entry & USER) || (entry & ~(PRESENT | WRITE | USER | ACCESSED | DIRTY | NX | ADDRESS))) {
        broken("leaf %#llx at %#llx", (unsigned long long)entry, (unsigned long long)address);
    }
    if (address < state->user_first || address + HF_PAGE_SIZE > state->user_end) {
        broken("I6: %#llx is mapped", (unsigned long long)address);
    }
}

static uint64_t check_table(hf_frame_t table, unsigned level, unsigned end, uint64_t base);

static void check_lower(uint64_t entry, unsigned level, uint64_t address) {
    const hf_frame_t frame = (entry & ADDRESS) >> HF_PAGE_SHIFT;
    if (type_of(frame) != table_types[level]) {
        broken("I1: the table of level %u at %#llx has type %u", level, (unsigned long long)address, type_of(frame));
        return;
    }
    if (++parents[frame] != 1) {
        broken("I2: frame %llu has more than one parent", (unsigned long long)frame);
        return;
    }
    if ((entry & ~(ADDRESS | ACCESSED)) != (PRESENT | WRITE | USER)) {
        broken("entry %#llx for the table at %#llx", (unsigned long long)entry, (unsigned long long)address);
    }
    counted[frame] = check_table(frame, level, (unsigned)run_frames(), address);
}

/* Checks a table and all below it; counts its present entries. */
static uint64_t check_table(hf_frame_t table, unsigned level, unsigned end, uint64_t base) {
    uint64_t present = 0;
    const uint64_t *entries = table_at(table);
    for (unsigned slot = 0; slot < end; slot++) {
        const uint64_t entry = entries[slot];
        if (entry == 0) {
            continue;
        }
        const uint64_t address = base + ((uint64_t)slot << (HF_PAGE_SHIFT + state->bits * (level - 1)));
        if (!(entry & PRESENT)) {
            broken("absent entry %#llx at %#llx", (unsigned long long)entry, (unsigned long long)address);
            continue;
        }
        present++;
        if (level == HF_LEVEL_PT) {
            check_leaf(entry, address);
        } else {
            check_lower(entry, level - 1, address);
        }
    }
    return present;
}

static void check_kernel_half(hf_frame_t root) {
    const size_t half = run_frames() / 2;
    const uint64_t *upper = table_at(root) + half;
    if (state->entries[root].flags & HF_FRAME_KERNEL_HALF) {
        if (memcmp(upper, state->kernel_half, half * 8) != 0) {
            broken("I4: the kernel half of PML4 %llu differs", (unsigned long long)root);
        }
        return;
    }
    for (size_t i = 0; i < half; i++) {
        if (upper[i] != 0) {
            broken("I4: PML4 %llu has entries of a kernel half that it doesn't have", (unsigned long long)root);
        }
    }
}

static void check_roots(void) {
    for (hf_frame_t frame = 0; frame < state->limit; frame++) {
        if (type_of(frame) == HF_FRAME_PML4) {
            counted[frame] += check_table(frame, state->levels, (unsigned)run_frames() / 2, 0);
            check_kernel_half(frame);
        }
    }
}

static void check_uses(void) {
    for (unsigned i = 0; i < state->use_count; i++) {
        const struct check_use *use = &state->uses[i];
        if (type_of(use->frame) != use->type) {
            broken("I1: a task uses frame %llu of type %u as one of type %u", (unsigned long long)use->frame,
                   type_of(use->frame), use->type);
            return;
        }
        if (use->type == HF_FRAME_PML4 && !(state->entries[use->frame].flags & HF_FRAME_KERNEL_HALF)) {
            broken("I4: a task runs in PML4 %llu, which has no kernel half", (unsigned long long)use->frame);
        }
        counted[use->frame]++;
    }
}

static void check_flags(hf_frame_t frame, const struct hf_frame_entry *entry) {
    unsigned allowed = 0;
    if (entry->type == HF_FRAME_USER) {
        allowed = HF_FRAME_PINNED;
    } else if (entry->type == HF_FRAME_PML4) {
        allowed = HF_FRAME_KERNEL_HALF;
    }
    if (entry->flags & ~allowed) {
        broken("flags %#x on frame %llu of type %u", entry->flags, (unsigned long long)frame, entry->type);
    }
    if (entry->type == HF_FRAME_FREE && entry->tag != 0) {
        broken("frame %llu is FREE and has a tag", (unsigned long long)frame);
    }
}

static void check_entry(hf_frame_t frame) {
    const struct hf_frame_entry *entry = &state->entries[frame];
    if (entry->type >= HF_FRAME_TYPE_COUNT) {
        broken("I1: frame %llu has no type", (unsigned long long)frame);
        return;
    }
    if (entry->refs != counted[frame]) {
        broken("I3: frame %llu of type %u has refs %u, and %llu refer to it", (unsigned long long)frame, entry->type,
               entry->refs, (unsigned long long)counted[frame]);
    }
    if (entry->type == HF_FRAME_USER && entry->refs == 0 && !(entry->flags & HF_FRAME_PINNED)) {
        broken("I9: frame %llu is USER and nothing keeps it", (unsigned long long)frame);
    }
    if (entry->type >= HF_FRAME_PT && entry->type <= HF_FRAME_PDPT && parents[frame] != 1) {
        broken("I2: table %llu has no parent", (unsigned long long)frame);
    }
    check_flags(frame, entry);
}

static void check_run(hf_frame_t first) {
    const struct hf_run_header *run = header(first);
    unsigned busy = 0;
    if (run->state > HF_RUN_SPLIT || run->flags != 0 || run->refs != 0) {
        broken("I1: run %llu has no valid header", (unsigned long long)(first / run_frames()));
    }
    if (run->state != HF_RUN_SPLIT) {
        return;
    }
    for (hf_frame_t frame = first; frame < first + run_frames(); frame++) {
        check_entry(frame);
        busy += state->entries[frame].type != HF_FRAME_FREE;
    }
    if (run->busy != busy || busy == 0) {
        broken("I3: run %llu has busy %u, and %u frames are not FREE", (unsigned long long)(first / run_frames()),
               run->busy, busy);
    }
}

static void read_types(void) {
    uint64_t sum = 0;
    for (hf_frame_t frame = 0; frame < state->limit; frame++) {
        types[frame] = (uint8_t)read_type(frame);
        sum += types[frame] != HF_FRAME_RESERVED;
    }
    if (sum != state->ram_frames) {
        broken("I9: %llu frames instead of %llu", (unsigned long long)sum, (unsigned long long)state->ram_frames);
    }
}

const char *check_state(const struct check_state *looked_at) {
    state = looked_at;
    wrong[0] = 0;
    memset(counted, 0, sizeof counted);
    memset(parents, 0, sizeof parents);
    if (state->limit > FRAMES) {
        return "more frames than the auditor has room for";
    }
    read_types();
    check_roots();
    check_uses();
    for (hf_frame_t frame = 0; frame < state->limit; frame += run_frames()) {
        check_run(frame);
    }
    return wrong[0] ? wrong : NULL;
}
