/* Every exception that ring 3 can raise: what is told of it. */
#include "faults.h"

static void divide_error(void) { WANT_DEATH(divide_by_zero, DIVIDE_ERROR, 0); }

static void divide_error_by_overflow(void) { WANT_DEATH(divide_overflow, DIVIDE_ERROR, 0); }

static void step(void) { WANT_DEATH(single_step, DEBUG, 0); }

static void calls_are_not_stepped_into(void) {
    WANT_EXCEPTION(START(single_step_into_a_call, HF_CALL_YIELD), INVALID_OPCODE, 0, single_step_into_a_call_at);
}

/* One emulator knows the instruction and the other doesn't: its RIP is that of the instruction. */
static void debug_trap(void) {
    struct hf_exit how = role_end(START(one_byte_debug_trap, 0));
    WANT(how.how == HF_EXIT_EXCEPTION && how.error == 0);
    WANT((how.address == DEBUG && how.rip == (uint64_t)one_byte_debug_trap_at) ||
         (how.address == INVALID_OPCODE && how.rip == (uint64_t)one_byte_debug_trap));
}

static void breakpoint_trap(void) { WANT_DEATH(breakpoint, BREAKPOINT, 0); }

static void breakpoint_of_two_bytes(void) { WANT_DEATH(breakpoint_by_number, BREAKPOINT, 0); }

static void undefined(void) { WANT_DEATH(invalid_opcode, INVALID_OPCODE, 0); }

static void undefined_in_64_bits(void) { WANT_DEATH(not_in_64_bits, INVALID_OPCODE, 0); }

static void undefined_lock(void) { WANT_DEATH(lock_without_memory, INVALID_OPCODE, 0); }

static void privileged_instruction(void) { WANT_DEATH(privileged, PROTECTION, 0); }

static void port_instruction(void) { WANT_DEATH(port_access, PROTECTION, 0); }

/* The error code of a gate: its number, and that it stands in the IDT (Intel SDM vol. 3A, 6.13). QEMU 7.2
 * counts gates of 16 bytes as two. */
static void want_gate_error(unsigned role, unsigned vector, const char *at) {
    struct hf_exit how = role_end(role);
    WANT_NUMBER(how.how, HF_EXIT_EXCEPTION);
    WANT_NUMBER(how.address, PROTECTION);
    WANT(how.error == (vector << 3 | 2) || how.error == (vector << 4 | 2));
    WANT(how.rip == (uint64_t)at);
}

static void interrupt_that_is_a_fault(void) {
    want_gate_error(START(interrupt_of_a_fault, 0), 14, interrupt_of_a_fault_at);
}

static void interrupt_that_is_nobodys(void) {
    want_gate_error(START(interrupt_of_nobody, 0), 0x80, interrupt_of_nobody_at);
}

static void selector_of_the_kernel(void) { WANT_DEATH(kernel_selector, PROTECTION, 0x10); }

static void selector_of_nothing(void) { WANT_DEATH(selector_beyond_the_table, PROTECTION, 0xfff8); }

static void no_address(void) { WANT_DEATH(read_of_no_address, PROTECTION, 0); }

/* QEMU 7.2 tells no stack faults. */
static void no_address_of_a_stack(void) {
    struct hf_exit how = role_end(START(push_to_no_address, 0));
    WANT(how.how == HF_EXIT_EXCEPTION && how.error == 0 && how.rip == (uint64_t)push_to_no_address_at);
    WANT(how.address == STACK_FAULT || how.address == PROTECTION);
}

/* Some processors tell of it at the jump, others when they have jumped. */
static void no_address_to_jump_to(void) {
    const uint64_t nowhere = 0x800000000000;
    struct hf_exit how = role_end(START(jump_to, nowhere));
    WANT_NUMBER(how.how, HF_EXIT_EXCEPTION);
    WANT_NUMBER(how.address, PROTECTION);
    WANT_NUMBER(how.error, 0);
    WANT(how.rip == nowhere || how.rip == (uint64_t)jump_to);
}

static void alignment_is_not_checked(void) { WANT_DEATH(misaligned_access, INVALID_OPCODE, 0); }

static void stack_pointer_in_the_kernel(void) { WANT_DEATH(on_the_kernels_stack, INVALID_OPCODE, 0); }

static void stack_pointer_zero(void) { WANT_DEATH(without_a_stack, INVALID_OPCODE, 0); }

/* Nobody else is disturbed, and each is told of for itself. */
static void many_at_once(void) {
    unsigned undefined_ones[8], divided[8];
    for (unsigned i = 0; i < 8; i++) {
        undefined_ones[i] = START(invalid_opcode, 0);
        divided[i] = START(divide_by_zero, 0);
    }
    for (unsigned i = 0; i < 8; i++) {
        WANT_EXCEPTION(divided[i], DIVIDE_ERROR, 0, divide_by_zero_at);
        WANT_EXCEPTION(undefined_ones[i], INVALID_OPCODE, 0, invalid_opcode_at);
    }
}

const struct suite_test exception_tests[] = {
    TEST(divide_error),
    TEST(divide_error_by_overflow),
    TEST(step),
    TEST(calls_are_not_stepped_into),
    TEST(debug_trap),
    TEST(breakpoint_trap),
    TEST(breakpoint_of_two_bytes),
    TEST(undefined),
    TEST(undefined_in_64_bits),
    TEST(undefined_lock),
    TEST(privileged_instruction),
    TEST(port_instruction),
    TEST(interrupt_that_is_a_fault),
    TEST(interrupt_that_is_nobodys),
    TEST(selector_of_the_kernel),
    TEST(selector_of_nothing),
    TEST(no_address),
    TEST(no_address_of_a_stack),
    TEST(no_address_to_jump_to),
    TEST(alignment_is_not_checked),
    TEST(stack_pointer_in_the_kernel),
    TEST(stack_pointer_zero),
    TEST(many_at_once),
    TESTS_END,
};
