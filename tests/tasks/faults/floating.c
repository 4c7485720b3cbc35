/* The FPU's registers are a task's own: kept whatever happens, seen by nobody else. */
#include "faults.h"
#include "fpu.h"

/* Whether the processor has AVX and the core has turned it on (Intel SDM vol. 1, 14.3). */
static bool has_avx(void) {
    uint32_t a = 1, b, c = 0, d;
    __asm__ volatile("cpuid" : "+a"(a), "=b"(b), "+c"(c), "=d"(d));
    if (!(c >> 27 & 1) || !(c >> 28 & 1)) return false;
    __asm__ volatile("xgetbv" : "=a"(a), "=d"(d) : "c"(0));
    return (a & 6) == 6;
}

/* Every register different, and different for each seed; valid as numbers, so that loading
 * and storing them changes nothing. Odd seeds leave some x87 registers empty. */
static void fill(struct fpu_image *image, uint64_t seed) {
    memset(image, 0, sizeof *image);
    image->control = (uint16_t)(0x037f | (seed & 3) << 10);
    image->sse_control = (uint32_t)(0x1f80 | (seed & 3) << 13);
    image->status = seed & 1 ? 5 << 11 : 0;
    image->tags = seed & 1 ? 0xe0 : 0xff;
    for (unsigned i = 0; i < 8; i++) {
        uint64_t mantissa = 1ul << 63 | seed << 32 | i;
        uint16_t exponent = (uint16_t)(0x3fff + seed);
        memcpy(image->x87[i], &mantissa, 8);
        memcpy(image->x87[i] + 8, &exponent, 2);
    }
    for (unsigned i = 0; i < FPU_REGISTERS; i++) {
        for (unsigned half = 0; half < 2; half++) {
            image->xmm[i][half] = seed * 0x0101010101010101 + i * 0x1000 + half;
            image->upper[i][half] = ~image->xmm[i][half];
        }
    }
}

/* How many parts of two images differ; the x87's last instruction is left out. */
static unsigned differ(const struct fpu_image *a, const struct fpu_image *b, bool avx) {
    unsigned parts = (a->control != b->control) + (a->status != b->status) + (a->tags != b->tags) +
                     (a->sse_control != b->sse_control);
    for (unsigned i = 0; i < 8; i++) {
        parts += memcmp(a->x87[i], b->x87[i], 10) != 0;
    }
    for (unsigned i = 0; i < FPU_REGISTERS; i++) {
        parts += memcmp(a->xmm[i], b->xmm[i], 16) != 0;
        parts += avx && memcmp(a->upper[i], b->upper[i], 16) != 0;
    }
    return parts;
}

/* Once with the registers full: how many parts have changed. */
static unsigned changed(uint64_t seed, fpu_between *between, uint64_t argument) {
    static struct fpu_image in, out;
    bool avx = has_avx();
    fill(&in, seed);
    fpu_keep(&in, &out, avx, between, argument);
    return differ(&in, &out, avx);
}

static struct fpu_image first_look;

/* Nothing of this role has used the registers before it looks. */
static int want_fresh(uint64_t argument) {
    static struct fpu_image wanted = {.control = 0x37f, .sse_control = 0x1f80};
    bool avx = has_avx();
    (void)argument;
    fpu_look(&first_look, avx);
    return (int)differ(&first_look, &wanted, avx);
}

static void new_task_starts_clean(void) { WANT_CODE(START(want_fresh, 0), 0); }

static int spin_full(uint64_t seed) {
    unsigned wrong = 0;
    for (uint64_t start = hf_clock(); hf_clock() - start < 100000000;) {
        wrong += changed(seed, between_spin, 20000);
    }
    return (int)wrong;
}

static int spin_full_for_ever(uint64_t seed) {
    while (changed(seed, between_spin, 100000) == 0) {
    }
    return 1;
}

static void filling_changes_nothing(void) {
    note(has_avx() ? "with AVX" : "this processor has no AVX: only x87 and SSE are looked at");
    for (uint64_t seed = 1; seed < 9; seed++) {
        WANT_NUMBER(changed(seed, between_nothing, 0), 0);
    }
}

static void stays_over_preemption(void) {
    unsigned roles[4];
    for (unsigned i = 0; i < 4; i++) {
        roles[i] = START(spin_full, 3 + i);
    }
    for (unsigned i = 0; i < 4; i++) {
        WANT_CODE(roles[i], 0);
    }
}

static int spin_without(uint64_t argument) {
    for (uint64_t start = hf_clock(); hf_clock() - start < 100000000;) {
        between_spin(argument);
    }
    return 0;
}

/* Only one of them uses the registers. */
static void stays_over_others_that_use_none(void) {
    unsigned user = START(spin_full, 4), other = START(spin_without, 1000);
    WANT_CODE(user, 0);
    WANT_CODE(other, 0);
}

static void new_tasks_start_clean_among_users(void) {
    START(spin_full_for_ever, 5);
    START(spin_full_for_ever, 6);
    for (unsigned i = 0; i < 8; i++) {
        WANT_CODE(START(want_fresh, 0), 0);
        WANT_NUMBER(changed(7 + i, between_nothing, 0), 0);
    }
}

static void new_task_starts_clean_after_one_that_was_killed(void) {
    for (unsigned i = 0; i < 4; i++) {
        unsigned user = START(spin_full_for_ever, 8 + i);
        AWAIT_STATE(user, HF_INFO_RUNNING);
        KILL(user);
        WANT_CODE(START(want_fresh, 0), 0);
    }
}

static int fill_and_trap(uint64_t seed) {
    changed(seed, between_nothing, 0);
    return invalid_opcode(seed);
}

static void new_task_starts_clean_after_one_that_trapped(void) {
    WANT_EXCEPTION(START(fill_and_trap, 9), INVALID_OPCODE, 0, invalid_opcode_at);
    WANT_CODE(START(want_fresh, 0), 0);
}

/* A server that fills the registers anew before each reply. */
static int serve_full(uint64_t seed) {
    struct hf_message message = {0};
    unsigned wrong = 0;
    WANT_OK(hf_receive(SLOT_A, &message, NULL));
    for (unsigned i = 0; i < 20; i++) {
        wrong += changed(seed + i % 4, between_call, BETWEEN_CALL(HF_CALL_REPLY_RECEIVE, SLOT_A));
    }
    WANT_OK(hf_reply(&message));
    return (int)wrong;
}

static void stays_over_calls_both_ways(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned wrong = 0, server = START(serve_full, 20, endpoint);
    for (unsigned i = 0; i < 21; i++) {
        wrong += changed(10 + i % 4, between_call, BETWEEN_CALL(HF_CALL_CALL, endpoint));
    }
    WANT_NUMBER(wrong, 0);
    WANT_CODE(server, 0);
}

/* The server has used none of them, and now runs where its caller just did. */
static int serve_and_look(uint64_t argument) {
    struct hf_message message = {0};
    WANT_OK(hf_receive(SLOT_A, &message, NULL));
    int wrong = want_fresh(argument);
    WANT_OK(hf_reply(&message));
    return wrong;
}

static void server_sees_nothing_of_its_callers(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned server = START(serve_and_look, 0, endpoint);
    settle();
    WANT_NUMBER(changed(30, between_call, BETWEEN_CALL(HF_CALL_CALL, endpoint)), 0);
    WANT_CODE(server, 0);
}

static int reply_full(uint64_t seed) {
    struct hf_message message = {0};
    WANT_OK(hf_receive(SLOT_A, &message, NULL));
    return (int)changed(seed, between_call, BETWEEN_CALL(HF_CALL_REPLY, 0));
}

static int call_and_look(uint64_t argument) {
    WANT_OK(hf_call(SLOT_A, &(struct hf_message){0}));
    return want_fresh(argument);
}

static void caller_sees_nothing_of_its_server(void) {
    hf_handle_t endpoint = new_endpoint();
    unsigned server = START(reply_full, 31, endpoint), caller = START(call_and_look, 0, endpoint);
    WANT_CODE(caller, 0);
    WANT_CODE(server, 0);
}

static void stays_over_page_faults(void) {
    void *at = NULL;
    unsigned wrong = 0;
    WANT_OK(mem_map(32 * HF_PAGE_SIZE, HF_READ | HF_WRITE, 0, &at));
    for (unsigned i = 0; i < 32; i++) {
        wrong += changed(i, between_touch, (uint64_t)at + i * HF_PAGE_SIZE);
    }
    WANT_NUMBER(wrong, 0);
}

static void stays_over_yield(void) {
    unsigned wrong = 0;
    START(spin_full_for_ever, 40);
    for (unsigned i = 0; i < 16; i++) {
        wrong += changed(41 + i % 4, between_call, HF_CALL_YIELD);
    }
    WANT_NUMBER(wrong, 0);
}

/* Waits with full registers, while others come, use them and end. */
static int wait_full(uint64_t seed) { return (int)changed(seed, between_call, BETWEEN_CALL(HF_CALL_CALL, SLOT_A)); }

static void stays_while_waiting(void) {
    hf_handle_t endpoint = new_endpoint();
    struct hf_message message = {0};
    unsigned waits = START(wait_full, 50, endpoint);
    for (unsigned i = 0; i < 4; i++) {
        WANT_CODE(START(spin_full, 51 + i), 0);
    }
    WANT_OK(hf_receive(endpoint, &message, NULL));
    WANT_OK(hf_reply(&message));
    WANT_CODE(waits, 0);
}

static void errors_of_the_x87(void) { WANT_DEATH(x87_error, X87_ERROR, 0); }

extern const char simd_error_passed[];

/* QEMU 7.2 raises none of them. */
static void errors_of_sse(void) {
    struct hf_exit how = role_end(START(simd_error, 0));
    WANT(how.how == HF_EXIT_EXCEPTION && how.error == 0);
    WANT((how.address == SIMD_ERROR && how.rip == (uint64_t)simd_error_at) ||
         (how.address == INVALID_OPCODE && how.rip == (uint64_t)simd_error_passed));
}

static void masked_errors_are_none(void) { WANT_DEATH(x87_at_rest, INVALID_OPCODE, 0); }

/* An exception that is noted but not told of yet stays with whoever caused it. */
static void errors_are_nobody_elses(void) {
    for (unsigned i = 0; i < 4; i++) {
        unsigned failing = START(x87_error, 0), sound = START(x87_at_rest, 0);
        WANT_EXCEPTION(failing, X87_ERROR, 0, x87_error_at);
        WANT_EXCEPTION(sound, INVALID_OPCODE, 0, x87_at_rest_at);
    }
}

const struct suite_test fpu_tests[] = {
    TEST(filling_changes_nothing),
    TEST(new_task_starts_clean),
    TEST(stays_over_preemption),
    TEST(stays_over_others_that_use_none),
    TEST(new_tasks_start_clean_among_users),
    TEST(new_task_starts_clean_after_one_that_was_killed),
    TEST(new_task_starts_clean_after_one_that_trapped),
    TEST(stays_over_calls_both_ways),
    TEST(server_sees_nothing_of_its_callers),
    TEST(caller_sees_nothing_of_its_server),
    TEST(stays_over_page_faults),
    TEST(stays_over_yield),
    TEST(stays_while_waiting),
    TEST(errors_of_the_x87),
    TEST(errors_of_sse),
    TEST(masked_errors_are_none),
    TEST(errors_are_nobody_elses),
    TESTS_END,
};
