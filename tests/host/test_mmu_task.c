// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c ukernel/device.c ukernel/call.c
// sources: tests/host/world.c tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine ukernel
/* TASK_CREATE, SET, GET, START, STOP and DESTROY with each of their answers. What STOP and
 * DESTROY do to messages is in test_ipc*.c. */
#include "world.h"

#include "handle.h"
#include <string.h>

enum { ROOT = WORLD_FREE, BARE, TASK_FRAME, SECOND, HANDLES_FRAME, ENDPOINT_FRAME, PAGE, SPARE };

#define SET(given_fields, ...) \
    (asker_page.task = (struct hf_task_block){.fields = (given_fields), __VA_ARGS__}, HF_OP_TASK_SET)
#define SET_OK(...) GRANTED(.code = SET(__VA_ARGS__), .object = TASK_FRAME)
#define SET_REFUSED(want, ...) REFUSED(want, .code = SET(__VA_ARGS__), .object = TASK_FRAME)

static struct task *task;

/* ROOT can be run, BARE can't; a stopped task with nothing; one object of each other kind. */
static int start(void **state) {
    world_start(state);
    make_aspace(ROOT);
    GRANTED(.code = HF_OP_ASPACE_CREATE, .object = BARE);
    GRANTED(.code = HF_OP_HANDLES_CREATE, .object = HANDLES_FRAME);
    GRANTED(.code = HF_OP_ENDPOINT_CREATE, .object = ENDPOINT_FRAME);
    GRANTED(.code = HF_OP_STAGE, .object = PAGE, .frame = HF_NO_FRAME);
    GRANTED(.code = HF_OP_TASK_CREATE, .object = TASK_FRAME);
    task = (void *)machine_ram[TASK_FRAME];
    return 0;
}

/* The task as one that MMU operations come from. */
static hf_status_t ask_as(struct task *who, enum hf_operation_code code, hf_frame_t object) {
    return mmu_one(who, &(struct hf_operation){.code = (uint8_t)code, .object = object}, &result);
}

/* ---- TASK_CREATE ---- */

static void create(void **state) {
    (void)state;
    memset(machine_ram[SECOND], 0xee, HF_PAGE_SIZE);
    const hf_serial_t before = task->serial;
    GRANTED(.code = HF_OP_TASK_CREATE, .object = SECOND);
    assert_true(result.value[0] > before);
    GRANTED(.code = HF_OP_TASK_GET, .object = SECOND);
    const struct hf_task_block *block = &asker_page.task;
    assert_int_equal(block->state, HF_TASK_STOPPED);
    assert_int_equal(block->aspace, HF_NO_FRAME);
    assert_int_equal(block->handles, HF_NO_FRAME);
    assert_int_equal(block->buffer, HF_NO_FRAME);
    assert_int_equal(block->operations, HF_NO_FRAME);
    assert_int_equal(block->pager, HF_NO_FRAME);
    assert_int_equal(block->waits_for, HF_NO_FRAME);
    assert_int_equal(block->memory, 0);
    assert_int_equal(block->mark, 0);
    assert_int_equal(block->ticks, 0);
    assert_int_equal(block->registers.rip, 0);
    assert_int_equal(block->registers.rflags, 0x202);
}

static void serials_are_never_used_twice(void **state) {
    (void)state;
    hf_serial_t last = task->serial;
    for (unsigned i = 0; i < 20; i++) {
        GRANTED(.code = i % 2 ? HF_OP_TASK_CREATE : HF_OP_ENDPOINT_CREATE, .object = SECOND);
        assert_true(result.value[0] > last);
        last = result.value[0];
        GRANTED(.code = i % 2 ? HF_OP_TASK_DESTROY : HF_OP_ENDPOINT_DESTROY, .object = SECOND);
    }
}

/* ---- TASK_SET ---- */

static void set_and_get_everything(void **state) {
    (void)state;
    struct hf_task_block want = {
        .fields = HF_TASK_FIELDS_ALL,
        .registers = {.rax = 1,
                      .rbx = 2,
                      .rcx = 3,
                      .rdx = 4,
                      .rsi = 5,
                      .rdi = 6,
                      .rbp = 7,
                      .rsp = 8,
                      .r8 = 9,
                      .r9 = 10,
                      .r10 = 11,
                      .r11 = 12,
                      .r12 = 13,
                      .r13 = 14,
                      .r14 = 15,
                      .r15 = 16,
                      .rip = 0x400000,
                      .rflags = 0x202,
                      .fs_base = 0x1000},
        .priority = 255,
        .aspace = ROOT,
        .handles = HANDLES_FRAME,
        .buffer = PAGE,
        .operations = PAGE,
        .pager = ENDPOINT_FRAME,
        .pager_badge = ~0ull,
        .memory = 1,
        .mark = 0x1234567890abcdef,
    };
    asker_page.task = want;
    GRANTED(.code = HF_OP_TASK_SET, .object = TASK_FRAME);
    assert_int_equal(result.value[0], HF_NO_FRAME);
    assert_int_equal(result.value[1], HF_NO_FRAME);
    assert_int_equal(frame_type(PAGE), HF_FRAME_USER);
    assert_int_equal(world_refs(PAGE), 2);
    assert_int_equal(world_refs(ROOT), 1);
    assert_int_equal(world_refs(HANDLES_FRAME), 1);
    GRANTED(.code = HF_OP_TASK_GET, .object = TASK_FRAME);
    want.serial = task->serial;
    want.state = HF_TASK_STOPPED;
    want.waits_for = HF_NO_FRAME;
    assert_memory_equal(&asker_page.task, &want, sizeof want);
}

static void set_nothing(void **state) {
    (void)state;
    world_keep();
    SET_OK(0, .priority = 77, .aspace = 12345, .memory = 9);
    assert_false(world_changed());
}

static void set_unknown_fields(void **state) {
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        if (!((1ull << bit) & HF_TASK_FIELDS_ALL)) {
            SET_REFUSED(HF_BAD_ARGUMENT, 1ull << bit, .aspace = ROOT);
        }
    }
}

static void set_registers(void **state) {
    (void)state;
    static const uint64_t no_rip[] = {0x7ffffffff000, 0x7fffffffffff, 0x800000000000, 0xffff800000000000, ~0ull};
    for (unsigned i = 0; i < sizeof no_rip / sizeof no_rip[0]; i++) {
        SET_REFUSED(HF_BAD_ADDRESS, HF_TASK_REGISTERS, .registers = {.rip = no_rip[i]});
        SET_REFUSED(HF_BAD_ADDRESS, HF_TASK_REGISTERS, .registers = {.fs_base = no_rip[i]});
        SET_REFUSED(HF_BAD_ADDRESS, HF_TASK_REGISTERS, .registers = {.rsp = no_rip[i] + (i == 0)});
    }
    SET_OK(HF_TASK_REGISTERS, .registers = {.rip = 0x7fffffffefff, .rsp = 0x7ffffffff000, .fs_base = 0x7fffffffefff});
}

/* Only CF PF AF ZF SF TF DF OF may be set; IF and bit 1, which are always, are no mistake. */
static void set_flags(void **state) {
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        const uint64_t flag = 1ull << bit;
        if (flag & 0xfd7) {
            SET_OK(HF_TASK_REGISTERS, .registers = {.rflags = flag});
            assert_int_equal(task->registers.rflags, flag | 0x202);
        } else {
            SET_REFUSED(HF_BAD_ARGUMENT, HF_TASK_REGISTERS, .registers = {.rflags = flag});
        }
    }
    assert_int_equal(task->registers.cs & 3, 3);
    assert_int_equal(task->registers.ss & 3, 3);
}

static void set_priority_and_memory(void **state) {
    (void)state;
    SET_OK(HF_TASK_PRIORITY, .priority = 0);
    SET_OK(HF_TASK_PRIORITY, .priority = 255);
    SET_REFUSED(HF_BAD_ARGUMENT, HF_TASK_PRIORITY, .priority = 256);
    SET_REFUSED(HF_BAD_ARGUMENT, HF_TASK_PRIORITY, .priority = ~0ull);
    SET_OK(HF_TASK_MEMORY, .memory = 1);
    SET_REFUSED(HF_BAD_ARGUMENT, HF_TASK_MEMORY, .memory = 2);
    SET_REFUSED(HF_BAD_ARGUMENT, HF_TASK_MEMORY, .memory = 0x100);
    SET_OK(HF_TASK_MEMORY, .memory = 0);
    assert_int_equal(task->memory, 0);
}

static void set_aspace(void **state) {
    (void)state;
    SET_REFUSED(HF_NOT_READY, HF_TASK_ASPACE, .aspace = BARE);
    SET_OK(HF_TASK_ASPACE, .aspace = ROOT);
    SET_OK(HF_TASK_ASPACE, .aspace = ROOT);
    assert_int_equal(world_refs(ROOT), 1);
    GRANTED(.code = HF_OP_ASPACE_COPY_KERNEL, .object = BARE);
    SET_OK(HF_TASK_ASPACE, .aspace = BARE);
    assert_int_equal(world_refs(ROOT), 0);
    assert_int_equal(world_refs(BARE), 1);
    SET_OK(HF_TASK_ASPACE, .aspace = HF_NO_FRAME);
    assert_int_equal(world_refs(BARE), 0);
}

static void set_objects_of_other_types(void **state) {
    (void)state;
    const hf_frame_t frames[] = {ROOT,
                                 TASK_FRAME,
                                 HANDLES_FRAME,
                                 ENDPOINT_FRAME,
                                 PAGE,
                                 SPARE,
                                 WORLD_CORE,
                                 WORLD_MODULE,
                                 WORLD_RESERVED,
                                 WORLD_WHOLE_FREE,
                                 WORLD_WHOLE_CORE,
                                 WORLD_WHOLE_RESERVED,
                                 MACHINE_FRAMES,
                                 1ull << 52,
                                 HF_NO_FRAME - 1};
    for (unsigned i = 0; i < sizeof frames / sizeof frames[0]; i++) {
        const hf_frame_t frame = frames[i];
        const bool page = frame == PAGE || frame == WORLD_MODULE;
        if (frame != ROOT) {
            SET_REFUSED(HF_BAD_FRAME, HF_TASK_ASPACE, .aspace = frame);
        }
        if (frame != HANDLES_FRAME) {
            SET_REFUSED(HF_BAD_FRAME, HF_TASK_HANDLES, .handles = frame);
        }
        if (frame != ENDPOINT_FRAME) {
            SET_REFUSED(HF_BAD_FRAME, HF_TASK_PAGER, .pager = frame);
        }
        if (!page) {
            SET_REFUSED(HF_BAD_FRAME, HF_TASK_BUFFER, .buffer = frame);
            SET_REFUSED(HF_BAD_FRAME, HF_TASK_OPERATIONS, .operations = frame);
        }
        if (frame != TASK_FRAME) {
            REFUSED(HF_BAD_FRAME, .code = SET(0), .object = frame);
            REFUSED(HF_BAD_FRAME, .code = HF_OP_TASK_GET, .object = frame);
            REFUSED(HF_BAD_FRAME, .code = HF_OP_TASK_START, .object = frame);
            REFUSED(HF_BAD_FRAME, .code = HF_OP_TASK_STOP, .object = frame);
            REFUSED(HF_BAD_FRAME, .code = HF_OP_TASK_DESTROY, .object = frame);
        }
    }
}

/* One bad field among good ones: none of them is set. */
static void set_is_all_or_nothing(void **state) {
    (void)state;
    SET_REFUSED(HF_BAD_FRAME, HF_TASK_FIELDS_ALL, .priority = 9, .aspace = ROOT, .handles = HANDLES_FRAME,
                .buffer = PAGE, .operations = ROOT, .pager = HF_NO_FRAME, .mark = 5);
    SET_REFUSED(HF_BAD_ARGUMENT, HF_TASK_FIELDS_ALL, .priority = 9, .aspace = ROOT, .handles = HANDLES_FRAME,
                .buffer = PAGE, .operations = PAGE, .pager = ENDPOINT_FRAME, .memory = 3);
    assert_int_equal(frame_type(PAGE), HF_FRAME_STAGED);
}

/* The exchange of a page tells which one became FREE, also when the new one is the old. */
static void exchange_pages(void **state) {
    (void)state;
    GRANTED(.code = HF_OP_STAGE, .object = SPARE, .frame = HF_NO_FRAME);
    SET_OK(HF_TASK_BUFFER | HF_TASK_OPERATIONS, .buffer = PAGE, .operations = PAGE);
    SET_OK(HF_TASK_BUFFER | HF_TASK_OPERATIONS, .buffer = PAGE, .operations = PAGE);
    assert_int_equal(world_refs(PAGE), 2);
    assert_int_equal(result.value[0], HF_NO_FRAME);
    SET_OK(HF_TASK_BUFFER, .buffer = SPARE);
    assert_int_equal(result.value[0], HF_NO_FRAME);
    SET_OK(HF_TASK_BUFFER | HF_TASK_OPERATIONS, .buffer = PAGE, .operations = SPARE); /* each other's */
    assert_int_equal(result.value[0] & result.value[1], HF_NO_FRAME);
    SET_OK(HF_TASK_BUFFER | HF_TASK_OPERATIONS, .buffer = SPARE, .operations = SPARE);
    assert_int_equal(result.value[0], PAGE);
    assert_int_equal(frame_type(PAGE), HF_FRAME_FREE);
    SET_OK(HF_TASK_BUFFER | HF_TASK_OPERATIONS, .buffer = HF_NO_FRAME, .operations = HF_NO_FRAME);
    assert_int_equal(result.value[0], HF_NO_FRAME);
    assert_int_equal(result.value[1], SPARE);
    assert_int_equal(frame_type(SPARE), HF_FRAME_FREE);
}

static void set_too_many_references(void **state) {
    (void)state;
    SET_OK(HF_TASK_BUFFER, .buffer = PAGE);
    for (uint32_t refs = UINT32_MAX - 1; refs != 0; refs++) {
        frame_entry(PAGE)->refs = refs;
        asker_page.task = (struct hf_task_block){.fields = HF_TASK_OPERATIONS, .operations = PAGE};
        assert_int_equal(ask_as(&asker, HF_OP_TASK_SET, TASK_FRAME), HF_TOO_BIG);
    }
}

static void set_a_dying_pager(void **state) {
    (void)state;
    ((struct endpoint *)(void *)machine_ram[ENDPOINT_FRAME])->serial = 0;
    SET_REFUSED(HF_BAD_FRAME, HF_TASK_PAGER, .pager = ENDPOINT_FRAME);
    SET_OK(HF_TASK_PAGER, .pager = HF_NO_FRAME);
}

static void set_without_an_operation_page(void **state) {
    (void)state;
    asker.operations = NULL;
    REFUSED(HF_NOT_READY, .code = HF_OP_TASK_SET, .object = TASK_FRAME);
    REFUSED(HF_NOT_READY, .code = HF_OP_TASK_GET, .object = TASK_FRAME);
}

/* ---- TASK_START and TASK_STOP ---- */

static void start_and_stop(void **state) {
    (void)state;
    REFUSED(HF_NOT_READY, .code = HF_OP_TASK_START, .object = TASK_FRAME); /* it has no aspace */
    REFUSED(HF_NOT_READY, .code = HF_OP_TASK_STOP, .object = TASK_FRAME);
    SET_OK(HF_TASK_ASPACE | HF_TASK_PRIORITY, .aspace = ROOT, .priority = 70);
    GRANTED(.code = HF_OP_TASK_START, .object = TASK_FRAME);
    assert_ptr_equal(processor.ready[70].first, task);
    assert_int_equal(processor.top, 70);
    REFUSED(HF_NOT_READY, .code = HF_OP_TASK_START, .object = TASK_FRAME);
    REFUSED(HF_NOT_READY, .code = SET(0), .object = TASK_FRAME);
    REFUSED(HF_NOT_READY, .code = HF_OP_TASK_DESTROY, .object = TASK_FRAME);
    GRANTED(.code = HF_OP_TASK_GET, .object = TASK_FRAME);
    assert_int_equal(asker_page.task.state, HF_TASK_READY);
    GRANTED(.code = HF_OP_TASK_STOP, .object = TASK_FRAME);
    assert_null(processor.ready[70].first);
    assert_int_equal(processor.top, -1);
    REFUSED(HF_NOT_READY, .code = HF_OP_TASK_STOP, .object = TASK_FRAME);
}

/* Stopping a task that only runs leaves its registers as they are. */
static void stop_changes_no_register(void **state) {
    (void)state;
    SET_OK(HF_TASK_ASPACE | HF_TASK_REGISTERS, .aspace = ROOT, .registers = {.rax = 42, .rip = 0x400000});
    GRANTED(.code = HF_OP_TASK_START, .object = TASK_FRAME);
    const struct frame_registers before = task->registers;
    schedule();
    assert_ptr_equal(processor.current, task);
    GRANTED(.code = HF_OP_TASK_STOP, .object = TASK_FRAME);
    assert_null(processor.current);
    assert_memory_equal(&task->registers, &before, sizeof before);
}

static void nobody_stops_or_destroys_itself(void **state) {
    (void)state;
    SET_OK(HF_TASK_MEMORY | HF_TASK_ASPACE, .memory = 1, .aspace = ROOT);
    task->state = HF_TASK_READY;
    processor.current = task;
    world_keep();
    assert_int_equal(ask_as(task, HF_OP_TASK_STOP, TASK_FRAME), HF_BAD_ARGUMENT);
    assert_int_not_equal(ask_as(task, HF_OP_TASK_DESTROY, TASK_FRAME), HF_OK);
    assert_false(world_changed());
}

/* ---- TASK_DESTROY ---- */

static void destroy_gives_everything_back(void **state) {
    (void)state;
    GRANTED(.code = HF_OP_STAGE, .object = SPARE, .frame = HF_NO_FRAME);
    SET_OK(HF_TASK_FIELDS_ALL, .aspace = ROOT, .handles = HANDLES_FRAME, .buffer = PAGE, .operations = SPARE,
           .pager = ENDPOINT_FRAME);
    GRANTED(.code = HF_OP_TASK_DESTROY, .object = TASK_FRAME);
    assert_int_equal(result.value[0], PAGE);
    assert_int_equal(result.value[1], SPARE);
    assert_int_equal(frame_type(TASK_FRAME), HF_FRAME_FREE);
    assert_int_equal(frame_type(PAGE), HF_FRAME_FREE);
    GRANTED(.code = HF_OP_HANDLES_DESTROY, .object = HANDLES_FRAME);
    GRANTED(.code = HF_OP_ASPACE_DESTROY, .object = ROOT);
    GRANTED(.code = HF_OP_ENDPOINT_DESTROY, .object = ENDPOINT_FRAME);
}

static void destroy_tells_of_no_page(void **state) {
    (void)state;
    GRANTED(.code = HF_OP_TASK_DESTROY, .object = TASK_FRAME);
    assert_int_equal(result.value[0], HF_NO_FRAME);
    assert_int_equal(result.value[1], HF_NO_FRAME);
}

static void destroy_with_a_pinned_buffer(void **state) {
    (void)state;
    SET_OK(HF_TASK_BUFFER, .buffer = WORLD_MODULE);
    GRANTED(.code = HF_OP_TASK_DESTROY, .object = TASK_FRAME);
    assert_int_equal(result.value[0], HF_NO_FRAME);
    assert_int_equal(frame_type(WORLD_MODULE), HF_FRAME_USER);
    assert_int_equal(world_refs(WORLD_MODULE), 0);
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(create),
        TEST(serials_are_never_used_twice),
        TEST(set_and_get_everything),
        TEST(set_nothing),
        TEST(set_unknown_fields),
        TEST(set_registers),
        TEST(set_flags),
        TEST(set_priority_and_memory),
        TEST(set_aspace),
        TEST(set_objects_of_other_types),
        TEST(set_is_all_or_nothing),
        TEST(exchange_pages),
        TEST(set_too_many_references),
        TEST(set_a_dying_pager),
        TEST(set_without_an_operation_page),
        TEST(start_and_stop),
        TEST(stop_changes_no_register),
        TEST(nobody_stops_or_destroys_itself),
        TEST(destroy_gives_everything_back),
        TEST(destroy_tells_of_no_page),
        TEST(destroy_with_a_pinned_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
