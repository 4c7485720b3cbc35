/* The 64-bit task-state segment (Intel SDM vol. 3A, 7.7): only its stacks matter. */
#pragma once

#include <stdint.h>

struct __attribute__((packed, aligned(4))) tss {
    uint32_t reserved0;
    uint64_t rsp0; /* the end of the current task's saved registers */
    uint64_t rsp1, rsp2;
    uint64_t reserved1;
    uint64_t ist[7];
    uint64_t reserved2;
    uint16_t reserved3;
    uint16_t io_map;
};
_Static_assert(sizeof(struct tss) == 104, "laid out as the processor reads it");

extern struct tss tss;

