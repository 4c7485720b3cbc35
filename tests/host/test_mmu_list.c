// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c ukernel/device.c ukernel/call.c
// sources: tests/host/world.c tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine ukernel
/* What holds for every MMU operation: unknown codes, fields without a use, and lists of operations. */
#include "world.h"

#include <string.h>

enum { ROOT = WORLD_FREE, PDPT, PD, PT, MAPPED, STAGED, TASK_FRAME, HANDLES_FRAME, ENDPOINT_FRAME, SPARE };

#define PLACE 0x40000000ull
#define MORE (SPARE + 1u)
#define OTHER_ROOT (MORE + 20u)
#define LARGE_PLACE (PLACE + (1ull << 21))

static int start(void **state) {
    world_start(state);
    make_aspace(ROOT);
    make_tables(ROOT, PLACE, PDPT, PD, PT);
    make_page(ROOT, PLACE, MAPPED, HF_READ);
    GRANTED(.code = HF_OP_STAGE, .object = STAGED, .frame = HF_NO_FRAME);
    GRANTED(.code = HF_OP_HANDLES_CREATE, .object = HANDLES_FRAME);
    GRANTED(.code = HF_OP_ENDPOINT_CREATE, .object = ENDPOINT_FRAME);
    make_task(TASK_FRAME, ROOT, HF_NO_FRAME, 5);
    memset(&asker_page, 0, sizeof asker_page);
    return 0;
}

/* ---- one operation ---- */

enum { LEVEL = 1, RIGHTS = 2, COUNT = 4, ADDRESS = 8, FRAME = 16 };

/* Operations that are granted one after the other in the state above, and the fields that each uses. */
static const struct {
    struct hf_operation operation;
    unsigned fields;
} good[] = {
    {{.code = HF_OP_ASPACE_CREATE, .object = SPARE}, 0},
    {{.code = HF_OP_ASPACE_COPY_KERNEL, .object = ROOT}, 0},
    {{.code = HF_OP_TABLE_INSTALL, .level = HF_LEVEL_PDPT, .object = ROOT, .address = 1ull << 40, .frame = MORE + 9},
     LEVEL | ADDRESS | FRAME},
    {{.code = HF_OP_STAGE, .object = MORE + 8, .frame = STAGED, .count = 8}, COUNT | ADDRESS | FRAME},
    {{.code = HF_OP_RELEASE, .object = MORE + 8}, 0},
    {{.code = HF_OP_MAP,
      .level = HF_LEVEL_PT,
      .rights = HF_READ,
      .object = ROOT,
      .address = PLACE + 0x1000,
      .frame = STAGED},
     LEVEL | RIGHTS | ADDRESS | FRAME},
    {{.code = HF_OP_PROTECT, .level = HF_LEVEL_PT, .rights = HF_READ, .object = ROOT, .address = PLACE},
     LEVEL | RIGHTS | ADDRESS},
    {{.code = HF_OP_TRANSLATE, .object = ROOT, .address = PLACE}, ADDRESS},
    {{.code = HF_OP_PIN, .object = MAPPED}, LEVEL},
    {{.code = HF_OP_UNPIN, .object = MAPPED}, LEVEL},
    {{.code = HF_OP_TAG, .object = MAPPED, .address = 7}, LEVEL | ADDRESS},
    {{.code = HF_OP_SPLIT, .object = ROOT, .address = LARGE_PLACE, .frame = MORE + 10}, ADDRESS | FRAME},
    {{.code = HF_OP_CLONE, .object = ROOT, .address = PLACE, .frame = OTHER_ROOT}, ADDRESS | FRAME},
    {{.code = HF_OP_MAP_DEVICE,
      .rights = HF_READ,
      .object = ROOT,
      .address = PLACE + 0x2000,
      .frame = WORLD_FRAMEBUFFER},
     RIGHTS | ADDRESS | FRAME},
    {{.code = HF_OP_QUERY, .level = HF_QUERY_FRAMES, .count = 9}, LEVEL | COUNT},
    {{.code = HF_OP_UNMAP, .level = HF_LEVEL_PT, .object = ROOT, .address = PLACE}, LEVEL | ADDRESS},
    {{.code = HF_OP_CLEAR, .object = ROOT, .address = PLACE}, ADDRESS},
    {{.code = HF_OP_TABLE_REMOVE, .level = HF_LEVEL_PT, .object = ROOT, .address = PLACE}, LEVEL | ADDRESS},
    {{.code = HF_OP_TASK_CREATE, .object = MORE}, 0},
    {{.code = HF_OP_TASK_GET, .object = TASK_FRAME}, 0},
    {{.code = HF_OP_TASK_START, .object = TASK_FRAME}, 0},
    {{.code = HF_OP_TASK_STOP, .object = TASK_FRAME}, 0},
    {{.code = HF_OP_TASK_DESTROY, .object = TASK_FRAME}, 0},
    {{.code = HF_OP_HANDLES_CREATE, .object = MORE + 1}, 0},
    {{.code = HF_OP_HANDLE_PUT,
      .level = HF_PUT_ENDPOINT,
      .rights = HF_RIGHT_CALL,
      .count = 3,
      .object = HANDLES_FRAME,
      .frame = ENDPOINT_FRAME},
     LEVEL | RIGHTS | COUNT | ADDRESS | FRAME},
    {{.code = HF_OP_HANDLES_COPY, .object = MORE + 1, .frame = HANDLES_FRAME}, FRAME},
    {{.code = HF_OP_HANDLES_DESTROY, .object = HANDLES_FRAME}, 0},
    {{.code = HF_OP_ENDPOINT_CREATE, .object = MORE + 2}, 0},
    {{.code = HF_OP_ENDPOINT_DESTROY, .object = ENDPOINT_FRAME}, 0},
    {{.code = HF_OP_ASPACE_DESTROY, .object = SPARE}, 0},
};
#define GOOD (sizeof good / sizeof good[0])

static struct hf_operation with(struct hf_operation operation, unsigned field, uint64_t value) {
    switch (field) {
    case LEVEL:
        operation.level = (uint8_t)value;
        break;
    case RIGHTS:
        operation.rights = (uint16_t)value;
        break;
    case COUNT:
        operation.count = (uint32_t)value;
        break;
    case ADDRESS:
        operation.address = value;
        break;
    default:
        operation.frame = value;
    }
    return operation;
}

/* The highest and the lowest bit of each field that the operation has no use for. */
static void fields_without_a_use_must_be_zero(void **state) {
    (void)state;
    static const unsigned bits[] = {[LEVEL] = 8, [RIGHTS] = 16, [COUNT] = 32, [ADDRESS] = 64, [FRAME] = 64};
    make_aspace(OTHER_ROOT);
    make_tables(OTHER_ROOT, PLACE, OTHER_ROOT + 1, OTHER_ROOT + 2, OTHER_ROOT + 3);
    make_large(ROOT, LARGE_PLACE, WORLD_WHOLE_FREE, HF_READ);
    for (size_t i = 0; i < GOOD; i++) {
        for (unsigned field = LEVEL; field <= FRAME; field *= 2) {
            if (good[i].fields & field) {
                continue;
            }
            for (unsigned bit = 0; bit < bits[field]; bit += bits[field] - 1) {
                const struct hf_operation bad = with(good[i].operation, field, 1ull << bit);
                world_expect(HF_BAD_ARGUMENT, &bad, __FILE__, __LINE__);
            }
        }
        world_expect(HF_OK, &good[i].operation, __FILE__, __LINE__);
    }
}

static void unknown_codes(void **state) {
    (void)state;
    REFUSED(HF_BAD_CALL, .code = HF_OP_NONE);
    for (unsigned code = HF_OP_COUNT; code < 256; code++) {
        REFUSED(HF_BAD_CALL, .code = (uint8_t)code, .object = ROOT);
    }
}

static void without_memory(void **state) {
    (void)state;
    struct task poor = {.operations = &asker_page};
    uint64_t did = 9;
    world_keep();
    for (size_t i = 0; i < GOOD; i++) {
        struct hf_result untouched;
        assert_int_equal(mmu_one(&poor, &good[i].operation, &untouched), HF_DENIED);
    }
    assert_int_equal(mmu_list(&poor, 1, &did), HF_DENIED);
    assert_int_equal(did, 0);
    assert_false(world_changed());
}

static void the_calls_without_memory(void **state) {
    (void)state;
    static const uint64_t calls[] = {HF_CALL_MMU, HF_CALL_MMU_ONE, HF_CALL_MMU_REPLY_RECEIVE};
    struct task *task = (void *)machine_ram[TASK_FRAME];
    for (unsigned i = 0; i < 3; i++) {
        task->registers.rdi = HF_OP_ASPACE_CREATE;
        task->registers.rsi = SPARE;
        task->registers.r14 = 1;
        assert_int_equal(world_call(task, calls[i]), HF_DENIED);
        assert_int_equal(frame_type(SPARE), HF_FRAME_FREE);
    }
}

/* ---- lists ---- */

static uint64_t done;

static hf_status_t run_list(unsigned count) { return mmu_list(&asker, count, &done); }

static void put(unsigned at, struct hf_operation operation) { asker_page.operation[at] = operation; }

#define PUT(at, ...) put(at, (struct hf_operation){__VA_ARGS__})

static void an_empty_list(void **state) {
    (void)state;
    world_keep();
    PUT(0, .code = HF_OP_ASPACE_CREATE, .object = SPARE);
    assert_int_equal(run_list(0), HF_OK);
    assert_int_equal(done, 0);
    assert_false(world_changed());
}

static void a_list_is_run_in_order(void **state) {
    (void)state;
    PUT(0, .code = HF_OP_STAGE, .object = SPARE, .frame = HF_NO_FRAME);
    PUT(1, .code = HF_OP_MAP, .level = HF_LEVEL_PT, .rights = HF_READ, .object = ROOT, .address = PLACE + 0x1000,
        .frame = SPARE);
    PUT(2, .code = HF_OP_UNMAP, .level = HF_LEVEL_PT, .object = ROOT, .address = PLACE + 0x1000);
    PUT(3, .code = HF_OP_ASPACE_CREATE, .object = SPARE);
    assert_int_equal(run_list(4), HF_OK);
    assert_int_equal(done, 4);
    assert_int_equal(asker_page.result[2].status, HF_OK);
    assert_int_equal(asker_page.result[2].detail, HF_LEAF_FREED);
    assert_int_equal(asker_page.result[2].value[0], SPARE);
    assert_int_equal(frame_type(SPARE), HF_FRAME_PML4);
    world_check(__FILE__, __LINE__);
}

/* Those before the refused one stand, the rest is not looked at. */
static void a_list_stops_at_what_is_refused(void **state) {
    (void)state;
    for (unsigned bad = 0; bad < 6; bad++) {
        world_start(state);
        for (unsigned i = 0; i < 6; i++) {
            PUT(i, .code = HF_OP_STAGE, .object = i == bad ? WORLD_CORE : WORLD_FREE + i, .frame = HF_NO_FRAME);
        }
        const struct hf_operation last = asker_page.operation[5];
        assert_int_equal(run_list(6), HF_BAD_FRAME);
        assert_int_equal(done, bad);
        for (unsigned i = 0; i < 6; i++) {
            assert_int_equal(frame_type(WORLD_FREE + i), i < bad ? HF_FRAME_STAGED : HF_FRAME_FREE);
        }
        assert_int_equal(asker_page.result[bad].status, HF_BAD_FRAME);
        if (bad < 5) {
            assert_memory_equal(&asker_page.operation[5], &last, sizeof last);
        }
        world_check(__FILE__, __LINE__);
    }
}

static void sixty_four_and_no_more(void **state) {
    (void)state;
    for (unsigned i = 0; i < HF_OPERATIONS; i++) {
        PUT(i, .code = HF_OP_TAG, .object = MAPPED, .address = i);
    }
    world_keep();
    assert_int_equal(run_list(HF_OPERATIONS + 1), HF_BAD_ARGUMENT);
    assert_int_equal(mmu_list(&asker, ~0ull, &done), HF_BAD_ARGUMENT);
    assert_int_equal(mmu_list(&asker, 1ull << 32, &done), HF_BAD_ARGUMENT);
    assert_int_equal(done, 0);
    assert_false(world_changed());
    assert_int_equal(run_list(HF_OPERATIONS), HF_OK);
    assert_int_equal(done, HF_OPERATIONS);
    assert_int_equal(frame_entry(MAPPED)->tag, HF_OPERATIONS - 1);
}

static void a_list_without_an_operation_page(void **state) {
    (void)state;
    asker.operations = NULL;
    assert_int_equal(run_list(0), HF_NOT_READY);
    assert_int_equal(run_list(1), HF_NOT_READY);
    assert_int_equal(done, 0);
}

static void one_operation_uses_the_second_half(void **state) {
    (void)state;
    static const struct hf_operation spilling[] = {
        {.code = HF_OP_TRANSLATE, .object = ROOT, .address = PLACE},
        {.code = HF_OP_QUERY, .level = HF_QUERY_FRAMES, .count = 2},
        {.code = HF_OP_TASK_GET, .object = TASK_FRAME},
        {.code = HF_OP_TASK_SET, .object = TASK_FRAME},
        {.code = HF_OP_CLEAR, .object = ROOT, .address = PLACE},
    };
    for (unsigned first = 0; first < 4; first++) {
        for (unsigned second = 0; second < 5; second++) {
            put(0, spilling[first]);
            PUT(1, .code = HF_OP_TAG, .object = MAPPED, .address = 1);
            put(2, spilling[second]);
            memset(&asker_page.task, 0, sizeof asker_page.task);
            assert_int_equal(run_list(3), HF_BAD_ARGUMENT);
            assert_int_equal(done, 2);
            assert_int_equal(frame_type(MAPPED), HF_FRAME_USER);
        }
    }
}

static void results_replace_operations(void **state) {
    (void)state;
    memset(&asker_page, 0xee, sizeof asker_page);
    PUT(0, .code = HF_OP_UNMAP, .level = HF_LEVEL_PT, .object = ROOT, .address = PLACE);
    PUT(1, .code = HF_OP_UNMAP, .level = HF_LEVEL_PT, .object = ROOT, .address = PLACE);
    assert_int_equal(run_list(2), HF_NOT_MAPPED);
    const struct hf_result want[] = {{HF_OK, HF_LEAF_FREED, {MAPPED, 0, 0}}, {HF_NOT_MAPPED, 0, {0, 0, 0}}};
    assert_memory_equal(asker_page.result, want, sizeof want);
    for (size_t i = sizeof want; i < HF_PAGE_SIZE; i++) {
        assert_int_equal(((const uint8_t *)&asker_page)[i], 0xee);
    }
}

/* ---- through the calls ---- */

static void the_registers_of_the_calls(void **state) {
    (void)state;
    struct task *task = (void *)machine_ram[TASK_FRAME];
    GRANTED(.code = HF_OP_STAGE, .object = SPARE, .frame = HF_NO_FRAME);
    asker_page.task =
        (struct hf_task_block){.fields = HF_TASK_MEMORY | HF_TASK_OPERATIONS, .memory = 1, .operations = SPARE};
    GRANTED(.code = HF_OP_TASK_SET, .object = TASK_FRAME);
    const union {
        struct hf_operation operation;
        uint64_t word[4];
    } one = {{.code = HF_OP_UNMAP, .level = HF_LEVEL_PT, .object = ROOT, .address = PLACE}};
    task->registers.rdi = one.word[0];
    task->registers.rsi = one.word[1];
    task->registers.rdx = one.word[2];
    task->registers.r10 = one.word[3];
    assert_int_equal(world_call(task, HF_CALL_MMU_ONE), HF_OK);
    assert_int_equal(task->registers.rdi, HF_OK | (uint64_t)HF_LEAF_FREED << 32);
    assert_int_equal(task->registers.rsi, MAPPED);
    struct hf_operation_page *page = (void *)machine_ram[SPARE];
    page->operation[0] = (struct hf_operation){.code = HF_OP_TASK_CREATE, .object = MORE};
    page->operation[1] = one.operation;
    task->registers.r14 = 2;
    assert_int_equal(world_call(task, HF_CALL_MMU), HF_NOT_MAPPED);
    assert_int_equal(task->registers.r14, 1);
    task->registers.r14 = 2;
    assert_int_equal(world_call(task, HF_CALL_MMU_REPLY_RECEIVE), HF_BAD_CALL); /* no call in hand */
    assert_int_equal(task->registers.r14, 0);
    world_check(__FILE__, __LINE__);
}

static void the_base_of_fs(void **state) {
    (void)state;
    static const uint64_t good[] = {HF_USER_END - 1, 1, 0}, bad[] = {HF_USER_END, 0xffff800000000000, ~0ull};
    struct task *task = (void *)machine_ram[TASK_FRAME];
    for (unsigned i = 0; i < 3; i++) {
        task->registers.rdi = bad[i];
        assert_int_equal(world_call(task, HF_CALL_FS_BASE), HF_BAD_ADDRESS);
        assert_int_equal(task->fs_base, i ? good[i - 1] : 0);
        task->registers.rdi = good[i];
        assert_int_equal(world_call(task, HF_CALL_FS_BASE), HF_OK);
        assert_int_equal(task->fs_base, good[i]);
        assert_int_equal((task->slow & SLOW_FS_BASE) != 0, good[i] != 0);
    }
}

/* Every call number that there isn't, and every flag that a call doesn't know. */
static void unknown_calls(void **state) {
    (void)state;
    struct task *task = (void *)machine_ram[TASK_FRAME];
    assert_int_equal(world_call(task, HF_CALL_NONE), HF_BAD_CALL);
    assert_int_equal(world_call(task, HF_NOWAIT), HF_BAD_CALL);
    for (uint64_t number = HF_CALL_COUNT; number < 256; number++) {
        assert_int_equal(world_call(task, number), HF_BAD_CALL);
    }
    for (unsigned bit = 9; bit < 64; bit++) {
        assert_int_equal(world_call(task, HF_CALL_YIELD | 1ull << bit), HF_BAD_CALL);
        assert_int_equal(world_call(task, HF_CALL_RECEIVE | 1ull << bit), HF_BAD_CALL);
    }
    for (uint64_t number = HF_CALL_NONE + 1; number < HF_CALL_COUNT; number++) {
        if (number != HF_CALL_CALL && number != HF_CALL_RECEIVE && number != HF_CALL_REPLY_RECEIVE) {
            assert_int_equal(world_call(task, number | HF_NOWAIT), HF_BAD_CALL);
        }
    }
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(fields_without_a_use_must_be_zero),
        TEST(unknown_codes),
        TEST(without_memory),
        TEST(the_calls_without_memory),
        TEST(an_empty_list),
        TEST(a_list_is_run_in_order),
        TEST(a_list_stops_at_what_is_refused),
        TEST(sixty_four_and_no_more),
        TEST(a_list_without_an_operation_page),
        TEST(one_operation_uses_the_second_half),
        TEST(results_replace_operations),
        TEST(the_registers_of_the_calls),
        TEST(the_base_of_fs),
        TEST(unknown_calls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
