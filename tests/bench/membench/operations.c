/* MMU operations, one at a time. */
#include "operations.h"

#define ADDRESS 0x60000000ul
#define NO_TABLE_THERE (ADDRESS + HF_RUN_SIZE)

/* What is measured is `work`, between what it needs and what makes it undone. */
#define STEPS 2u
struct measured {
    const char *name;
    struct hf_operation before[STEPS], work, after[STEPS];
};

static void run(const struct hf_operation operations[STEPS]) {
    struct hf_result result;
    for (unsigned i = 0; i < STEPS && operations[i].code != HF_OP_NONE; i++) {
        hf_status_t status;
        do status = core_do(&operations[i], &result);
        while (status == HF_AGAIN); /* a run is zeroed in parts */
        core_must(status);
    }
}

static void measure(const struct measured *measured) {
    struct hf_result result;
    hf_status_t status;
    sample_begin(measured->name);
    SAMPLES(run(measured->before), status = hf_mmu_one(&measured->work, &result), {
        core_must(status);
        run(measured->after);
    });
    machine_report();
}

static void measure_each(const struct measured *measured, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        measure(&measured[i]);
    }
}
#define MEASURE_EACH(array) measure_each(array, sizeof(array) / sizeof *(array))

static void measure_pages(hf_frame_t aspace, hf_frame_t frame, hf_frame_t source) {
    const struct measured pages[] = {
        {"mmu.stage", {}, STAGED(frame), {ON(RELEASE, frame)}},
        {"mmu.stage_copy", {}, COPIED(frame, source), {ON(RELEASE, frame)}},
        {"mmu.release", {STAGED(frame)}, ON(RELEASE, frame), {}},
        {"mmu.map", {STAGED(frame)}, MAPPED(aspace, ADDRESS, frame), {LEAF(UNMAP, aspace, ADDRESS)}},
        {"mmu.unmap", {STAGED(frame), MAPPED(aspace, ADDRESS, frame)}, LEAF(UNMAP, aspace, ADDRESS), {}},
        {"mmu.protect",
         {STAGED(frame), MAPPED(aspace, ADDRESS, frame)},
         LEAF(PROTECT, aspace, ADDRESS, .rights = HF_READ),
         {LEAF(UNMAP, aspace, ADDRESS)}},
        {"mmu.pin", {}, ON(PIN, source), {ON(UNPIN, source)}},
        {"mmu.tag", {}, ON(TAG, source, .address = 1), {}},
        {"mmu.query", {}, ON(QUERY, source, .level = HF_QUERY_FRAMES, .count = 1), {}},
        {"mmu.translate", {}, ON(TRANSLATE, aspace, .address = ADDRESS), {}},
    };
    MEASURE_EACH(pages);
}

/* NO_TABLE_THERE has a PD, with room for a page of 2 MiB. */
static void measure_run(hf_frame_t aspace, hf_frame_t run) {
    const struct hf_operation stage = ON(STAGE, run, .level = HF_WHOLE_RUN, .frame = HF_NO_FRAME),
                              map = ON(MAP, aspace, .level = HF_LEVEL_PD, .rights = HF_READ, .address = NO_TABLE_THERE,
                                       .frame = run),
                              unmap = ON(UNMAP, aspace, .level = HF_LEVEL_PD, .address = NO_TABLE_THERE);
    const struct measured large[] = {{"mmu.map_2m", {stage}, map, {unmap}}, {"mmu.unmap_2m", {stage, map}, unmap, {}}};
    MEASURE_EACH(large);
}

static void measure_objects(hf_frame_t aspace, hf_frame_t frame) {
    const struct measured objects[] = {
        {"mmu.table_install", {}, TABLE(PT, aspace, NO_TABLE_THERE, frame), {NO_TABLE(PT, aspace, NO_TABLE_THERE)}},
        {"mmu.table_remove", {TABLE(PT, aspace, NO_TABLE_THERE, frame)}, NO_TABLE(PT, aspace, NO_TABLE_THERE), {}},
        {"mmu.aspace_create", {}, ON(ASPACE_CREATE, frame), {ON(ASPACE_DESTROY, frame)}},
        {"mmu.aspace_copy_kernel",
         {ON(ASPACE_CREATE, frame)},
         ON(ASPACE_COPY_KERNEL, frame),
         {ON(ASPACE_DESTROY, frame)}},
        {"mmu.aspace_destroy",
         {ON(ASPACE_CREATE, frame), ON(ASPACE_COPY_KERNEL, frame)},
         ON(ASPACE_DESTROY, frame),
         {}},
        {"mmu.task_create", {}, ON(TASK_CREATE, frame), {ON(TASK_DESTROY, frame)}},
        {"mmu.task_destroy", {ON(TASK_CREATE, frame)}, ON(TASK_DESTROY, frame), {}},
        {"mmu.handles_create", {}, ON(HANDLES_CREATE, frame), {ON(HANDLES_DESTROY, frame)}},
        {"mmu.handles_destroy", {ON(HANDLES_CREATE, frame)}, ON(HANDLES_DESTROY, frame), {}},
        {"mmu.endpoint_create", {}, ON(ENDPOINT_CREATE, frame), {ON(ENDPOINT_DESTROY, frame)}},
        {"mmu.endpoint_destroy", {ON(ENDPOINT_CREATE, frame)}, ON(ENDPOINT_DESTROY, frame), {}},
    };
    MEASURE_EACH(objects);
}

void measure_operations(const struct hf_boot *boot) {
    hf_frame_t aspace = client_aspace(boot), source = machine_frame();
    core_must(core_stage(source, HF_NO_FRAME, 0, 0, 0));
    client_map(aspace, ADDRESS + HF_PAGE_SIZE, source, HF_READ); /* with the tables for ADDRESS */
    measure_pages(aspace, machine_frame(), source);
    measure_objects(aspace, machine_frame());
    measure_run(aspace, machine_run());
}
