/* What operations are made of: addresses, rights, pages. Now and then one that can't be good. */
#include "invent.h"

uint64_t place(void) {
    static const uint64_t odd[] = {0,         HF_USER_FIRST, HF_USER_END - HF_PAGE_SIZE, HF_USER_END, 0x7fffffe00000,
                                   1ul << 47, WINDOW + 1,    0xffff800000000000,         ~0ul,        NO_TABLES};
    if (ONE_IN(24)) return DRAW_FROM(odd);
    if (ONE_IN(6)) return BIG + draw_below(8) * HF_PAGE_SIZE;
    if (ONE_IN(24)) return NEXT_GIGABYTE + draw_below(4) * HF_PAGE_SIZE;
    return AT(draw_below(12));
}

uint64_t large_place(void) {
    static const uint64_t places[] = {WINDOW, NEXT_GIGABYTE, NO_TABLES};
    if (ONE_IN(16)) return place();
    return ONE_IN(8) ? DRAW_FROM(places) : BIG + draw_below(4) * HF_RUN_SIZE;
}

/* One where a page is, or where there is none and a PT waits for it; or any. */
uint64_t place_in(hf_frame_t aspace, bool mapped) {
    uint64_t address = place();
    for (unsigned draws = 0; draws < 6; draws++, address = place()) {
        if (address >= HF_USER_END || look_frame(aspace).type != HF_FRAME_PML4) break;
        uint64_t parent = look_entry(aspace, address, HF_LEVEL_PD), leaf = look_entry(aspace, address, HF_LEVEL_PT);
        if (parent && !(parent & ENTRY_LARGE) && (leaf != 0) == mapped) break;
    }
    return address;
}

/* Where a page of 2 MiB is, in an aspace that has one; if one is found soon. */
uint64_t large_place_in(hf_frame_t *aspace) {
    uint64_t address = large_place();
    for (unsigned draws = 0; draws < 12; draws++, address = large_place()) {
        *aspace = toy_aspace();
        if (address >= HF_USER_END || look_frame(*aspace).type != HF_FRAME_PML4) continue;
        if (look_entry(*aspace, address, HF_LEVEL_PD) & ENTRY_LARGE) break;
    }
    return address;
}

uint16_t page_rights(void) {
    static const uint16_t rights[] = {HF_READ, READ_WRITE, READ_WRITE, HF_READ | HF_EXECUTE, HF_READ, 7};
    return DRAW_FROM(rights);
}

hf_frame_t toy_page(void) {
    if (ONE_IN(16)) return toy_any();
    return toy_of(ONE_IN(2) ? HF_FRAME_STAGED : HF_FRAME_USER);
}
