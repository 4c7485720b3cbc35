#include "matrix.h"

#include <machine.h>
#include <stdio.h>
#include <string.h>

#include "../host/machine/control.h"
#include "device.h"
#include "mmu.h"
#include "oracle.h"

#define PRINTED 10u
#define CHECK_EVERY 64u /* refused ones between two looks at the whole state */
#define VALUES 64u      /* of one axis, at most */
#define UNTOUCHED 0x5a5a5a5a5a5a5a5aull

static struct hf_operation_page page;
static struct task asker = {.memory = 1, .operations = &page};

static const struct group *group;
static struct scene scene;
static struct shadow shadow;
static struct tally tally;
static unsigned unchecked;
static bool met[AXIS_END][AXIS_END][VALUES][VALUES];

/* ---- The answer ---- */

static void disagree(const struct hf_operation *op, const char *what, hf_status_t status,
                     const struct verdict *verdict) {
    if (tally.disagreements++ >= PRINTED) return;
    printf("# %s: %s: aspace %u depth %u leaf %u rights %u used %u; object %#llx level %u rights %#x count %#x address "
           "%#llx frame %#llx: the core %u, the oracle %s %#x\n",
           group->name, what, scene.aspace, scene.depth, scene.leaf, scene.rights, scene.used,
           (unsigned long long)op->object, op->level, op->rights, op->count, (unsigned long long)op->address,
           (unsigned long long)op->frame, status, verdict->refusals ? "refuses by one of" : "grants",
           verdict->refusals ? verdict->refusals : verdict->granted);
}

static bool page_untouched(void) {
    for (unsigned i = 0; i < sizeof page.freed / sizeof *page.freed; i++) {
        if (page.freed[i] != UNTOUCHED) return false;
    }
    return true;
}

static void reset_page(void) {
    for (unsigned i = 0; i < sizeof page.freed / sizeof *page.freed; i++) {
        page.freed[i] = UNTOUCHED;
    }
}

/* What is wrong with the answer, or NULL. */
static const char *judge_answer(const struct verdict *verdict, hf_status_t status, const struct hf_result *result) {
    const bool right = verdict->refusals ? verdict->refusals >> status & 1 : status == verdict->granted;
    if (!right || result->status != status) return "status";
    const uint32_t detail = !verdict->refusals ? verdict->detail : status == HF_NO_TABLE ? verdict->missing : 0;
    if (result->detail != detail) return "detail";
    if (result->value[0] != verdict->value[0] || result->value[1] != verdict->value[1] || result->value[2]) {
        return "value";
    }
    if (verdict->part) return memcmp(page.freed, verdict->freed, sizeof page.freed) ? "freed" : NULL;
    return page_untouched() ? NULL : "the page's second half";
}

/* ---- Content that the shadow does not have: of a run, and of frames in other runs ---- */

static uint8_t wanted[HF_RUN_SIZE];

/* Zeroes what is to be zeroed of it now, by what the header said before. */
static void want_zeroed(const struct hf_run_header *before) {
    const uint64_t start = before->state == HF_RUN_ZEROING ? before->busy
                           : before->state == HF_RUN_FREE  ? 0
                                                           : HF_RUN_FRAMES;
    const uint64_t end = start + ORACLE_PAGES_AT_ONCE < HF_RUN_FRAMES ? start + ORACLE_PAGES_AT_ONCE : HF_RUN_FRAMES;
    memset(wanted + start * HF_PAGE_SIZE, 0, (end - start) * HF_PAGE_SIZE);
}

static const char *judge_content(const struct hf_operation *op, hf_status_t status, const struct hf_run_header *before,
                                 enum hf_frame_type type) {
    const bool run = op->level == HF_WHOLE_RUN;
    const size_t size = run ? HF_RUN_SIZE : HF_PAGE_SIZE;
    memcpy(wanted, scene_kept(op->object), size);
    if (run) want_zeroed(before);
    if (!run && type == HF_FRAME_FREE) memset(wanted, 0, size);
    if (status == HF_OK && op->frame != HF_NO_FRAME) {
        memcpy(wanted + (op->address >> 32), machine_ram[op->frame] + (uint32_t)op->address, op->count);
    }
    const bool same = memcmp(machine_ram[op->object], wanted, size) == 0;
    memcpy(machine_ram[op->object], scene_kept(op->object), size);
    return same ? NULL : "content";
}

/* A new table in another run is put back only: those in the shadow are looked at word by word. */
static void put_back(hf_frame_t frame) {
    if (frame >= SHADOW_FRAMES && frame < SHADOW_LIMIT) memcpy(machine_ram[frame], scene_kept(frame), HF_PAGE_SIZE);
}

static const char *judge_elsewhere(const struct hf_operation *op, hf_status_t status,
                                   const struct hf_run_header *before, enum hf_frame_type type) {
    if (op->code == HF_OP_SPLIT) put_back(op->frame);
    const bool there = op->object >= SHADOW_FRAMES && op->object < SHADOW_LIMIT;
    return op->code == HF_OP_STAGE && there ? judge_content(op, status, before, type) : NULL;
}

/* ---- One case ---- */

static void check_state_now(const struct hf_operation *op, hf_status_t status, const struct verdict *verdict) {
    unchecked = 0;
    if (scene_same(&shadow)) return;
    disagree(op, verdict->refusals ? "this one or one shortly before has changed something" : "state", status, verdict);
    if (verdict->refusals) scene_restore(&shadow, &scene);
}

static void check_granted(const struct hf_operation *op, hf_status_t status, const struct verdict *verdict,
                          const struct hf_run_header *before, enum hf_frame_type type) {
    tally.granted++;
    check_state_now(op, status, verdict);
    const char *wrong = judge_elsewhere(op, status, before, type);
    if (!wrong) wrong = machine_stale() ? "a translation stays" : NULL;
    if (wrong) disagree(op, wrong, status, verdict);
    shadow_undo(&shadow);
    scene_restore(&shadow, &scene);
    reset_page();
}

static void try(const struct hf_operation *op) {
    struct hf_result result;
    const hf_frame_t object = op->object < SHADOW_LIMIT ? op->object : 0;
    const struct hf_run_header before = *shadow_run(&shadow, object);
    const enum hf_frame_type type = shadow_type(&shadow, object);
    const struct verdict verdict = oracle(&shadow, op);
    const hf_status_t status = mmu_one(&asker, op, &result);
    const char *wrong = judge_answer(&verdict, status, &result);
    tally.cases++;
    tally.several += (verdict.refusals & (verdict.refusals - 1)) != 0;
    if (wrong) disagree(op, wrong, status, &verdict);
    if (!verdict.refusals) {
        check_granted(op, status, &verdict, &before, type);
    } else if (wrong || ++unchecked == CHECK_EVERY) {
        check_state_now(op, status, &verdict);
    }
}

/* ---- All of them ---- */

static void meet(const unsigned at[AXIS_END]) {
    for (unsigned a = 0; a < AXIS_END; a++) {
        for (unsigned b = a + 1; b < AXIS_END; b++) {
            met[a][b][at[a]][at[b]] = true;
        }
    }
}

static unsigned count_of(unsigned axis) { return group->axis[axis].values ? group->axis[axis].count : 1; }

static uint64_t value(unsigned axis, const unsigned at[AXIS_END]) {
    return group->axis[axis].values ? group->axis[axis].values[at[axis]] : 0;
}

/* The next combination; false when it was the last. */
static bool next(unsigned at[AXIS_END]) {
    for (unsigned axis = 0; axis < AXIS_END; axis++) {
        if (++at[axis] < count_of(axis)) return true;
        at[axis] = 0;
    }
    return false;
}

/* With `one_of` above 1: those with at most one value that is not plain, and one of so many others. */
static bool chosen(const unsigned at[AXIS_END], uint64_t one_of) {
    static uint64_t number;
    unsigned odd = 0;
    for (unsigned axis = 0; axis < AXIS_END; axis++) {
        odd += at[axis] >= (group->axis[axis].values ? group->axis[axis].plain : 1);
    }
    number = number * 6364136223846793005u + 1442695040888963407u;
    return one_of <= 1 || odd <= 1 || (number >> 33) % one_of == 0;
}

static void try_scene(uint64_t one_of) {
    unsigned at[AXIS_END] = {0};
    do {
        if (!chosen(at, one_of)) continue;
        try(&(struct hf_operation){
            .code = group->code,
            .level = (uint8_t)value(AXIS_LEVEL, at),
            .rights = (uint16_t)value(AXIS_RIGHTS, at),
            .count = (uint32_t)value(AXIS_COUNT, at),
            .object = value(AXIS_OBJECT, at),
            .address = value(AXIS_ADDRESS, at),
            .frame = value(AXIS_FRAME, at),
        });
        meet(at);
    } while (next(at));
}

static void run_scene(uint64_t one_of) {
    const struct hf_operation none = {0};
    const struct verdict nothing = {0};
    if (!scene_exists(&scene)) return;
    tally.scenes++;
    const char *wrong = scene_build(&scene);
    if (wrong) disagree(&none, wrong, HF_OK, &nothing);
    scene_copy(&shadow);
    reset_page();
    try_scene(one_of);
    check_state_now(&none, HF_OK, &nothing);
}

static bool wanted_scene(void) {
    const bool plain = scene.rights == HF_READ && scene.used == 0;
    const bool few = scene.leaf == SCENE_LEAF_NOTHING || scene.leaf == SCENE_LEAF_ONLY ||
                     scene.leaf == SCENE_LEAF_OF_VGA || scene.leaf == SCENE_LEAF_LARGE_ONLY ||
                     scene.leaf == SCENE_LEAF_LARGE_SPLIT_ONLY;
    switch (group->scenes) {
    case SCENES_ONE:
        return plain && scene.leaf == SCENE_LEAF_ONLY && scene.aspace == SCENE_READY;
    case SCENES_FEW:
        return plain && few;
    case SCENES_LEAVES:
        return plain;
    default:
        return true;
    }
}

static void run_leaf(uint64_t one_of) {
    static const unsigned rights[] = {HF_READ, HF_READ | HF_WRITE, HF_READ | HF_EXECUTE};
    static const unsigned used[] = {0, HF_LEAF_ACCESSED, HF_LEAF_ACCESSED | HF_LEAF_DIRTY};
    for (unsigned i = 0; i < 9; i++) {
        scene.rights = rights[i / 3];
        scene.used = used[i % 3];
        if (wanted_scene()) run_scene(one_of);
    }
}

static void count_pairs(void) {
    for (unsigned a = 0; a < AXIS_END; a++) {
        for (unsigned b = a + 1; b < AXIS_END; b++) {
            for (unsigned i = 0; i < count_of(a) * count_of(b); i++) {
                tally.pairs_left += !met[a][b][i / count_of(b)][i % count_of(b)];
            }
        }
    }
}

/* About how many: only a sample is measured by it. */
static uint64_t all_cases(void) {
    static const uint64_t scenes[] = {[SCENES_ONE] = 1, [SCENES_FEW] = 24, [SCENES_LEAVES] = 69, [SCENES_ALL] = 397};
    uint64_t cases = scenes[group->scenes];
    for (unsigned axis = 0; axis < AXIS_END; axis++) {
        cases *= count_of(axis);
    }
    return cases;
}

struct tally matrix_run(const struct group *asked, uint64_t sample) {
    group = asked;
    const uint64_t one_of = sample ? all_cases() / sample : 1;
    tally = (struct tally){0};
    memset(met, 0, sizeof met);
    device_init((uint64_t)SCENE_FRAMEBUFFER << HF_PAGE_SHIFT, SCENE_FRAMEBUFFER_FRAMES << HF_PAGE_SHIFT);
    for (unsigned aspace = 0; aspace < SCENE_ASPACE_COUNT; aspace++) {
        for (unsigned depth = 0; depth <= 3; depth++) {
            for (unsigned leaf = 0; leaf < SCENE_LEAF_COUNT; leaf++) {
                scene = (struct scene){.aspace = aspace, .depth = depth, .leaf = leaf};
                run_leaf(one_of);
            }
        }
    }
    if (!scene_rest_same()) disagree(&(struct hf_operation){0}, "other RAM", HF_OK, &(struct verdict){0});
    count_pairs();
    return tally;
}
