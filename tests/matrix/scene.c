#include "scene.h"

#include <machine.h>
#include <string.h>

#include "../host/check_state.h"
#include "../host/machine/control.h"
#include "frame.h"

#define PRESENT 1ull
#define WRITE 2ull
#define USER 4ull
#define UNCACHED 0x18ull
#define ACCESSED 0x20ull
#define DIRTY 0x40ull
#define LARGE 0x80ull
#define DEVICE 0x200ull
#define NX (1ull << 63)

#define TAG 0x1234u
#define ZEROED 100u
#define OTHER_PLACE 0x80000000ull

_Static_assert(MACHINE_RUNS == SHADOW_RUNS, "the flags of the test say how many runs there are");

static const struct {
    unsigned level;
    hf_frame_t frame;
} leaves[] = {
#define X(name, level, frame) {level, frame},
    SCENE_LEAF_LIST(X)
#undef X
};

static struct check_use uses[4];
static unsigned use_count;

bool scene_exists(const struct scene *scene) {
    const bool device = scene->leaf == SCENE_LEAF_OF_VGA || scene->leaf == SCENE_LEAF_OF_FRAMEBUFFER;
    const unsigned level = leaves[scene->leaf].level;
    if (level == 0) return scene->rights == HF_READ && scene->used == 0;
    if (device && (scene->rights & HF_EXECUTE)) return false;
    if (scene->aspace == SCENE_RUNNING && scene->used) return false; /* the processor's use decides */
    return scene->depth == (level == HF_LEVEL_PT ? 3 : 2);
}

/* ---- The frame table ---- */

static struct hf_frame_entry *entry_of(hf_frame_t frame) { return &machine_entries[frame]; }

static struct hf_run_header *run_of(hf_frame_t frame) { return &machine_headers[frame / HF_RUN_FRAMES]; }

static void set_frame(hf_frame_t frame, enum hf_frame_type type, unsigned flags, unsigned refs) {
    run_of(frame)->busy += (type != HF_FRAME_FREE) - (entry_of(frame)->type != HF_FRAME_FREE);
    *entry_of(frame) = (struct hf_frame_entry){
        .type = (uint8_t)type,
        .flags = (uint8_t)flags,
        .tag = type >= HF_FRAME_STAGED ? TAG : 0,
        .refs = refs,
    };
}

static void fill_entries(hf_frame_t first, struct hf_frame_entry entry) {
    for (hf_frame_t frame = first; frame < first + HF_RUN_FRAMES; frame++) {
        *entry_of(frame) = entry;
    }
}

static void set_run(hf_frame_t first, enum hf_run_state state, unsigned flags, unsigned busy, unsigned refs) {
    *run_of(first) = (struct hf_run_header){(uint8_t)state, (uint8_t)flags, (uint16_t)busy, refs};
}

/* All of its frames are USER, with so many refs each. */
static void set_split(hf_frame_t first, unsigned flags, unsigned refs, unsigned refs_each) {
    set_run(first, HF_RUN_SPLIT, flags, HF_RUN_FRAMES, refs);
    fill_entries(first, (struct hf_frame_entry){HF_FRAME_USER, 0, TAG, refs_each});
}

static void build_low_run(void) {
    static const struct {
        uint8_t type, flags, leaves, uses;
    } frames[] = {
#define X(name, type, flags, leaves, uses) {HF_FRAME_##type, flags, leaves, uses},
        SCENE_FRAME_LIST(X)
#undef X
    };
    set_run(0, HF_RUN_SPLIT, 0, 0, 0);
    fill_entries(0, (struct hf_frame_entry){.type = HF_FRAME_FREE});
    for (hf_frame_t frame = 0; frame < SCENE_FRAME_COUNT; frame++) {
        set_frame(frame, frames[frame].type, frames[frame].flags, frames[frame].leaves + frames[frame].uses);
        if (frames[frame].uses) uses[use_count++] = (struct check_use){frame, HF_FRAME_USER};
    }
    for (hf_frame_t frame = SCENE_VGA; frame < SCENE_VGA + SCENE_VGA_FRAMES; frame++) {
        set_frame(frame, HF_FRAME_RESERVED, 0, 0);
    }
    set_frame(SCENE_FULL, HF_FRAME_FREE, 0, 0);
}

static void build_runs(void) {
    set_run(SCENE_RUN_FREE, HF_RUN_FREE, 0, 0, 0);
    set_run(SCENE_RUN_ZEROING, HF_RUN_ZEROING, 0, ZEROED, 0);
    set_run(SCENE_RUN_NEARLY, HF_RUN_ZEROING, 0, HF_RUN_FRAMES - 1, 0);
    set_run(SCENE_RUN_STAGED, HF_RUN_STAGED, 0, TAG, 0);
    set_run(SCENE_RUN_USER, HF_RUN_USER, 0, TAG, 1);
    set_run(SCENE_RUN_TWICE, HF_RUN_USER, 0, TAG, 2);
    set_run(SCENE_RUN_PINNED, HF_RUN_USER, HF_FRAME_PINNED, TAG, 0);
    set_split(SCENE_RUN_SHARED, 0, 1, 1);
    set_split(SCENE_RUN_PAGES, 0, 0, 1);
    set_split(SCENE_RUN_KEPT, HF_FRAME_PINNED, 0, 0);
    entry_of(SCENE_RUN_KEPT + 9)->flags = HF_FRAME_PINNED;
    set_run(SCENE_RUN_FULL, HF_RUN_FREE, 0, 0, 0);
    set_run(SCENE_RUN_CORE, HF_RUN_CORE, 0, 0, 0);
    set_run(SCENE_RUN_PLACE, HF_RUN_FREE, 0, 0, 0);
}

/* ---- Tables ---- */

static uint64_t *table_at(hf_frame_t frame) { return (void *)machine_ram[frame]; }

static void set_table(hf_frame_t frame, enum hf_frame_type type, hf_frame_t above, unsigned slot) {
    memset(machine_ram[frame], 0, HF_PAGE_SIZE);
    set_frame(frame, type, 0, 0);
    if (type == HF_FRAME_PML4) return;
    table_at(above)[slot] = frame << HF_PAGE_SHIFT | PRESENT | WRITE | USER;
    entry_of(above)->refs++;
}

static void set_root(hf_frame_t frame, bool ready) {
    set_table(frame, HF_FRAME_PML4, 0, 0);
    if (!ready) return;
    memcpy(&table_at(frame)[256], machine_kernel_half, sizeof machine_kernel_half);
    entry_of(frame)->flags = HF_FRAME_KERNEL_HALF;
}

static unsigned slot_of(uint64_t address, unsigned level) { return address >> (3 + 9 * level) & 511; }

static void build_aspace(const struct scene *scene) {
    set_root(SCENE_ROOT, scene->aspace != SCENE_BARE);
    const uint64_t high = HF_USER_END;
    if (scene->depth >= 1) {
        set_table(SCENE_PDPT, HF_FRAME_PDPT, SCENE_ROOT, slot_of(SCENE_PLACE, HF_LEVEL_PML4));
        set_table(SCENE_HIGH_PDPT, HF_FRAME_PDPT, SCENE_ROOT, slot_of(high, HF_LEVEL_PML4));
    }
    if (scene->depth >= 2) {
        set_table(SCENE_PD, HF_FRAME_PD, SCENE_PDPT, slot_of(SCENE_PLACE, HF_LEVEL_PDPT));
        set_table(SCENE_LOW_PD, HF_FRAME_PD, SCENE_PDPT, 0);
        set_table(SCENE_HIGH_PD, HF_FRAME_PD, SCENE_HIGH_PDPT, slot_of(high, HF_LEVEL_PDPT));
    }
    if (scene->depth >= 3) {
        set_table(SCENE_PT, HF_FRAME_PT, SCENE_PD, slot_of(SCENE_PLACE, HF_LEVEL_PD));
        set_table(SCENE_LOW_PT, HF_FRAME_PT, SCENE_LOW_PD, 0);
        set_table(SCENE_HIGH_PT, HF_FRAME_PT, SCENE_HIGH_PD, slot_of(high, HF_LEVEL_PD));
    }
}

static void set_leaf(hf_frame_t table, unsigned slot, uint64_t entry) {
    table_at(table)[slot] = entry | PRESENT | USER;
    entry_of(table)->refs++;
}

static uint64_t address_of(hf_frame_t frame) { return frame << HF_PAGE_SHIFT; }

/* A table of PTEs, one for each frame of a run but the first `skipped`. */
static void build_pages(hf_frame_t table, unsigned slot, hf_frame_t first, unsigned skipped) {
    set_table(table, HF_FRAME_PT, SCENE_OTHER_PD, slot);
    for (unsigned i = skipped; i < HF_RUN_FRAMES; i++) {
        set_leaf(table, i, address_of(first + i) | NX);
    }
}

/* The second aspace, which keeps what several scenes share. */
static void build_other(void) {
    set_root(SCENE_OTHER_ROOT, true);
    set_table(SCENE_OTHER_PDPT, HF_FRAME_PDPT, SCENE_OTHER_ROOT, slot_of(OTHER_PLACE, HF_LEVEL_PML4));
    set_table(SCENE_OTHER_PD, HF_FRAME_PD, SCENE_OTHER_PDPT, slot_of(OTHER_PLACE, HF_LEVEL_PDPT));
    set_table(SCENE_OTHER_PT, HF_FRAME_PT, SCENE_OTHER_PD, 0);
    build_pages(SCENE_SHARED_PT, 1, SCENE_RUN_SHARED, 0);
    build_pages(SCENE_PAGES_PT, 2, SCENE_RUN_PAGES, 0);
    static const hf_frame_t pages[] = {SCENE_USER, SCENE_TWICE, SCENE_TWICE, SCENE_PINNED_MAPPED, SCENE_BUFFER_MAPPED};
    static const hf_frame_t large[] = {SCENE_RUN_USER, SCENE_RUN_TWICE, SCENE_RUN_TWICE, SCENE_RUN_SHARED};
    for (unsigned i = 0; i < sizeof pages / sizeof *pages; i++) {
        set_leaf(SCENE_OTHER_PT, i, address_of(pages[i]) | WRITE | NX);
    }
    for (unsigned i = 0; i < sizeof large / sizeof *large; i++) {
        set_leaf(SCENE_OTHER_PD, 8 + i, address_of(large[i]) | WRITE | NX | LARGE);
    }
}

/* ---- What is at the place ---- */

/* Half of the frames are mapped by themselves too, and one of the others is pinned. */
static void build_half(unsigned flags) {
    set_split(SCENE_RUN_PLACE, flags, 0, 0);
    for (unsigned i = HF_RUN_FRAMES / 2; i < HF_RUN_FRAMES; i++) {
        entry_of(SCENE_RUN_PLACE + i)->refs = 1;
    }
    entry_of(SCENE_RUN_PLACE + 9)->flags = HF_FRAME_PINNED;
    build_pages(SCENE_HALF_PT, 3, SCENE_RUN_PLACE, HF_RUN_FRAMES / 2);
}

static void build_run_of_place(enum scene_leaf leaf) {
    switch (leaf) {
    case SCENE_LEAF_LAST_BUSY:
        set_run(SCENE_RUN_PLACE, HF_RUN_SPLIT, 0, 0, 0);
        fill_entries(SCENE_RUN_PLACE, (struct hf_frame_entry){.type = HF_FRAME_FREE});
        break;
    case SCENE_LEAF_LARGE_ONLY:
        set_run(SCENE_RUN_PLACE, HF_RUN_USER, 0, TAG, 0);
        break;
    case SCENE_LEAF_LARGE_HALF:
        build_half(0);
        break;
    case SCENE_LEAF_LARGE_HALF_PINNED:
        build_half(HF_FRAME_PINNED);
        break;
    case SCENE_LEAF_LARGE_SPLIT_ONLY:
        set_split(SCENE_RUN_PLACE, 0, 0, 0);
        break;
    default:
        break;
    }
}

static uint64_t leaf_bits(const struct scene *scene) {
    return (scene->rights & HF_WRITE ? WRITE : 0) | (scene->rights & HF_EXECUTE ? 0 : NX) |
           (scene->used & HF_LEAF_ACCESSED ? ACCESSED : 0) | (scene->used & HF_LEAF_DIRTY ? DIRTY : 0);
}

static void build_leaf(const struct scene *scene) {
    const hf_frame_t frame = leaves[scene->leaf].frame;
    const uint64_t entry = address_of(frame) | leaf_bits(scene);
    build_run_of_place(scene->leaf);
    if (scene->leaf == SCENE_LEAF_NOTHING) return;
    if (scene->leaf == SCENE_LEAF_OF_VGA || scene->leaf == SCENE_LEAF_OF_FRAMEBUFFER) {
        set_leaf(SCENE_PT, slot_of(SCENE_PAGE_PLACE, HF_LEVEL_PT), entry | UNCACHED | DEVICE);
    } else if (leaves[scene->leaf].level == HF_LEVEL_PT) {
        if (entry_of(frame)->type == HF_FRAME_FREE) set_frame(frame, HF_FRAME_USER, 0, 0);
        entry_of(frame)->refs++;
        set_leaf(SCENE_PT, slot_of(SCENE_PAGE_PLACE, HF_LEVEL_PT), entry);
    } else {
        run_of(frame)->refs++;
        set_leaf(SCENE_PD, slot_of(SCENE_PLACE, HF_LEVEL_PD), entry | LARGE);
    }
}

/* ---- All of it ---- */

static const char *unsound(void) {
    static const struct check_range devices[] = {{SCENE_VGA, SCENE_VGA_FRAMES},
                                                 {SCENE_FRAMEBUFFER, SCENE_FRAMEBUFFER_FRAMES}};
    return check_state(&(struct check_state){
        .ram = machine_ram[0],
        .headers = machine_headers,
        .entries = machine_entries,
        .limit = SHADOW_LIMIT,
        .levels = 4,
        .bits = 9,
        .user_first = HF_USER_FIRST,
        .user_end = HF_USER_END,
        .kernel_half = machine_kernel_half,
        .ram_frames = SHADOW_LIMIT - 2 - SCENE_VGA_FRAMES,
        .devices = devices,
        .device_count = 2,
        .uses = uses,
        .use_count = use_count,
    });
}

/* No machine gets there in a test's time, so it is no sound state: there is nothing that it counts. */
static void build_full(void) {
    set_frame(SCENE_FULL, HF_FRAME_USER, 0, UINT32_MAX);
    set_run(SCENE_RUN_FULL, HF_RUN_USER, 0, TAG, UINT32_MAX);
}

static uint64_t always_write(uint64_t below) { return below - 1; }

static void load(const struct scene *scene) {
    write_cr3(0);
    if (scene->aspace != SCENE_RUNNING) return;
    write_cr3(address_of(SCENE_ROOT));
    machine_use_aspace(always_write);
}

static uint8_t kept[MACHINE_FRAMES][HF_PAGE_SIZE];

static void build_ram(void) {
    static bool built;
    if (!built) {
        machine_reset();
        machine_add_ram(2, SCENE_VGA - 2);
        machine_add_ram(SCENE_VGA + SCENE_VGA_FRAMES, SHADOW_LIMIT - SCENE_VGA - SCENE_VGA_FRAMES);
        memset(machine_ram[SCENE_RUN_ZEROING], 0, ZEROED * HF_PAGE_SIZE);
        memset(machine_ram[SCENE_RUN_NEARLY], 0, (HF_RUN_FRAMES - 1) * HF_PAGE_SIZE);
        memset(kept, SHADOW_ELSEWHERE, sizeof kept);
        memset(kept[SCENE_RUN_ZEROING], 0, ZEROED * HF_PAGE_SIZE);
        memset(kept[SCENE_RUN_NEARLY], 0, (HF_RUN_FRAMES - 1) * HF_PAGE_SIZE);
        built = true;
    }
    for (hf_frame_t frame = 2; frame < SHADOW_FRAMES; frame++) {
        memset(machine_ram[frame], (int)frame, HF_PAGE_SIZE);
    }
    memset(machine_ram[SCENE_TASK], 0, HF_PAGE_SIZE);
    memset(machine_ram[SCENE_HANDLES], 0, HF_PAGE_SIZE);
    memset(machine_ram[SCENE_ENDPOINT], 0, HF_PAGE_SIZE);
}

const char *scene_build(const struct scene *scene) {
    use_count = 0;
    frame_limit = SHADOW_LIMIT;
    build_ram();
    fill_entries(SCENE_RUN_PLACE, (struct hf_frame_entry){0});
    build_low_run();
    build_runs();
    build_other();
    build_aspace(scene);
    build_leaf(scene);
    const char *wrong = unsound();
    build_full();
    load(scene);
    return wrong;
}

void scene_copy(struct shadow *shadow) {
    *shadow =
        (struct shadow){.devices = {{SCENE_VGA, SCENE_VGA_FRAMES}, {SCENE_FRAMEBUFFER, SCENE_FRAMEBUFFER_FRAMES}}};
    memcpy(shadow->ram[2], machine_ram[2], sizeof shadow->ram - 2 * HF_PAGE_SIZE);
    memcpy(shadow->headers, machine_headers, sizeof shadow->headers);
    memcpy(shadow->entries, machine_entries, sizeof shadow->entries);
}

bool scene_same(const struct shadow *shadow) {
    if (memcmp(shadow->ram[2], machine_ram[2], sizeof shadow->ram - 2 * HF_PAGE_SIZE) != 0 ||
        memcmp(shadow->headers, machine_headers, sizeof shadow->headers) != 0) {
        return false;
    }
    for (unsigned run = 0; run < SHADOW_RUNS; run++) {
        const hf_frame_t first = run * HF_RUN_FRAMES;
        if (shadow->headers[run].state == HF_RUN_SPLIT &&
            memcmp(&shadow->entries[first], &machine_entries[first], HF_RUN_FRAMES * sizeof *shadow->entries) != 0) {
            return false;
        }
    }
    return true;
}

void scene_restore(const struct shadow *shadow, const struct scene *scene) {
    memcpy(machine_ram[2], shadow->ram[2], sizeof shadow->ram - 2 * HF_PAGE_SIZE);
    memcpy(machine_headers, shadow->headers, sizeof shadow->headers);
    memcpy(machine_entries, shadow->entries, sizeof shadow->entries);
    load(scene);
}

const uint8_t *scene_kept(hf_frame_t frame) { return kept[frame]; }

bool scene_rest_same(void) {
    bool same = true;
    for (hf_frame_t frame = SHADOW_FRAMES; frame < SHADOW_LIMIT && same; frame++) {
        same = !machine_is_ram(frame) || memcmp(machine_ram[frame], kept[frame], HF_PAGE_SIZE) == 0;
    }
    return same;
}
