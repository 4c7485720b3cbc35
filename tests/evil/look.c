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

#define HALF_RUN (HF_RUN_FRAMES / 2) /* as many entries as one answer has room for */

static void visit_run(hf_frame_t first, void (*visit)(hf_frame_t frame, struct hf_frame_entry entry)) {
    struct hf_frame_entry entries[HF_RUN_FRAMES]; /* of its own: visiting may ask for something else */
    __builtin_memcpy(entries, look_frames(first, HALF_RUN), sizeof entries / 2);
    __builtin_memcpy(entries + HALF_RUN, look_frames(first + HALF_RUN, HALF_RUN), sizeof entries / 2);
    for (unsigned i = 0; i < HF_RUN_FRAMES; i++) visit(first + i, entries[i]);
}

void look_each(void (*visit)(hf_frame_t frame, struct hf_frame_entry entry)) {
    for (hf_frame_t first = 0; first < ram_end; first += HF_RUN_FRAMES) {
        if (look_run(first).state == HF_RUN_SPLIT) visit_run(first, visit);
    }
}

/* ---- everything as one number ---- */

static uint64_t sum;
static uint64_t also; /* an address to look at in every aspace */

static void add(uint64_t word) {
    sum = (sum ^ word) * 0x9e3779b97f4a7c15ul;
    sum ^= sum >> 29;
}

static void add_words(const void *from, unsigned bytes) {
    uint64_t words[32];
    __builtin_memcpy(words, from, bytes);
    for (unsigned i = 0; i < bytes / 8; i++) add(words[i]);
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
    add_walk(aspace, also);
}

/* All but its ticks, which come last. */
static void add_task(hf_frame_t task) {
    if (task == boot->task) return;
    add_words(look_task(task), offsetof(struct hf_task_block, aspace));
    add_words(&look_task(task)->aspace, offsetof(struct hf_task_block, ticks) - offsetof(struct hf_task_block, aspace));
}

static void add_frame(hf_frame_t frame, struct hf_frame_entry entry) {
    add_words(&entry, sizeof entry);
    if (entry.type == HF_FRAME_PML4) add_aspace(frame);
    if (entry.type == HF_FRAME_TASK) add_task(frame);
}

static bool known;

void look_forget(void) { known = false; }

uint64_t look_all(uint64_t address) {
    sum = 0;
    also = address;
    for (hf_frame_t first = 0; first < ram_end; first += HF_RUN_FRAMES) {
        struct hf_run_header header = look_run(first);
        add_words(&header, sizeof header);
    }
    look_each(add_frame);
    known = true;
    return sum;
}

uint64_t look_before(uint64_t address) { return known && also == address ? sum : look_all(address); }
