/* Attacks by pages of 2 MiB: one header stands for 512 frames, until one of the page's leaves is
 * split; then the same frames are named by both sizes. */
#include "judge.h"

#define FRAME(run) ((run) + 3)

static void map_run_partly_used(void) {
    hf_frame_t run = pool_run(1);
    must(STAGED(FRAME(run)));
    REFUSED_EACH(MAPPED_RUN(world.aspace, BIG, run, HF_READ), STAGED_RUN(run), ON(RELEASE, run, .level = HF_WHOLE_RUN));
}

static void map_run_not_staged(void) {
    struct hf_result result;
    hf_frame_t free = pool_run(1), zeroing = pool_run(2);
    hf_status_t status = do_listed(STAGED_RUN(zeroing), &result);
    saw(status == HF_AGAIN && look_run(zeroing).state == HF_RUN_ZEROING, "begin to zero a run");
    REFUSED_EACH(MAPPED_RUN(world.aspace, BIG, free, HF_READ), MAPPED_RUN(world.aspace, BIG, zeroing, HF_READ));
}

/* Each run that isn't altogether FREE, and what is no run. */
static void zero_run_of_others(void) {
    const hf_frame_t runs[] = {
        0,         world.pt,  world.page, first_of(HF_FRAME_CORE), boot->aspace, run_of_core(), ram_end,
        1ul << 40, 1ul << 55, ~0ul};
    for (unsigned i = 0; i < sizeof runs / sizeof runs[0]; i++) {
        hf_frame_t run = runs[i] & ~(HF_RUN_FRAMES - 1);
        REFUSED_EACH(STAGED_RUN(run), ON(STAGE, run, .level = HF_WHOLE_RUN, .frame = world.page, .count = 8),
                     ON(RELEASE, run, .level = HF_WHOLE_RUN));
    }
}

static void map_run_misaligned(void) {
    hf_frame_t run = world_staged_run();
    REFUSED_EACH(MAPPED_RUN(world.aspace, BIG, run + 1, HF_READ), MAPPED_RUN(world.aspace, BIG, run + 256, HF_READ),
                 MAPPED_RUN(world.aspace, BIG, run - 1, HF_READ), STAGED_RUN(pool_run(1) + 1),
                 MAPPED_RUN(world.aspace, BIG, ~0ul, HF_READ), MAPPED_RUN(world.aspace, BIG, 1ul << 40, HF_READ));
}

/* Everything that works on one frame, on one of a page of 2 MiB. */
static void try_frame_of(hf_frame_t run) {
    REFUSED_EACH(MAPPED(world.aspace, AT(AT_FREE), FRAME(run), READ_WRITE), STAGED(FRAME(run)), ON(RELEASE, FRAME(run)),
                 ON(PIN, FRAME(run)), ON(UNPIN, FRAME(run)), ON(TAG, FRAME(run), .address = 7),
                 COPIED(world.staged, FRAME(run)), ON(TASK_CREATE, FRAME(run)),
                 TABLE(PT, world.second, BIG, FRAME(run)), ON(RELEASE, run), ON(PIN, run), STAGED(run),
                 MAPPED(world.aspace, AT(AT_FREE), run, READ_WRITE));
}

static void use_frame_of_large_page(void) { try_frame_of(world_large_page(READ_WRITE)); }
static void use_frame_of_staged_run(void) { try_frame_of(world_staged_run()); }

static void try_as_pages_of_task(hf_frame_t frame) {
    struct hf_task_block block = world_block(HF_TASK_BUFFER);
    block.buffer = frame;
    refused_set(block);
    block = world_block(HF_TASK_OPERATIONS);
    block.operations = frame;
    refused_set(block);
}

static void buffer_in_large_page(void) { try_as_pages_of_task(FRAME(world_large_page(READ_WRITE))); }
static void buffer_in_staged_run(void) { try_as_pages_of_task(FRAME(world_staged_run())); }

static void release_large_page(void) {
    hf_frame_t run = world_large_page(READ_WRITE);
    REFUSED_EACH(ON(RELEASE, run, .level = HF_WHOLE_RUN), STAGED_RUN(run));
}

/* In a header `busy` is memsrv's tag only while nothing else stands there. */
static void forge_busy_by_tag(void) {
    hf_frame_t run = world_large_page(READ_WRITE);
    must(ON(SPLIT, world.aspace, .address = BIG, .frame = world.free));
    REFUSED_EACH(ON(TAG, run, .level = HF_WHOLE_RUN, .address = 0), ON(TAG, pool_run(1), .level = HF_WHOLE_RUN),
                 ON(TAG, world.pt & ~(HF_RUN_FRAMES - 1), .level = HF_WHOLE_RUN, .address = 1));
}

static void forge_progress_by_tag(void) {
    struct hf_result result;
    hf_status_t status = do_listed(STAGED_RUN(pool_run(2)), &result);
    saw(status == HF_AGAIN, "begin to zero a run");
    refused(ON(TAG, pool_run(2), .level = HF_WHOLE_RUN, .address = 511));
}

static void pin_run_not_in_use(void) {
    REFUSED_EACH(ON(PIN, pool_run(1), .level = HF_WHOLE_RUN), ON(PIN, world_staged_run(), .level = HF_WHOLE_RUN),
                 ON(PIN, world.pt & ~(HF_RUN_FRAMES - 1), .level = HF_WHOLE_RUN),
                 ON(UNPIN, ~511ul, .level = HF_WHOLE_RUN));
}

static void no_such_extent(void) {
    hf_frame_t run = world_staged_run();
    const uint8_t levels[] = {HF_LEVEL_PT, HF_LEVEL_PDPT, HF_LEVEL_PML4, 127, 128, 130, 255};
    for (unsigned i = 0; i < sizeof levels; i++) {
        REFUSED_EACH(ON(STAGE, run, .level = levels[i], .frame = HF_NO_FRAME), ON(RELEASE, run, .level = levels[i]));
    }
}

/* The page of 2 MiB twice, one of the two split: frames that 4 KiB leaves leave are still the other's. */
static hf_frame_t shared_then_split(void) {
    hf_frame_t run = world_large_page(READ_WRITE);
    must(MAPPED_RUN(world.second, BIG, run, READ_WRITE));
    must(ON(SPLIT, world.aspace, .address = BIG, .frame = world.free));
    return run;
}

static void free_frame_of_shared_run(void) {
    struct hf_result result;
    hf_frame_t run = shared_then_split();
    hf_status_t status = do_listed(LEAF(UNMAP, world.aspace, BIG + 3 * HF_PAGE_SIZE), &result);
    saw(status == HF_OK && !(result.detail & HF_LEAF_FREED) && look_frame(FRAME(run)).type == HF_FRAME_USER,
        "unmap 4 KiB of a page of 2 MiB that another aspace maps as a whole");
    REFUSED_EACH(STAGED(FRAME(run)), ON(RELEASE, FRAME(run)), ON(TASK_CREATE, FRAME(run)), STAGED_RUN(run),
                 ON(RELEASE, run, .level = HF_WHOLE_RUN));
}

static void free_run_of_small_pages(void) {
    struct hf_result result;
    hf_frame_t run = shared_then_split();
    must(LEAF(UNMAP, world.aspace, BIG + 3 * HF_PAGE_SIZE));
    hf_status_t status = do_listed(LARGE(UNMAP, world.second, BIG), &result);
    saw(status == HF_OK && result.detail & HF_LEAF_FREED_PART && result.value[1] == 1 &&
            PAGE_OF_OPERATIONS->freed[0] == 8,
        "unmap the 2 MiB, when all of it but one frame is mapped by 4 KiB");
    saw(look_run(run).busy == 511 && look_frame(run).type == HF_FRAME_USER, "count what is left");
    REFUSED_EACH(STAGED(run), STAGED(run + 511), STAGED_RUN(run), MAPPED_RUN(world.second, BIG, run, HF_READ));
}

static void free_run_by_split_and_clear(void) {
    hf_frame_t run = shared_then_split();
    must(ON(CLEAR, world.aspace, .address = BIG));
    saw(look_run(run).busy == 512 && look_run(run).refs == 1,
        "clear all 4 KiB pages, while the page of 2 MiB is mapped");
    REFUSED_EACH(STAGED(run), STAGED_RUN(run), ON(RELEASE, run));
}

static void free_pinned_run(void) {
    hf_frame_t run = world_large_page(READ_WRITE);
    must(ON(PIN, run, .level = HF_WHOLE_RUN));
    must(LARGE(UNMAP, world.aspace, BIG));
    saw(look_run(run).state == HF_RUN_USER, "unmap a pinned page of 2 MiB");
    REFUSED_EACH(STAGED_RUN(run), STAGED(run), ON(RELEASE, run, .level = HF_WHOLE_RUN), ON(RELEASE, run));
}

/* The pin was the whole page's, so it keeps all 512 frames. */
static void free_split_pinned_run(void) {
    hf_frame_t run = world_large_page(READ_WRITE);
    must(ON(PIN, run, .level = HF_WHOLE_RUN));
    must(ON(SPLIT, world.aspace, .address = BIG, .frame = world.free));
    must(ON(CLEAR, world.aspace, .address = BIG));
    saw(look_run(run).busy == 512 && look_frame(FRAME(run)).type == HF_FRAME_USER, "pin, split and clear 2 MiB");
    REFUSED_EACH(STAGED(FRAME(run)), STAGED_RUN(run), MAPPED_RUN(world.aspace, BIG + HF_RUN_SIZE, run, HF_READ),
                 ON(UNPIN, FRAME(run), .level = HF_WHOLE_RUN));
}

static void large_again_after_split(void) {
    hf_frame_t run = world_large_page(READ_WRITE);
    must(ON(SPLIT, world.aspace, .address = BIG, .frame = world.free));
    REFUSED_EACH(MAPPED_RUN(world.second, BIG, run, READ_WRITE), STAGED_RUN(run),
                 ON(RELEASE, run, .level = HF_WHOLE_RUN), ON(PIN, run, .level = HF_WHOLE_RUN));
}

const struct attack attacks_runs[] = {
    ATTACK(map_run_partly_used, COUNTED, BAD_FRAME, "2 MiB of which one frame is somebody's"),
    ATTACK(map_run_not_staged, CLEAN, BAD_FRAME, "2 MiB that were not zeroed, or not to the end"),
    ATTACK(zero_run_of_others, COUNTED, BAD_FRAME, "zeroing 2 MiB in which the core or anybody else has a frame"),
    ATTACK(map_run_misaligned, TYPED, BAD_FRAME, "2 MiB that begin inside a run: the hardware would round down"),
    ATTACK(use_frame_of_large_page, COUNTED, BAD_FRAME, "4 KiB of a page of 2 MiB, in every way"),
    ATTACK(use_frame_of_staged_run, COUNTED, BAD_FRAME, "... that isn't mapped yet"),
    ATTACK(buffer_in_large_page, COUNTED, BAD_FRAME, "... as a task's buffer or operation page: nobody would count it"),
    ATTACK(buffer_in_staged_run, COUNTED, BAD_FRAME, "... and that before it is mapped"),
    ATTACK(release_large_page, COUNTED, BAD_FRAME, "2 MiB that are mapped become FREE, or fresh"),
    ATTACK(forge_busy_by_tag, COUNTED, BAD_FRAME, "a tag where the run's count of frames in use stands"),
    ATTACK(forge_progress_by_tag, CLEAN, BAD_FRAME,
           "a tag where it stands how much was zeroed: the rest would be left as it is"),
    ATTACK(pin_run_not_in_use, COUNTED, BAD_FRAME, "pins on runs that are no page in use"),
    ATTACK(no_such_extent, COMMITTED, BAD_ARGUMENT, "sizes that are neither 4 KiB nor 2 MiB"),
    ATTACK(free_frame_of_shared_run, COUNTED, BAD_FRAME, "a frame whose last 4 KiB leaf goes is still mapped by 2 MiB"),
    ATTACK(free_run_of_small_pages, COUNTED, BAD_FRAME, "the last leaf of 2 MiB goes, while leaves of 4 KiB stay"),
    ATTACK(free_run_by_split_and_clear, COUNTED, BAD_FRAME, "all 512 small pages go, while a large one stays"),
    ATTACK(free_pinned_run, COUNTED, BAD_FRAME, "the last leaf of a pinned page of 2 MiB goes"),
    ATTACK(free_split_pinned_run, COUNTED, BAD_FRAME, "a pin taken on 2 MiB has to hold when these are split"),
    ATTACK(large_again_after_split, COUNTED, BAD_FRAME, "2 MiB that are only 4 KiB pages by now, as one page again"),
    ATTACKS_END,
};
