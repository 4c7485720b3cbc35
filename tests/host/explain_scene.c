#include "explain_scene.h"

#include "entry.h"
#include <string.h>

#define PAGE HF_PAGE_SIZE
#define RW (HF_READ | HF_WRITE)
#define RX (HF_READ | HF_EXECUTE)
#define LARGE_BYTES (5 * HF_RUN_SIZE / 2)

struct task *process, *child, *subject;
hf_handle_t process_handle, child_handle;
struct hf_region regions[HF_MESSAGE_BYTES / sizeof(struct hf_region)];

static struct task *pager; /* whose pager serves PAGED */
static hf_handle_t pager_handle;

/* ---- asking ---- */

unsigned scene_regions(void) {
    assert_int_equal(ASK(script_init, .label = HF_MEM_REGIONS, .word = {process->mark, 0}), HF_OK);
    unsigned count = (unsigned)script_word(script_init, 1);
    assert_int_equal(script_word(script_init, 0), 0);
    memcpy(regions, script_init->buffer->bytes, count * sizeof regions[0]);
    return count;
}

struct hf_explain scene_why(uint64_t number, uint64_t address) {
    struct hf_explain explain;
    assert_int_equal(ASK(script_init, .label = HF_MEM_EXPLAIN, .word = {number, address}), HF_OK);
    memcpy(&explain, script_init->buffer->bytes, sizeof explain);
    assert_int_equal(explain.number, number);
    assert_int_equal(explain.address, address);
    return explain;
}

struct hf_task_stat scene_stat(uint64_t number) {
    struct hf_task_stat stat;
    assert_int_equal(ASK(script_init, .label = HF_MEM_TASK_STAT, .word = {number}), HF_OK);
    memcpy(&stat, script_init->buffer->bytes, sizeof stat);
    return stat;
}

/* ---- a bit of everything ---- */

static void map(uint64_t address, uint64_t length, uint64_t rights, uint64_t flags) {
    assert_int_equal(ASK(process, .label = HF_MEM_MAP, .word = {address, length, rights, flags | HF_MAP_FIXED}), HF_OK);
}

static void map_source(hf_handle_t source, uint64_t address, uint64_t length, uint64_t rights, uint64_t offset) {
    assert_int_equal(
        ASK(process, .to = source, .label = HF_MEM_OBJECT_MAP, .word = {address, length, rights, HF_MAP_FIXED, offset}),
        HF_OK);
}

static void map_object(void) {
    assert_int_equal(ASK(process, .label = HF_MEM_OBJECT_CREATE, .word = {2 * PAGE}), HF_OK);
    hf_handle_t object = (hf_handle_t)script_word(process, 0);
    map_source(object, SHARED, 2 * PAGE, RW, 0);
    map_source(object, SEEN, PAGE, HF_READ, PAGE);
}

#define PASSED 30u /* the process's slot with the pager's handle */

static void map_paged(void) {
    pager = script_spawn(0, &pager_handle);
    assert_int_equal(ASK(pager, .label = HF_MEM_PAGER_CREATE), HF_OK);
    process->handles[PASSED] = pager->handles[script_word(pager, 0)];
    map_source(PASSED, PAGED, 2 * PAGE, RW, 0);
}

static void make(uint64_t quota) {
    process = subject = script_spawn(quota, &process_handle);
    child = NULL;
    map(PLAIN, 3 * PAGE, RW, 0);
    map(CONSTANT, 2 * PAGE, HF_READ, 0);
    map(CODE, 2 * PAGE, RX, 0);
    map(GUARD, PAGE, HF_READ, HF_MAP_GUARD);
    map(HALF, 2 * PAGE, RW, 0);
    map(LARGE, LARGE_BYTES, RW, HF_MAP_LARGE);
    map_object();
    map_paged();
}

/* ---- in a state ---- */

static void touch(uint64_t address, bool write) {
    while (script_touch(subject, address, write)) {
        script_settle();
        assert_int_equal(subject->state, HF_TASK_READY);
    }
}

static void touch_region(const struct hf_region *region, bool write) {
    uint64_t step = region->large ? HF_RUN_SIZE : PAGE;
    uint64_t pages = (region->end - region->start) / step;
    bool may = region->rights & (write ? HF_WRITE : HF_READ);
    for (uint64_t page = 0; page < pages && page < 4 && may && region->start != PAGED; page++) {
        touch(region->start + page * step, write);
    }
}

/* The first pages of each region; of large ones, each 2 MiB. */
static void touch_all(bool write) {
    unsigned count = scene_regions();
    for (unsigned i = 0; i < count; i++) {
        touch_region(&regions[i], write);
    }
}

static void fork_it(void) {
    assert_int_equal(ASK(process, .label = HF_MEM_FORK, .word = {0x40001000}), HF_OK);
    child_handle = (hf_handle_t)script_word(process, 0);
    child = script_task(script_word(process, 1));
    assert_non_null(child);
}

static void end_child(void) {
    script_kill(process, child_handle);
    child = NULL;
}

static void end_pager(void) {
    script_kill(script_init, pager_handle);
    pager = NULL;
}

void scene_start(enum stage stage, uint64_t quota) {
    make(quota);
    if (stage >= READ && stage <= ALONE) touch_all(stage != READ);
    if (stage >= FORKED && stage <= ALONE) fork_it();
    if (stage == CHILD) subject = child;
    if (stage == ALONE) end_child();
    if (stage == PAGERLESS) end_pager();
    assert_int_equal(ASK(process, .label = HF_MEM_PROTECT, .word = {HALF + PAGE, PAGE, HF_READ}), HF_OK);
}

void scene_end_rest(void) {
    if (child) assert_int_equal(ASK(script_init, .label = HF_MEM_TASK_KILL, .word = {child->mark}), HF_OK);
    if (pager) end_pager();
    script_settle();
}

void scene_end(void) {
    struct hf_exit how = script_kill(script_init, process_handle);
    assert_int_equal(how.left.pages + how.left.shared + how.left.tables + how.left.objects, 0);
    scene_end_rest();
}
