#include "list.h"

#define DEVICE 0xb8ul /* the first frame of VGA's text */
#define NO_DEVICE 0xc0ul

#define SPAN (HF_PAGE_SIZE << TABLE_BITS) /* of a 2 MiB page */

/* The first page that ring 3 may have, the last one where that takes no further tables, and besides
 * the last of the first PT, and the first of the next one. */
#if TABLE_LEVELS == 2u
static const uint64_t pages[] = {HF_USER_FIRST, HF_USER_END - HF_PAGE_SIZE};
#else
static const uint64_t pages[] = {HF_USER_FIRST, SPAN - HF_PAGE_SIZE, SPAN};
#endif
static const uint64_t bad_pages[] = {
    HF_USER_FIRST - HF_PAGE_SIZE, HF_USER_END, HF_USER_END + HF_PAGE_SIZE, HF_USER_FIRST + 1, 0x800000000000, ~0xffful};
static const uint64_t large_pages[] = {0, SPAN, HF_USER_END + HF_PAGE_SIZE - SPAN};
static const uint64_t bad_large[] = {HF_PAGE_SIZE, HF_USER_END + HF_PAGE_SIZE, ~(SPAN - 1)};
static const uint64_t places[] = {HF_USER_FIRST, TABLE_LEVELS > 2u ? SPAN : HF_USER_END - HF_PAGE_SIZE, HF_USER_END};
static const uint16_t rights[] = {HF_READ, HF_READ | HF_WRITE, HF_READ | HF_EXECUTE};
static const uint16_t bad_rights[] = {0, HF_WRITE, HF_WRITE | HF_EXECUTE, HF_READ | HF_WRITE | HF_EXECUTE, 8 | HF_READ};

static void about_tables(hf_frame_t aspace) {
    EACH(at, places) {
        for (uint8_t level = 0; level <= TABLE_LEVELS; level++) {
            ADD(HF_OP_TABLE_REMOVE, .level = level, .object = aspace, .address = places[at]);
            EACH_NAME(i) {
                ADD(HF_OP_TABLE_INSTALL, .level = level, .object = aspace, .address = places[at],
                    .frame = list.names[i]);
            }
        }
        EACH_NAME(i) {
            if (!is(list.names[i], HF_FRAME_PML4) && i) continue;
            ADD(HF_OP_CLONE, .object = aspace, .address = places[at], .frame = list.names[i]);
        }
        ADD(HF_OP_CLEAR, .object = aspace, .address = places[at]);
        ADD(HF_OP_TRANSLATE, .object = aspace, .address = places[at]);
    }
    EACH(at, bad_pages) {
        ADD(HF_OP_TABLE_REMOVE, .level = HF_LEVEL_PT, .object = aspace, .address = bad_pages[at]);
        ADD(HF_OP_CLEAR, .object = aspace, .address = bad_pages[at]);
        ADD(HF_OP_CLONE, .object = aspace, .address = bad_pages[at], .frame = aspace);
        EACH_NAME(i) {
            if (!is(list.names[i], HF_FRAME_FREE)) continue;
            ADD(HF_OP_TABLE_INSTALL, .level = HF_LEVEL_PT, .object = aspace, .address = bad_pages[at],
                .frame = list.names[i]);
        }
    }
}

/* Which of the rights are tried at an address: all at the first, and one at each other. Among a
 * task's users only one is: CLONE makes another of it. */
enum { RIGHT_READ = 1, RIGHT_WRITE = 2, RIGHT_EXECUTE = 4, RIGHT_ALL = 7 };
#define UNLESS_USERS(which) (EXPLORE_CALLS == CALLS_USERS ? 0 : (which))
#define RIGHTS_AT_FIRST (RIGHT_WRITE | UNLESS_USERS(RIGHT_ALL))
#define RIGHTS_AT_SECOND UNLESS_USERS(RIGHT_WRITE)
#define RIGHTS_AT_THIRD UNLESS_USERS(RIGHT_EXECUTE)
#define RIGHTS_OF_LARGE (RIGHT_WRITE | UNLESS_USERS(RIGHT_EXECUTE))
#define RIGHTS_OF_DEVICES UNLESS_USERS(RIGHT_ALL)

static void about_mapping(hf_frame_t aspace, uint8_t level, uint64_t address, unsigned which, bool good) {
    EACH_NAME(i) {
        hf_frame_t first = list.names[i] - list.names[i] % MACHINE_RUN;
        bool content = frame_has_content(list.names[i]) || is(first, HF_FRAME_USER) || is(first, HF_FRAME_STAGED);
        EACH(r, rights) {
            if (!(which >> r & 1) || (!good && !content)) continue;
            ADD(HF_OP_MAP, .level = level, .rights = rights[r], .object = aspace, .address = address,
                .frame = list.names[i]);
        }
    }
    ADD(HF_OP_UNMAP, .level = level, .object = aspace, .address = address);
    EACH(r, rights) {
        if (!(which >> r & 1)) continue;
        ADD(HF_OP_PROTECT, .level = level, .rights = rights[r], .object = aspace, .address = address);
    }
}

static void about_leaves(hf_frame_t aspace) {
    static const uint8_t which[] = {RIGHTS_AT_FIRST, RIGHTS_AT_SECOND, RIGHTS_AT_THIRD}; /* by place in pages[] */
    EACH(at, pages) about_mapping(aspace, HF_LEVEL_PT, pages[at], which[at], true);
    EACH(at, large_pages) about_mapping(aspace, HF_LEVEL_PD, large_pages[at], RIGHTS_OF_LARGE, true);
    EACH(at, bad_pages) about_mapping(aspace, HF_LEVEL_PT, bad_pages[at], RIGHT_WRITE, false);
    EACH(at, bad_large) about_mapping(aspace, HF_LEVEL_PD, bad_large[at], RIGHT_WRITE, false);
    about_mapping(aspace, 0, pages[0], RIGHT_WRITE, false);
    about_mapping(aspace, HF_LEVEL_PDPT, pages[0], RIGHT_WRITE, false);
    EACH(r, bad_rights) {
        ADD(HF_OP_PROTECT, .level = HF_LEVEL_PT, .rights = bad_rights[r], .object = aspace, .address = pages[0]);
        ADD(HF_OP_PROTECT, .level = HF_LEVEL_PD, .rights = bad_rights[r], .object = aspace, .address = large_pages[0]);
        EACH_NAME(i) {
            if (!frame_has_content(list.names[i])) continue;
            ADD(HF_OP_MAP, .level = HF_LEVEL_PT, .rights = bad_rights[r], .object = aspace, .address = pages[0],
                .frame = list.names[i]);
        }
    }
}

static void about_devices_and_splits(hf_frame_t aspace) {
    const hf_frame_t devices[] = {NO_DEVICE, DEVICE - 1, 0, MACHINE_FRAMES};
    EACH(r, rights) {
        if (!(RIGHTS_OF_DEVICES >> r & 1)) continue;
        ADD(HF_OP_MAP_DEVICE, .rights = rights[r], .object = aspace, .address = pages[0], .frame = DEVICE);
    }
    EACH(i, devices) ADD(HF_OP_MAP_DEVICE, .rights = 1, .object = aspace, .address = pages[1], .frame = devices[i]);
    EACH(at, bad_pages) {
        ADD(HF_OP_MAP_DEVICE, .rights = 1, .object = aspace, .address = bad_pages[at], .frame = DEVICE);
    }
    EACH_NAME(i) {
        EACH(at, large_pages) {
            ADD(HF_OP_SPLIT, .object = aspace, .address = large_pages[at], .frame = list.names[i]);
        }
        ADD(HF_OP_SPLIT, .object = aspace, .address = bad_large[0], .frame = list.names[i]);
    }
}

void about_aspace(hf_frame_t aspace) {
    about_tables(aspace);
    about_leaves(aspace);
    about_devices_and_splits(aspace);
}

void about_no_aspace(hf_frame_t frame) {
    hf_frame_t unused = 0, content = 0;
    EACH_NAME(i) {
        if (is(list.names[i], HF_FRAME_FREE) && list.names[i] != frame) unused = list.names[i];
        if (frame_has_content(list.names[i]) && list.names[i] != frame) content = list.names[i];
    }
    for (uint8_t level = 1; level < TABLE_LEVELS; level++) {
        ADD(HF_OP_TABLE_INSTALL, .level = level, .object = frame, .address = places[0], .frame = unused);
        ADD(HF_OP_TABLE_REMOVE, .level = level, .object = frame, .address = places[0]);
    }
    ADD(HF_OP_MAP, .level = 1, .rights = HF_READ, .object = frame, .address = pages[0], .frame = content);
    ADD(HF_OP_UNMAP, .level = 1, .object = frame, .address = pages[0]);
    ADD(HF_OP_PROTECT, .level = 1, .rights = HF_READ, .object = frame, .address = pages[0]);
    ADD(HF_OP_CLEAR, .object = frame, .address = pages[0]);
    ADD(HF_OP_MAP_DEVICE, .rights = HF_READ, .object = frame, .address = pages[0], .frame = DEVICE);
}
