/* Frames and runs that random operations are about. */
#include "random.h"

static hf_frame_t first;    /* of TOYS frames */
static uint8_t types[TOYS]; /* enum hf_frame_type of each */
static struct hf_run_header runs[POOL_RUNS];
static hf_frame_t homes[HOMES];

static hf_frame_t made_home(void) {
    hf_frame_t aspace = pool_frame();
    must(ON(ASPACE_CREATE, aspace));
    must(ON(ASPACE_COPY_KERNEL, aspace));
    client_image(aspace);
    return aspace;
}

void toys_make(void) {
    first = pool_frame();
    for (unsigned i = 1; i < TOYS; i++) pool_frame();
    for (unsigned i = 0; i < HOMES; i++) homes[i] = made_home();
    toys_refresh();
}

void toys_refresh(void) {
    const struct hf_frame_entry *entries = look_frames(first, TOYS);
    for (unsigned i = 0; i < TOYS; i++) types[i] = entries[i].type;
    __builtin_memcpy(runs, look_runs(pool_run(0) / HF_RUN_FRAMES, POOL_RUNS), sizeof runs);
}

hf_frame_t toy_any(void) {
    uint64_t which = draw_below(TOYS + 8);
    if (which < TOYS) return first + which;
    return pool_run((unsigned)draw_below(POOL_RUNS)) + draw_below(4);
}

hf_frame_t toy_of(enum hf_frame_type type) {
    uint64_t start = draw_below(TOYS);
    for (unsigned i = 0; i < TOYS; i++) {
        uint64_t which = (start + i) % TOYS;
        if (types[which] == type) return first + which;
    }
    return toy_any();
}

hf_frame_t toy_aspace(void) {
    uint64_t which = draw_below(10);
    if (which == 0) return boot->aspace;
    return which < 6 ? homes[draw_below(HOMES)] : toy_of(HF_FRAME_PML4);
}

unsigned toy_type(hf_frame_t frame) {
    if (frame - first < TOYS) return types[frame - first];
    return frame == homes[0] || frame == homes[1] || frame == boot->aspace ? HF_FRAME_PML4 : HF_FRAME_TYPE_COUNT;
}

unsigned toys_left(void) {
    unsigned left = 0;
    for (unsigned i = 0; i < TOYS; i++) left += types[i] == HF_FRAME_FREE;
    return left;
}

hf_frame_t toy_home(void) { return homes[draw_below(HOMES)]; }

hf_frame_t toy_run(unsigned state_wanted) {
    uint64_t start = draw_below(POOL_RUNS);
    for (unsigned i = 0; i < POOL_RUNS; i++) {
        unsigned which = (unsigned)(start + i) % POOL_RUNS;
        if (runs[which].state == state_wanted) return pool_run(which);
    }
    return pool_run((unsigned)start);
}

static bool is_ready(unsigned which) {
    return types[which] == HF_FRAME_TASK && look_frame(first + which).type == HF_FRAME_TASK &&
           look_task(first + which)->state == HF_TASK_READY;
}

bool toy_task_is_ready(void) {
    for (unsigned i = 0; i < TOYS; i++) {
        if (is_ready(i)) return true;
    }
    return false;
}

void toys_stop_ready_tasks(void) {
    for (unsigned i = 0; i < TOYS; i++) {
        if (is_ready(i)) must(ON(TASK_STOP, first + i));
    }
}
