/* Page faults that are served: the task goes on as if nothing had been. */
#include "served.h"

#include "faults.h"

#define PAGE HF_PAGE_SIZE
#define STORM_PAGES 64u

/* Memory on demand; nothing is there yet. */
static uint8_t *new_pages(size_t pages) {
    void *at = NULL;
    hf_status_t status = mem_map(pages * PAGE, HF_READ | HF_WRITE, 0, &at);
    return WANT(status == HF_OK) ? at : NULL;
}

static void registers_and_flags_stay(void) {
    uint8_t *at = new_pages(64);
    uint64_t wrong = 0;
    for (uint64_t page = 0; page < 64; page++) {
        wrong += touch_with_pattern(0x1234567800000000 * (page + 3), (uint64_t)at + page * PAGE);
    }
    WANT_NUMBER(wrong, 0);
}

static void moving_goes_on_in_the_middle(void) {
    uint8_t *from = new_pages(16), *to = new_pages(16);
    size_t bytes = 16 * PAGE - 3, wrong = 0;
    for (size_t i = 0; i < bytes; i++) {
        from[i] = pattern_byte(1, i);
    }
    WANT_NUMBER(move_bytes((uint64_t)to + 3, (uint64_t)from, bytes, 0), 0);
    for (size_t i = 0; i < bytes; i++) {
        wrong += to[i + 3] != pattern_byte(1, i);
    }
    WANT_NUMBER(wrong, 0);
    WANT(to[0] == 0 && to[1] == 0 && to[2] == 0);
}

static void moving_backward_goes_on_in_the_middle(void) {
    uint8_t *from = new_pages(16), *to = new_pages(16);
    size_t bytes = 16 * PAGE - 5, wrong = 0;
    for (size_t i = 0; i < bytes; i++) {
        from[i] = pattern_byte(2, i);
    }
    WANT_NUMBER(move_bytes((uint64_t)to + bytes - 1, (uint64_t)from + bytes - 1, bytes, 1), 0);
    for (size_t i = 0; i < bytes; i++) {
        wrong += to[i] != pattern_byte(2, i);
    }
    WANT_NUMBER(wrong, 0);
    WANT(to[bytes] == 0);
}

static void storing_goes_on_in_the_middle(void) {
    uint8_t *at = new_pages(20);
    size_t wrong = 0;
    WANT_NUMBER(store_bytes((uint64_t)at + 10 * PAGE - 1, 0x5a, 10 * PAGE, 1), 0);
    WANT_NUMBER(store_bytes((uint64_t)at + 10 * PAGE, 0xa5, 10 * PAGE, 0), 0);
    for (size_t i = 0; i < 20 * PAGE; i++) {
        wrong += at[i] != (i < 10 * PAGE ? 0x5a : 0xa5);
    }
    WANT_NUMBER(wrong, 0);
}

static void word_across_two_pages(void) {
    uint8_t *at = new_pages(2);
    uint64_t *word = (uint64_t *)(void *)(at + PAGE - 3), value = 0x1122334455667788;
    memcpy(word, &value, sizeof value);
    WANT(at[PAGE - 3] == 0x88 && at[PAGE - 1] == 0x66 && at[PAGE] == 0x55 && at[PAGE + 4] == 0x11);
    WANT(at[PAGE - 4] == 0 && at[PAGE + 5] == 0);
}

static int grow_stack(uint64_t words) { return (int)push_deep(words); }

static void stack_grows(void) {
    unsigned role = START(grow_stack, 200 * PAGE / 8);
    WANT_CODE(role, 0);
    WANT(role_end(role).left.peak >= 200);
}

static int storm(uint64_t rounds) {
    for (; rounds > 0; rounds--) {
        uint8_t *at = new_pages(STORM_PAGES);
        for (size_t i = 0; i < STORM_PAGES; i++) {
            WANT(at[i * PAGE] == 0);
            at[i * PAGE + 1] = 1;
        }
        WANT(mem_unmap(at, STORM_PAGES * PAGE) == HF_OK);
    }
    return 0;
}

static uint64_t faults_of_a_storm(uint64_t rounds) {
    unsigned role = START(storm, rounds);
    WANT_CODE(role, 0);
    return role_end(role).left.faults_zero;
}

/* Each page is brought once each time, and the ledger knows. */
static void thousands_of_faults(void) {
    uint64_t few = faults_of_a_storm(10);
    WANT_NUMBER(faults_of_a_storm(110) - few, 100 * STORM_PAGES);
}

static int storm_for_ever(uint64_t argument) {
    while (storm(argument) == 0) {
    }
    return 1;
}

static void wait_nanoseconds(uint64_t length) {
    for (uint64_t start = hf_clock(); hf_clock() - start < length;) {
        hf_yield();
    }
}

/* At whatever moment it is; nothing is lost, which is looked at from outside. */
static void killed_in_a_storm(void) {
    for (unsigned i = 0; i < 20; i++) {
        unsigned role = START(storm_for_ever, 1);
        wait_nanoseconds(1000000 + i * 300000);
        KILL(role);
        WANT(role_end(role).left.peak > 0);
    }
}

static void storms_at_once(void) {
    unsigned roles[6];
    for (unsigned i = 0; i < 6; i++) {
        roles[i] = START(storm, 20);
    }
    for (unsigned i = 0; i < 6; i++) {
        WANT_CODE(roles[i], 0);
    }
}

static int step_over(uint64_t argument) {
    (void)argument;
    return step_over_a_page_fault((uint64_t)new_pages(1));
}

/* The page fault comes in the middle of the instruction, the step behind it. */
static void single_step_over_a_fault(void) {
    unsigned role = START(step_over, 0);
    WANT_EXCEPTION(role, DEBUG, 0, step_over_a_page_fault_at);
    WANT_NUMBER(role_end(role).left.faults_refused, 0);
}

const struct suite_test served_tests[] = {
    TEST(registers_and_flags_stay),
    TEST(moving_goes_on_in_the_middle),
    TEST(moving_backward_goes_on_in_the_middle),
    TEST(storing_goes_on_in_the_middle),
    TEST(word_across_two_pages),
    TEST(stack_grows),
    TEST(thousands_of_faults),
    TEST(killed_in_a_storm),
    TEST(storms_at_once),
    TEST(single_step_over_a_fault),
    TESTS_END,
};
