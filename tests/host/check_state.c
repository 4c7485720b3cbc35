#include "check_state.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define FRAMES 8192u

#define PRESENT 0x1ull
#define WRITE 0x2ull
#define USER 0x4ull
#define WRITE_THROUGH 0x8ull
#define NO_CACHE 0x10ull
#define ACCESSED 0x20ull
#define DIRTY 0x40ull
#define LARGE 0x80ull
#define DEVICE 0x200ull /* one of the core's own: a leaf that names no RAM */
#define NX (1ull << 63)
#define ADDRESS 0x000ffffffffff000ull

static const struct check_state *state;
static char wrong[200];
static uint64_t counted[FRAMES]; /* what refers to each frame ... */
static uint64_t large[FRAMES];   /* ... and, by its first frame, to each run as one page */
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

static const uint8_t run_types[] = {
    [HF_RUN_RESERVED] = HF_FRAME_RESERVED, [HF_RUN_CORE] = HF_FRAME_CORE,     [HF_RUN_FREE] = HF_FRAME_FREE,
    [HF_RUN_ZEROING] = HF_FRAME_STAGED,    [HF_RUN_STAGED] = HF_FRAME_STAGED, [HF_RUN_USER] = HF_FRAME_USER};

static unsigned read_type(hf_frame_t frame) {
    const unsigned run = header(frame)->state;
    if (run == HF_RUN_SPLIT) return state->entries[frame].type;
    return run < sizeof run_types ? run_types[run] : HF_FRAME_TYPE_COUNT;
}

/* Whether a frame is of RAM and has an entry, so that it can be used by itself. */
static bool is_split(hf_frame_t frame) { return frame < state->limit && header(frame)->state == HF_RUN_SPLIT; }

/* What all frames of a split run are in use by, though nothing may name one by itself. */
static bool in_use(const struct hf_run_header *run) { return run->refs != 0 || (run->flags & HF_FRAME_PINNED); }

static const uint64_t *table_at(hf_frame_t frame) {
    return (const uint64_t *)(const void *)(state->ram + (frame << HF_PAGE_SHIFT));
}

static const unsigned table_types[] = {
    [HF_LEVEL_PT] = HF_FRAME_PT, [HF_LEVEL_PD] = HF_FRAME_PD, [HF_LEVEL_PDPT] = HF_FRAME_PDPT};

static bool is_device(hf_frame_t frame) {
    for (unsigned i = 0; i < state->device_count; i++) {
        if (frame - state->devices[i].first < state->devices[i].count) return true;
    }
    return false;
}

static void count_device(hf_frame_t frame, uint64_t entry, uint64_t address) {
    const uint64_t uncached = NO_CACHE | WRITE_THROUGH | NX;
    if (type_of(frame) != HF_FRAME_RESERVED || !is_device(frame)) {
        broken("I1: %#llx maps frame %llu of type %u as a device's", (unsigned long long)address,
               (unsigned long long)frame, type_of(frame));
    }
    if ((entry & uncached) != uncached) {
        broken("I5: %#llx maps a device by %#llx", (unsigned long long)address, (unsigned long long)entry);
    }
}

/* RAM: a frame by itself, or a run that is, or was, one page. */
static void count_page(hf_frame_t frame, unsigned level, uint64_t address) {
    const bool run = level == HF_LEVEL_PD;
    const bool fits = run ? frame % run_frames() == 0 : is_split(frame);
    if (type_of(frame) != HF_FRAME_USER || !fits) {
        broken("I1: %#llx, level %u, maps frame %llu of type %u", (unsigned long long)address, level,
               (unsigned long long)frame, type_of(frame));
    } else if (run) {
        large[frame]++;
    } else {
        counted[frame]++;
    }
}

static void check_leaf(uint64_t entry, unsigned level, uint64_t address) {
    const uint64_t span = HF_PAGE_SIZE << state->bits * (level - 1);
    const uint64_t of_device = DEVICE | NO_CACHE | WRITE_THROUGH;
    const uint64_t known = PRESENT | WRITE | USER | ACCESSED | DIRTY | NX | ADDRESS |
                           (level == HF_LEVEL_PD ? LARGE : 0) | (entry & DEVICE ? of_device : 0);
    if (entry & DEVICE) {
        count_device((entry & ADDRESS) >> HF_PAGE_SHIFT, entry, address);
    } else {
        count_page((entry & ADDRESS) >> HF_PAGE_SHIFT, level, address);
    }
    if ((entry & WRITE) && !(entry & NX)) {
        broken("I5: %#llx is writable and executable", (unsigned long long)address);
    }
    if (!(entry & USER) || (entry & ~known) || ((entry & DEVICE) && level != HF_LEVEL_PT)) {
        broken("leaf %#llx of level %u at %#llx", (unsigned long long)entry, level, (unsigned long long)address);
    }
    if (address < state->user_first || address + span > state->user_end) {
        broken("I6: %#llx is mapped, level %u", (unsigned long long)address, level);
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
        if (level == HF_LEVEL_PT || (level == HF_LEVEL_PD && (entry & LARGE))) {
            check_leaf(entry, level, address);
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
        if (type_of(use->frame) != use->type || !is_split(use->frame)) {
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
    const bool kept = entry->refs != 0 || (entry->flags & HF_FRAME_PINNED) || in_use(header(frame));
    if (entry->type == HF_FRAME_USER && !kept) {
        broken("I9: frame %llu is USER and nothing keeps it", (unsigned long long)frame);
    }
    if (entry->type >= HF_FRAME_PT && entry->type <= HF_FRAME_PDPT && parents[frame] != 1) {
        broken("I2: table %llu has no parent", (unsigned long long)frame);
    }
    check_flags(frame, entry);
}

static void check_split(hf_frame_t first) {
    const struct hf_run_header *run = header(first);
    unsigned busy = 0;
    for (hf_frame_t frame = first; frame < first + run_frames(); frame++) {
        check_entry(frame);
        busy += state->entries[frame].type != HF_FRAME_FREE;
        if (in_use(run) && state->entries[frame].type != HF_FRAME_USER) {
            broken("I1: frame %llu of type %u is part of a page of 2 MiB", (unsigned long long)frame,
                   state->entries[frame].type);
        }
    }
    if (run->busy != busy || busy == 0) {
        broken("I3: run %llu has busy %u, and %u frames are not FREE", (unsigned long long)(first / run_frames()),
               run->busy, busy);
    }
}

/* What was zeroed of a run stays so until all of it is. */
static void check_progress(hf_frame_t first) {
    const struct hf_run_header *run = header(first);
    if (run->busy >= run_frames()) {
        broken("I11: run %llu is being zeroed, and %u frames are done", (unsigned long long)(first / run_frames()),
               run->busy);
        return;
    }
    const uint8_t *bytes = state->ram + (first << HF_PAGE_SHIFT);
    const size_t size = (size_t)run->busy << HF_PAGE_SHIFT;
    if (size && (bytes[0] != 0 || memcmp(bytes, bytes + 1, size - 1) != 0)) {
        broken("I7: run %llu is not zero as far as it says", (unsigned long long)(first / run_frames()));
    }
}

/* Weak names look at entries without asking the header: none may call itself an object. */
static void check_left_entries(hf_frame_t first) {
    for (hf_frame_t frame = first; frame < first + run_frames(); frame++) {
        const unsigned type = state->entries[frame].type;
        if (type == HF_FRAME_HANDLES || type == HF_FRAME_TASK || type == HF_FRAME_ENDPOINT) {
            broken("I1: frame %llu is an object in a run that is whole", (unsigned long long)frame);
        }
    }
}

static void check_run(hf_frame_t first) {
    const struct hf_run_header *run = header(first);
    const unsigned long long number = first / run_frames();
    const bool page = run->state == HF_RUN_USER || run->state == HF_RUN_SPLIT;
    const bool marked = run->state >= HF_RUN_SPLIT && run->state <= HF_RUN_USER;
    if (run->state > HF_RUN_USER || (run->flags & ~(page ? HF_FRAME_PINNED : 0u)) || (run->busy && !marked)) {
        broken("I1: run %llu has no valid header", number);
        return;
    }
    if (run->refs != large[first]) {
        broken("I3: run %llu has refs %u, and %llu refer to it", number, run->refs, (unsigned long long)large[first]);
    }
    if (run->state == HF_RUN_USER && !in_use(run)) {
        broken("I9: run %llu is USER and nothing keeps it", number);
    }
    if (run->state == HF_RUN_ZEROING) check_progress(first);
    if (run->state == HF_RUN_SPLIT) {
        check_split(first);
    } else {
        check_left_entries(first);
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
    memset(large, 0, sizeof large);
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
