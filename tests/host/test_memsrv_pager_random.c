// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c
// sources: ukernel/device.c ukernel/call.c
// sources: servers/memsrv/*.c
// sources: tests/host/memsrv_image.c tests/host/memsrv_machine.c tests/host/memsrv_script.c tests/host/memsrv_touch.c tests/host/pager_script.c
// sources: tests/host/world.c
// sources: tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine tests/host/fake ukernel
// flags: -fno-sanitize=address
/* Pagers and clients that do anything, at any moment, and are ended at any other: what is found afterwards is what
 * was there before. PAGER_OPERATIONS: how many; PAGER_SEED: others. */
#include "draw.h"
#include "pager_script.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLACES 24u
#define IDS 64u
#define PAGERS 3u /* of the places, the first so many */

/* A process or a thread, by its number; 0: none. */
static struct one {
    uint64_t number;
    hf_handle_t handle; /* init's; 0: it has another maker */
    bool asks;          /* it has sent NEXT */
} ones[PLACES];

static uint64_t ids[IDS];
static uint64_t done, tried;

static struct task *task_of(struct one *one) { return one->number ? script_task(one->number) : NULL; }

static struct task *ready(struct one *one) {
    struct task *task = task_of(one);
    return task && task->state == HF_TASK_READY ? task : NULL;
}

/* Any of the places from `first` on, for which that holds, or NULL. */
static struct one *draw_one(unsigned first, unsigned end, bool (*holds)(struct one *one)) {
    unsigned count = end - first, start = (unsigned)draw(count);
    for (unsigned i = 0; i < count; i++) {
        struct one *one = &ones[first + (start + i) % count];
        if (holds(one)) return one;
    }
    return NULL;
}

static bool is_empty(struct one *one) { return one->number == 0; }
static bool is_there(struct one *one) { return task_of(one) != NULL; }
static bool is_ready(struct one *one) { return ready(one) != NULL; }

static uint64_t draw_page(void) { return PAGER_PLACE + draw(PAGER_PAGES + 1) * HF_PAGE_SIZE; }

/* ---- what has come of what was sent ---- */

static bool is_known(uint64_t number) {
    for (unsigned i = 0; i < PLACES; i++) {
        if (ones[i].number == number) return true;
    }
    return false;
}

/* Threads and forked children, whoever has made them: each gets a place, or is ended. */
static void adopt(void) {
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES; frame++) {
        const struct task *task = (void *)machine_ram[frame];
        if (frame_type(frame) != HF_FRAME_TASK || task->mark <= script_init->mark || is_known(task->mark)) continue;
        struct one *one = draw_one(PAGERS, PLACES, is_empty);
        uint64_t number = task->mark;
        if (one) {
            one->number = number;
        } else {
            hf_status_t status = ASK(script_init, .label = HF_MEM_TASK_KILL, .word = {number});
            assert_true(status == HF_OK || status == HF_NOT_FOUND);
        }
    }
}

static void collect(struct one *one) {
    struct task *task = ready(one);
    if (one->number && !task_of(one)) {
        if (one->handle) (void)script_finish(script_init, one->handle);
        *one = (struct one){0};
    } else if (task && one->asks) {
        if (script_answer(task) == HF_OK) memcpy(&ids[draw(IDS)], task->buffer->bytes, sizeof ids[0]);
        one->asks = false;
    }
}

/* ---- deeds; whether each was done ---- */

static bool start_pager_process(void) {
    struct one *one = draw_one(0, PAGERS, is_empty);
    if (!one || script_free() < 300) return false;
    struct task *task = script_spawn(0, &one->handle);
    one->number = task->mark;
    assert_int_equal(ASK(task, .label = HF_MEM_PAGER_CREATE), HF_OK);
    pager_own = (hf_handle_t)script_word(task, 0); /* the same for all of them */
    return ASK(task, .label = HF_MEM_MAP, .word = {PAGER_OWN, HF_PAGE_SIZE, RW, HF_MAP_FIXED | HF_MAP_NOW}) == HF_OK;
}

static bool start_client(void) {
    struct one *one = draw_one(PAGERS, PLACES, is_empty), *server = draw_one(0, PAGERS, is_there);
    if (!one || !server || script_free() < 300) return false;
    pager = task_of(server);
    give_pager(script_init);
    bool of_all = draw(2) && spawn_through_pager(0) == HF_OK; /* it may just have been killed */
    struct task *task = of_all ? script_task(script_word(script_init, 1)) : script_spawn(0, &one->handle);
    if (of_all) one->handle = (hf_handle_t)script_word(script_init, 0);
    one->number = task->mark;
    task->handles[PAGER_GIVEN] = script_init->handles[PAGER_GIVEN]; /* the pager may have gone */
    SEND(task, .to = PAGER_GIVEN, .label = HF_MEM_OBJECT_MAP,
         .word = {PAGER_PLACE, PAGER_PAGES * HF_PAGE_SIZE, RW, HF_MAP_FIXED, PAGER_OFFSET});
    return true;
}

static bool touch(void) {
    struct one *one = draw_one(0, PLACES, is_ready);
    const uint64_t place[] = {draw_page(), 0x40000000 + draw(4) * HF_PAGE_SIZE, PAGER_OWN};
    return one && script_touch(ready(one), place[draw(3)], draw(2));
}

static bool ask_next(void) {
    struct one *one = draw_one(0, PAGERS, is_ready);
    if (!one) return false;
    SEND(ready(one), NEXT);
    return one->asks = true;
}

static bool answer_one(void) {
    static const uint32_t labels[] = {HF_MEM_PAGER_SUPPLY, HF_MEM_PAGER_SUPPLY, HF_MEM_PAGER_SUPPLY,
                                      HF_MEM_PAGER_SUPPLY, HF_MEM_PAGER_PASS,   HF_MEM_PAGER_REFUSE};
    struct one *one = draw_one(0, PAGERS, is_ready);
    uint64_t *id = &ids[draw(IDS)], page = draw(20) ? PAGER_OWN : (uint64_t)0x1800;
    for (unsigned i = 0; i < 4 * IDS && !*id; i++) {
        id = &ids[draw(IDS)];
    }
    if (!one || !*id) return false;
    SEND(ready(one), .to = pager_own, .label = labels[draw(6)], .word = {*id, page});
    if (draw(4)) *id = 0;
    return true;
}

static bool change(void) {
    struct one *one = draw_one(0, PLACES, is_ready);
    uint64_t page = draw_page(), bytes = (1 + draw(3)) * HF_PAGE_SIZE;
    if (!one) return false;
    if (draw(3) == 0) {
        SEND(ready(one), .label = HF_MEM_PROTECT, .word = {page, bytes, draw(2) ? RW : HF_READ});
    } else if (draw(2)) {
        SEND(ready(one), .label = HF_MEM_UNMAP, .word = {page, bytes});
    } else {
        SEND(ready(one), .to = PAGER_GIVEN, .label = HF_MEM_OBJECT_MAP,
             .word = {page, bytes, RW, HF_MAP_FIXED, draw(3) << HF_PAGE_SHIFT});
    }
    return true;
}

static bool multiply(void) {
    struct one *one = draw_one(0, PLACES, is_ready);
    if (!one || script_free() < 300) return false;
    SEND(ready(one), .label = draw(2) ? HF_MEM_FORK : HF_MEM_THREAD, .word = {0x40001000, 0x7f000000});
    return true;
}

static bool kill_one(void) {
    struct one *one = draw_one(draw(4) ? PAGERS : 0, PLACES, is_there);
    if (!one) return false;
    hf_status_t status = ASK(script_init, .label = HF_MEM_TASK_KILL, .word = {one->number});
    return status == HF_OK || status == HF_NOT_FOUND;
}

static bool (*const deeds[])(void) = {
    start_pager_process, start_client, start_client, touch,    touch,    touch, touch, touch, ask_next, ask_next,
    answer_one,          answer_one,   change,       multiply, kill_one,
};

static void end_all(void) {
    for (unsigned rounds = 0; rounds < 10; rounds++) {
        for (unsigned i = 0; i < PLACES; i++) {
            if (ones[i].number) (void)ASK(script_init, .label = HF_MEM_TASK_KILL, .word = {ones[i].number});
        }
        script_settle();
        for (unsigned i = 0; i < PLACES; i++) {
            collect(&ones[i]);
        }
        adopt();
    }
}

static void test_random(void **state) {
    const char *operations = getenv("PAGER_OPERATIONS"), *seed = getenv("PAGER_SEED");
    uint64_t count = operations ? strtoull(operations, NULL, 0) : 20000;
    (void)state;
    draw_state = DRAW_SEED * (seed ? strtoull(seed, NULL, 0) : 1);
    for (tried = 0; tried < count; tried++) {
        done += deeds[draw(sizeof deeds / sizeof deeds[0])]();
        for (uint64_t steps = draw(4); steps > 0; steps--) {
            script_go();
        }
        collect(&ones[draw(PLACES)]);
        if (tried % 16 == 0) adopt();
    }
    end_all();
    script_init->handles[PAGER_GIVEN] = (struct handle){0};
    printf("seed %s: %lu deeds, %lu %% were done\n", seed ? seed : "1", tried, done * 100 / (tried + !tried));
    assert_true(tried < 1000 || done * 10 >= tried * 3);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_random, script_before, script_after),
    };
    return cmocka_run_group_tests(tests, script_boot, NULL);
}
