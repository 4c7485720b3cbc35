#define _GNU_SOURCE
#include "memsrv_script.h"

#include "entry.h"
#include "memsrv_image.h"
#include <string.h>
#include <ucontext.h>

/* Of memsrv's own, which its headers would declare along with names that the core has too. */
extern struct buddy frames;
uint64_t buddy_free_frames(struct buddy *buddy);
hf_status_t buddy_allocate(struct buddy *buddy, unsigned order, hf_frame_t *frame);
unsigned buddy_free(struct buddy *buddy, hf_frame_t frame, unsigned order);
unsigned buddy_need(const struct buddy *buddy);
const char *buddy_check(const struct buddy *buddy);
uint64_t own_count(void);

struct task *script_init;

/* ---- memsrv has a stack of its own, and gives the processor back whenever it would wait ---- */

#define STACK_BYTES ((size_t)1 << 20)

static ucontext_t tests_context, memsrv_context;
static _Alignas(16) uint8_t stack[STACK_BYTES];
static bool running;

static bool pause_memsrv(void) {
    swapcontext(&memsrv_context, &tests_context);
    return true;
}

static void run_memsrv(void) {
    const struct memsrv_module modules[] = {{"init", memsrv_image(), MEMSRV_IMAGE_BYTES},
                                            {"child", memsrv_image(), MEMSRV_IMAGE_BYTES}};
    memsrv_run(modules, 2, pause_memsrv);
    running = false;
}

int script_boot(void **state) {
    (void)state;
    getcontext(&memsrv_context);
    memsrv_context.uc_stack.ss_sp = stack;
    memsrv_context.uc_stack.ss_size = sizeof stack;
    memsrv_context.uc_link = &tests_context;
    makecontext(&memsrv_context, run_memsrv, 0);
    running = true;
    script_go();
    script_init = script_task(1);
    return script_init == NULL;
}

void script_go(void) {
    assert_true(running);
    swapcontext(&tests_context, &memsrv_context);
}

#define PATIENCE 10000u

void script_settle(void) {
    for (unsigned i = 0; memsrv_at_work(); i++) {
        assert_true(i < PATIENCE);
        script_go();
    }
}

/* ---- requests ---- */

void script_send(struct task *task, const struct script_request *request) {
    struct frame_registers *registers = &task->registers;
    assert_int_equal(task->state, HF_TASK_READY);
    registers->rdi = request->to ? request->to : HF_SLOT_MEMSRV;
    registers->rsi = request->label | (uint64_t)request->count << 32;
    registers->rdx = request->word[0];
    registers->r10 = request->word[1];
    registers->r8 = request->word[2];
    registers->r9 = request->word[3];
    registers->r12 = request->word[4];
    if (request->count) memcpy(task->buffer->bytes, request->bytes, request->count);
    (void)world_call(task, HF_CALL_CALL);
}

bool script_answered(const struct task *task) { return task->state == HF_TASK_READY; }

hf_status_t script_answer(struct task *task) {
    for (unsigned i = 0; !script_answered(task); i++) {
        assert_true(i < PATIENCE);
        script_go();
    }
    return (hf_status_t)(task->registers.rax != HF_OK ? task->registers.rax : (uint32_t)task->registers.rsi);
}

uint64_t script_word(const struct task *task, unsigned index) {
    return index == 0 ? task->registers.rdx : task->registers.r10;
}

hf_status_t script_ask_for(struct task *task, const struct script_request *request) {
    script_send(task, request);
    return script_answer(task);
}

/* ---- tasks ---- */

struct task *script_task(uint64_t number) {
    for (hf_frame_t frame = 0; frame < MACHINE_FRAMES; frame++) {
        struct task *task = (void *)machine_ram[frame];
        if (frame_type(frame) == HF_FRAME_TASK && task != memsrv && task->mark == number) {
            return task;
        }
    }
    return NULL;
}

struct task *script_spawn(uint64_t quota, hf_handle_t *handle) {
    static const char name[] = "child";
    struct hf_spawn spawn = {.quota = quota, .string_bytes = sizeof name};
    memcpy(spawn.strings, name, sizeof name);
    assert_int_equal(ASK(script_init, .label = HF_MEM_SPAWN, .bytes = &spawn,
                         .count = offsetof(struct hf_spawn, strings) + sizeof name),
                     HF_OK);
    *handle = (hf_handle_t)script_word(script_init, 0);
    return script_task(script_word(script_init, 1));
}

struct task *script_thread(struct task *task, hf_handle_t *handle) {
    assert_int_equal(ASK(task, .label = HF_MEM_THREAD, .word = {0x40001000}), HF_OK);
    *handle = (hf_handle_t)script_word(task, 0);
    return script_task(script_word(task, 1));
}

struct hf_exit script_finish(struct task *task, hf_handle_t handle) {
    struct hf_exit how;
    assert_int_equal(ASK(task, .to = handle, .label = HF_MEM_WAIT), HF_OK);
    memcpy(&how, task->buffer->bytes, sizeof how);
    task->registers.rdi = handle;
    assert_int_equal(world_call(task, HF_CALL_HANDLE_CLOSE), HF_OK);
    return how;
}

struct hf_exit script_kill(struct task *task, hf_handle_t handle) {
    assert_int_equal(ASK(task, .to = handle, .label = HF_MEM_KILL), HF_OK);
    return script_finish(task, handle);
}

/* ---- memory ---- */

bool script_touch(struct task *task, uint64_t address, bool write) {
    assert_int_equal(task->state, HF_TASK_READY);
    return memsrv_touch(task, address, write, VECTOR_PAGE_FAULT);
}

uint64_t script_free(void) { return buddy_free_frames(&frames); }

uint64_t script_total(void) { return script_free() + own_count(); }

static hf_frame_t taken[MACHINE_FRAMES];
static unsigned taken_count;

void script_leave(uint64_t count) {
    while (script_free() > count) {
        assert_int_equal(buddy_allocate(&frames, 0, &taken[taken_count]), HF_OK);
        taken_count++;
    }
}

void script_put_back(void) {
    while (taken_count > 0) {
        assert_int_equal(buddy_free(&frames, taken[--taken_count], 0), 0);
    }
}

/* ---- each test ---- */

static uint64_t before;

static void check_books(void) {
    const char *wrong = world_broken();
    wrong = wrong ? wrong : buddy_check(&frames);
    if (wrong) fail_msg("%s", wrong);
}

int script_before(void **state) {
    (void)state;
    script_settle();
    before = script_total();
    return 0;
}

int script_after(void **state) {
    (void)state;
    script_put_back();
    script_settle();
    check_books();
    assert_int_equal(script_total(), before);
    return 0;
}
