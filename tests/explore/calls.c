/* Which calls are made in a state. */
#include "calls.h"

#include "schedule.h"
#include "state.h"

#ifndef EXPLORE_TASKS
#define EXPLORE_TASKS 1 /* calls about tasks, handle tables and endpoints */
#endif

#define DEVICE 0xb8ul /* the first frame of VGA's text */
#define NO_DEVICE 0xc0ul

static struct call *list;
static unsigned count;
static hf_frame_t names[MACHINE_FRAMES + 3]; /* one frame for each part that a frame can play */
static unsigned name_count;

#define ADD(...) (list[count++] = (struct call){.op = {__VA_ARGS__}})
#define EACH(name, array) for (unsigned name = 0; name < sizeof(array) / sizeof((array)[0]); name++)

static bool is(hf_frame_t frame, enum hf_frame_type type) { return frame_type(frame) == type; }

/* Whether a frame before it plays the same part. */
static bool is_doubled(hf_frame_t frame) {
    hf_frame_t first = frame - frame % MACHINE_RUN;
    const struct hf_run_header *run = frame_run(frame);
    if (!is(frame, HF_FRAME_FREE)) return run->state != HF_RUN_SPLIT && frame % MACHINE_RUN > 1;
    for (hf_frame_t other = first; run->state == HF_RUN_SPLIT && other < frame; other++) {
        if (is(other, HF_FRAME_FREE)) return true;
    }
    if (run->state == HF_RUN_SPLIT) return false;
    for (hf_frame_t other = 0; other < first; other += MACHINE_RUN) {
        if (frame_run(other)->state == HF_RUN_FREE) return true;
    }
    return frame % MACHINE_RUN > 1;
}

static void find_names(void) {
    name_count = 0;
    for (hf_frame_t frame = MACHINE_CORE - 1; frame < MACHINE_FRAMES; frame++) {
        if (frame < MACHINE_CORE || !is_doubled(frame)) names[name_count++] = frame;
    }
    names[name_count++] = MACHINE_FRAMES; /* one past the last */
    names[name_count++] = 1ul << 52;
    names[name_count++] = HF_NO_FRAME;
}

/* ---- Addresses ---- */

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

/* ---- About an aspace ---- */

static void about_tables(hf_frame_t aspace) {
    EACH(at, places) {
        for (uint8_t level = 0; level <= TABLE_LEVELS; level++) {
            ADD(HF_OP_TABLE_REMOVE, .level = level, .object = aspace, .address = places[at]);
            for (unsigned i = 0; i < name_count; i++) {
                ADD(HF_OP_TABLE_INSTALL, .level = level, .object = aspace, .address = places[at], .frame = names[i]);
            }
        }
        for (unsigned i = 0; i < name_count; i++) {
            if (!is(names[i], HF_FRAME_PML4) && i) continue;
            ADD(HF_OP_CLONE, .object = aspace, .address = places[at], .frame = names[i]);
        }
        ADD(HF_OP_CLEAR, .object = aspace, .address = places[at]);
        ADD(HF_OP_TRANSLATE, .object = aspace, .address = places[at]);
    }
    EACH(at, bad_pages) {
        ADD(HF_OP_TABLE_REMOVE, .level = HF_LEVEL_PT, .object = aspace, .address = bad_pages[at]);
        ADD(HF_OP_CLEAR, .object = aspace, .address = bad_pages[at]);
        ADD(HF_OP_CLONE, .object = aspace, .address = bad_pages[at], .frame = aspace);
        for (unsigned i = 0; i < name_count; i++) {
            if (!is(names[i], HF_FRAME_FREE)) continue;
            ADD(HF_OP_TABLE_INSTALL, .level = HF_LEVEL_PT, .object = aspace, .address = bad_pages[at],
                .frame = names[i]);
        }
    }
}

/* Which of the rights are tried at an address: all at the first, and one at each other. */
enum { RIGHT_READ = 1, RIGHT_WRITE = 2, RIGHT_EXECUTE = 4, RIGHT_ALL = 7 };

static void about_mapping(hf_frame_t aspace, uint8_t level, uint64_t address, unsigned which, bool good) {
    for (unsigned i = 0; i < name_count; i++) {
        hf_frame_t first = names[i] - names[i] % MACHINE_RUN;
        bool content = frame_has_content(names[i]) || is(first, HF_FRAME_USER) || is(first, HF_FRAME_STAGED);
        EACH(r, rights) {
            if (!(which >> r & 1) || (!good && !content)) continue;
            ADD(HF_OP_MAP, .level = level, .rights = rights[r], .object = aspace, .address = address,
                .frame = names[i]);
        }
    }
    ADD(HF_OP_UNMAP, .level = level, .object = aspace, .address = address);
    EACH(r, rights) {
        if (!(which >> r & 1)) continue;
        ADD(HF_OP_PROTECT, .level = level, .rights = rights[r], .object = aspace, .address = address);
    }
}

static void about_leaves(hf_frame_t aspace) {
    static const uint8_t which[] = {RIGHT_ALL, RIGHT_WRITE, RIGHT_EXECUTE}; /* by place in pages[] */
    EACH(at, pages) about_mapping(aspace, HF_LEVEL_PT, pages[at], which[at], true);
    EACH(at, large_pages) about_mapping(aspace, HF_LEVEL_PD, large_pages[at], RIGHT_WRITE | RIGHT_EXECUTE, true);
    EACH(at, bad_pages) about_mapping(aspace, HF_LEVEL_PT, bad_pages[at], RIGHT_WRITE, false);
    EACH(at, bad_large) about_mapping(aspace, HF_LEVEL_PD, bad_large[at], RIGHT_WRITE, false);
    about_mapping(aspace, 0, pages[0], RIGHT_WRITE, false);
    about_mapping(aspace, HF_LEVEL_PDPT, pages[0], RIGHT_WRITE, false);
    EACH(r, bad_rights) {
        ADD(HF_OP_PROTECT, .level = HF_LEVEL_PT, .rights = bad_rights[r], .object = aspace, .address = pages[0]);
        ADD(HF_OP_PROTECT, .level = HF_LEVEL_PD, .rights = bad_rights[r], .object = aspace, .address = large_pages[0]);
        for (unsigned i = 0; i < name_count; i++) {
            if (!frame_has_content(names[i])) continue;
            ADD(HF_OP_MAP, .level = HF_LEVEL_PT, .rights = bad_rights[r], .object = aspace, .address = pages[0],
                .frame = names[i]);
        }
    }
}

static void about_devices_and_splits(hf_frame_t aspace) {
    const hf_frame_t devices[] = {NO_DEVICE, DEVICE - 1, 0, MACHINE_FRAMES};
    EACH(r, rights) ADD(HF_OP_MAP_DEVICE, .rights = rights[r], .object = aspace, .address = pages[0], .frame = DEVICE);
    EACH(i, devices) ADD(HF_OP_MAP_DEVICE, .rights = 1, .object = aspace, .address = pages[1], .frame = devices[i]);
    EACH(at, bad_pages) {
        ADD(HF_OP_MAP_DEVICE, .rights = 1, .object = aspace, .address = bad_pages[at], .frame = DEVICE);
    }
    for (unsigned i = 0; i < name_count; i++) {
        EACH(at, large_pages) { ADD(HF_OP_SPLIT, .object = aspace, .address = large_pages[at], .frame = names[i]); }
        ADD(HF_OP_SPLIT, .object = aspace, .address = bad_large[0], .frame = names[i]);
    }
}

/* What is no aspace is named in one call of each kind that would be granted for one. */
static void about_no_aspace(hf_frame_t frame) {
    hf_frame_t unused = 0, content = 0;
    for (unsigned i = 0; i < name_count; i++) {
        if (is(names[i], HF_FRAME_FREE) && names[i] != frame) unused = names[i];
        if (frame_has_content(names[i]) && names[i] != frame) content = names[i];
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

/* ---- About any frame ---- */

static void about_staging(hf_frame_t frame) {
    const uint64_t ranges[][2] = {{HF_STAGE_AT(0, 0), HF_PAGE_SIZE},
                                  {HF_STAGE_AT(HF_PAGE_SIZE - 1, HF_PAGE_SIZE - 1), 1},
                                  {HF_STAGE_AT(HF_PAGE_SIZE, 0), 1},
                                  {HF_STAGE_AT(0, 1), HF_PAGE_SIZE},
                                  {HF_STAGE_AT(0, 0xffffffff), 0xffffffff}};
    for (uint8_t level = 0; level <= 2; level++) {
        ADD(HF_OP_STAGE, .level = level, .object = frame, .frame = HF_NO_FRAME);
        ADD(HF_OP_RELEASE, .level = level, .object = frame);
        ADD(HF_OP_PIN, .level = level, .object = frame);
        ADD(HF_OP_UNPIN, .level = level, .object = frame);
        ADD(HF_OP_TAG, .level = level, .object = frame, .address = level == 2 ? UINT16_MAX : 0);
        ADD(HF_OP_TAG, .level = level, .object = frame, .address = UINT16_MAX + 1ul);
    }
    ADD(HF_OP_STAGE, .count = 1, .object = frame, .frame = HF_NO_FRAME);
    for (unsigned i = 0; i < name_count; i++) {
        ADD(HF_OP_STAGE, .count = 8, .object = frame, .frame = names[i]);
        if (frame % MACHINE_RUN == 0) ADD(HF_OP_STAGE, .level = 2, .count = 8, .object = frame, .frame = names[i]);
        if (!frame_has_content(names[i])) continue;
        EACH(r, ranges) {
            ADD(HF_OP_STAGE, .count = (uint32_t)ranges[r][1], .object = frame, .address = ranges[r][0],
                .frame = names[i]);
        }
    }
}

static void about_frame(hf_frame_t frame) {
    static const uint8_t alone[] = {HF_OP_ASPACE_CREATE, HF_OP_ASPACE_COPY_KERNEL, HF_OP_ASPACE_DESTROY};
    about_staging(frame);
    EACH(i, alone) ADD(alone[i], .object = frame);
    ADD(HF_OP_QUERY, .level = HF_QUERY_FRAMES, .count = 1, .object = frame);
    ADD(HF_OP_QUERY, .level = HF_QUERY_RUNS, .count = 256, .object = frame);
    ADD(HF_OP_ASPACE_CREATE, .level = 1, .object = frame); /* a field that it doesn't use */
    if (is(frame, HF_FRAME_PML4)) {
        about_tables(frame);
        about_leaves(frame);
        about_devices_and_splits(frame);
    } else {
        about_no_aspace(frame);
    }
}

/* ---- Tasks, handle tables and endpoints ---- */

static void add_setting(hf_frame_t task, unsigned fields, hf_frame_t value, hf_frame_t operations) {
    ADD(HF_OP_TASK_SET, .object = task);
    list[count - 1].fields = (uint16_t)fields;
    list[count - 1].value = value;
    list[count - 1].operations = operations;
}

static void about_setting(hf_frame_t task) {
    static const uint16_t fields[] = {HF_TASK_ASPACE, HF_TASK_HANDLES, HF_TASK_BUFFER, HF_TASK_OPERATIONS};
    for (unsigned i = 0; i < name_count; i++) {
        EACH(f, fields) add_setting(task, fields[f], names[i], names[i]);
        add_setting(task, HF_TASK_BUFFER | HF_TASK_OPERATIONS, names[i], names[i]);
        add_setting(task, HF_TASK_BUFFER | HF_TASK_OPERATIONS, HF_NO_FRAME, names[i]);
        add_setting(task, HF_TASK_BUFFER | HF_TASK_OPERATIONS, names[i], HF_NO_FRAME);
    }
    add_setting(task, HF_TASK_REGISTERS, HF_USER_END, 0); /* the instruction pointer */
    add_setting(task, HF_TASK_FIELDS_ALL + 1, 0, 0);
    ADD(HF_OP_TASK_STOP, .object = task);
    list[count - 1].how = CALL_BY_ITSELF;
}

static void about_handles(hf_frame_t table) {
    for (unsigned i = 0; i < name_count; i++) {
        ADD(HF_OP_HANDLES_COPY, .object = table, .frame = names[i]);
        ADD(HF_OP_HANDLE_PUT, .rights = HF_RIGHT_RECEIVE, .count = 1, .object = table, .frame = names[i]);
    }
    ADD(HF_OP_HANDLE_PUT, .rights = HF_RIGHT_GRANT, .count = 0, .object = table, .level = HF_PUT_POWER);
    ADD(HF_OP_HANDLE_PUT, .rights = HF_RIGHT_GRANT, .count = 1, .object = table, .level = HF_PUT_POWER);
}

static void about_objects(hf_frame_t frame) {
    static const uint8_t alone[] = {HF_OP_TASK_CREATE,     HF_OP_TASK_GET,        HF_OP_TASK_START,
                                    HF_OP_TASK_STOP,       HF_OP_TASK_DESTROY,    HF_OP_HANDLES_CREATE,
                                    HF_OP_HANDLES_DESTROY, HF_OP_ENDPOINT_CREATE, HF_OP_ENDPOINT_DESTROY};
    EACH(i, alone) ADD(alone[i], .object = frame);
    if (is(frame, HF_FRAME_TASK)) about_setting(frame);
    if (is(frame, HF_FRAME_HANDLES)) about_handles(frame);
}

/* ---- The processor ---- */

static void add_how(enum call_how how, hf_frame_t object) {
    ADD(.object = object);
    list[count - 1].how = (uint8_t)how;
}

static void about_processor(void) {
    hf_frame_t loaded = read_cr3() >> HF_PAGE_SHIFT;
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES && !processor.current; frame++) {
        bool ready = is(frame, HF_FRAME_PML4) && (frame_entry(frame)->flags & HF_FRAME_KERNEL_HALF);
        if (ready && frame != loaded) add_how(CALL_LOAD, frame);
    }
    if (loaded && !processor.current) add_how(CALL_LOAD, HF_NO_FRAME);
    if (!processor.current && processor.top >= 0) add_how(CALL_SCHEDULE, 0);
    if (!processor.current) return;
    add_how(CALL_YIELD, 0);
    add_how(CALL_RECEIVE, 0);
}

/* The same calls, when the work that an entry may do is used up: it may answer HF_AGAIN. */
static void again_when_tired(void) {
    unsigned end = count;
    bool possible = false;
    for (unsigned i = 0; i < name_count; i++) {
        if (!is(names[i], HF_FRAME_PML4)) continue;
        possible = possible || (frame_entry(names[i])->flags & HF_FRAME_KERNEL_HALF);
    }
    for (unsigned i = 0; i < end && possible; i++) {
        struct call again = list[i];
        bool takes_pages = again.op.code == HF_OP_STAGE || again.op.code == HF_OP_TABLE_INSTALL ||
                           again.op.code == HF_OP_SPLIT || again.op.code == HF_OP_ASPACE_CREATE;
        bool fresh = is(again.op.code == HF_OP_STAGE ? again.op.object : again.op.frame, HF_FRAME_FREE);
        bool zeroing = again.op.code == HF_OP_STAGE && again.op.level == 2 && again.op.frame == HF_NO_FRAME;
        if (!takes_pages || (!fresh && !zeroing)) continue;
        again.how = CALL_TIRED;
        list[count++] = again;
        again.how = CALL_SHORT;
        if (zeroing) list[count++] = again;
    }
}

unsigned calls_list(struct call calls[CALLS_MOST]) {
    list = calls;
    count = 0;
    find_names();
    for (unsigned i = 0; i < name_count; i++) {
        about_frame(names[i]);
        if (EXPLORE_TASKS) about_objects(names[i]);
    }
    again_when_tired();
    about_processor();
    return count;
}
