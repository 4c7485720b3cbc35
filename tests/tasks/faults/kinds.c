/* Page faults that memsrv refuses: address, error code, RIP and reason. */
#include "faults.h"
#include "served.h"

#define READ HF_FAULT_USER
#define WRITE (HF_FAULT_USER | HF_FAULT_WRITE)
#define FETCH (HF_FAULT_USER | HF_FAULT_FETCH)

#define KERNEL_TEXT 0xffffffff80200000ul
#define ALL_MEMORY 0xffff800000000000ul
#define NOT_MAPPED_IN_THE_KERNEL 0xfffff00000000000ul

#define PLACE 0x90000000ul /* where nothing is mapped, unless a test does so */

static void null_read(void) { WANT_FAULTING(read_at, 0, NULL_PAGE, READ); }

static void null_write(void) { WANT_FAULTING(write_at, 0xffff, NULL_PAGE, WRITE); }

static void null_jump(void) { WANT_FAULT(START(jump_to, 0), NULL_PAGE, 0, FETCH, NULL); }

static void nothing_there(void) { WANT_FAULTING(read_at, PLACE + 0x123, NO_REGION, READ); }

static void nothing_there_to_execute(void) {
    WANT_FAULT(START(jump_to, PLACE), NO_REGION, PLACE, FETCH, (const char *)PLACE);
}

static void kernel_text_read(void) { WANT_FAULTING(read_at, KERNEL_TEXT, KERNEL, READ | HF_FAULT_PRESENT); }

static void kernel_text_written(void) { WANT_FAULTING(write_at, KERNEL_TEXT, KERNEL, WRITE | HF_FAULT_PRESENT); }

static void kernel_text_jumped_to(void) {
    WANT_FAULT(START(jump_to, KERNEL_TEXT), KERNEL, KERNEL_TEXT, FETCH | HF_FAULT_PRESENT, (const char *)KERNEL_TEXT);
}

static void all_memory_read(void) { WANT_FAULTING(read_at, ALL_MEMORY, KERNEL, READ | HF_FAULT_PRESENT); }

static void nothing_in_the_kernel(void) { WANT_FAULTING(write_at, NOT_MAPPED_IN_THE_KERNEL, KERNEL, WRITE); }

static void highest_user_page(void) { WANT_FAULTING(read_at, HF_USER_END, NO_REGION, READ); }

static int read_then_write(uint64_t address) {
    *(volatile char *)address;
    return write_at(address);
}

static const char constant[] = "constant";
static char variable[] = "variable";

static void text_written(void) {
    WANT_FAULT(START(read_then_write, (uint64_t)text_written), READ_ONLY, (uint64_t)text_written,
               WRITE | HF_FAULT_PRESENT, write_at_at);
}

static void constant_written(void) {
    WANT_FAULT(START(read_then_write, (uint64_t)constant), READ_ONLY, (uint64_t)constant, WRITE | HF_FAULT_PRESENT,
               write_at_at);
}

static int read_then_jump(uint64_t address) {
    *(volatile char *)address;
    return jump_to(address);
}

static void data_executed(void) {
    WANT_FAULT(START(read_then_jump, (uint64_t)variable), NOT_EXECUTABLE, (uint64_t)variable, FETCH | HF_FAULT_PRESENT,
               variable);
}

static void data_executed_before_it_is_there(void) {
    static char later[2 * HF_PAGE_SIZE];
    char *page = (char *)(((uint64_t)later + HF_PAGE_SIZE - 1) & ~(HF_PAGE_SIZE - 1));
    WANT_FAULT(START(jump_to, (uint64_t)page), NOT_EXECUTABLE, (uint64_t)page, FETCH, page);
}

/* Whether there are two pages at PLACE, with these rights and flags. */
static bool have_pages(unsigned rights, unsigned flags) {
    void *at = (void *)PLACE;
    return WANT(mem_map(2 * HF_PAGE_SIZE, rights, HF_MAP_FIXED | flags, &at) == HF_OK);
}

static int touch_a_guard(uint64_t address) {
    have_pages(HF_READ, HF_MAP_GUARD);
    return read_at(address);
}

static void guard(void) {
    unsigned role = START(touch_a_guard, PLACE + 7);
    WANT_FAULT(role, GUARD, PLACE + 7, READ, read_at_at);
    WANT(strcmp(role_end(role).region, "guard") == 0);
}

static int write_what_is_for_reading(uint64_t address) {
    have_pages(HF_READ, 0);
    return write_at(address);
}

static void reading_only_before_it_is_there(void) {
    WANT_FAULT(START(write_what_is_for_reading, PLACE), READ_ONLY, PLACE, WRITE, write_at_at);
}

static int write_after_protect(uint64_t address) {
    have_pages(HF_READ | HF_WRITE, 0);
    *(volatile char *)address = 1;
    WANT_OK(mem_protect((void *)PLACE, 2 * HF_PAGE_SIZE, HF_READ));
    return write_at(address);
}

static void rights_taken_away(void) {
    WANT_FAULT(START(write_after_protect, PLACE), READ_ONLY, PLACE, WRITE | HF_FAULT_PRESENT, write_at_at);
}

static int read_after_unmap(uint64_t address) {
    have_pages(HF_READ | HF_WRITE, 0);
    *(volatile char *)address = 1;
    WANT_OK(mem_unmap((void *)PLACE, 2 * HF_PAGE_SIZE));
    return read_at(address);
}

static void page_taken_away(void) { WANT_FAULT(START(read_after_unmap, PLACE), NO_REGION, PLACE, READ, read_at_at); }

/* The last bytes of what is mapped, and the first of what isn't. */
static int read_over_the_end(uint64_t address) {
    have_pages(HF_READ, 0);
    return read_word_at(address - 3);
}

static void word_over_the_end(void) {
    uint64_t end = PLACE + 2 * HF_PAGE_SIZE;
    WANT_FAULT(START(read_over_the_end, end), NO_REGION, end, READ, read_word_at_at);
}

static int use_all_stack(uint64_t words) { return (int)push_deep(words); }

static void stack_overflow(void) {
    unsigned role = START(use_all_stack, 1ul << 32);
    struct hf_exit how = role_end(role);
    WANT_NUMBER(how.how, HF_EXIT_FAULT);
    WANT_NUMBER(how.reason, HF_REASON_GUARD);
    WANT_NUMBER(how.error, WRITE);
    WANT_NUMBER(how.left.peak / 64, 4); /* a MiB of pages, and few others, by fewer faults: several come at once */
    WANT(how.left.faults_zero >= 16 && how.left.faults_zero < 64);
}

const struct suite_test fault_tests[] = {
    TEST(null_read),
    TEST(null_write),
    TEST(null_jump),
    TEST(nothing_there),
    TEST(nothing_there_to_execute),
    TEST(kernel_text_read),
    TEST(kernel_text_written),
    TEST(kernel_text_jumped_to),
    TEST(all_memory_read),
    TEST(nothing_in_the_kernel),
    TEST(highest_user_page),
    TEST(text_written),
    TEST(constant_written),
    TEST(data_executed),
    TEST(data_executed_before_it_is_there),
    TEST(guard),
    TEST(reading_only_before_it_is_there),
    TEST(rights_taken_away),
    TEST(page_taken_away),
    TEST(word_over_the_end),
    TEST(stack_overflow),
    TESTS_END,
};
