/* The entries of the tables that ring 3's addresses go through, and types and flags of all frames
 * (I1, I4, I5, I6). */
#include "audit.h"

#include "../device.h"
#include "../kernelmap.h"

#define ENTRY_OF_TABLE (ENTRY_PRESENT | ENTRY_WRITE | ENTRY_USER)
#define ENTRY_OF_DEVICE (ENTRY_DEVICE | ENTRY_NO_CACHE | ENTRY_WRITE_THROUGH)
#define ENTRY_OF_LEAF \
    (ENTRY_PRESENT | ENTRY_WRITE | ENTRY_USER | ENTRY_ACCESSED | ENTRY_DIRTY | ENTRY_NX | ENTRY_ADDRESS)

/* What a frame is that a leaf may name. */
static bool leaf_fits(pte_t entry, unsigned level) {
    hf_frame_t frame = entry_frame(entry);
    if (entry.value & ENTRY_DEVICE) return device_frame_grantable(frame) && frame_is(frame, HF_FRAME_RESERVED);
    if (!frame_is(frame, HF_FRAME_USER)) return false;
    if (level == HF_LEVEL_PT) return frame_has_entry(frame);
    return frame % RUN_FRAMES == 0 && frame_run(frame)->refs > 0;
}

static void check_leaf(struct audit *audit, pte_t entry, unsigned level, hf_frame_t table, unsigned slot) {
    bool device = (entry.value & ENTRY_DEVICE) != 0;
    uint64_t allowed = ENTRY_OF_LEAF | (device ? ENTRY_OF_DEVICE : 0) | (level == HF_LEVEL_PD ? ENTRY_LARGE : 0);
    bool uncached = (entry.value & ENTRY_OF_DEVICE) == ENTRY_OF_DEVICE && (entry.value & ENTRY_NX);
    bool exclusive = !(entry.value & ENTRY_WRITE) || (entry.value & ENTRY_NX);
    audit_check(audit, leaf_fits(entry, level), HF_INVARIANT_TYPED, "a page that ring 3 may not have", table, slot);
    audit_check(audit, exclusive, HF_INVARIANT_W_XOR_X, "written and executed", table, slot);
    audit_check(audit, !device || uncached, HF_INVARIANT_W_XOR_X, "a device that is cached or executed", table, slot);
    audit_check(audit, entry.value & ENTRY_USER, HF_INVARIANT_USER_HALF, "a page of the user half's without U/S", table,
                slot);
    audit_check(audit, !(entry.value & ~allowed), HF_INVARIANT_TYPED, "bits that no page has", table, slot);
}

static void check_entry(struct audit *audit, pte_t entry, enum hf_frame_type type, hf_frame_t table, unsigned slot) {
    unsigned level = type - HF_FRAME_PT + HF_LEVEL_PT;
    if (entry.value == 0) return;
    if (!audit_check(audit, entry_present(entry), HF_INVARIANT_TYPED, "absent and not zero", table, slot)) return;
    if (level <= HF_LEVEL_PD && entry_is_leaf(entry, level)) {
        check_leaf(audit, entry, level, table, slot);
        return;
    }
    bool below = type != HF_FRAME_PT && frame_has_entry(entry_frame(entry)) && frame_is(entry_frame(entry), type - 1);
    audit_check(audit, below, HF_INVARIANT_TREE, "not the table of one level less", table, slot);
    audit_check(audit, (entry.value & ~(ENTRY_ADDRESS | ENTRY_ACCESSED)) == ENTRY_OF_TABLE, HF_INVARIANT_USER_HALF,
                "bits that no table's entry has", table, slot);
}

static bool nothing_at(hf_frame_t root, uint64_t address) {
    struct walk found = walk(root, address, HF_LEVEL_PT);
    return !entry_present(*found.entry);
}

/* What ring 3 never has. */
static void check_ends(struct audit *audit, hf_frame_t root) {
    for (uint64_t address = 0; address < HF_USER_FIRST; address += HF_PAGE_SIZE) {
        audit_check(audit, nothing_at(root, address), HF_INVARIANT_USER_HALF, "one of the lowest pages is mapped", root,
                    address >> HF_PAGE_SHIFT);
    }
    audit_check(audit, nothing_at(root, HF_USER_END), HF_INVARIANT_USER_HALF, "the highest page is mapped", root,
                HF_USER_END >> HF_PAGE_SHIFT);
}

static void check_kernel_slot(struct audit *audit, hf_frame_t root, unsigned slot) {
    const pte_t *entries = frame_pointer(root);
    const pte_t *kernel = frame_pointer(kernelmap_root());
    uint64_t right = (FRAME_ENTRIES[root].flags & HF_FRAME_KERNEL_HALF) ? kernel[slot].value : 0;
    audit_check(audit, entries[slot].value == right, HF_INVARIANT_KERNEL_HALF, "the kernel half is another", root,
                slot);
}

static void check_flags(struct audit *audit, hf_frame_t frame, const struct hf_frame_entry *entry) {
    unsigned allowed = entry->type == HF_FRAME_USER   ? HF_FRAME_PINNED
                       : entry->type == HF_FRAME_PML4 ? HF_FRAME_KERNEL_HALF
                                                      : 0;
    bool modules = entry->type == HF_FRAME_CORE || entry->type == HF_FRAME_RESERVED;
    audit_check(audit, entry->type < HF_FRAME_TYPE_COUNT, HF_INVARIANT_TYPED, "no type", frame, entry->type);
    audit_check(audit, modules || !(entry->flags & ~allowed), HF_INVARIANT_TYPED, "flags that its type doesn't have",
                frame, entry->flags);
    audit_check(audit, entry->type != HF_FRAME_FREE || !entry->tag, HF_INVARIANT_TYPED, "FREE, and tagged", frame,
                entry->tag);
}

static void check_table(struct audit *audit, hf_frame_t table, unsigned first, unsigned end) {
    enum hf_frame_type type = frame_type(table);
    const pte_t *entries = frame_pointer(table);
    for (unsigned slot = first; slot < end; slot++) {
        if (type == HF_FRAME_PML4 && slot >= KERNEL_HALF_SLOT) {
            check_kernel_slot(audit, table, slot);
        } else {
            check_entry(audit, entries[slot], type, table, slot);
        }
    }
    if (type == HF_FRAME_PML4 && first == 0) check_ends(audit, table);
}

static unsigned slots(enum hf_frame_type type) { return audit_is_table(type) ? TABLE_ENTRIES : 1; }

static void check_frame(struct audit *audit, hf_frame_t frame, unsigned first, unsigned end) {
    if (first == 0) check_flags(audit, frame, &FRAME_ENTRIES[frame]);
    if (audit_is_table(frame_type(frame))) check_table(audit, frame, first, end);
}

bool audit_tables(struct audit *audit) { return audit_each_frame(audit, slots, check_frame); }
