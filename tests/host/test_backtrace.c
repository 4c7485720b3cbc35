// sources: ukernel/backtrace.c
// sources: ukernel/frame.c ukernel/mmu.c ukernel/leaf.c ukernel/run.c ukernel/bulk.c ukernel/table.c ukernel/aspace.c
// sources: ukernel/audit_off.c ukernel/stage.c ukernel/mark.c ukernel/object.c ukernel/task.c ukernel/runnable.c ukernel/handle.c
// sources: ukernel/endpoint.c ukernel/ipc.c ukernel/schedule.c ukernel/fpu.c ukernel/transfer.c ukernel/device.c ukernel/call.c
// sources: tests/host/world.c tests/host/check_state.c tests/host/machine/machine.c tests/host/machine/around.c
// include: tests/host/machine ukernel
/* What the core finds on a stack: words that lead behind a CALL, and nothing else, whatever stands there. */
#include "world.h"

#include "backtrace.h"
#include "names.h"
#include "walk.h"
#include <stdio.h>
#include <string.h>

enum { ROOT = WORLD_FREE, PDPT, PD, PT, TEXT, MORE_TEXT, DATA, STACK, MORE_STACK };

#define PLACE 0x40000000ull
#define TEXT_AT PLACE
#define DATA_AT (PLACE + 0x10000)
#define STACK_AT (PLACE + 0x20000)

/* ---- what is printed ---- */

static uint64_t shown[64];
static unsigned shown_count, named_count;

__attribute__((format(printf, 1, 2))) void log_print(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    assert_string_equal(format, "  0x%lx");
    shown[shown_count++] = va_arg(arguments, uint64_t);
    va_end(arguments);
}

/* Each line's own, at once. */
void names_print(uint64_t address) {
    assert_int_equal(address, shown[shown_count - 1]);
    named_count++;
}

static void look(uint64_t rsp) {
    shown_count = named_count = 0;
    backtrace_print(ROOT, rsp);
    assert_int_equal(named_count, shown_count);
}

/* ---- what there is ---- */

static uint8_t *text(void) { return machine_ram[TEXT]; }

static uint64_t *stack(void) { return (uint64_t *)(void *)machine_ram[STACK]; }

/* Two pages of NOPs, one of data, two of stack full of zeroes. */
static int start(void **state) {
    world_start(state);
    make_aspace(ROOT);
    make_tables(ROOT, PLACE, PDPT, PD, PT);
    make_page(ROOT, TEXT_AT, TEXT, HF_READ | HF_EXECUTE);
    make_page(ROOT, TEXT_AT + HF_PAGE_SIZE, MORE_TEXT, HF_READ | HF_EXECUTE);
    make_page(ROOT, DATA_AT, DATA, HF_READ | HF_WRITE);
    make_page(ROOT, STACK_AT, STACK, HF_READ | HF_WRITE);
    make_page(ROOT, STACK_AT + HF_PAGE_SIZE, MORE_STACK, HF_READ | HF_WRITE);
    memset(machine_ram[TEXT], 0x90, HF_PAGE_SIZE);
    memset(machine_ram[MORE_TEXT], 0x90, HF_PAGE_SIZE);
    return 0;
}

/* An instruction that ends at text + `end`. */
static void put(unsigned end, const char *bytes, size_t count) { memcpy(text() + end - count, bytes, count); }
#define PUT(end, bytes) put(end, bytes, sizeof(bytes) - 1)

/* Whether one that ends so is taken for a CALL, if the stack leads behind it. */
static bool is_call(const char *bytes, size_t count) {
    memset(text(), 0x90, HF_PAGE_SIZE);
    put(100, bytes, count);
    stack()[0] = TEXT_AT + 100;
    look(STACK_AT);
    assert_true(shown_count == 0 || (shown_count == 1 && shown[0] == TEXT_AT + 99));
    return shown_count == 1;
}
#define IS_CALL(bytes) is_call(bytes, sizeof(bytes) - 1)

/* ---- tests ---- */

static void test_in_order(void **state) {
    (void)state;
    PUT(0x20, "\xe8\x11\x22\x33\x44");
    PUT(0x400, "\xff\xd0");
    stack()[3] = TEXT_AT + 0x400;
    stack()[5] = TEXT_AT + 0x20;
    stack()[6] = TEXT_AT + 0x21; /* not just behind one */
    stack()[9] = TEXT_AT + 0x20;
    look(STACK_AT + 8);
    assert_int_equal(shown_count, 3);
    assert_int_equal(shown[0], TEXT_AT + 0x3ff);
    assert_int_equal(shown[1], TEXT_AT + 0x1f);
    assert_int_equal(shown[2], TEXT_AT + 0x1f);
    look(STACK_AT + 4 * 8); /* what is below counts no more */
    assert_int_equal(shown_count, 2);
    look(STACK_AT + 5 * 8 + 7); /* a stack pointer that is odd: from the word on that it points into */
    assert_int_equal(shown_count, 2);
}

/* Intel SDM vol. 2A, table 2-2, and CALL. */
static void test_forms_of_call(void **state) {
    (void)state;
    assert_true(IS_CALL("\xe8\x01\x02\x03\x04"));
    assert_true(IS_CALL("\xff\xd3"));                     /* call rbx */
    assert_true(IS_CALL("\x41\xff\xd7"));                 /* call r15 */
    assert_true(IS_CALL("\xff\x10"));                     /* call [rax] */
    assert_true(IS_CALL("\xff\x14\xc5\x01\x02\x03\x04")); /* call [n + rax * 8], as of a table of functions */
    assert_false(IS_CALL("\xff\x14\xc5"));                /* the same, as far as it goes */
    assert_true(IS_CALL("\xff\x14\xc3"));                 /* call [rbx + rax * 8] */
    assert_true(IS_CALL("\xff\x15\x01\x02\x03\x04"));     /* call [rip + n] */
    assert_true(IS_CALL("\xff\x50\x08"));                 /* call [rax + 8] */
    assert_true(IS_CALL("\xff\x54\x24\x08"));             /* call [rsp + 8] */
    assert_true(IS_CALL("\xff\x92\x01\x02\x03\x04"));     /* call [rdx + n] */
    assert_true(IS_CALL("\xff\x94\x24\x01\x02\x03\x04")); /* call [rsp + n] */
    assert_false(IS_CALL("\xff\xe0"));                    /* jmp rax */
    assert_false(IS_CALL("\xff\xf0"));                    /* push rax */
    assert_false(IS_CALL("\xff\x10\x90"));                /* call [rax], nop */
    assert_false(IS_CALL("\xe9\x01\x02\x03\x04"));        /* jmp */
    assert_false(IS_CALL("\x90"));
}

static void test_only_text(void **state) {
    (void)state;
    memset(machine_ram[DATA], 0xe8, HF_PAGE_SIZE);
    stack()[0] = DATA_AT + 100;
    look(STACK_AT);
    assert_int_equal(shown_count, 0);
}

/* A CALL that begins in one page and ends in the next; and what would begin before all text. */
static void test_across_pages(void **state) {
    (void)state;
    PUT(HF_PAGE_SIZE, "\xe8\x01\x02");
    stack()[0] = TEXT_AT + HF_PAGE_SIZE + 2;
    memset(machine_ram[MORE_TEXT], 0, 2);
    look(STACK_AT);
    assert_int_equal(shown_count, 1);
    PUT(5, "\xe8\x01\x02\x03\x04");
    stack()[0] = TEXT_AT + 5; /* two bytes more would be wanted to tell */
    look(STACK_AT);
    assert_int_equal(shown_count, 0);
}

static void test_words_that_lead_nowhere(void **state) {
    static const uint64_t words[] = {0,
                                     1,
                                     TEXT_AT - 1,
                                     TEXT_AT,
                                     PLACE + HF_RUN_SIZE,
                                     1ull << 47,
                                     0xffff000000000000 + TEXT_AT + 100, /* the page's bits, and others */
                                     0x0001000000000000 + TEXT_AT + 100,
                                     0xffff800000000000,
                                     UINT64_MAX};
    (void)state;
    PUT(100, "\xe8\x01\x02\x03\x04");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) stack()[i] = words[i];
    look(STACK_AT);
    assert_int_equal(shown_count, 0);
}

/* A leaf of a device, where no RAM is. */
static void test_no_ram(void **state) {
    (void)state;
    GRANTED(.code = HF_OP_MAP_DEVICE, .rights = HF_READ, .object = ROOT, .address = DATA_AT + HF_PAGE_SIZE,
            .frame = WORLD_FRAMEBUFFER);
    stack()[0] = DATA_AT + HF_PAGE_SIZE + 100;
    look(STACK_AT);
    look(DATA_AT + HF_PAGE_SIZE);
    assert_int_equal(shown_count, 0);
}

static void test_stack_pointers(void **state) {
    static const uint64_t pointers[] = {0,          8,          STACK_AT - 8,       STACK_AT + 2 * HF_PAGE_SIZE,
                                        1ull << 47, UINT64_MAX, 0xffff800000000000, 0x0001000000000000 + STACK_AT};
    (void)state;
    for (size_t i = 0; i < sizeof pointers / sizeof pointers[0]; i++) {
        look(pointers[i]);
        assert_int_equal(shown_count, 0);
    }
}

static void test_bounds(void **state) {
    (void)state;
    PUT(100, "\xe8\x01\x02\x03\x04");
    for (unsigned i = 0; i < 1024; i++) stack()[i] = TEXT_AT + 100;
    look(STACK_AT);
    assert_int_equal(shown_count, 16);
    memset(stack(), 0, 256 * 8);
    look(STACK_AT);
    assert_int_equal(shown_count, 0);
    look(STACK_AT + 8);
    assert_int_equal(shown_count, 1);
    look(STACK_AT + 2 * HF_PAGE_SIZE - 8); /* the last word that is there */
    assert_int_equal(shown_count, 1);
}

/* Text and stack in pages of 2 MiB. */
static void test_large_pages(void **state) {
    const uint64_t at = PLACE + 2 * HF_RUN_SIZE;
    (void)state;
    stage_run(WORLD_WHOLE_FREE);
    make_large(ROOT, at, WORLD_WHOLE_FREE, HF_READ | HF_EXECUTE);
    memcpy(machine_ram[WORLD_WHOLE_FREE + 3] + 200 - 5, "\xe8\x01\x02\x03\x04", 5);
    stack()[0] = at + 3 * HF_PAGE_SIZE + 200;
    look(STACK_AT);
    assert_int_equal(shown_count, 1);
    memcpy(machine_ram[WORLD_WHOLE_FREE + 7] + 8, stack(), 8);
    look(at + 7 * HF_PAGE_SIZE);
    assert_int_equal(shown_count, 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_in_order, start),       cmocka_unit_test_setup(test_forms_of_call, start),
        cmocka_unit_test_setup(test_only_text, start),      cmocka_unit_test_setup(test_across_pages, start),
        cmocka_unit_test_setup(test_no_ram, start),         cmocka_unit_test_setup(test_words_that_lead_nowhere, start),
        cmocka_unit_test_setup(test_stack_pointers, start), cmocka_unit_test_setup(test_bounds, start),
        cmocka_unit_test_setup(test_large_pages, start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
