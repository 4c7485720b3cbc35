// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c
// sources: ukernel/device.c ukernel/call.c
// sources: servers/memsrv/*.c
// sources: tests/host/memsrv_image.c tests/host/memsrv_machine.c tests/host/memsrv_script.c tests/host/memsrv_touch.c
// sources: tests/host/world.c tests/host/memsrv_memory.c
// sources: tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine tests/host/fake ukernel
// flags: -fno-sanitize=address
/* Memory, or a quota, that runs out at every step: each scenario with no frame left, with one, with two and so on until
 * it succeeds. Whatever has failed, no frame may be lost, and memsrv's books and the core's say the same. */
#include "memsrv_memory.h"
#include <string.h>

#define PAGES 300u /* more than one part of any work */
#define LENGTH (PAGES * PAGE)
#define OBJECT_HERE (2 * HERE)
#define MOST 700u /* frames that any of these takes */

static struct task *task, *thread, *other; /* a child of init's, a thread of it, another task that it has made */
static hf_handle_t handle, thread_handle, other_handle;

/* ---- steps ---- */

/* The first status that is no HF_OK ends the attempt. */
#define TRY(status_) \
    do { \
        hf_status_t tried = (status_); \
        if (tried != HF_OK) return tried; \
    } while (0)

/* A page that can't be had ends the task. */
static hf_status_t touch(struct task *who, uint64_t address, bool write) {
    uint64_t number = who->mark;
    for (unsigned i = 0; script_touch(who, address, write); i++) {
        assert_true(i < 100);
        script_settle();
        if (script_task(number) != who || who->state != HF_TASK_READY) return HF_NO_MEMORY;
    }
    return HF_OK;
}

static void nothing(void) {}

static void with_pages(void) { assert_int_equal(ASK(task, MAP(HERE, LENGTH, HF_MAP_NOW)), HF_OK); }

static void with_runs(void) {
    assert_int_equal(ASK(task, MAP(HERE, 2 * HF_RUN_SIZE, HF_MAP_LARGE | HF_MAP_NOW)), HF_OK);
}

static void with_run(void) { assert_int_equal(ASK(task, MAP(HERE, HF_RUN_SIZE, HF_MAP_LARGE | HF_MAP_NOW)), HF_OK); }

static void forked(void) {
    with_pages();
    other = memory_fork(task, &other_handle);
}

static void forked_with_run(void) {
    with_run();
    other = memory_fork(task, &other_handle);
}

/* ---- scenarios ---- */

static hf_status_t try_spawn(uint64_t quota) {
    static const char name[] = "child";
    struct hf_spawn spawn = {.quota = quota, .string_bytes = sizeof name};
    memcpy(spawn.strings, name, sizeof name);
    return ASK(task, .label = HF_MEM_SPAWN, .bytes = &spawn, .count = offsetof(struct hf_spawn, strings) + sizeof name);
}

static hf_status_t spawn(void) { return try_spawn(0); }

static hf_status_t spawn_with_quota(void) { return try_spawn(100); }

static hf_status_t fork_it(void) { return ASK(task, FORK); }

static hf_status_t make_thread(void) { return ASK(task, .label = HF_MEM_THREAD, .word = {0x40001000}); }

static hf_status_t map_and_touch(void) {
    TRY(ASK(task, MAP(HERE, LENGTH, 0)));
    TRY(touch(task, HERE, true));
    return touch(task, HERE + PAGE, false);
}

static hf_status_t touch_the_image(void) {
    TRY(touch(task, 0x40000000, false));
    TRY(touch(task, 0x40002000, false));
    TRY(touch(task, 0x40002000, true));
    return touch(task, 0x40004000, true);
}

static hf_status_t touch_the_stack(void) {
    for (unsigned i = 2; i < 20; i++) TRY(touch(task, 0x7fffd000 - i * PAGE, true));
    return HF_OK;
}

static hf_status_t map_now(void) { return ASK(task, MAP(HERE, LENGTH, HF_MAP_NOW)); }

static hf_status_t map_runs_now(void) {
    return ASK(task, MAP(HERE, HF_RUN_SIZE + 20 * PAGE, HF_MAP_LARGE | HF_MAP_NOW));
}

static hf_status_t map_large_and_touch(void) {
    TRY(ASK(task, MAP(HERE, HF_RUN_SIZE, HF_MAP_LARGE)));
    return touch(task, HERE, true);
}

static hf_status_t unmap_in_the_middle(void) { return ASK(task, UNMAP(HERE + 7 * PAGE, PAGE)); }

static hf_status_t protect_in_the_middle(void) {
    TRY(ASK(task, PROTECT(HERE + 7 * PAGE, PAGE, HF_READ)));
    return ASK(task, PROTECT(HERE + 9 * PAGE, 5 * PAGE, HF_READ));
}

static hf_status_t unmap_across_two_runs(void) { return ASK(task, UNMAP(HERE + HF_RUN_SIZE / 2, HF_RUN_SIZE)); }

static hf_status_t write_after_fork(void) {
    TRY(touch(other, HERE, true));
    return touch(task, HERE + PAGE, true);
}

static hf_status_t create_endpoint(void) { return ASK(task, .label = HF_MEM_ENDPOINT_CREATE); }

static hf_status_t register_name(void) {
    TRY(create_endpoint());
    hf_handle_t endpoint = (hf_handle_t)script_word(task, 0);
    TRY(ASK(task, .label = HF_MEM_REGISTER, .word = {endpoint}, .bytes = "name", .count = 5));
    return ASK(task, .label = HF_MEM_LOOKUP, .bytes = "name", .count = 5);
}

static hf_status_t share_an_object(void) {
    TRY(ASK(task, .label = HF_MEM_OBJECT_CREATE, .word = {LENGTH}));
    hf_handle_t object = (hf_handle_t)script_word(task, 0);
    TRY(ASK(task, .to = object, .label = HF_MEM_OBJECT_MAP, .word = {HERE, LENGTH, RW, HF_MAP_FIXED}));
    TRY(touch(task, HERE, true));
    TRY(ASK(task, .to = object, .label = HF_MEM_OBJECT_HANDLE, .word = {HF_READ}));
    object = (hf_handle_t)script_word(task, 0);
    return ASK(task, .to = object, .label = HF_MEM_OBJECT_MAP,
               .word = {OBJECT_HERE, LENGTH, HF_READ, HF_MAP_FIXED | HF_MAP_NOW});
}

/* Its own thread's fault there: it is told of it, and has an answer. */
static hf_status_t serve_fault(uint64_t number, hf_handle_t pager, uint64_t address, uint32_t label) {
    assert_true(script_touch(thread, address, true));
    TRY(ASK(task, .to = pager, .label = HF_MEM_PAGER_NEXT));
    uint64_t id = ((const struct hf_pager_request *)(const void *)task->buffer->bytes)->id;
    TRY(ASK(task, .to = pager, .label = label, .word = {id, OBJECT_HERE}));
    script_settle();
    return script_task(number) == thread ? touch(thread, address, true) : HF_NO_MEMORY;
}

static hf_status_t serve_faults(void) {
    uint64_t number = thread->mark;
    TRY(ASK(task, .label = HF_MEM_PAGER_CREATE));
    hf_handle_t pager = (hf_handle_t)script_word(task, 0);
    TRY(ASK(task, .to = pager, .label = HF_MEM_OBJECT_MAP, .word = {HERE, LENGTH, RW, HF_MAP_FIXED}));
    TRY(ASK(task, MAP(OBJECT_HERE, PAGE, HF_MAP_NOW)));
    TRY(serve_fault(number, pager, HERE + PAGE, HF_MEM_PAGER_SUPPLY));
    return serve_fault(number, pager, HERE + 2 * PAGE, HF_MEM_PAGER_PASS);
}

static const struct scenario {
    const char *name;
    void (*prepare)(void);
    hf_status_t (*attempt)(void);
    bool exact; /* one request: when it fails, all is as it was */
} scenarios[] = {
    {"spawn", nothing, spawn, true},
    {"spawn with a quota", nothing, spawn_with_quota, true},
    {"fork", nothing, fork_it, true},
    {"fork of much", with_pages, fork_it, true},
    {"fork of a run", with_run, fork_it, true},
    {"thread", nothing, make_thread, true},
    {"map and touch", nothing, map_and_touch, false},
    {"touch the image", nothing, touch_the_image, false},
    {"touch the stack", nothing, touch_the_stack, false},
    {"map now", nothing, map_now, true},
    {"map runs now", nothing, map_runs_now, true},
    {"map large and touch", nothing, map_large_and_touch, false},
    {"unmap in the middle", with_pages, unmap_in_the_middle, true},
    {"unmap in the middle of a run", with_runs, unmap_in_the_middle, true},
    {"unmap across two runs", with_runs, unmap_across_two_runs, false},
    {"protect in the middle", with_pages, protect_in_the_middle, false},
    {"protect in the middle of a run", with_runs, protect_in_the_middle, false},
    {"write after a fork", forked, write_after_fork, false},
    {"write after a fork of a run", forked_with_run, write_after_fork, false},
    {"endpoint", nothing, create_endpoint, true},
    {"register and look up", nothing, register_name, false},
    {"share an object", nothing, share_an_object, false},
    {"serve faults", nothing, serve_faults, false},
};

/* ---- each with so many frames ---- */

#define QUOTA 1300u
#define FILL (3 * HERE)
#define FILL_SLOTS 3u

/* Leaves so many frames of the task's quota: pages are mapped where tables are already. */
static void fill_quota(uint64_t left) {
    for (uint64_t i = 0; i < FILL_SLOTS; i++) {
        assert_int_equal(ASK(task, MAP(FILL + i * HF_RUN_SIZE, PAGE, HF_MAP_NOW)), HF_OK);
    }
    for (uint64_t i = 0; i < FILL_SLOTS; i++) {
        uint64_t used = memory_stat(task).quota_used + left, pages = used < QUOTA ? QUOTA - used : 0;
        pages = pages < HF_RUN_FRAMES ? pages : HF_RUN_FRAMES - 1;
        if (pages == 0) return;
        assert_int_equal(ASK(task, MAP(FILL + i * HF_RUN_SIZE + PAGE, pages * PAGE, HF_MAP_NOW)), HF_OK);
    }
    assert_int_equal(memory_stat(task).quota_used + left, QUOTA);
}

static void start(const struct scenario *scenario, uint64_t quota) {
    task = script_spawn(quota, &handle);
    thread = script_thread(task, &thread_handle);
    other = NULL;
    scenario->prepare();
    script_settle();
}

/* All that the task has made ends with it, or else has to be ended. */
static void end(void) {
    (void)script_kill(script_init, handle);
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES; frame++) {
        const struct task *left = (const void *)machine_ram[frame];
        if (frame_type(frame) != HF_FRAME_TASK || left->cr3 == memsrv->cr3 || left == script_init) continue;
        assert_int_equal(ASK(script_init, .label = HF_MEM_TASK_KILL, .word = {left->mark}), HF_OK);
    }
    script_settle();
}

static hf_status_t try_with(const struct scenario *scenario, uint64_t frames_left, bool by_quota) {
    script_settle();
    uint64_t before = script_total();
    start(scenario, by_quota ? QUOTA : 0);
    if (by_quota) {
        fill_quota(frames_left);
    } else {
        script_leave(frames_left);
    }
    uint64_t left = script_total();
    hf_status_t status = scenario->attempt();
    script_settle();
    if (status != HF_OK && scenario->exact) assert_int_equal(script_total(), left);
    script_put_back();
    memory_books();
    end();
    memory_books();
    assert_int_equal(script_total(), before);
    return status;
}

static void try_all(const struct scenario *scenario, bool by_quota) {
    hf_status_t status, refused = by_quota ? HF_QUOTA : HF_NO_MEMORY;
    unsigned count = 0;
    while ((status = try_with(scenario, count, by_quota)) != HF_OK) {
        assert_true(status == refused || (!scenario->exact && status == HF_NO_MEMORY));
        count++;
        assert_true(count < MOST);
    }
    print_message("%s: succeeds with %u frames%s\n", scenario->name, count, by_quota ? " of its quota" : "");
}

static void test_scenario(void **state) {
    try_all(*state, false);
    try_all(*state, true);
}

#define COUNT (sizeof scenarios / sizeof scenarios[0])

int main(void) {
    struct CMUnitTest tests[COUNT];
    for (unsigned i = 0; i < COUNT; i++) {
        tests[i] = (struct CMUnitTest){
            .name = scenarios[i].name, .test_func = test_scenario, .initial_state = (void *)(uintptr_t)&scenarios[i]};
    }
    return cmocka_run_group_tests(tests, script_boot, NULL);
}
