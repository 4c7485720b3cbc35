// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c ukernel/device.c ukernel/call.c
// sources: tests/host/world.c tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine ukernel
/* Handle tables and endpoints: HANDLES_CREATE and DESTROY, HANDLE_PUT, HANDLES_COPY, ENDPOINT_CREATE
 * and DESTROY with each of their answers, and the calls by which a task copies and closes its own handles. */
#include "world.h"

#include "handle.h"
#include <string.h>

enum { TABLE = WORLD_FREE, OTHER_TABLE, ENDPOINT_FRAME, TASK_FRAME, PAGE, ROOT, SPARE };

#define PUT(kind, where, what, more, allowed) \
    .code = HF_OP_HANDLE_PUT, .level = (kind), .object = TABLE, .count = (where), .frame = (what), .address = (more), \
    .rights = (allowed)

static struct handle *table, *other;
static struct task *task;

static int start(void **state) {
    world_start(state);
    GRANTED(.code = HF_OP_HANDLES_CREATE, .object = TABLE);
    GRANTED(.code = HF_OP_HANDLES_CREATE, .object = OTHER_TABLE);
    GRANTED(.code = HF_OP_ENDPOINT_CREATE, .object = ENDPOINT_FRAME);
    GRANTED(.code = HF_OP_STAGE, .object = PAGE, .frame = HF_NO_FRAME);
    make_aspace(ROOT);
    task = make_task(TASK_FRAME, ROOT, TABLE, 1);
    table = (void *)machine_ram[TABLE];
    other = (void *)machine_ram[OTHER_TABLE];
    return 0;
}

static const hf_frame_t others[] = {TASK_FRAME,
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
                                    HF_NO_FRAME};
#define OTHERS (sizeof others / sizeof others[0])

/* A call that needs nothing but a handle. */
static hf_status_t with_handle(uint64_t number, uint64_t handle) {
    task->registers.rdi = handle;
    return world_call(task, number);
}

static hf_status_t notify(uint64_t handle) { return with_handle(HF_CALL_NOTIFY, handle); }

/* ---- tables ---- */

static void create_and_destroy_a_table(void **state) {
    (void)state;
    memset(machine_ram[SPARE], 0xee, HF_PAGE_SIZE);
    GRANTED(.code = HF_OP_HANDLES_CREATE, .object = SPARE);
    for (unsigned i = 0; i < HF_PAGE_SIZE; i++) {
        assert_int_equal(machine_ram[SPARE][i], 0);
    }
    GRANTED(.code = HF_OP_HANDLES_DESTROY, .object = SPARE);
    assert_int_equal(frame_type(SPARE), HF_FRAME_FREE);
    REFUSED(HF_NOT_EMPTY, .code = HF_OP_HANDLES_DESTROY, .object = TABLE);
    for (size_t i = 0; i < OTHERS; i++) {
        REFUSED(HF_BAD_FRAME, .code = HF_OP_HANDLES_DESTROY, .object = others[i]);
        REFUSED(HF_BAD_FRAME, .code = HF_OP_ENDPOINT_DESTROY, .object = others[i]);
        REFUSED(HF_BAD_FRAME, .code = HF_OP_HANDLE_PUT, .level = HF_PUT_POWER, .object = others[i], .count = 1);
    }
}

static void create_and_destroy_an_endpoint(void **state) {
    (void)state;
    GRANTED(.code = HF_OP_ENDPOINT_CREATE, .object = SPARE);
    assert_int_not_equal(result.value[0], 0);
    assert_int_not_equal(result.value[0], ((struct endpoint *)(void *)machine_ram[ENDPOINT_FRAME])->serial);
    GRANTED(.code = HF_OP_ENDPOINT_DESTROY, .object = SPARE);
    REFUSED(HF_BAD_FRAME, .code = HF_OP_ENDPOINT_DESTROY, .object = SPARE);
}

/* ---- HANDLE_PUT: what ---- */

static void put_an_endpoint(void **state) {
    (void)state;
    GRANTED(PUT(HF_PUT_ENDPOINT, 5, ENDPOINT_FRAME, ~0ull, HF_RIGHTS_ALL));
    assert_int_equal(result.detail, 5);
    assert_int_equal(table[5].kind, HF_HANDLE_ENDPOINT);
    assert_int_equal(table[5].badge, ~0ull);
    assert_int_equal(table[5].rights, HF_RIGHTS_ALL);
    assert_int_equal(notify(5), HF_OK);
    assert_int_equal(((struct endpoint *)(void *)machine_ram[ENDPOINT_FRAME])->bits, ~0ull);
    for (size_t i = 0; i < OTHERS; i++) {
        REFUSED(HF_BAD_FRAME, PUT(HF_PUT_ENDPOINT, 6, others[i], 0, HF_RIGHT_CALL));
    }
    REFUSED(HF_BAD_FRAME, PUT(HF_PUT_ENDPOINT, 6, TABLE, 0, HF_RIGHT_CALL));
}

static void put_a_dying_endpoint(void **state) {
    (void)state;
    ((struct endpoint *)(void *)machine_ram[ENDPOINT_FRAME])->serial = 0;
    REFUSED(HF_BAD_FRAME, PUT(HF_PUT_ENDPOINT, 6, ENDPOINT_FRAME, 0, HF_RIGHT_CALL));
}

static void put_a_copy(void **state) {
    (void)state;
    const unsigned rights = HF_RIGHT_CALL | HF_RIGHT_GRANT;
    GRANTED(.code = HF_OP_HANDLE_PUT, .level = HF_PUT_ENDPOINT, .object = OTHER_TABLE, .count = 7,
            .frame = ENDPOINT_FRAME, .address = 1234, .rights = rights);
    GRANTED(PUT(HF_PUT_COPY, 9, OTHER_TABLE, 7, HF_RIGHTS_SAME));
    assert_memory_equal(&table[9], &other[7], sizeof table[9]);
    GRANTED(PUT(HF_PUT_COPY, 10, OTHER_TABLE, 7, HF_RIGHT_CALL));
    assert_int_equal(table[10].rights, HF_RIGHT_CALL);
    assert_int_equal(table[10].badge, 1234);
    GRANTED(PUT(HF_PUT_COPY, 11, OTHER_TABLE, 7, 0));
    REFUSED(HF_DENIED, PUT(HF_PUT_COPY, 12, OTHER_TABLE, 7, HF_RIGHT_RECEIVE));
    REFUSED(HF_DENIED, PUT(HF_PUT_COPY, 12, OTHER_TABLE, 7, rights | HF_RIGHT_MINT));
    REFUSED(HF_DENIED, PUT(HF_PUT_COPY, 12, TABLE, 10, HF_RIGHTS_SAME)); /* it has no GRANT */
    REFUSED(HF_BAD_HANDLE, PUT(HF_PUT_COPY, 12, OTHER_TABLE, 8, HF_RIGHTS_SAME));
    REFUSED(HF_BAD_HANDLE, PUT(HF_PUT_COPY, 12, OTHER_TABLE, 0, HF_RIGHTS_SAME));
    REFUSED(HF_BAD_HANDLE, PUT(HF_PUT_COPY, 12, OTHER_TABLE, HF_HANDLE_COUNT, HF_RIGHTS_SAME));
    REFUSED(HF_BAD_HANDLE, PUT(HF_PUT_COPY, 12, OTHER_TABLE, ~0ull, HF_RIGHTS_SAME));
    for (size_t i = 0; i < OTHERS; i++) {
        REFUSED(HF_BAD_FRAME, PUT(HF_PUT_COPY, 12, others[i], 7, HF_RIGHTS_SAME));
    }
}

static void a_held_call_is_no_copy(void **state) {
    (void)state;
    other[3] = (struct handle){.kind = HF_HANDLE_REPLY, .rights = HF_RIGHTS_ALL};
    REFUSED(HF_BAD_HANDLE, PUT(HF_PUT_COPY, 12, OTHER_TABLE, 3, HF_RIGHTS_SAME));
}

/* Each access must lie wholly in one range of the list: COM1, VGA, PS/2 data and status, PIT. */
static void put_ports(void **state) {
    (void)state;
    static const struct {
        uint64_t first, count;
        hf_status_t want;
    } ranges[] = {
        {0x3f8, 8, HF_OK},         {0x3f8, 1, HF_OK},     {0x3ff, 1, HF_OK},          {0x3f8, 9, HF_DENIED},
        {0x3f7, 2, HF_DENIED},     {0x3f9, 8, HF_DENIED}, {0x400, 1, HF_DENIED},      {0x3f8, 0, HF_DENIED},
        {0x2f8, 8, HF_DENIED},     {0x2f8, 1, HF_DENIED}, {0x3c0, 0x20, HF_OK},       {0x3b0, 1, HF_DENIED},
        {0x3df, 1, HF_OK},         {0x3df, 2, HF_DENIED}, {0x60, 1, HF_OK},           {0x64, 1, HF_OK},
        {0x60, 5, HF_DENIED},      {0x61, 1, HF_DENIED},  {0x63, 2, HF_DENIED},       {0x40, 4, HF_OK},
        {0x43, 1, HF_OK},          {0x43, 2, HF_DENIED},  {0xcf8, 8, HF_DENIED},      {0xcf9, 1, HF_DENIED},
        {0x92, 1, HF_DENIED},      {0x20, 2, HF_DENIED},  {0xa0, 2, HF_DENIED},       {0, 16, HF_DENIED},
        {0x80, 1, HF_DENIED},      {0, 65536, HF_DENIED}, {0x103f8, 8, HF_DENIED},    {1ull << 63, 1, HF_DENIED},
        {0x3f8, ~0ull, HF_DENIED}, {~0ull, 2, HF_DENIED}, {0x3f8, 0x10008, HF_DENIED}};
    for (unsigned i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        world_expect(ranges[i].want,
                     &(struct hf_operation){PUT(HF_PUT_PORTS, 20 + i, ranges[i].first, ranges[i].count, HF_RIGHT_USE)},
                     __FILE__, __LINE__);
    }
}

static void put_interrupts(void **state) {
    (void)state;
    for (unsigned line = 0; line < 64; line++) {
        const bool known = line == 0 || line == 1 || line == 4 || line == 12;
        world_expect(known ? HF_OK : HF_DENIED,
                     &(struct hf_operation){PUT(HF_PUT_IRQ, 1 + line, line, 0, HF_RIGHT_USE)}, __FILE__, __LINE__);
    }
    REFUSED(HF_DENIED, PUT(HF_PUT_IRQ, 100, ~0ull, 0, HF_RIGHT_USE));
    REFUSED(HF_DENIED, PUT(HF_PUT_IRQ, 100, 0x104, 0, HF_RIGHT_USE));
    REFUSED(HF_BAD_ARGUMENT, PUT(HF_PUT_IRQ, 100, 4, 1, HF_RIGHT_USE));
}

static void put_power(void **state) {
    (void)state;
    GRANTED(PUT(HF_PUT_POWER, 4, 0, 0, HF_RIGHT_USE));
    assert_int_equal(table[4].kind, HF_HANDLE_POWER);
    REFUSED(HF_BAD_ARGUMENT, PUT(HF_PUT_POWER, 5, 1, 0, HF_RIGHT_USE));
    REFUSED(HF_BAD_ARGUMENT, PUT(HF_PUT_POWER, 5, 0, 1, HF_RIGHT_USE));
}

static void put_bad_kinds_and_rights(void **state) {
    (void)state;
    for (unsigned kind = HF_PUT_POWER + 1; kind < 256; kind++) {
        REFUSED(HF_BAD_ARGUMENT, PUT((uint8_t)kind, 4, 0, 0, HF_RIGHT_USE));
    }
    for (unsigned bit = 6; bit < 16; bit++) {
        REFUSED(HF_BAD_ARGUMENT, PUT(HF_PUT_POWER, 4, 0, 0, (uint16_t)(1u << bit)));
        if (1u << bit != HF_RIGHTS_SAME) {
            REFUSED(HF_BAD_ARGUMENT, PUT(HF_PUT_COPY, 4, OTHER_TABLE, 7, (uint16_t)(1u << bit)));
        }
    }
    REFUSED(HF_BAD_ARGUMENT, PUT(HF_PUT_COPY, 4, OTHER_TABLE, 7, HF_RIGHTS_SAME | HF_RIGHT_CALL));
    REFUSED(HF_BAD_ARGUMENT, PUT(HF_PUT_ENDPOINT, 4, ENDPOINT_FRAME, 7, HF_RIGHTS_SAME));
}

/* ---- HANDLE_PUT: where ---- */

static void put_into_slots(void **state) {
    (void)state;
    REFUSED(HF_BAD_HANDLE, PUT(HF_PUT_POWER, 0, 0, 0, HF_RIGHT_USE));
    REFUSED(HF_BAD_HANDLE, PUT(HF_PUT_POWER, HF_HANDLE_COUNT, 0, 0, HF_RIGHT_USE));
    REFUSED(HF_BAD_HANDLE, PUT(HF_PUT_POWER, HF_SLOT_ANY + 1, 0, 0, HF_RIGHT_USE));
    REFUSED(HF_BAD_HANDLE, PUT(HF_PUT_POWER, UINT32_MAX, 0, 0, HF_RIGHT_USE));
    GRANTED(PUT(HF_PUT_POWER, HF_HANDLE_COUNT - 1, 0, 0, HF_RIGHT_USE));
    REFUSED(HF_EXISTS, PUT(HF_PUT_POWER, HF_HANDLE_COUNT - 1, 0, 0, HF_RIGHT_USE));
}

static void put_into_any_slot(void **state) {
    (void)state;
    bool seen[HF_HANDLE_COUNT] = {0};
    for (unsigned i = 1; i < HF_HANDLE_COUNT; i++) {
        GRANTED(PUT(HF_PUT_POWER, HF_SLOT_ANY, 0, 0, HF_RIGHT_USE));
        assert_in_range(result.detail, 1, HF_HANDLE_COUNT - 1);
        assert_false(seen[result.detail]);
        seen[result.detail] = true;
    }
    REFUSED(HF_NO_MEMORY, PUT(HF_PUT_POWER, HF_SLOT_ANY, 0, 0, HF_RIGHT_USE));
    table[77].kind = HF_HANDLE_NONE;
    GRANTED(PUT(HF_PUT_POWER, HF_SLOT_ANY, 0, 0, HF_RIGHT_USE));
    assert_int_equal(result.detail, 77);
}

/* ---- handle_copy and handle_close ---- */

static hf_status_t copy(uint64_t handle, uint64_t rights, hf_badge_t badge, uint64_t slot) {
    task->registers.rdi = handle;
    task->registers.rsi = rights;
    task->registers.rdx = badge;
    task->registers.r10 = slot;
    return world_call(task, HF_CALL_HANDLE_COPY);
}

static void copy_ones_own(void **state) {
    (void)state;
    const unsigned rights = HF_RIGHT_CALL | HF_RIGHT_MINT;
    GRANTED(PUT(HF_PUT_ENDPOINT, 5, ENDPOINT_FRAME, 42, rights));
    GRANTED(PUT(HF_PUT_ENDPOINT, 6, ENDPOINT_FRAME, 43, HF_RIGHT_CALL | HF_RIGHT_GRANT));
    assert_int_equal(copy(5, HF_RIGHT_CALL, 0, 8), HF_OK);
    assert_int_equal(task->registers.rsi, 8);
    assert_int_equal(table[8].badge, 42);
    assert_int_equal(copy(5, rights, 99, HF_SLOT_ANY), HF_OK);
    assert_int_equal(table[task->registers.rsi].badge, 99);
    assert_int_equal(table[task->registers.rsi].rights, rights);
    struct handle kept[HF_HANDLE_COUNT];
    memcpy(kept, table, sizeof kept);
#define WRONG(want, ...) \
    do { \
        assert_int_equal(copy(__VA_ARGS__), want); \
        assert_memory_equal(kept, table, sizeof kept); \
    } while (0)
    WRONG(HF_DENIED, 5, HF_RIGHT_RECEIVE, 0, 10);
    WRONG(HF_DENIED, 6, HF_RIGHT_CALL, 1, 10); /* no MINT */
    WRONG(HF_BAD_ARGUMENT, 5, 64, 0, 10);
    WRONG(HF_BAD_ARGUMENT, 5, 1ull << 32 | HF_RIGHT_CALL, 0, 10);
    WRONG(HF_BAD_HANDLE, 5, HF_RIGHT_CALL, 0, HF_SLOT_ANY + 1);
    WRONG(HF_BAD_HANDLE, 5, HF_RIGHT_CALL, 0, 1ull << 32 | 10);
    WRONG(HF_BAD_HANDLE, 5, HF_RIGHT_CALL, 0, 0);
    WRONG(HF_BAD_HANDLE, 5, HF_RIGHT_CALL, 0, HF_HANDLE_COUNT);
    WRONG(HF_EXISTS, 5, HF_RIGHT_CALL, 0, 6);
    WRONG(HF_BAD_HANDLE, 0, 0, 0, 10);
    WRONG(HF_BAD_HANDLE, 7, 0, 0, 10);
    WRONG(HF_BAD_HANDLE, HF_HANDLE_COUNT, 0, 0, 10);
    WRONG(HF_BAD_HANDLE, ~0ull, 0, 0, 10);
    WRONG(HF_BAD_HANDLE, 1ull << 32 | 5, 0, 0, 10);
}

static void close_ones_own(void **state) {
    (void)state;
    GRANTED(PUT(HF_PUT_POWER, 5, 0, 0, HF_RIGHT_USE));
    assert_int_equal(with_handle(HF_CALL_HANDLE_CLOSE, 5), HF_OK);
    assert_int_equal(table[5].kind, HF_HANDLE_NONE);
    assert_int_equal(with_handle(HF_CALL_HANDLE_CLOSE, 5), HF_BAD_HANDLE);
    assert_int_equal(with_handle(HF_CALL_HANDLE_CLOSE, 0), HF_BAD_HANDLE);
    assert_int_equal(with_handle(HF_CALL_HANDLE_CLOSE, 1ull << 40 | 5), HF_BAD_HANDLE);
}

/* A handle that outlives its endpoint, and a new one in the same frame. */
static void a_handle_to_a_dead_endpoint(void **state) {
    (void)state;
    GRANTED(PUT(HF_PUT_ENDPOINT, 5, ENDPOINT_FRAME, 42, HF_RIGHT_NOTIFY));
    assert_int_equal(with_handle(HF_CALL_RECEIVE, 5), HF_DENIED);
    GRANTED(.code = HF_OP_ENDPOINT_DESTROY, .object = ENDPOINT_FRAME);
    assert_int_equal(notify(5), HF_DEAD);
    GRANTED(.code = HF_OP_STAGE, .object = ENDPOINT_FRAME, .frame = HF_NO_FRAME);
    memset(machine_ram[ENDPOINT_FRAME], 1, HF_PAGE_SIZE);
    assert_int_equal(notify(5), HF_DEAD);
    GRANTED(.code = HF_OP_RELEASE, .object = ENDPOINT_FRAME);
    GRANTED(.code = HF_OP_ENDPOINT_CREATE, .object = ENDPOINT_FRAME);
    assert_int_equal(notify(5), HF_DEAD);
    GRANTED(.code = HF_OP_ENDPOINT_DESTROY, .object = ENDPOINT_FRAME);
}

/* ---- HANDLES_COPY ---- */

#define COPY_TABLES(to, from) .code = HF_OP_HANDLES_COPY, .object = (to), .frame = (from)

/* One of each kind, with and without GRANT, at slots 1 to 9; what is told to be passed on has an odd slot. */
static void fill_table(void) {
    static const uint8_t kinds[] = {HF_PUT_ENDPOINT, HF_PUT_PORTS, HF_PUT_IRQ, HF_PUT_POWER};
    static const uint64_t what[] = {ENDPOINT_FRAME, 0x3f8, 4, 0}, more[] = {~0ull, 8, 0, 0};
    for (unsigned i = 0; i < 4; i++) {
        GRANTED(PUT(kinds[i], 1 + 2 * i, what[i], more[i], HF_RIGHT_GRANT | HF_RIGHT_USE));
        GRANTED(PUT(kinds[i], 2 + 2 * i, what[i], more[i], HF_RIGHTS_ALL & ~HF_RIGHT_GRANT));
    }
    table[10] = (struct handle){.kind = HF_HANDLE_REPLY, .rights = HF_RIGHTS_ALL};
}

static void copy_a_table(void **state) {
    (void)state;
    struct handle kept[HF_HANDLE_COUNT];
    fill_table();
    memcpy(kept, table, sizeof kept);
    GRANTED(COPY_TABLES(OTHER_TABLE, TABLE));
    assert_int_equal(result.detail, 4);
    assert_memory_equal(kept, table, sizeof kept);
    for (unsigned slot = 0; slot < HF_HANDLE_COUNT; slot++) {
        if (slot < 9 && slot % 2) {
            assert_memory_equal(&other[slot], &table[slot], sizeof table[slot]);
        } else {
            assert_int_equal(other[slot].kind, HF_HANDLE_NONE);
        }
    }
    REFUSED(HF_NOT_EMPTY, COPY_TABLES(OTHER_TABLE, TABLE));
    REFUSED(HF_NOT_EMPTY, COPY_TABLES(TABLE, TABLE));
    GRANTED(.code = HF_OP_HANDLES_DESTROY, .object = OTHER_TABLE);
}

static void copy_a_full_table(void **state) {
    (void)state;
    for (unsigned slot = 1; slot < HF_HANDLE_COUNT; slot++) {
        GRANTED(PUT(HF_PUT_ENDPOINT, slot, ENDPOINT_FRAME, slot, HF_RIGHTS_ALL));
    }
    GRANTED(COPY_TABLES(OTHER_TABLE, TABLE));
    assert_int_equal(result.detail, HF_HANDLE_COUNT - 1);
    assert_memory_equal(other, table, HF_PAGE_SIZE);
}

static void copy_into_what_is_not_empty(void **state) {
    (void)state;
    static const unsigned slots[] = {1, 64, HF_HANDLE_COUNT - 1};
    for (unsigned i = 0; i < 3; i++) {
        other[slots[i]].kind = i == 1 ? HF_HANDLE_REPLY : HF_HANDLE_POWER;
        REFUSED(HF_NOT_EMPTY, COPY_TABLES(OTHER_TABLE, TABLE));
        other[slots[i]].kind = HF_HANDLE_NONE;
    }
    GRANTED(COPY_TABLES(OTHER_TABLE, TABLE));
    assert_int_equal(result.detail, 0);
    GRANTED(COPY_TABLES(TABLE, TABLE)); /* nothing, into itself */
}

static void copy_what_is_no_table(void **state) {
    (void)state;
    fill_table();
    REFUSED(HF_BAD_FRAME, COPY_TABLES(OTHER_TABLE, ENDPOINT_FRAME));
    for (size_t i = 0; i < OTHERS; i++) {
        REFUSED(HF_BAD_FRAME, COPY_TABLES(OTHER_TABLE, others[i]));
        REFUSED(HF_BAD_FRAME, COPY_TABLES(others[i], TABLE));
    }
}

/* It counts as a page; the seventeenth of a list comes with the next entry. */
static void the_work_of_copying_tables(void **state) {
    (void)state;
    uint64_t done;
    for (unsigned i = 0; i < HF_OPERATIONS; i++) {
        asker_page.operation[i] = (struct hf_operation){COPY_TABLES(OTHER_TABLE, TABLE)};
    }
    assert_int_equal(mmu_list(&asker, HF_OPERATIONS, &done), HF_AGAIN);
    assert_in_range(done, 1, 16);
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(create_and_destroy_a_table),
        TEST(create_and_destroy_an_endpoint),
        TEST(put_an_endpoint),
        TEST(put_a_dying_endpoint),
        TEST(put_a_copy),
        TEST(a_held_call_is_no_copy),
        TEST(put_ports),
        TEST(put_interrupts),
        TEST(put_power),
        TEST(put_bad_kinds_and_rights),
        TEST(put_into_slots),
        TEST(put_into_any_slot),
        TEST(copy_ones_own),
        TEST(close_ones_own),
        TEST(a_handle_to_a_dead_endpoint),
        TEST(copy_a_table),
        TEST(copy_a_full_table),
        TEST(copy_into_what_is_not_empty),
        TEST(copy_what_is_no_table),
        TEST(the_work_of_copying_tables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
