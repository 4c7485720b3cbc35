/* What a simulated machine has instead of instructions: each defines these, or those of them that it reaches. */
#pragma once

#include <stddef.h>
#include <stdint.h>

void invalidate_page(uint64_t address);
void write_cr3(uint64_t value);
uint64_t read_cr0(void);
void write_cr0(uint64_t value);
uint64_t read_tsc(void);

void fpu_xsave(void *to);
void fpu_xrstor(const void *from);
void fpu_fxsave(void *to);
void fpu_fxrstor(const void *from);

uint8_t port_in8(uint16_t port);
uint16_t port_in16(uint16_t port);
uint32_t port_in32(uint16_t port);
void port_out8(uint16_t port, uint8_t value);
void port_out16(uint16_t port, uint16_t value);
void port_out32(uint16_t port, uint32_t value);

_Noreturn void halt_forever(void);

void fill_words(void *to, uint64_t value, size_t count);
void copy_bytes(void *to, const void *from, size_t count);
void zero_page(void *page);
