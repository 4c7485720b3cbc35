/* The processor, as far as C needs it. The host tests have a machine of their own
 * in place of this one, which is why it is included by <>: -I decides. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "layout.h"

#define PMO_BASE PMO_START
#define FRAME_HEADERS ((struct hf_run_header *)FRAME_HEADERS_START)
#define FRAME_ENTRIES ((struct hf_frame_entry *)FRAME_ENTRIES_START)

/* Shape of the page tables: levels, and address bits that each translates. */
#define TABLE_LEVELS 4u
#define TABLE_BITS 9u

/* Every translation ends in one place, invalidate.asm, which a core can be linked with another
 * one for (lessons/core/ghost.asm). It leaves all registers as they are. */
static inline void invalidate_page(uint64_t address) {
    __asm__ volatile("call invalidate" : : "D"(address) : "memory");
}

#define CONTROL_REGISTER(name) \
    static inline uint64_t read_##name(void) { \
        uint64_t value; \
        __asm__ volatile("mov %%" #name ", %0" : "=r"(value)); \
        return value; \
    } \
    static inline void write_##name(uint64_t value) { __asm__ volatile("mov %0, %%" #name : : "r"(value) : "memory"); }
CONTROL_REGISTER(cr0)
CONTROL_REGISTER(cr2)
CONTROL_REGISTER(cr3)
CONTROL_REGISTER(cr4)

static inline void write_xcr0(uint32_t value) { __asm__ volatile("xsetbv" : : "c"(0), "a"(value), "d"(0)); }

/* All FPU registers that XCR0 names, or the legacy ones. Intel SDM vol. 1, 13.7 and 10.5. */
static inline void fpu_xsave(void *to) { __asm__ volatile("xsave64 (%0)" : : "r"(to), "a"(-1), "d"(-1) : "memory"); }
static inline void fpu_xrstor(const void *from) {
    __asm__ volatile("xrstor64 (%0)" : : "r"(from), "a"(-1), "d"(-1) : "memory");
}
static inline void fpu_fxsave(void *to) { __asm__ volatile("fxsave64 (%0)" : : "r"(to) : "memory"); }
static inline void fpu_fxrstor(const void *from) { __asm__ volatile("fxrstor64 (%0)" : : "r"(from) : "memory"); }

static inline uint64_t read_msr(uint32_t number) {
    uint32_t low, high;
    __asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(number));
    return (uint64_t)high << 32 | low;
}

static inline void write_msr(uint32_t number, uint64_t value) {
    __asm__ volatile("wrmsr" : : "c"(number), "a"((uint32_t)value), "d"((uint32_t)(value >> 32)) : "memory");
}

static inline uint64_t read_tsc(void) {
    uint32_t low, high;
    __asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
    return (uint64_t)high << 32 | low;
}

/* port_in8, port_out8 and so on. */
#define PORT(bits, suffix) \
    static inline uint##bits##_t port_in##bits(uint16_t port) { \
        uint##bits##_t value; \
        __asm__ volatile("in" #suffix " %1, %0" : "=a"(value) : "Nd"(port)); \
        return value; \
    } \
    static inline void port_out##bits(uint16_t port, uint##bits##_t value) { \
        __asm__ volatile("out" #suffix " %0, %1" : : "a"(value), "Nd"(port)); \
    }
PORT(8, b)
PORT(16, w)
PORT(32, l)

/* Stops this processor for good. */
static inline _Noreturn void halt_forever(void) {
    for (;;) __asm__ volatile("cli; hlt");
}

/* `count` words of `value` from `to` on. */
static inline void fill_words(void *to, uint64_t value, size_t count) {
    __asm__ volatile("rep stosq" : "+D"(to), "+c"(count) : "a"(value) : "memory");
}

static inline void copy_bytes(void *to, const void *from, size_t count) {
    size_t words = count / 8;
    size_t rest = count % 8;
    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(rest) : : "memory");
}

static inline void zero_page(void *page) { fill_words(page, 0, 512); }
