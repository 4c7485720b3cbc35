#include "prepare.h"

#include "judge.h"
#include "schedule.h"
#include "state.h"

#ifndef EXPLORE_TASKS
#define EXPLORE_TASKS 1
#endif

#define ASPACE 1u
#define OTHER 2u
#define TABLES 3u /* up to three for each aspace */
#define PAGE (MACHINE_RUN + MACHINE_RUN * 2u)
#define TASK (PAGE + 1u)
#define RUN (MACHINE_RUN * (MACHINE_RUNS - 1u))
#define AT HF_USER_FIRST
#define LARGE_AT (HF_PAGE_SIZE << TABLE_BITS)

static bool good;
static uint8_t empty[STATE_BYTES];
static bool kept_empty;

static bool ask(struct hf_operation op) {
    struct hf_result result;
    hf_status_t status;
    do status = mmu_one(&asker, &op, &result);
    while (status == HF_AGAIN);
    good = good && status == HF_OK;
    return good;
}

static bool start(void) {
    if (!kept_empty) state_save(empty);
    kept_empty = true;
    state_load(empty);
    return good = true;
}

static void aspace(hf_frame_t root, hf_frame_t tables) {
    ask((struct hf_operation){HF_OP_ASPACE_CREATE, .object = root});
    ask((struct hf_operation){HF_OP_ASPACE_COPY_KERNEL, .object = root});
    for (uint8_t level = TABLE_LEVELS - 1; level > 0; level--) {
        ask((struct hf_operation){HF_OP_TABLE_INSTALL, level, .object = root, .address = AT, .frame = tables++});
    }
}

static void map(hf_frame_t root, hf_frame_t frame) {
    ask((struct hf_operation){HF_OP_MAP, 1, .rights = 3, .object = root, .address = AT, .frame = frame});
}

static void map_run(hf_frame_t root) {
    ask((struct hf_operation){HF_OP_MAP, 2, .rights = 3, .object = root, .address = LARGE_AT, .frame = RUN});
}

static void stage(hf_frame_t frame, uint8_t extent) {
    ask((struct hf_operation){HF_OP_STAGE, extent, .object = frame, .frame = HF_NO_FRAME});
}

static void set_task(uint64_t fields, hf_frame_t value) {
    asker_page.task = (struct hf_task_block){.fields = fields, .aspace = value, .buffer = value};
    ask((struct hf_operation){HF_OP_TASK_SET, .object = TASK});
}

static void load(hf_frame_t root) { write_cr3(root << HF_PAGE_SHIFT); }

/* ---- Each of them ---- */

static bool make_boot(void) { return start(); }

static bool make_shared(void) {
    start();
    aspace(ASPACE, TABLES);
    aspace(OTHER, TABLES + 3);
    stage(PAGE, HF_ONE_FRAME);
    map(ASPACE, PAGE);
    map(OTHER, PAGE);
    load(ASPACE);
    return good;
}

static bool make_running(void) {
    start();
    aspace(ASPACE, TABLES);
    stage(PAGE, HF_ONE_FRAME);
    ask((struct hf_operation){HF_OP_TASK_CREATE, .object = TASK});
    set_task(HF_TASK_ASPACE, ASPACE);
    set_task(HF_TASK_BUFFER, PAGE);
    ask((struct hf_operation){HF_OP_TASK_START, .object = TASK});
    schedule();
    load(ASPACE);
    return good;
}

static bool make_pinned(void) {
    start();
    aspace(ASPACE, TABLES);
    stage(PAGE, HF_ONE_FRAME);
    map(ASPACE, PAGE);
    ask((struct hf_operation){HF_OP_PIN, .object = PAGE});
    ask((struct hf_operation){HF_OP_UNMAP, 1, .object = ASPACE, .address = AT});
    load(ASPACE);
    return good;
}

static bool make_large(void) {
    start();
    aspace(ASPACE, TABLES);
    stage(PAGE, HF_ONE_FRAME);
    map(ASPACE, PAGE);
    stage(RUN, HF_WHOLE_RUN);
    map_run(ASPACE);
    load(ASPACE);
    return good;
}

static bool make_split(void) {
    make_large();
    aspace(OTHER, TABLES + 3);
    map_run(OTHER);
    ask((struct hf_operation){HF_OP_SPLIT, .object = ASPACE, .address = LARGE_AT, .frame = TASK + 1});
    return good;
}

static bool make_torn(void) {
    start();
    aspace(ASPACE, TABLES);
    load(ASPACE);
    ask((struct hf_operation){HF_OP_TABLE_REMOVE, 1, .object = ASPACE, .address = AT});
    ask((struct hf_operation){HF_OP_ASPACE_CREATE, .object = OTHER});
    return good;
}

const struct prepared prepared[] = {
    {"boot", make_boot, true},
    {"shared", make_shared, TABLE_LEVELS > 2u},
    {"running", make_running, TABLE_LEVELS > 2u},
    {"pinned", make_pinned, TABLE_LEVELS > 2u},
    {"large", make_large, TABLE_LEVELS > 2u},
    {"split", make_split, TABLE_LEVELS > 2u},
    {"torn", make_torn, TABLE_LEVELS > 2u},
    {NULL, NULL, false},
};

/* A 2 MiB page beside a PT, in two aspaces, and what becomes of it, needs seven frames. */
#define MANY (MACHINE_FRAMES - MACHINE_CORE >= 7u)
#define ALL_TASKS (EXPLORE_TASKS && TABLE_LEVELS == 2u)

const uint8_t prepared_reaches[REACHED_COUNT] = {
    [REACHED_SHARED] = MANY,
    [REACHED_LARGE] = MANY,
    [REACHED_LARGE_BESIDE] = MANY,
    [REACHED_SHARED_SPLIT] = MANY,
    [REACHED_ZEROING] = MANY,
    [REACHED_PINNED] = 1,
    [REACHED_PINNED_RUN] = MANY,
    [REACHED_DEVICE] = 1,
    [REACHED_TORN] = 1,
    [REACHED_LOADED] = 1,
    [REACHED_TASK] = EXPLORE_TASKS,
    [REACHED_RUNNING] = EXPLORE_TASKS,
    [REACHED_BUFFER] = EXPLORE_TASKS,
    [REACHED_WAITING] = ALL_TASKS,
};
