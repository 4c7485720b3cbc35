/* MAP, MAP_DEVICE, UNMAP, PROTECT, SPLIT. Entries of tables: Intel SDM vol. 3A, 4.5. */
#include "oracle.h"

#define PRESENT 1ull
#define WRITE 2ull
#define USER 4ull
#define UNCACHED 0x18ull
#define ACCESSED 0x20ull
#define DIRTY 0x40ull
#define LARGE 0x80ull
#define DEVICE 0x200ull
#define NX (1ull << 63)
#define ADDRESS 0x000ffffffffff000ull

static uint64_t span(unsigned level) { return HF_PAGE_SIZE << 9 * (level - 1); }

static uint64_t leaf_bits(unsigned rights) {
    return PRESENT | USER | (rights & HF_WRITE ? WRITE : 0) | (rights & HF_EXECUTE ? 0 : NX);
}

/* The entry that the address has in a table of this level, or the one above it where the way ends. */
struct place {
    uint64_t *entry;
    hf_frame_t table;
    unsigned level;
};

static struct place find(struct shadow *shadow, hf_frame_t root, uint64_t address, unsigned level) {
    struct place place = {.table = root, .level = HF_LEVEL_PML4};
    for (;; place.level--) {
        place.entry = &shadow->ram[place.table][address / span(place.level) % 512];
        const bool leads = (*place.entry & PRESENT) && !(*place.entry & LARGE);
        if (place.level == level || !leads) return place;
        place.table = (*place.entry & ADDRESS) >> HF_PAGE_SHIFT;
    }
}

static bool is_leaf(const struct place *place) {
    return (*place->entry & PRESENT) && (place->level == HF_LEVEL_PT || (*place->entry & LARGE));
}

static void judge_rights(unsigned rights, struct verdict *verdict) {
    refuse_if(verdict, rights & ~(unsigned)(HF_READ | HF_WRITE | HF_EXECUTE), HF_BAD_ARGUMENT);
    refuse_if(verdict, !(rights & HF_READ), HF_BAD_ARGUMENT);
    refuse_if(verdict, (rights & HF_WRITE) && (rights & HF_EXECUTE), HF_BAD_ARGUMENT);
}

/* The whole page must lie where ring 3 may have pages. */
static bool good_address(uint64_t address, unsigned level) {
    return address % span(level) == 0 && address >= HF_USER_FIRST && address <= HF_USER_END - span(level);
}

static bool good_level(unsigned level) { return level == HF_LEVEL_PT || level == HF_LEVEL_PD; }

/* The place that an operation on a page of this level is about. What stands in the way is EXISTS:
 * a page of 2 MiB where one of 4 KiB is meant. False where no place can be told. */
static bool judge_place(struct shadow *shadow, const struct hf_operation *operation, unsigned level,
                        struct verdict *verdict, struct place *place) {
    const bool aspace = shadow_type(shadow, operation->object) == HF_FRAME_PML4;
    refuse_if(verdict, !aspace, HF_BAD_FRAME);
    refuse_if(verdict, !good_level(level), HF_BAD_ARGUMENT);
    if (!good_level(level)) return false;
    refuse_if(verdict, !good_address(operation->address, level), HF_BAD_ADDRESS);
    if (!aspace || operation->address > HF_USER_END) return false;
    *place = find(shadow, operation->object, operation->address, level);
    if (place->level == level) return true;
    refuse(verdict, *place->entry & PRESENT ? HF_EXISTS : HF_NO_TABLE);
    verdict->missing = place->level - 1;
    return false;
}

/* The same where a leaf of just this level has to be. */
static bool judge_leaf(struct shadow *shadow, const struct hf_operation *operation, unsigned level,
                       struct verdict *verdict, struct place *place) {
    if (!judge_place(shadow, operation, level, verdict, place)) return false;
    refuse_if(verdict, !(*place->entry & PRESENT), HF_NOT_MAPPED);
    refuse_if(verdict, (*place->entry & PRESENT) && !is_leaf(place), HF_EXISTS);
    return is_leaf(place);
}

static void count_entry(struct shadow *shadow, hf_frame_t table, int32_t more) {
    struct hf_frame_entry entry = shadow->entries[table];
    entry.refs += (uint32_t)more;
    shadow_set(shadow, &shadow->entries[table], shadow_entry(entry));
}

/* ---- MAP ---- */

static void judge_frame(struct shadow *shadow, hf_frame_t frame, struct verdict *verdict) {
    const enum hf_frame_type type = shadow_type(shadow, frame);
    refuse_if(verdict, type != HF_FRAME_STAGED && type != HF_FRAME_USER, HF_BAD_FRAME);
    refuse_if(verdict, type == HF_FRAME_USER && shadow->entries[frame].refs == UINT32_MAX, HF_TOO_BIG);
}

static void judge_run(struct shadow *shadow, hf_frame_t first, struct verdict *verdict) {
    const enum hf_run_state state = shadow_state(shadow, first);
    const bool split = state == HF_RUN_SPLIT && shadow_run(shadow, first)->refs != 0;
    refuse_if(verdict, state != HF_RUN_STAGED && state != HF_RUN_USER && !split, HF_BAD_FRAME);
    refuse_if(verdict, (state == HF_RUN_USER || split) && shadow_run(shadow, first)->refs == UINT32_MAX, HF_TOO_BIG);
}

static void use_frame(struct shadow *shadow, hf_frame_t frame) {
    struct hf_frame_entry entry = shadow->entries[frame];
    entry.type = HF_FRAME_USER;
    entry.refs++;
    shadow_set(shadow, &shadow->entries[frame], shadow_entry(entry));
}

static void use_run(struct shadow *shadow, hf_frame_t first) {
    struct hf_run_header header = *shadow_run(shadow, first);
    header.state = header.state == HF_RUN_SPLIT ? HF_RUN_SPLIT : HF_RUN_USER;
    header.refs++;
    shadow_set(shadow, shadow_run(shadow, first), shadow_header(header));
}

void judge_map(struct shadow *shadow, const struct hf_operation *operation, struct verdict *verdict) {
    const bool large = operation->level == HF_LEVEL_PD;
    struct place place;
    judge_rights(operation->rights, verdict);
    (large ? judge_run : judge_frame)(shadow, operation->frame, verdict);
    if (judge_place(shadow, operation, operation->level, verdict, &place)) {
        refuse_if(verdict, *place.entry & PRESENT, HF_EXISTS);
    }
    if (verdict->refusals) return;
    shadow_set(shadow, place.entry,
               operation->frame << HF_PAGE_SHIFT | leaf_bits(operation->rights) | (large ? LARGE : 0));
    count_entry(shadow, place.table, 1);
    (large ? use_run : use_frame)(shadow, operation->frame);
}

static bool on_the_list(struct shadow *shadow, hf_frame_t frame) {
    for (unsigned i = 0; i < SHADOW_DEVICES; i++) {
        if (frame >= shadow->devices[i].first && frame - shadow->devices[i].first < shadow->devices[i].count) {
            return true;
        }
    }
    return false;
}

void judge_map_device(struct shadow *shadow, const struct hf_operation *operation, struct verdict *verdict) {
    struct place place;
    judge_rights(operation->rights, verdict);
    refuse_if(verdict, operation->rights & HF_EXECUTE, HF_BAD_ARGUMENT);
    refuse_if(verdict, !on_the_list(shadow, operation->frame), HF_DENIED);
    refuse_if(verdict, shadow_type(shadow, operation->frame) != HF_FRAME_RESERVED, HF_DENIED);
    if (judge_place(shadow, operation, HF_LEVEL_PT, verdict, &place)) {
        refuse_if(verdict, *place.entry & PRESENT, HF_EXISTS);
    }
    if (verdict->refusals) return;
    shadow_set(shadow, place.entry,
               operation->frame << HF_PAGE_SHIFT | leaf_bits(operation->rights) | DEVICE | UNCACHED);
    count_entry(shadow, place.table, 1);
}

/* ---- UNMAP, PROTECT ---- */

static void tell_leaf(struct verdict *verdict, uint64_t entry) {
    verdict->detail = (entry & ACCESSED ? HF_LEAF_ACCESSED : 0) | (entry & DIRTY ? HF_LEAF_DIRTY : 0);
    verdict->value[0] = (entry & ADDRESS) >> HF_PAGE_SHIFT;
}

void judge_unmap(struct shadow *shadow, const struct hf_operation *operation, struct verdict *verdict) {
    struct place place;
    judge_leaf(shadow, operation, operation->level, verdict, &place);
    if (verdict->refusals) return;
    const uint64_t entry = *place.entry;
    const hf_frame_t frame = (entry & ADDRESS) >> HF_PAGE_SHIFT;
    shadow_set(shadow, place.entry, 0);
    count_entry(shadow, place.table, -1);
    tell_leaf(verdict, entry);
    if (entry & DEVICE) return;
    const struct freed freed =
        place.level == HF_LEVEL_PD ? shadow_unuse_run(shadow, frame) : shadow_unuse_frame(shadow, frame);
    tell_freed(verdict, &freed);
}

void judge_protect(struct shadow *shadow, const struct hf_operation *operation, struct verdict *verdict) {
    struct place place;
    judge_rights(operation->rights, verdict);
    const bool leaf = judge_leaf(shadow, operation, operation->level, verdict, &place);
    refuse_if(verdict, leaf && (*place.entry & DEVICE) && (operation->rights & HF_EXECUTE), HF_BAD_ARGUMENT);
    if (verdict->refusals) return;
    tell_leaf(verdict, *place.entry);
    const uint64_t kept = *place.entry & (ADDRESS | DEVICE | UNCACHED | (place.level == HF_LEVEL_PD ? LARGE : 0));
    shadow_set(shadow, place.entry, kept | leaf_bits(operation->rights));
}

/* ---- SPLIT ---- */

/* The run's frames get what its pages of 4 KiB count, and its tag. */
static void split_run(struct shadow *shadow, hf_frame_t first) {
    struct hf_run_header header = *shadow_run(shadow, first);
    for (hf_frame_t frame = first; frame < first + HF_RUN_FRAMES; frame++) {
        struct hf_frame_entry entry = shadow->entries[frame];
        if (header.state != HF_RUN_SPLIT) {
            entry = (struct hf_frame_entry){.type = HF_FRAME_USER, .tag = header.busy};
        }
        entry.refs++;
        shadow_set(shadow, &shadow->entries[frame], shadow_entry(entry));
    }
    header.busy = HF_RUN_FRAMES;
    header.state = HF_RUN_SPLIT;
    header.refs--;
    shadow_set(shadow, shadow_run(shadow, first), shadow_header(header));
}

static void fill_table(struct shadow *shadow, hf_frame_t table, uint64_t leaf) {
    for (unsigned i = 0; i < 512; i++) {
        shadow_set(shadow, &shadow->ram[table][i], (leaf & ~LARGE) + i * HF_PAGE_SIZE);
    }
}

void judge_split(struct shadow *shadow, const struct hf_operation *operation, struct verdict *verdict) {
    struct place place;
    refuse_if(verdict, shadow_type(shadow, operation->frame) != HF_FRAME_FREE, HF_BAD_FRAME);
    judge_leaf(shadow, operation, HF_LEVEL_PD, verdict, &place);
    if (verdict->refusals) return;
    const uint64_t leaf = *place.entry;
    shadow_claim(shadow, operation->frame, HF_FRAME_PT, 512);
    if (operation->frame < SHADOW_FRAMES) fill_table(shadow, operation->frame, leaf);
    split_run(shadow, (leaf & ADDRESS) >> HF_PAGE_SHIFT);
    shadow_set(shadow, place.entry, operation->frame << HF_PAGE_SHIFT | PRESENT | WRITE | USER);
}
