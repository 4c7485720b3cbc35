/* What handles allow, and mappings. */
#include "objects.h"

static void handle_with_fewer_rights(void) {
    static const unsigned all[] = {HF_READ, RW, RX, RWX};
    hf_handle_t object = new_object(PAGE), less = 0;
    WANT_STATUS(mem_object_handle(object, 0, &less), HF_BAD_ARGUMENT);
    WANT_STATUS(mem_object_handle(object, HF_WRITE, &less), HF_BAD_ARGUMENT);
    WANT_STATUS(mem_object_handle(object, HF_READ | 8, &less), HF_BAD_ARGUMENT);
    for (unsigned i = 0; i < 4; i++) {
        hf_handle_t handle = less_of(object, all[i]);
        for (unsigned j = 0; j < 4; j++) {
            hf_status_t wanted = all[j] & ~all[i] ? HF_DENIED : HF_OK;
            WANT_STATUS(mem_object_handle(handle, all[j], &less), wanted);
            void *at = NULL;
            WANT_STATUS(mem_object_map(handle, 0, PAGE, all[j], 0, &at), all[j] == RWX ? HF_BAD_ARGUMENT : wanted);
        }
    }
}

static void protect_within_the_handle(void) {
    hf_handle_t object = new_object(4 * PAGE);
    volatile uint8_t *reads = map_object(less_of(object, HF_READ), 0, 4 * PAGE, HF_READ);
    volatile uint8_t *writes = map_object(less_of(object, RW), 0, 4 * PAGE, HF_READ);
    void *at = (void *)(uintptr_t)reads;
    WANT_STATUS(mem_protect(at, PAGE, RW), HF_DENIED);
    WANT_STATUS(mem_protect(at, PAGE, RX), HF_DENIED);
    WANT_OK(mem_protect(at, PAGE, HF_READ));
    at = (void *)(uintptr_t)writes;
    WANT_NUMBER(writes[0], 0);
    WANT_OK(mem_protect(at, 4 * PAGE, RW));
    writes[0] = 1;
    writes[PAGE] = 2;
    WANT_NUMBER(reads[0] + reads[PAGE], 3);
    WANT_STATUS(mem_protect(at, PAGE, RX), HF_DENIED);
}

/* Written at one address, executed at another: mov eax, 1234; ret. */
static void code_is_executed(void) {
    static const uint8_t code[] = {0xb8, 0xd2, 0x04, 0, 0, 0xc3};
    hf_handle_t object = new_object(PAGE);
    volatile uint8_t *writes = map_object(object, 0, PAGE, RW), *runs = map_object(object, 0, PAGE, RX);
    for (unsigned i = 0; i < sizeof code; i++) {
        writes[i] = code[i];
    }
    WANT_NUMBER((unsigned)((int (*)(void))(uintptr_t)runs)(), 1234);
}

static int writes_what_it_reads(uint64_t unused) {
    (void)unused;
    volatile uint8_t *memory = map_object(SLOT_A, 0, PAGE, HF_READ);
    memory[memory[0]] = 1;
    return 0;
}

static int runs_what_it_reads(uint64_t rights) {
    volatile uint8_t *memory = map_object(SLOT_A, 0, PAGE, (unsigned)rights);
    ((void (*)(void))(uintptr_t)memory)();
    return 0;
}

static void want_fault(unsigned role, enum hf_reason reason) {
    struct hf_exit how = role_end(role);
    WANT_NUMBER(how.how, HF_EXIT_FAULT);
    WANT_NUMBER(how.reason, reason);
    WANT_NUMBER(how.left.shared + how.left.pages + how.left.tables, 0);
}

static void wrong_access_ends_its_task(void) {
    hf_handle_t object = new_object(PAGE);
    volatile uint8_t *memory = map_object(object, 0, PAGE, RW);
    memory[1] = 7;
    want_fault(START(writes_what_it_reads, 0, object), HF_REASON_READ_ONLY);
    want_fault(START(runs_what_it_reads, HF_READ, object), HF_REASON_NOT_EXECUTABLE);
    want_fault(START(runs_what_it_reads, RW, object), HF_REASON_NOT_EXECUTABLE);
    WANT_NUMBER(memory[0], 0);
    WANT_NUMBER(memory[1], 7);
}

const struct suite_test right_tests[] = {
    TEST(handle_with_fewer_rights),
    TEST(protect_within_the_handle),
    TEST(code_is_executed),
    TEST(wrong_access_ends_its_task),
    TESTS_END,
};
