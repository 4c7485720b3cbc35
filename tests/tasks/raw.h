/* SYSCALL with every register and flag of one's own choosing. */
#ifndef TASKS_RAW_H
#define TASKS_RAW_H

#include <stdint.h>

struct raw {
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t flags;      /* set just before SYSCALL */
    uint64_t flags_back; /* as they are just after it */
};

#define RAW_FLAGS 0x202ul
#define RAW_ARITHMETIC 0x8d5ul
#define RAW_TRAP (1ul << 8)
#define RAW_DIRECTION (1ul << 10)
#define RAW_PRIVILEGE (3ul << 12) /* POPF in ring 3 leaves it as it is */
#define RAW_NESTED (1ul << 14)
#define RAW_ALIGNMENT (1ul << 18)
#define RAW_IDENTIFICATION (1ul << 21)

/* POPFQ comes last before SYSCALL, so that a trap flag first counts for SYSCALL itself. */
__attribute__((naked, noinline)) static void raw_call(struct raw *) {
    __asm__("push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
            "push %rdi\n"
            "pushq 112(%rdi)\n"
            "mov (%rdi), %rax; mov 8(%rdi), %rbx; mov 16(%rdi), %rcx; mov 24(%rdi), %rdx\n"
            "mov 32(%rdi), %rsi; mov 48(%rdi), %r8; mov 56(%rdi), %r9; mov 64(%rdi), %r10\n"
            "mov 72(%rdi), %r11; mov 80(%rdi), %r12; mov 88(%rdi), %r13; mov 96(%rdi), %r14\n"
            "mov 104(%rdi), %r15; mov 40(%rdi), %rdi\n"
            "popfq\n"
            "syscall\n"
            "xchg %rdi, (%rsp)\n"
            "mov %rax, (%rdi); mov %rbx, 8(%rdi); mov %rcx, 16(%rdi); mov %rdx, 24(%rdi)\n"
            "mov %rsi, 32(%rdi); mov %r8, 48(%rdi); mov %r9, 56(%rdi); mov %r10, 64(%rdi)\n"
            "mov %r11, 72(%rdi); mov %r12, 80(%rdi); mov %r13, 88(%rdi); mov %r14, 96(%rdi)\n"
            "mov %r15, 104(%rdi)\n"
            "pop 40(%rdi)\n"
            "pushfq\n"
            "pop 120(%rdi)\n"
            "cld\n"
            "pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
            "ret");
}

#endif
