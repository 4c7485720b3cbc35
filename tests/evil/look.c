/* What the core says of its state: QUERY, TRANSLATE and TASK_GET. */
#include "evil.h"
#include "world.h"

static const struct hf_operation_page *asked(struct hf_operation operation) {
    struct hf_result result;
    if (do_listed(operation, &result) != HF_OK) give_up("looking at the core's state was refused");
    return PAGE_OF_OPERATIONS;
}

const struct hf_frame_entry *look_frames(hf_frame_t first, uint32_t count) {
    return asked(ON(QUERY, first, .level = HF_QUERY_FRAMES, .count = count))->entries;
}

const struct hf_run_header *look_runs(hf_frame_t first_run, uint32_t count) {
    return asked(ON(QUERY, first_run, .level = HF_QUERY_RUNS, .count = count))->headers;
}

struct hf_frame_entry look_frame(hf_frame_t frame) {
    return *look_frames(frame, 1);
}

struct hf_run_header look_run(hf_frame_t frame) {
    return *look_runs(frame / HF_RUN_FRAMES, 1);
}

const struct hf_task_block *look_task(hf_frame_t task) { return &asked(ON(TASK_GET, task))->task; }

uint64_t look_entry(hf_frame_t aspace, uint64_t address, unsigned level) {
    return asked(ON(TRANSLATE, aspace, .address = address))->walk[level - 1];
}

uint64_t look_content(hf_frame_t frame, unsigned offset) {
    struct hf_result result;
    must_map(boot->aspace, OWN_WINDOW, frame, HF_READ);
    uint64_t word = *(const volatile uint64_t *)(OWN_WINDOW + offset);
    if (do_listed(LEAF(UNMAP, boot->aspace, OWN_WINDOW), &result) != HF_OK) give_up("a page can't be unmapped");
    return word;
}

/* As many as one answer has room for. */
#define HALF_RUN (HF_RUN_FRAMES / 2)
#define HEADERS_MOST 256u

static struct hf_run_header headers[FRAMES_MOST / HF_RUN_FRAMES]; /* by read_headers */

/* All runs' headers; how many there are. */
static hf_frame_t read_headers(void) {
    hf_frame_t runs = (ram_end + HF_RUN_FRAMES - 1) / HF_RUN_FRAMES;
    for (hf_frame_t run = 0; run < runs; run += HEADERS_MOST) {
        hf_frame_t count = runs - run < HEADERS_MOST ? runs - run : HEADERS_MOST;
        __builtin_memcpy(&headers[run], look_runs(run, (uint32_t)count), count * sizeof headers[0]);
    }
    return runs;
}

static void visit_run(hf_frame_t first, void (*visit)(hf_frame_t frame, struct hf_frame_entry entry)) {
    struct hf_frame_entry entries[HF_RUN_FRAMES]; /* of its own: visiting may ask for something else */
    __builtin_memcpy(entries, look_frames(first, HALF_RUN), sizeof entries / 2);
    __builtin_memcpy(entries + HALF_RUN, look_frames(first + HALF_RUN, HALF_RUN), sizeof entries / 2);
    for (unsigned i = 0; i < HF_RUN_FRAMES; i++) visit(first + i, entries[i]);
}

void look_each(void (*visit)(hf_frame_t frame, struct hf_frame_entry entry)) {
    hf_frame_t runs = read_headers();
    for (hf_frame_t run = 0; run < runs; run++) {
        if (headers[run].state == HF_RUN_SPLIT) visit_run(run * HF_RUN_FRAMES, visit);
    }
}

/* ---- everything as one number ---- */

static uint64_t sum;

static void add(uint64_t word) {
    sum = (sum ^ word) * 0x9e3779b97f4a7c15ul;
    sum ^= sum >> 29;
}

static void add_words(const void *from, size_t bytes) {
    const char *at = from;
    for (uint64_t word; bytes >= sizeof word; at += sizeof word, bytes -= sizeof word) {
        __builtin_memcpy(&word, at, sizeof word);
        add(word);
    }
}

static void add_walk(hf_frame_t aspace, uint64_t address) {
    if (address >= HF_USER_END) return;
    add_words(asked(ON(TRANSLATE, aspace, .address = address))->walk, sizeof PAGE_OF_OPERATIONS->walk);
}

static void add_aspace(hf_frame_t aspace) {
    for (unsigned i = 0; i < 16; i++) add_walk(aspace, AT(i));
    add_walk(aspace, BIG);
    add_walk(aspace, NEXT_GIGABYTE);
    add_walk(aspace, NO_TABLES);
}

/* All but its ticks, which come last. */
static void add_task(hf_frame_t task) {
    if (task == boot->task) return;
    add_words(look_task(task), offsetof(struct hf_task_block, aspace));
    add_words(&look_task(task)->aspace, offsetof(struct hf_task_block, ticks) - offsetof(struct hf_task_block, aspace));
}

/* Half a run: first the entries where they stand, since looking at objects overwrites them. */
static void add_entries(hf_frame_t first) {
    struct hf_frame_entry objects[HALF_RUN];
    hf_frame_t frames[HALF_RUN];
    unsigned found = 0;
    const struct hf_frame_entry *entries = look_frames(first, HALF_RUN);
    add_words(entries, HALF_RUN * sizeof entries[0]);
    for (unsigned i = 0; i < HALF_RUN; i++) {
        if (entries[i].type != HF_FRAME_PML4 && entries[i].type != HF_FRAME_TASK) continue;
        objects[found] = entries[i];
        frames[found++] = first + i;
    }
    for (unsigned i = 0; i < found; i++) {
        if (objects[i].type == HF_FRAME_PML4) add_aspace(frames[i]);
        if (objects[i].type == HF_FRAME_TASK) add_task(frames[i]);
    }
}

/* Headers, and the entries of what is split. */
static uint64_t add_all(void) {
    hf_frame_t runs = read_headers();
    sum = 0;
    add_words(headers, runs * sizeof headers[0]);
    for (hf_frame_t run = 0; run < runs; run++) {
        if (headers[run].state != HF_RUN_SPLIT) continue;
        add_entries(run * HF_RUN_FRAMES);
        add_entries(run * HF_RUN_FRAMES + HALF_RUN);
    }
    return sum;
}

static bool known;
static uint64_t all; /* if it is known */

/* All, and what the world's aspaces have at one more address. */
static uint64_t with_address(uint64_t address) {
    const hf_frame_t aspaces[] = {world.aspace, world.second, boot->aspace};
    sum = all;
    for (unsigned i = 0; i < sizeof aspaces / sizeof aspaces[0]; i++) {
        if (look_frame(aspaces[i]).type == HF_FRAME_PML4) add_walk(aspaces[i], address);
    }
    return sum;
}

void look_forget(void) { known = false; }

uint64_t look_all(uint64_t address) {
    all = add_all();
    known = true;
    return with_address(address);
}

uint64_t look_before(uint64_t address) { return known ? with_address(address) : look_all(address); }
