/* The kernel half: what is mapped there, where, and with which rights (I1, I4, I5, I6). */
#include "audit.h"

#include "../kernelmap.h"
#include "../segment.h"

static bool is_within(uint64_t value, const void *start, const void *end) {
    return value >= (uint64_t)start && value < (uint64_t)end;
}

static bool is_core(hf_frame_t frame) { return frame_is(frame, HF_FRAME_CORE); }

/* RAM at its place, and never executable. It can be written but where the image is. */
static bool pmo_is_right(uint64_t address, uint64_t physical, uint64_t bits) {
    bool image =
        is_within(physical, (void *)image_physical(image_start).value, (void *)image_physical(image_end).value);
    return physical == address - PMO_START && bits == (image ? ENTRY_NX : ENTRY_NX | ENTRY_WRITE) &&
           !frame_is(physical >> HF_PAGE_SHIFT, HF_FRAME_RESERVED);
}

static bool stack_is_right(uint64_t address, uint64_t physical, uint64_t bits) {
    uint64_t below_top = STACK_SPAN - (address - STACKS_START) % STACK_SPAN;
    return address < STACK_TOP(STACK_COUNT - 1) && below_top <= STACK_BYTES && bits == (ENTRY_NX | ENTRY_WRITE) &&
           is_core(physical >> HF_PAGE_SHIFT);
}

static bool image_is_right(uint64_t address, uint64_t physical, uint64_t bits) {
    uint64_t right = is_within(address, text_start, text_end)       ? 0
                     : is_within(address, rodata_start, rodata_end) ? ENTRY_NX
                                                                    : ENTRY_NX | ENTRY_WRITE;
    return physical == address - IMAGE_BASE && bits == right && is_within(address, image_start, image_end);
}

/* The local APIC's registers and VGA's text, in this order, uncached. */
static bool device_is_right(uint64_t address, uint64_t physical, uint64_t bits) {
    static const uint64_t devices[] = {0xfee00000, 0xb8000};
    uint64_t which = (address - DEVICES_START) / HF_PAGE_SIZE;
    return which < sizeof(devices) / sizeof(devices[0]) && physical == devices[which] && (bits & ENTRY_NX) &&
           (bits & ENTRY_NO_CACHE);
}

/* `bits`: which of W, NX and the cache's it has. */
static bool page_is_right(uint64_t address, uint64_t physical, uint64_t bits) {
    if (address < PMO_START + PMO_LIMIT) return pmo_is_right(address, physical, bits);
    if (address < STACKS_START) return bits == (ENTRY_NX | ENTRY_WRITE) && is_core(physical >> HF_PAGE_SHIFT);
    if (address < DEVICES_START) return stack_is_right(address, physical, bits);
    if (address >= IMAGE_BASE) return image_is_right(address, physical, bits);
    return device_is_right(address, physical, bits);
}

static void check_page(struct audit *audit, uint64_t address, struct walk page) {
    uint64_t entry = page.entry->value;
    hf_frame_t table = frame_of(page.entry);
    uint64_t slot = address / level_span(page.level) % TABLE_ENTRIES;
    uint64_t bits = entry & (ENTRY_WRITE | ENTRY_NX | ENTRY_NO_CACHE | ENTRY_WRITE_THROUGH);
    uint64_t physical = entry & ENTRY_ADDRESS;
    audit_check(audit, !(entry & ENTRY_USER), HF_INVARIANT_USER_HALF, "a page of the core's with U/S", table, slot);
    audit_check(audit, (entry & ENTRY_GLOBAL), HF_INVARIANT_KERNEL_HALF, "a page of the core's that isn't global",
                table, slot);
    audit_check(audit, (entry & ENTRY_NX) || !(entry & ENTRY_WRITE), HF_INVARIANT_W_XOR_X, "written and executed",
                table, slot);
    audit_check(audit, page_is_right(address, physical, bits), HF_INVARIANT_W_XOR_X,
                "not the page, or not the rights, that belong there", table, slot);
}

/* The tables on the way to an address. */
static void check_way(struct audit *audit, uint64_t address, unsigned until) {
    for (unsigned level = TABLE_LEVELS; level > until; level--) {
        struct walk found = walk(kernelmap_root(), address, level);
        uint64_t slot = address / level_span(level) % TABLE_ENTRIES;
        audit_check(audit, !(found.entry->value & ENTRY_USER), HF_INVARIANT_USER_HALF, "a table of the core's with U/S",
                    frame_of(found.entry), slot);
        audit_check(audit, is_core(entry_frame(*found.entry)), HF_INVARIANT_TYPED, "a table of the core's that isn't",
                    frame_of(found.entry), slot);
    }
}

bool audit_kernel(struct audit *audit) {
    if (audit->at == 0) audit->at = PMO_START;
    for (unsigned left = AUDIT_SLOTS / 4; left > 0 && audit->at != 0; left--) {
        struct walk found = walk(kernelmap_root(), audit->at, HF_LEVEL_PT);
        check_way(audit, audit->at, found.level);
        if (entry_present(*found.entry)) check_page(audit, audit->at, found);
        audit->at = (audit->at / level_span(found.level) + 1) * level_span(found.level);
    }
    return audit->at == 0;
}
