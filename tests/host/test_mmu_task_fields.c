// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c ukernel/device.c ukernel/call.c
// sources: tests/host/world.c tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine ukernel
/* TASK_SET of each field alone, and of all but one: these are set, and the others stay. */
#include "world.h"

#include <string.h>

enum { ROOT = WORLD_FREE, TASK_FRAME, HANDLES_FRAME, ENDPOINT_FRAME, BUFFER, OPERATIONS };

/* Where the bits of enum hf_task_fields say that a field stands. */
#define PART(first, last) \
    { \
        offsetof(struct hf_task_block, first), \
            offsetof(struct hf_task_block, last) + sizeof((struct hf_task_block){0}.last) \
    }
static const struct {
    size_t start, end;
} parts[] = {PART(registers, registers), PART(priority, priority), PART(aspace, aspace),
             PART(handles, handles),     PART(buffer, buffer),     PART(operations, operations),
             PART(pager, pager_badge),   PART(memory, memory),     PART(mark, mark)};
#define FIELDS (sizeof parts / sizeof parts[0])
_Static_assert(HF_TASK_FIELDS_ALL == (1u << FIELDS) - 1, "all of them");

static struct hf_task_block got(void) {
    GRANTED(.code = HF_OP_TASK_GET, .object = TASK_FRAME);
    return asker_page.task;
}

static void one_field_and_all_but_one(void **state) {
    const struct hf_task_block given = {
        .registers = {.rax = 1, .r15 = 2, .rip = 0x400000, .rsp = 0x500000, .rflags = 0x202, .fs_base = 0x1000},
        .priority = 9,
        .aspace = ROOT,
        .handles = HANDLES_FRAME,
        .buffer = BUFFER,
        .operations = OPERATIONS,
        .pager = ENDPOINT_FRAME,
        .pager_badge = 77,
        .memory = 1,
        .mark = 0x1234567890abcdef,
    };
    for (unsigned i = 0; i < 2 * FIELDS; i++) {
        const unsigned fields = i < FIELDS ? 1u << i : HF_TASK_FIELDS_ALL & ~(1u << (i - FIELDS));
        world_start(state);
        make_aspace(ROOT);
        GRANTED(.code = HF_OP_HANDLES_CREATE, .object = HANDLES_FRAME);
        GRANTED(.code = HF_OP_ENDPOINT_CREATE, .object = ENDPOINT_FRAME);
        GRANTED(.code = HF_OP_STAGE, .object = BUFFER, .frame = HF_NO_FRAME);
        GRANTED(.code = HF_OP_STAGE, .object = OPERATIONS, .frame = HF_NO_FRAME);
        GRANTED(.code = HF_OP_TASK_CREATE, .object = TASK_FRAME);
        struct hf_task_block want = got();
        for (unsigned bit = 0; bit < FIELDS; bit++) {
            if (fields >> bit & 1) {
                memcpy((char *)&want + parts[bit].start, (const char *)&given + parts[bit].start,
                       parts[bit].end - parts[bit].start);
            }
        }
        asker_page.task = given;
        asker_page.task.fields = fields;
        GRANTED(.code = HF_OP_TASK_SET, .object = TASK_FRAME);
        const struct hf_task_block is = got();
        assert_memory_equal(&is, &want, sizeof want);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(one_field_and_all_but_one, world_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
