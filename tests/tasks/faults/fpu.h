/* The x87, SSE and AVX registers, filled and looked at as a whole. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define FPU_REGISTERS 16u

/* FXSAVE's area (Intel SDM vol. 1, table 10-2), and behind it the upper halves of the YMM registers. */
struct fpu_image {
    uint16_t control, status;
    uint8_t tags; /* a bit for each x87 register that isn't empty */
    uint8_t reserved;
    uint16_t opcode;
    uint64_t instruction, operand;
    uint32_t sse_control, sse_mask;
    uint8_t x87[8][16]; /* 10 bytes each */
    uint64_t xmm[FPU_REGISTERS][2];
    uint64_t unused[12];
    uint64_t upper[FPU_REGISTERS][2];
} __attribute__((aligned(64)));
_Static_assert(__builtin_offsetof(struct fpu_image, upper) == 512, "FXSAVE's area");

typedef void fpu_between(uint64_t argument);

/* Stores what is in the registers. */
void fpu_look(struct fpu_image *image, bool avx);

/* Loads all of `in`, does something that uses none of the registers, and stores them in `out`. */
void fpu_keep(const struct fpu_image *in, struct fpu_image *out, bool avx, fpu_between *between, uint64_t argument);

/* What can be done: nothing, counting down, writing a byte there, a call without words. */
fpu_between between_nothing, between_spin, between_touch, between_call;
#define BETWEEN_CALL(number, handle) ((uint64_t)(number) | (uint64_t)(handle) << 32)
