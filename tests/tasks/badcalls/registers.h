/* A call with every register of one's own choosing. */
#pragma once

#include <stdint.h>

struct registers {
    uint64_t rax, rbx, rcx, rdx, rsi, rdi, rbp, r8, r9, r10, r11, r12, r13, r14, r15;
    uint64_t rsp;    /* before: nothing; after: by how much it differs from what it was */
    uint64_t rflags; /* after */
};

/* Makes the call, and puts what it leaves in place of what it got. */
void registers_call(struct registers *registers);
