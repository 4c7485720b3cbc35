#include "matrix.h"

#define AXIS(values, plain) \
    { values, sizeof(values) / sizeof *(values), plain }
#define BIT(n) (HF_READ | 1u << (n))

static const uint64_t objects[] = {
    SCENE_ROOT,
    SCENE_OTHER_PT,
    SCENE_OTHER_PD,
    SCENE_OTHER_PDPT,
    SCENE_FREE,
    SCENE_STAGED,
    SCENE_USER,
    SCENE_RESERVED,
    SCENE_CORE,
    SCENE_TASK,
    SCENE_HANDLES,
    SCENE_ENDPOINT,
    SCENE_RUN_FREE,
    SCENE_RUN_STAGED,
    SCENE_RUN_USER,
    SHADOW_LIMIT,
    SCENE_ROOT | 1ull << 40,
    ~0ull,
};

static const uint64_t levels[] = {HF_LEVEL_PT, HF_LEVEL_PD, 0, HF_LEVEL_PDPT, HF_LEVEL_PML4, 5, 0x81, 0xff};

static const uint64_t rights[] = {
    HF_READ,
    HF_READ | HF_WRITE,
    HF_READ | HF_EXECUTE,
    HF_READ | HF_WRITE | HF_EXECUTE,
    0,
    HF_WRITE,
    HF_EXECUTE,
    HF_WRITE | HF_EXECUTE,
    BIT(3),
    BIT(4),
    BIT(5),
    BIT(6),
    BIT(7),
    BIT(8),
    BIT(9),
    BIT(10),
    BIT(11),
    BIT(12),
    BIT(13),
    BIT(14),
    BIT(15),
    0xffff,
};

/* Those of either size, of a page only, misaligned, at the ends of the user half, and outside. */
static const uint64_t addresses[] = {
    SCENE_PLACE,
    SCENE_PAGE_PLACE,
    SCENE_PLACE + HF_RUN_SIZE,
    HF_USER_FIRST,
    HF_USER_END - HF_PAGE_SIZE,
    0,
    HF_USER_FIRST - HF_PAGE_SIZE,
    HF_RUN_SIZE,
    HF_USER_END,
    HF_USER_END + HF_PAGE_SIZE - HF_RUN_SIZE,
    HF_USER_END + HF_PAGE_SIZE - 2 * HF_RUN_SIZE,
    SCENE_PLACE + 1,
    SCENE_PLACE + 8,
    SCENE_PAGE_PLACE + 0x800,
    SCENE_PAGE_PLACE + HF_PAGE_SIZE - 1,
    1ull << 47,
    1ull << 48 | SCENE_PLACE,
    1ull << 63 | SCENE_PLACE,
    0xffff800000000000,
    0xffffffff80000000,
    0xffffffffffe00000,
    ~0ull,
};

/* A frame or run of every kind, frames within runs, and what is no frame. */
#define MEMORY \
    SCENE_STAGED, SCENE_USER, SCENE_RUN_STAGED, SCENE_RUN_USER, SCENE_FREE, SCENE_RUN_FREE, SCENE_TWICE, SCENE_PINNED, \
        SCENE_PINNED_MAPPED, SCENE_BUFFER, SCENE_BUFFER_MAPPED, SCENE_MODULE, SCENE_PAGE, SCENE_FULL, SCENE_RESERVED, \
        SCENE_CORE, SCENE_ROOT, SCENE_OTHER_PDPT, SCENE_OTHER_PD, SCENE_OTHER_PT, SCENE_PD, SCENE_PT, SCENE_TASK, \
        SCENE_HANDLES, SCENE_ENDPOINT, SCENE_RUN_TWICE, SCENE_RUN_PINNED, SCENE_RUN_SHARED, SCENE_RUN_PAGES, \
        SCENE_RUN_KEPT, SCENE_RUN_FULL, SCENE_RUN_ZEROING, SCENE_RUN_NEARLY, SCENE_RUN_CORE, SCENE_RUN_PLACE, \
        SCENE_RUN_STAGED + 1, SCENE_RUN_USER + 1, SCENE_RUN_USER + 511, SCENE_RUN_SHARED + 1, SCENE_RUN_PAGES + 1, \
        SCENE_RUN_KEPT + 1, SCENE_RUN_FREE + 1, SCENE_RUN_ZEROING + 1, 0x100, SHADOW_LIMIT, \
        SHADOW_LIMIT + HF_RUN_FRAMES, 1ull << 40 | SCENE_STAGED, 1ull << 52 | SCENE_USER, 1ull << 63, ~0ull

static const uint64_t memory[] = {MEMORY};

static const uint64_t free_frames[] = {SCENE_FREE, SCENE_PAGE, SCENE_RUN_FREE, MEMORY};

static const uint64_t devices[] = {SCENE_VGA,
                                   SCENE_VGA + 7,
                                   SHADOW_LIMIT,
                                   SHADOW_LIMIT + 3,
                                   SCENE_VGA - 1,
                                   SCENE_VGA + 8,
                                   SHADOW_LIMIT + 4,
                                   SHADOW_LIMIT - 1,
                                   0xfee00,
                                   0xfec00,
                                   0xa0,
                                   0xfffff,
                                   1ull << 40 | SCENE_VGA,
                                   1ull << 52 | SCENE_VGA,
                                   MEMORY};

/* Fields that an operation does not have. */
static const uint64_t few[] = {0, 1, 0x80, 0xff};
static const uint64_t few_words[] = {0, 1, 1ull << 32, 1ull << 63, ~0ull};

static const uint64_t extents[] = {HF_ONE_FRAME, HF_WHOLE_RUN, 1, 3, 4, 0x82, 0xff};
static const uint64_t tags[] = {0, 1, 0x7fff, 0xffff, 0x10000, 1ull << 32, 1ull << 63};
static const uint64_t lengths[] = {0, 1, 8, 13, HF_PAGE_SIZE, HF_PAGE_SIZE - 8, HF_PAGE_SIZE + 1, HF_RUN_SIZE, ~0u};
static const uint64_t parts[] = {
    HF_STAGE_AT(0, 0),
    HF_STAGE_AT(8, 0),
    HF_STAGE_AT(0, 8),
    HF_STAGE_AT(3, 5),
    HF_STAGE_AT(HF_PAGE_SIZE - 8, 8),
    HF_STAGE_AT(HF_PAGE_SIZE, 0),
    HF_STAGE_AT(HF_PAGE_SIZE + 1, 0),
    HF_STAGE_AT(0, HF_PAGE_SIZE - 8),
    HF_STAGE_AT(0, HF_PAGE_SIZE),
    HF_STAGE_AT(0, HF_PAGE_SIZE + 1),
    HF_STAGE_AT(0, HF_RUN_SIZE - 8),
    HF_STAGE_AT(0, HF_RUN_SIZE),
    HF_STAGE_AT(~0u, 0),
    HF_STAGE_AT(0, ~0u),
};
static const uint64_t sources[] = {HF_NO_FRAME, SCENE_USER, SCENE_BUFFER, MEMORY};

const struct group matrix_groups[] = {
    {"map",
     HF_OP_MAP,
     SCENES_FEW,
     {[AXIS_OBJECT] = AXIS(objects, 1),
      [AXIS_LEVEL] = AXIS(levels, 2),
      [AXIS_RIGHTS] = AXIS(rights, 3),
      [AXIS_ADDRESS] = AXIS(addresses, 5),
      [AXIS_FRAME] = AXIS(memory, 4)}},
    {"map_extra",
     HF_OP_MAP,
     SCENES_FEW,
     {[AXIS_OBJECT] = AXIS(objects, 1),
      [AXIS_LEVEL] = AXIS(levels, 2),
      [AXIS_RIGHTS] = {rights, 3, 3},
      [AXIS_COUNT] = AXIS(few, 1),
      [AXIS_ADDRESS] = {addresses, 5, 5},
      [AXIS_FRAME] = {memory, 6, 4}}},
    {"protect",
     HF_OP_PROTECT,
     SCENES_ALL,
     {[AXIS_OBJECT] = AXIS(objects, 1),
      [AXIS_LEVEL] = AXIS(levels, 2),
      [AXIS_RIGHTS] = AXIS(rights, 3),
      [AXIS_ADDRESS] = AXIS(addresses, 2)}},
    {"protect_extra",
     HF_OP_PROTECT,
     SCENES_FEW,
     {[AXIS_OBJECT] = AXIS(objects, 1),
      [AXIS_LEVEL] = AXIS(levels, 2),
      [AXIS_RIGHTS] = {rights, 3, 3},
      [AXIS_COUNT] = AXIS(few, 1),
      [AXIS_ADDRESS] = {addresses, 5, 2},
      [AXIS_FRAME] = AXIS(few_words, 1)}},
    {"unmap",
     HF_OP_UNMAP,
     SCENES_ALL,
     {[AXIS_OBJECT] = AXIS(objects, 1),
      [AXIS_LEVEL] = AXIS(levels, 2),
      [AXIS_RIGHTS] = AXIS(few, 1),
      [AXIS_ADDRESS] = AXIS(addresses, 2)}},
    {"unmap_extra",
     HF_OP_UNMAP,
     SCENES_FEW,
     {[AXIS_OBJECT] = AXIS(objects, 1),
      [AXIS_LEVEL] = AXIS(levels, 2),
      [AXIS_RIGHTS] = AXIS(few, 1),
      [AXIS_COUNT] = AXIS(few, 1),
      [AXIS_ADDRESS] = {addresses, 5, 2},
      [AXIS_FRAME] = AXIS(few_words, 1)}},
    {"split",
     HF_OP_SPLIT,
     SCENES_ALL,
     {[AXIS_OBJECT] = AXIS(objects, 1), [AXIS_ADDRESS] = AXIS(addresses, 1), [AXIS_FRAME] = AXIS(free_frames, 3)}},
    {"split_extra",
     HF_OP_SPLIT,
     SCENES_FEW,
     {[AXIS_OBJECT] = AXIS(objects, 1),
      [AXIS_LEVEL] = AXIS(few, 1),
      [AXIS_RIGHTS] = AXIS(few, 1),
      [AXIS_COUNT] = AXIS(few, 1),
      [AXIS_ADDRESS] = {addresses, 2, 1},
      [AXIS_FRAME] = {free_frames, 5, 3}}},
    {"map_device",
     HF_OP_MAP_DEVICE,
     SCENES_FEW,
     {[AXIS_OBJECT] = AXIS(objects, 1),
      [AXIS_RIGHTS] = AXIS(rights, 2),
      [AXIS_ADDRESS] = AXIS(addresses, 5),
      [AXIS_FRAME] = AXIS(devices, 4)}},
    {"map_device_extra",
     HF_OP_MAP_DEVICE,
     SCENES_FEW,
     {[AXIS_OBJECT] = AXIS(objects, 1),
      [AXIS_LEVEL] = AXIS(few, 1),
      [AXIS_RIGHTS] = {rights, 2, 2},
      [AXIS_COUNT] = AXIS(few, 1),
      [AXIS_ADDRESS] = {addresses, 5, 5},
      [AXIS_FRAME] = {devices, 6, 4}}},
    {"stage",
     HF_OP_STAGE,
     SCENES_ONE,
     {[AXIS_OBJECT] = AXIS(memory, 6),
      [AXIS_LEVEL] = AXIS(extents, 2),
      [AXIS_COUNT] = AXIS(lengths, 4),
      [AXIS_ADDRESS] = AXIS(parts, 4),
      [AXIS_FRAME] = AXIS(sources, 3)}},
    {"release",
     HF_OP_RELEASE,
     SCENES_FEW,
     {[AXIS_OBJECT] = AXIS(memory, 4), [AXIS_LEVEL] = AXIS(extents, 2), [AXIS_ADDRESS] = AXIS(few_words, 1)}},
    {"pin",
     HF_OP_PIN,
     SCENES_LEAVES,
     {[AXIS_OBJECT] = AXIS(memory, 4), [AXIS_LEVEL] = AXIS(extents, 2), [AXIS_FRAME] = AXIS(few_words, 1)}},
    {"unpin",
     HF_OP_UNPIN,
     SCENES_LEAVES,
     {[AXIS_OBJECT] = AXIS(memory, 4), [AXIS_LEVEL] = AXIS(extents, 2), [AXIS_RIGHTS] = AXIS(few, 1)}},
    {"tag",
     HF_OP_TAG,
     SCENES_LEAVES,
     {[AXIS_OBJECT] = AXIS(memory, 4),
      [AXIS_LEVEL] = AXIS(extents, 2),
      [AXIS_COUNT] = AXIS(few, 1),
      [AXIS_ADDRESS] = AXIS(tags, 4)}},
};
const unsigned matrix_group_count = sizeof matrix_groups / sizeof *matrix_groups;
