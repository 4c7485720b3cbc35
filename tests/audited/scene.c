/* Tables, pages and runs in all states, tasks that wait in every way, and handles of each kind. */
#include "audited.h"

#define TAG_VALUE 0x1234
#define VGA_TEXT 0xb8
#define KEYBOARD_LINE 1
#define PAGE_OF_DEVICE 8
#define NEXT_RUN (BIG + HF_RUN_SIZE)

/* In the world's two aspaces there is a page of 2 MiB. */
static void share_run(unsigned which, uint64_t address) {
    must(STAGED_RUN(pool_run(which)));
    must(MAPPED_RUN(world.aspace, address, pool_run(which), READ_WRITE));
    must(MAPPED_RUN(world.second, address, pool_run(which), HF_READ));
}

static void build_runs(void) {
    struct hf_result result;
    share_run(0, BIG);
    share_run(1, NEXT_RUN);
    must(ON(SPLIT, world.aspace, .address = NEXT_RUN, .frame = pool_frame()));
    share_run(2, NEXT_RUN + HF_RUN_SIZE);
    must(ON(PIN, pool_run(2), .level = HF_WHOLE_RUN));
    must(LARGE(UNMAP, world.aspace, NEXT_RUN + HF_RUN_SIZE));
    must(LARGE(UNMAP, world.second, NEXT_RUN + HF_RUN_SIZE));
    if (do_listed(STAGED_RUN(pool_run(3)), &result) != HF_AGAIN) give_up("a run was zeroed at once");
}

static void build_pages(void) {
    must(MAPPED(world.second, AT(AT_PAGE), world.page, HF_READ));
    must(ON(TAG, world.page, .address = TAG_VALUE));
    must(ON(MAP_DEVICE, world.aspace, .address = AT(PAGE_OF_DEVICE), .rights = READ_WRITE, .frame = VGA_TEXT));
    must(ON(ASPACE_CREATE, pool_frame())); /* without a kernel half */
}

static void build_handles(void) {
    must(PUT(world.handles, 1, ENDPOINT, world.endpoint, 5, HF_RIGHTS_ALL & ~HF_RIGHT_USE));
    must(PUT(world.handles, 2, PORTS, 0x3f8, 8, HF_RIGHT_USE));
    must(PUT(world.handles, 3, IRQ, KEYBOARD_LINE, 0, HF_RIGHT_USE));
    must(PUT(world.handles, 4, POWER, 0, 0, HF_RIGHT_USE));
    must(PUT(boot->handles, SLOT, IRQ, KEYBOARD_LINE, 0, HF_RIGHT_USE));
    must(PUT(boot->handles, SECOND_SLOT, ENDPOINT, world.endpoint, 1, HF_RIGHT_NOTIFY));
    if (hf_irq_bind(SLOT, SECOND_SLOT) != HF_OK) give_up("an interrupt can't be bound");
}

/* ---- tasks: each of those that wait has an aspace of its own, since each has the same stack */

static hf_frame_t ready_aspace(void) {
    hf_frame_t aspace = pool_frame();
    must(ON(ASPACE_CREATE, aspace));
    must(ON(ASPACE_COPY_KERNEL, aspace));
    return aspace;
}

static void wait_at(hf_frame_t endpoint, void (*entry)(uint64_t argument)) {
    client_wait_at(ready_aspace(), endpoint, entry);
}

static void touch_nothing(uint64_t unused) {
    (void)unused;
    *(volatile uint64_t *)NO_TABLES = 1;
}

/* Never runs, as we never wait. */
static void start_ready_task(void) {
    hf_frame_t task = pool_frame();
    must(ON(TASK_CREATE, task));
    PAGE_OF_OPERATIONS->task = world_block(HF_TASK_REGISTERS | HF_TASK_PRIORITY | HF_TASK_ASPACE | HF_TASK_BUFFER);
    must(ON(TASK_SET, task));
    must(ON(TASK_START, task));
}

static void build_tasks(void) {
    hf_serial_t unused;
    hf_frame_t held = world_endpoint(&unused), taken = world_endpoint(&unused);
    wait_at(world_endpoint(&unused), client_listen);
    wait_at(held, client_hold);
    wait_at(held, client_main); /* the one that holds its call calls, too, and nobody listens */
    wait_at(taken, client_listen);
    wait_at(taken, client_main);             /* the same with a call in hand */
    client_start();                          /* whose call we have in hand, for good ... */
    wait_at(client_endpoint, touch_nothing); /* ... so that the core can't tell us of this fault */
    start_ready_task();
}

void scene_build(void) {
    world_build();
    build_pages();
    build_runs();
    build_handles();
    build_tasks();
}
