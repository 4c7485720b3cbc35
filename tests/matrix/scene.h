/* Sound states of a machine, built word by word: an aspace of which one place is in question, and
 * frames and runs of every kind. */
#pragma once

#include "shadow.h"

/* X(name, type, flags, what keeps it: leaves in the second aspace, uses by a task) of run 0's first
 * frames. The first aspace's tables are there as far as the scene says, else FREE. */
#define SCENE_FRAME_LIST(X) \
    X(RESERVED, RESERVED, 0, 0, 0) \
    X(HOLE, RESERVED, 0, 0, 0) \
    X(CORE, CORE, 0, 0, 0) \
    X(MODULE, USER, HF_FRAME_PINNED, 0, 0) \
    X(ROOT, FREE, 0, 0, 0) \
    X(PDPT, FREE, 0, 0, 0) \
    X(PD, FREE, 0, 0, 0) \
    X(PT, FREE, 0, 0, 0) \
    X(LOW_PD, FREE, 0, 0, 0) \
    X(LOW_PT, FREE, 0, 0, 0) \
    X(HIGH_PDPT, FREE, 0, 0, 0) \
    X(HIGH_PD, FREE, 0, 0, 0) \
    X(HIGH_PT, FREE, 0, 0, 0) \
    X(OTHER_ROOT, FREE, 0, 0, 0) \
    X(OTHER_PDPT, FREE, 0, 0, 0) \
    X(OTHER_PD, FREE, 0, 0, 0) \
    X(OTHER_PT, FREE, 0, 0, 0) \
    X(SHARED_PT, FREE, 0, 0, 0) \
    X(PAGES_PT, FREE, 0, 0, 0) \
    X(HALF_PT, FREE, 0, 0, 0) \
    X(FREE, FREE, 0, 0, 0) \
    X(STAGED, STAGED, 0, 0, 0) \
    X(USER, USER, 0, 1, 0) \
    X(TWICE, USER, 0, 2, 0) \
    X(PINNED, USER, HF_FRAME_PINNED, 0, 0) \
    X(PINNED_MAPPED, USER, HF_FRAME_PINNED, 1, 0) \
    X(BUFFER, USER, 0, 0, 1) \
    X(BUFFER_MAPPED, USER, 0, 1, 1) \
    X(FULL, USER, 0, 0, 0) \
    X(PAGE, FREE, 0, 0, 0) \
    X(TASK, TASK, 0, 0, 0) \
    X(HANDLES, HANDLES, 0, 0, 0) \
    X(ENDPOINT, ENDPOINT, 0, 0, 0)

enum scene_frame {
#define X(name, type, flags, leaves, uses) SCENE_##name,
    SCENE_FRAME_LIST(X)
#undef X
        SCENE_FRAME_COUNT
};
_Static_assert(SCENE_FRAME_COUNT <= SHADOW_FRAMES, "the shadow has all of them");

/* X(name, what it is) of the other runs */
#define SCENE_RUN_LIST(X) \
    X(FREE, "FREE altogether") \
    X(ZEROING, "being zeroed") \
    X(NEARLY, "being zeroed, one entry from its end") \
    X(STAGED, "one page, not mapped") \
    X(USER, "one page, mapped") \
    X(TWICE, "one page, mapped twice") \
    X(PINNED, "one page, pinned and not mapped") \
    X(SHARED, "split, and mapped as one page too") \
    X(PAGES, "split, each of its pages mapped") \
    X(KEPT, "split, pinned as a whole and one frame by itself, not mapped") \
    X(FULL, "one page with as many leaves as can be counted") \
    X(CORE, "the core's altogether") \
    X(PLACE, "what the scene maps at the place")

enum scene_run_number {
    SCENE_LOW_RUN,
#define X(name, text) SCENE_NUMBER_##name,
    SCENE_RUN_LIST(X)
#undef X
        SCENE_RUN_COUNT
};
_Static_assert(SCENE_RUN_COUNT == SHADOW_RUNS, "the shadow has all of them");

/* The first frame of each. */
enum scene_run {
#define X(name, text) SCENE_RUN_##name = HF_RUN_FRAMES * SCENE_NUMBER_##name,
    SCENE_RUN_LIST(X)
#undef X
};

/* VGA's text, where RAM has a hole, and a framebuffer: its first half above all RAM, what is
 * claimed of it below is RAM. */
#define SCENE_VGA 0xb8u
#define SCENE_VGA_FRAMES 8u
#define SCENE_FRAMEBUFFER (SCENE_RUN_PLACE + HF_RUN_FRAMES - 2)
#define SCENE_FRAMEBUFFER_FRAMES 6u

/* X(name, level of the leaf, frame) */
#define SCENE_LEAF_LIST(X) \
    X(NOTHING, 0, 0) \
    X(ONLY, HF_LEVEL_PT, SCENE_PAGE) \
    X(ONE_MORE, HF_LEVEL_PT, SCENE_USER) \
    X(OF_PINNED, HF_LEVEL_PT, SCENE_PINNED) \
    X(OF_BUFFER, HF_LEVEL_PT, SCENE_BUFFER) \
    X(OF_MODULE, HF_LEVEL_PT, SCENE_MODULE) \
    X(OF_SHARED, HF_LEVEL_PT, SCENE_RUN_SHARED + 7) \
    X(OF_PAGES, HF_LEVEL_PT, SCENE_RUN_PAGES + 7) \
    X(OF_KEPT, HF_LEVEL_PT, SCENE_RUN_KEPT + 7) \
    X(LAST_BUSY, HF_LEVEL_PT, SCENE_RUN_PLACE + 3) \
    X(OF_VGA, HF_LEVEL_PT, SCENE_VGA + 1) \
    X(OF_FRAMEBUFFER, HF_LEVEL_PT, SHADOW_LIMIT) \
    X(LARGE_ONLY, HF_LEVEL_PD, SCENE_RUN_PLACE) \
    X(LARGE_ONE_MORE, HF_LEVEL_PD, SCENE_RUN_USER) \
    X(LARGE_PINNED, HF_LEVEL_PD, SCENE_RUN_PINNED) \
    X(LARGE_SHARED, HF_LEVEL_PD, SCENE_RUN_SHARED) \
    X(LARGE_HALF, HF_LEVEL_PD, SCENE_RUN_PLACE) \
    X(LARGE_HALF_PINNED, HF_LEVEL_PD, SCENE_RUN_PLACE) \
    X(LARGE_KEPT, HF_LEVEL_PD, SCENE_RUN_KEPT) \
    X(LARGE_SPLIT_ONLY, HF_LEVEL_PD, SCENE_RUN_PLACE)

enum scene_leaf {
#define X(name, level, frame) SCENE_LEAF_##name,
    SCENE_LEAF_LIST(X)
#undef X
        SCENE_LEAF_COUNT
};

enum scene_aspace {
    SCENE_BARE,    /* its kernel half is not there */
    SCENE_READY,   /* ready to run, and not loaded */
    SCENE_RUNNING, /* in CR3; its translations have been used */
    SCENE_ASPACE_COUNT
};

/* Where leaves stand: SCENE_PLACE is at the beginning of a page of either size, SCENE_PAGE_PLACE is not. */
#define SCENE_PLACE 0x40000000ull
#define SCENE_PAGE_PLACE (SCENE_PLACE + 5 * HF_PAGE_SIZE)

struct scene {
    enum scene_aspace aspace;
    unsigned depth; /* how many levels of tables are below the root, at the place and at the ends of the user half */
    enum scene_leaf leaf;
    unsigned rights; /* its: enum hf_rights */
    unsigned used;   /* its: HF_LEAF_ACCESSED, HF_LEAF_DIRTY */
};

/* Whether there is such a scene: a leaf needs its tables, a device's is never executable. */
bool scene_exists(const struct scene *scene);

/* Makes the simulated machine so. NULL, or what is unsound about it, as text. */
const char *scene_build(const struct scene *scene);

/* The shadow becomes what the machine is; and whether it is so. */
void scene_copy(struct shadow *shadow);
bool scene_same(const struct shadow *shadow);

/* The machine becomes what the shadow is, and the processor uses all that is mapped. */
void scene_restore(const struct shadow *shadow, const struct scene *scene);

/* RAM that the shadow does not have: a frame of it as scene_build left it, and whether all is so. */
const uint8_t *scene_kept(hf_frame_t frame);
bool scene_rest_same(void);
