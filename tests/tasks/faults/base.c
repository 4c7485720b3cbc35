/* The FS base is a task's own. */
#include "faults.h"

static uint64_t read_at_fs_base(void) {
    uint64_t value;
    __asm__ volatile("mov %%fs:0, %0" : "=r"(value));
    return value;
}

static void load_null_selector(void) { __asm__ volatile("mov %0, %%fs" : : "r"(0)); }

static uint64_t word;

static void set_base(uint64_t value) {
    word = value;
    WANT_OK(hf_fs_base((uint64_t)&word));
}

static void base_is_in_effect(void) {
    static uint64_t other = 2;
    set_base(1);
    WANT_NUMBER(read_at_fs_base(), 1);
    WANT_OK(hf_fs_base((uint64_t)&other));
    WANT_NUMBER(read_at_fs_base(), 2);
    hf_yield();
    WANT_NUMBER(read_at_fs_base(), 2);
}

static int keep_base(uint64_t value) {
    uint64_t wrong = 0;
    set_base(value);
    for (uint64_t start = hf_clock(); hf_clock() - start < 100000000;) {
        wrong += read_at_fs_base() != value;
    }
    for (unsigned i = 0; i < 100; i++) {
        hf_yield();
        wrong += read_at_fs_base() != value;
    }
    return wrong != 0;
}

/* The third has none, and reads its word the ordinary way. */
static int keep_nothing(uint64_t value) {
    word = value;
    for (uint64_t start = hf_clock(); hf_clock() - start < 100000000;) {
        if (*(volatile uint64_t *)&word != value) return 1;
    }
    return 0;
}

static void base_stays_over_switches(void) {
    unsigned first = START(keep_base, 11), second = START(keep_base, 22), third = START(keep_nothing, 33);
    WANT_CODE(first, 0);
    WANT_CODE(second, 0);
    WANT_CODE(third, 0);
}

static int answer_with_base(uint64_t value) {
    struct hf_message message = {0};
    set_base(value);
    hf_status_t status = hf_receive(SLOT_A, &message, NULL);
    while (status == HF_OK) {
        message.word[0] = read_at_fs_base();
        status = hf_reply_receive(SLOT_A, &message, NULL);
    }
    return status != HF_DEAD; /* the test has ended */
}

static void base_stays_over_calls(void) {
    hf_handle_t endpoint = new_endpoint();
    START(answer_with_base, 44, endpoint);
    set_base(55);
    uint64_t wrong = 0;
    for (unsigned i = 0; i < 50; i++) {
        struct hf_message message = {0};
        wrong += hf_call(endpoint, &message) != HF_OK || message.word[0] != 44 || read_at_fs_base() != 55;
    }
    WANT_NUMBER(wrong, 0);
}

static void base_stays_over_faults(void) {
    void *at = NULL;
    uint64_t wrong = 0;
    set_base(66);
    WANT_OK(mem_map(50 * HF_PAGE_SIZE, HF_READ | HF_WRITE, 0, &at));
    for (unsigned i = 0; i < 50; i++) {
        ((volatile char *)at)[i * HF_PAGE_SIZE] = 1;
        wrong += read_at_fs_base() != 66;
    }
    WANT_NUMBER(wrong, 0);
}

static void base_comes_back_after_a_null_selector(void) {
    struct hf_message message = {0};
    hf_handle_t endpoint = new_endpoint();
    START(answer_with_base, 88, endpoint);
    set_base(77);
    load_null_selector();
    WANT_OK(hf_call(endpoint, &message));
    WANT_NUMBER(read_at_fs_base(), 77);
    load_null_selector();
    settle();
    WANT_NUMBER(read_at_fs_base(), 77);
    load_null_selector();
    hf_yield();
    WANT_NUMBER(read_at_fs_base(), 77);
}

static void new_task_has_none(void) {
    set_base(1);
    WANT_FAULT(START(read_fs_at, 0x10), NULL_PAGE, 0x10, HF_FAULT_USER, read_fs_at_at);
}

static void null_selector_shows_nobody_elses(void) {
    set_base(1);
    WANT_FAULT(START(read_fs_without_selector_at, 0x18), NULL_PAGE, 0x18, HF_FAULT_USER,
               read_fs_without_selector_at_at);
}

static int answer_then_look(uint64_t offset) {
    struct hf_message message = {0};
    WANT_OK(hf_receive(SLOT_A, &message, NULL));
    message = pattern(1);
    WANT_OK(hf_reply(&message));
    return read_fs_at(offset);
}

/* Called by one who has a base, without a switch in between. */
static void server_does_not_see_its_callers(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = {0};
    unsigned server = START(answer_then_look, 0x20, endpoint);
    set_base(1);
    WANT_OK(hf_call(endpoint, &message));
    WANT_FAULT(server, NULL_PAGE, 0x20, HF_FAULT_USER, read_fs_at_at);
    WANT_NUMBER(read_at_fs_base(), 1);
}

static int take_base_away(uint64_t offset) {
    set_base(1);
    WANT_NUMBER(read_at_fs_base(), 1);
    WANT_OK(hf_fs_base(0));
    return read_fs_at(offset);
}

static void base_can_be_taken_away(void) {
    WANT_FAULT(START(take_base_away, 0x28), NULL_PAGE, 0x28, HF_FAULT_USER, read_fs_at_at);
}

static int read_at_highest_base(uint64_t base) {
    WANT_OK(hf_fs_base(base));
    return read_fs_at(0);
}

static void highest_base(void) {
    uint64_t highest = HF_USER_END - 8;
    WANT_FAULT(START(read_at_highest_base, highest), NO_REGION, highest, HF_FAULT_USER, read_fs_at_at);
}

static void gs_has_none(void) { WANT_FAULT(START(read_gs_at, 0x30), NULL_PAGE, 0x30, HF_FAULT_USER, read_gs_at_at); }

const struct suite_test base_tests[] = {
    TEST(base_is_in_effect),
    TEST(base_stays_over_switches),
    TEST(base_stays_over_calls),
    TEST(base_stays_over_faults),
    TEST(base_comes_back_after_a_null_selector),
    TEST(new_task_has_none),
    TEST(null_selector_shows_nobody_elses),
    TEST(server_does_not_see_its_callers),
    TEST(base_can_be_taken_away),
    TEST(highest_base),
    TEST(gs_has_none),
    TESTS_END,
};
