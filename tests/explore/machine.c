#include "caches.h"
#include "../host/machine/control.h"
#include <stdlib.h>
#include <string.h>

_Alignas(HF_PAGE_SIZE) uint8_t machine_ram[MACHINE_FRAMES][HF_PAGE_SIZE];
struct hf_run_header machine_headers[MACHINE_RUNS];
struct hf_frame_entry machine_entries[MACHINE_FRAMES];
uint64_t machine_kernel_half[MACHINE_RUN / 2];
uint64_t machine_cr3;
uint32_t machine_masked;
uint8_t machine_page[MACHINE_FRAMES];

#define SECRET 0xa5

void machine_paint(hf_frame_t frame, enum machine_page want) {
    if (machine_page[frame] == want) return;
    memset(machine_ram[frame], want == PAGE_SECRET ? SECRET : 0, HF_PAGE_SIZE);
    machine_page[frame] = (uint8_t)want;
}

bool machine_page_is_clean(hf_frame_t frame) { return !memchr(machine_ram[frame], SECRET, HF_PAGE_SIZE); }

static void note_written(const void *to) {
    uint64_t offset = (uint64_t)to - PMO_BASE;
    if (offset < sizeof machine_ram) machine_page[offset / HF_PAGE_SIZE] = PAGE_WRITTEN;
}

void fill_words(void *to, uint64_t value, size_t count) {
    uint64_t *word = to;
    note_written(to);
    for (size_t i = 0; i < count; i++) word[i] = value;
}

void copy_bytes(void *to, const void *from, size_t count) {
    note_written(to);
    memcpy(to, from, count);
}

void zero_page(void *page) {
    caches_note_filled(((uint64_t)page - PMO_BASE) / HF_PAGE_SIZE);
    memset(page, 0, HF_PAGE_SIZE);
    note_written(page);
}

void write_cr3(uint64_t value) {
    machine_cr3 = value;
    caches_note_load();
}

void invalidate_page(uint64_t address) { caches_note_invalidated(address); }

/* ---- What is out of reach ---- */

uint64_t read_cr0(void) { return 0; }
void write_cr0(uint64_t value) { (void)value; }
uint64_t read_tsc(void) { return 0; }
void fpu_xsave(void *to) { (void)to; }
void fpu_xrstor(const void *from) { (void)from; }
void fpu_fxsave(void *to) { (void)to; }
void fpu_fxrstor(const void *from) { (void)from; }
uint8_t port_in8(uint16_t port) { return (uint8_t)port; }
uint16_t port_in16(uint16_t port) { return port; }
uint32_t port_in32(uint16_t port) { return port; }

static void port_out(uint16_t port, uint32_t value) {
    (void)port;
    (void)value;
}

void port_out8(uint16_t port, uint8_t value) { port_out(port, value); }
void port_out16(uint16_t port, uint16_t value) { port_out(port, value); }
void port_out32(uint16_t port, uint32_t value) { port_out(port, value); }

_Noreturn void halt_forever(void) { abort(); }
