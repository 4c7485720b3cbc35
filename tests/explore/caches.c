#include "caches.h"

#include "frame.h"
#include <stdio.h>

#define PRESENT 0x1ull
#define WRITE 0x2ull
#define ACCESSED 0x20ull
#define DIRTY 0x40ull
#define LARGE 0x80ull
#define NX (1ull << 63)
#define FRAME_IN(entry) (((entry)&0x000ffffffffff000ull) >> HF_PAGE_SHIFT)

#define REMEMBERED 1024u

/* An entry of a table of this level, as it was when it was used for `address`. */
static struct remembered {
    uint64_t address, entry;
    unsigned level;
} remembered[REMEMBERED];
static unsigned count;
static bool used;
static uint8_t kept_types[MACHINE_FRAMES];
static char wrong[200];

static bool is_leaf(uint64_t entry, unsigned level) { return level == 1 || (entry & LARGE); }

uint64_t caches_used_entry(uint64_t entry, unsigned level) {
    if (!(entry & PRESENT)) return entry;
    return entry | ACCESSED | (is_leaf(entry, level) && (entry & WRITE) ? DIRTY : 0);
}

static uint64_t span(unsigned level) { return 1ull << (HF_PAGE_SHIFT + TABLE_BITS * (level - 1)); }

static void remember(uint64_t address, unsigned level, uint64_t entry) {
    for (unsigned i = 0; i < count; i++) {
        const struct remembered *old = &remembered[i];
        if (old->address == address && old->level == level && old->entry == entry) return;
    }
    if (count == REMEMBERED) snprintf(wrong, sizeof wrong, "there is no room for more translations");
    if (count < REMEMBERED) remembered[count++] = (struct remembered){address, entry, level};
}

static void use_table(uint64_t table, unsigned level, uint64_t base) {
    unsigned end = level == TABLE_LEVELS ? MACHINE_RUN / 2 : MACHINE_RUN;
    for (unsigned slot = 0; slot < end; slot++) {
        uint64_t *entry = (uint64_t *)(void *)machine_ram[table] + slot;
        uint64_t address = base + slot * span(level);
        if (!(*entry & PRESENT)) continue;
        *entry = caches_used_entry(*entry, level);
        remember(address, level, *entry);
        bool below = !is_leaf(*entry, level) && FRAME_IN(*entry) < MACHINE_FRAMES;
        if (below) use_table(FRAME_IN(*entry), level - 1, address);
    }
}

static void use_all(void) {
    if (FRAME_IN(machine_cr3) && FRAME_IN(machine_cr3) < MACHINE_FRAMES) {
        use_table(FRAME_IN(machine_cr3), TABLE_LEVELS, 0);
    }
}

void caches_fill(void) {
    count = 0;
    wrong[0] = 0;
    used = false;
    use_all();
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES; frame++) kept_types[frame] = (uint8_t)frame_type(frame);
}

bool caches_used(void) { return used; }

static void forget(bool (*goes)(const struct remembered *, uint64_t), uint64_t address) {
    unsigned kept = 0;
    for (unsigned i = 0; i < count; i++) {
        hf_frame_t frame = FRAME_IN(remembered[i].entry);
        if (!goes(&remembered[i], address)) {
            remembered[kept++] = remembered[i];
        } else if (frame < MACHINE_FRAMES && kept_types[frame] != frame_type(frame)) {
            snprintf(wrong, sizeof wrong, "I8: frame %llu changed its type before its translation ended",
                     (unsigned long long)frame);
        }
    }
    count = kept;
}

/* Of leaves only that of the page; of paging-structure caches everything, whatever the address. */
static bool goes_by_page(const struct remembered *one, uint64_t address) {
    if (!is_leaf(one->entry, one->level)) return true;
    return one->address / span(one->level) == address / span(one->level);
}

static bool goes_by_load(const struct remembered *one, uint64_t address) {
    (void)one;
    (void)address;
    return true;
}

void caches_note_invalidated(uint64_t address) {
    used = true;
    forget(goes_by_page, address);
    use_all(); /* it may be brought back at once, if it is still there */
}

void caches_note_load(void) {
    used = true;
    forget(goes_by_load, 0);
    use_all();
}

void caches_note_filled(hf_frame_t frame) {
    for (unsigned i = 0; i < count; i++) {
        if (FRAME_IN(remembered[i].entry) != frame) continue;
        snprintf(wrong, sizeof wrong, "I8: frame %llu was filled while %#llx still led there",
                 (unsigned long long)frame, (unsigned long long)remembered[i].address);
    }
}

/* What the tables say now, or 0 where the walk doesn't get there. */
static uint64_t entry_now(const struct remembered *one) {
    uint64_t table = FRAME_IN(machine_cr3);
    for (unsigned level = TABLE_LEVELS; level >= one->level && table < MACHINE_FRAMES; level--) {
        const uint64_t *entries = (const uint64_t *)(const void *)machine_ram[table];
        uint64_t entry = entries[one->address / span(level) % MACHINE_RUN];
        if (level == one->level) return entry;
        if (!(entry & PRESENT) || is_leaf(entry, level)) return 0;
        table = FRAME_IN(entry);
    }
    return 0;
}

/* Whether what is remembered allows no more, and leads nowhere else, than what the table says.
 * An accessed or dirty bit that the table lost counts: the processor won't set it again. */
static bool justified(uint64_t old, uint64_t now) {
    const uint64_t allowing = PRESENT | WRITE | ACCESSED | DIRTY;
    bool same = FRAME_IN(old) == FRAME_IN(now) && ((old ^ now) & LARGE) == 0;
    return same && (old & allowing & ~now) == 0 && (now & NX & ~old) == 0;
}

const char *caches_wrong(void) {
    for (unsigned i = 0; i < count && !wrong[0]; i++) {
        uint64_t now = entry_now(&remembered[i]);
        if (justified(remembered[i].entry, now)) continue;
        snprintf(wrong, sizeof wrong, "I8: %#llx level %u: %#llx is remembered, %#llx is there",
                 (unsigned long long)remembered[i].address, remembered[i].level,
                 (unsigned long long)remembered[i].entry, (unsigned long long)now);
    }
    return wrong[0] ? wrong : NULL;
}
