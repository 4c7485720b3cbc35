/* Attacks on secrets: what others left in memory, and what the core keeps there. */
#include "judge.h"

static void map_free_frame(void) { REFUSED_EACH(MAPPED(world.aspace, AT(AT_FREE), world.free, HF_READ)); }

static void map_free_run(void) { refused(MAPPED_RUN(world.aspace, BIG, pool_run(1), HF_READ)); }

static void map_freed_page(void) {
    must(LEAF(UNMAP, world.aspace, AT(AT_PAGE)));
    refused(MAPPED(world.second, AT(AT_FREE), world.page, HF_READ));
}

/* Everything that is no page of memsrv's, as what a page is filled from. */
static void fill_from_what_is_no_page(void) {
    const hf_frame_t sources[] = {world.aspace, world.pdpt, world.pt, world.task, world.endpoint, world.handles,
                                  boot->aspace, boot->task, 0xf0,     0,          ram_end,        1ul << 52};
    for (unsigned i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        REFUSED_EACH(COPIED(world.free, sources[i]), COPIED(world.staged, sources[i]));
    }
}

static void fill_from_core(void) {
    REFUSED_EACH(COPIED(world.free, first_of(HF_FRAME_CORE)), COPIED(world.staged, first_of(HF_FRAME_CORE)));
}

static void fill_from_free_frame(void) {
    hf_frame_t other = pool_frame();
    REFUSED_EACH(COPIED(world.free, other), COPIED(world.staged, other), COPIED(world.free, world.free));
}

static void fill_from_large_page(void) {
    hf_frame_t run = world_large_page(READ_WRITE);
    REFUSED_EACH(COPIED(world.free, run), COPIED(world.staged, run + 5));
}

static void fill_from_itself(void) { refused(COPIED(world.staged, world.staged)); }

static void try_range(uint32_t offset, uint32_t length, uint32_t at) {
    REFUSED_EACH(ON(STAGE, world.free, .frame = world.page, .count = length, .address = HF_STAGE_AT(offset, at)),
                 ON(STAGE, world.staged, .frame = world.page, .count = length, .address = HF_STAGE_AT(offset, at)));
}

static void fill_beyond_source(void) {
    try_range(1, HF_PAGE_SIZE, 0);
    try_range(HF_PAGE_SIZE, 1, 0);
    try_range(HF_PAGE_SIZE + 1, 0, 0);
    try_range(0xffffffff, 1, 0);
    try_range(0xfffff001, HF_PAGE_SIZE, 0);
}

static void fill_beyond_target(void) {
    try_range(0, HF_PAGE_SIZE, 1);
    try_range(0, 1, HF_PAGE_SIZE);
    try_range(0, 1, 0xffffffff);
    try_range(0, 2, 0xffffffff);
}

static void fill_too_much(void) {
    try_range(0, HF_PAGE_SIZE + 1, 0);
    try_range(0, 0xffffffff, 0);
    try_range(1, 0xffffffff, 1);
}

static void fill_beyond_run(void) {
    hf_frame_t run = world_staged_run();
    const uint32_t places[] = {HF_RUN_SIZE, HF_RUN_SIZE - 1, 0xfffffffe};
    for (unsigned i = 0; i < 3; i++) {
        refused(ON(STAGE, run, .level = HF_WHOLE_RUN, .frame = world.page, .count = 2,
                   .address = HF_STAGE_AT(0, places[i])));
    }
}

static void fill_from_nothing(void) {
    REFUSED_EACH(ON(STAGE, world.free, .frame = HF_NO_FRAME, .count = 8),
                 ON(STAGE, world.free, .frame = HF_NO_FRAME, .address = HF_STAGE_AT(0, 8)));
}

static void zero_what_others_use(void) {
    const hf_frame_t frames[] = {world.page, world.code, world.pinned, world.buffer, world.operations};
    for (unsigned i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        REFUSED_EACH(STAGED(frames[i]), COPIED(frames[i], world.staged));
    }
}

static void query_beyond_ram(void) {
    REFUSED_EACH(ON(QUERY, ram_end + HF_RUN_FRAMES, .level = HF_QUERY_FRAMES, .count = 1),
                 ON(QUERY, ~0ul, .level = HF_QUERY_FRAMES, .count = 1),
                 ON(QUERY, ~0ul, .level = HF_QUERY_RUNS, .count = 1),
                 ON(QUERY, 1ul << 61, .level = HF_QUERY_FRAMES, .count = 1),
                 ON(QUERY, ram_end, .level = HF_QUERY_RUNS, .count = 1), ON(QUERY, 0, .level = 2, .count = 1));
}

static void query_too_much(void) {
    REFUSED_EACH(
        ON(QUERY, 0, .level = HF_QUERY_FRAMES, .count = 257), ON(QUERY, 0, .level = HF_QUERY_FRAMES, .count = 0),
        ON(QUERY, 0, .level = HF_QUERY_FRAMES, .count = ~0u), ON(QUERY, 0, .level = HF_QUERY_RUNS, .count = 257));
}

/* ---- what is left behind ---- */

#define SECRET 0x0123456789abcdeful

static bool all_zero(hf_frame_t frame) {
    static const unsigned offsets[] = {0, 8, 64, 2048, 4088};
    for (unsigned i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        if (look_content(frame, offsets[i]) != 0) return false;
    }
    return true;
}

static void leave_secret(uint64_t address) {
    static const unsigned offsets[] = {0, 8, 64, 2048, 4088};
    for (unsigned i = 0; i < sizeof offsets / sizeof offsets[0]; i++) {
        client_do(COMMAND_WRITE, address + offsets[i], SECRET);
    }
}

/* Mapped by somebody else, too, so that looking into it isn't its only use. */
static bool fresh_is_zero(hf_frame_t frame) {
    must(STAGED(frame));
    must_map(world.second, AT(AT_FREE), frame, HF_READ);
    bool zero = all_zero(frame);
    must(LEAF(UNMAP, world.second, AT(AT_FREE)));
    return zero;
}

static void read_freed_page(void) {
    client_start();
    leave_secret(AT(AT_PAGE));
    bool written = look_content(world.page, 64) == SECRET;
    must(LEAF(UNMAP, world.aspace, AT(AT_PAGE)));
    saw(written && fresh_is_zero(world.page), "write a secret, free the frame, get it again, and read");
}

static void read_former_objects(void) {
    const hf_frame_t objects[] = {world.task, world.handles, world.endpoint};
    must(ON(TASK_DESTROY, world.task));
    must(ON(HANDLES_DESTROY, world.handles));
    must(ON(ENDPOINT_DESTROY, world.endpoint));
    bool zero = true;
    for (unsigned i = 0; i < 3; i++) zero = fresh_is_zero(objects[i]) && zero;
    saw(zero, "get the frames of a destroyed task, handle table and endpoint, and read");
}

static void read_former_table(void) {
    must(ON(CLEAR, world.aspace, .address = WINDOW));
    must(NO_TABLE(PT, world.aspace, WINDOW));
    saw(fresh_is_zero(world.pt), "get the frame of a removed page table, and read");
}

static void read_around_filling(void) {
    client_start();
    leave_secret(AT(AT_PAGE));
    must(LEAF(UNMAP, world.aspace, AT(AT_PAGE)));
    must(ON(STAGE, world.page, .frame = world.code, .count = 20, .address = HF_STAGE_AT(5, 67)));
    must_map(world.second, AT(AT_FREE), world.page, HF_READ);
    saw(all_zero(world.page), "get it again with twenty bytes filled in, and read those around them");
}

#define MIDDLE (BIG + 300 * HF_PAGE_SIZE)

static bool reads_zero(uint64_t address) {
    struct answer answer = client_do(COMMAND_READ, address, 0);
    return !answer.faulted && answer.value == 0;
}

/* The client's page of 2 MiB comes back by way of a run that was given up half zeroed. */
static void read_half_zeroed_run(void) {
    struct hf_result result;
    hf_frame_t run = world_large_page(READ_WRITE);
    client_start();
    leave_secret(BIG);
    leave_secret(MIDDLE);
    leave_secret(MIDDLE + HF_PAGE_SIZE);
    bool written = client_do(COMMAND_READ, MIDDLE, 0).value == SECRET;
    must(LARGE(UNMAP, world.aspace, BIG));
    hf_status_t status = do_listed(STAGED_RUN(run), &result);
    must(ON(RELEASE, run, .level = HF_WHOLE_RUN));
    saw(written && status == HF_AGAIN && fresh_is_zero(run + 300),
        "give up a run while it is zeroed, get one frame, and read");
    world_large_page(READ_WRITE);
    saw(reads_zero(BIG) && reads_zero(MIDDLE + HF_PAGE_SIZE), "get all of it again, and read");
}

static void read_page_of_another_size(void) {
    hf_frame_t run = world_large_page(READ_WRITE);
    client_start();
    leave_secret(BIG + 17 * HF_PAGE_SIZE);
    must(ON(SPLIT, world.aspace, .address = BIG, .frame = world.free));
    must(LEAF(UNMAP, world.aspace, BIG + 17 * HF_PAGE_SIZE));
    saw(fresh_is_zero(run + 17), "split 2 MiB, free one frame of it, get it again, and read");
}

static void read_former_registers(void) {
    client_start();
    bool kept = client_do(COMMAND_VECTOR, 0, SECRET).value == 0 && client_do(COMMAND_VECTOR, 0, SECRET).value == SECRET;
    saw(kept && client_vector(0) != SECRET, "another task's vector register, from one task");
    client_end();
    client_start_again();
    saw(client_do(COMMAND_VECTOR, 0, 0).value == 0, "... and from a task in the frame of the one that is gone");
}

/* Good ones and a bad one: each is 32 bytes, of which the core says little. */
static void read_rest_of_results(void) {
    uint64_t done;
    struct hf_operation_page *page = PAGE_OF_OPERATIONS;
    page->operation[0] = ON(TAG, world.page, .address = 7);
    page->operation[1] = ON(PIN, world.page);
    page->operation[2] = ON(RELEASE, world.staged);
    page->operation[3] = TABLE(PT, world.aspace, BIG, world.free);
    page->operation[4] = MAPPED(world.aspace, AT(AT_FREE), world.pt, READ_WRITE);
    hf_status_t status = hf_mmu(5, &done);
    bool clean = status == HF_BAD_FRAME && done == 4;
    for (unsigned i = 0; i < 5; i++) {
        const struct hf_result *result = &page->result[i];
        clean = clean && !result->detail && !result->value[0] && !result->value[1] && !result->value[2];
    }
    saw(clean, "five operations that answer nothing but a status, and all words of their results");
}

const struct attack attacks_clean[] = {
    ATTACK(map_free_frame, CLEAN, BAD_FRAME, "a FREE frame as it is, with what its last owner left"),
    ATTACK(map_free_run, CLEAN, BAD_FRAME, "512 of them"),
    ATTACK(map_freed_page, CLEAN, BAD_FRAME, "a page that was freed a moment ago"),
    ATTACK(fill_from_what_is_no_page, CLEAN, BAD_FRAME,
           "tables, objects and the firmware as what a page is filled from"),
    ATTACK(fill_from_core, CLEAN, BAD_FRAME, "the core's own frames"),
    ATTACK(fill_from_free_frame, CLEAN, BAD_FRAME, "what is left in FREE frames"),
    ATTACK(fill_from_large_page, CLEAN, BAD_FRAME, "a frame inside a page of 2 MiB"),
    ATTACK(fill_from_itself, CLEAN, BAD_FRAME, "a page from itself: source and target overlap"),
    ATTACK(fill_beyond_source, CLEAN, BAD_ARGUMENT, "more than the source's page: the next frame is anybody's"),
    ATTACK(fill_beyond_target, CLEAN, BAD_ARGUMENT, "beyond the target's page: into the next frame"),
    ATTACK(fill_too_much, CLEAN, BAD_ARGUMENT, "more than a page, and lengths that wrap around"),
    ATTACK(fill_beyond_run, CLEAN, BAD_ARGUMENT, "beyond the 2 MiB that are filled"),
    ATTACK(fill_from_nothing, CLEAN, BAD_ARGUMENT, "bytes from no source"),
    ATTACK(zero_what_others_use, COUNTED, BAD_FRAME,
           "zeroing or filling what is in use: the core's, and other tasks' pages"),
    ATTACK(query_beyond_ram, CLEAN, BAD_ARGUMENT, "the frame table beyond its end"),
    ATTACK(query_too_much, BOUNDED, BAD_ARGUMENT, "more entries than the answer has room for"),
    ATTACK(read_freed_page, CLEAN, OK, "another task's secret in a recycled page"),
    ATTACK(read_former_objects, CLEAN, OK, "the core's pointers in what were objects"),
    ATTACK(read_former_table, CLEAN, OK, "entries in what was a page table"),
    ATTACK(read_around_filling, CLEAN, OK, "a fresh page is zeroed but for what is filled in: to the byte?"),
    ATTACK(read_half_zeroed_run, CLEAN, OK, "zeroing 2 MiB takes many entries: what if one stops in the middle?"),
    ATTACK(read_former_registers, CLEAN, OK, "a vector register that another task has used: its keys may be there"),
    ATTACK(read_rest_of_results, CLEAN, OK, "what the core's stack leaves in a result's unused words"),
    ATTACK(read_page_of_another_size, CLEAN, OK, "a secret written through 2 MiB, read through 4 KiB"),
    ATTACKS_END,
};
