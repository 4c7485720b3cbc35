/* Ways to end a task, and how that must look to who waits for it. */
#pragma once

#include "../suite.h"

#define DIVIDE_ERROR 0u
#define DEBUG 1u
#define BREAKPOINT 3u
#define INVALID_OPCODE 6u
#define STACK_FAULT 12u
#define PROTECTION 13u
#define X87_ERROR 16u
#define SIMD_ERROR 19u

/* The functions of deaths.asm and fpu.asm that end a task: a role each. `NAME_at` is where RIP must stand. */
#define DEATHS(X) \
    X(divide_by_zero) \
    X(divide_overflow) \
    X(single_step) \
    X(single_step_into_a_call) \
    X(one_byte_debug_trap) \
    X(breakpoint) \
    X(breakpoint_by_number) \
    X(invalid_opcode) \
    X(not_in_64_bits) \
    X(lock_without_memory) \
    X(privileged) \
    X(port_access) \
    X(interrupt_of_a_fault) \
    X(interrupt_of_nobody) \
    X(kernel_selector) \
    X(selector_beyond_the_table) \
    X(read_of_no_address) \
    X(push_to_no_address) \
    X(misaligned_access) \
    X(on_the_kernels_stack) \
    X(without_a_stack) \
    X(step_over_a_page_fault) \
    X(read_at) \
    X(write_at) \
    X(read_word_at) \
    X(read_fs_at) \
    X(read_fs_without_selector_at) \
    X(read_gs_at) \
    X(jump_to) \
    X(x87_error) \
    X(x87_at_rest) \
    X(simd_error)

#define X(name) \
    role_function name; \
    extern const char name##_at[];
DEATHS(X)
#undef X

/* A role ended by an exception, at `at`, and that is all that is told. */
bool suite_want_exception(unsigned role, unsigned vector, uint64_t error, const char *at, int line);
#define WANT_EXCEPTION(role, vector, error, at) suite_want_exception(role, vector, error, at, __LINE__)

/* A role ended by a page fault that memsrv refused. `error`: enum hf_fault_error. */
bool suite_want_fault(unsigned role, enum hf_reason reason, uint64_t address, uint64_t error, const char *at, int line);
#define WANT_FAULT(role, reason, address, error, at) \
    suite_want_fault(role, HF_REASON_##reason, address, error, at, __LINE__)

/* The role of that name does nothing else, from beginning to end. */
#define WANT_DEATH(name, vector, error) WANT_EXCEPTION(START(name, 0), vector, error, name##_at)
#define WANT_FAULTING(name, address, reason, error) WANT_FAULT(START(name, address), reason, address, error, name##_at)
