#include "prepare.h"

#include "judge.h"
#include "schedule.h"
#include "state.h"

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

/* ---- All of them ---- */

const char *const prepared_names[PREPARED_COUNT] = {
#define X(name) #name,
    PREPARED_LIST(X)
#undef X
};

bool prepared_fits(enum prepared_name name) {
    return name == PREPARED_boot || (TABLE_LEVELS > 2u && MACHINE_FRAMES > TASK + MACHINE_RUN);
}

bool prepared_make(enum prepared_name name) {
    static bool (*const makers[])(void) = {
#define X(name) make_##name,
        PREPARED_LIST(X)
#undef X
    };
    return makers[name]();
}
