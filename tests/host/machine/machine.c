#include "control.h"
#include <sanitizer/asan_interface.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Alignas(HF_PAGE_SIZE) uint8_t machine_ram[MACHINE_FRAMES][HF_PAGE_SIZE];
struct hf_run_header machine_headers[MACHINE_RUNS];
struct hf_frame_entry machine_entries[MACHINE_FRAMES];
uint64_t machine_kernel_half[MACHINE_RUN / 2];
struct machine_port machine_port;
uint32_t machine_masked;
jmp_buf *machine_on_halt;

static bool is_ram[MACHINE_FRAMES];
static uint64_t cr3, tsc;

/* ---- What the processor remembers (Intel SDM vol. 3A, 4.10) ---- */

#define BIT_PRESENT 1ull
#define BIT_WRITE 2ull
#define BITS_OF_CACHE 0x18ull
#define BIT_ACCESSED 0x20ull
#define BIT_DIRTY 0x40ull
#define BIT_LARGE 0x80ull
#define BIT_NX (1ull << 63)
#define FRAME_OF(entry) (((entry)&0x000ffffffffff000ull) >> HF_PAGE_SHIFT)

#define CACHED 8192u

/* An entry of a table of this level, as it was when it was used for `address`. */
static struct cached {
    uint64_t address;
    unsigned level;
    uint64_t entry;
} cached[CACHED];
static unsigned cached_count;
static char stale[160];

static uint64_t *entry_at(uint64_t table, uint64_t address, unsigned level) {
    const unsigned shift = HF_PAGE_SHIFT + TABLE_BITS * (level - 1);
    return (uint64_t *)machine_ram[table] + (address >> shift) % MACHINE_RUN;
}

static bool is_leaf(uint64_t entry, unsigned level) { return level == HF_LEVEL_PT || (entry & BIT_LARGE); }

static uint64_t span_of(unsigned level) { return (uint64_t)HF_PAGE_SIZE << TABLE_BITS * (level - 1); }

/* Only translations of this one page go, whatever its size, but all that is remembered of tables. */
void invalidate_page(uint64_t address) {
    unsigned kept = 0;
    for (unsigned i = 0; i < cached_count; i++) {
        const struct cached *old = &cached[i];
        if (is_leaf(old->entry, old->level) && address - old->address >= span_of(old->level)) {
            cached[kept++] = *old;
        }
    }
    cached_count = kept;
}

uint64_t read_cr2(void) { return 0; }

uint64_t read_cr3(void) { return cr3; }

void write_cr3(uint64_t value) {
    cr3 = value;
    cached_count = 0;
}

/* ---- The FPU's registers, as they would be stored ---- */

uint8_t machine_fpu[MACHINE_FPU_BYTES];
static uint64_t cr0 = 8; /* TS: the first use of the FPU is an exception */

uint64_t read_cr0(void) { return cr0; }

void write_cr0(uint64_t value) { cr0 = value; }

bool machine_fpu_usable(void) { return !(cr0 & 8); }

/* As #NM in ring 0, which would be fatal. */
static void need_fpu(void) {
    if (!machine_fpu_usable()) abort();
}

void fpu_xsave(void *to) {
    need_fpu();
    memcpy(to, machine_fpu, MACHINE_FPU_BYTES);
}

void fpu_xrstor(const void *from) {
    need_fpu();
    memcpy(machine_fpu, from, MACHINE_FPU_BYTES);
}

void fpu_fxsave(void *to) {
    need_fpu();
    memcpy(to, machine_fpu, MACHINE_FPU_LEGACY_BYTES);
}

void fpu_fxrstor(const void *from) {
    need_fpu();
    memcpy(machine_fpu, from, MACHINE_FPU_LEGACY_BYTES);
}

static void remember(uint64_t address, unsigned level, uint64_t entry) {
    for (unsigned i = 0; i < cached_count; i++) {
        if (cached[i].address == address && cached[i].level == level) {
            cached[i].entry |= entry & BIT_DIRTY; /* one that is there is used, and only gets dirty */
            return;
        }
    }
    if (cached_count < CACHED) {
        cached[cached_count++] = (struct cached){address, level, entry};
    }
}

static void use(uint64_t table, unsigned level, uint64_t base, uint64_t (*touch)(uint64_t)) {
    const unsigned shift = HF_PAGE_SHIFT + TABLE_BITS * (level - 1);
    const unsigned end = level == TABLE_LEVELS ? MACHINE_RUN / 2 : MACHINE_RUN;
    for (uint64_t slot = 0; slot < end; slot++) {
        uint64_t *entry = (uint64_t *)machine_ram[table] + slot;
        const uint64_t address = base + (slot << shift);
        const uint64_t way = (*entry & BIT_PRESENT) ? touch(3) : 0;
        if (way == 0) {
            continue;
        }
        *entry |= BIT_ACCESSED;
        const bool leaf = is_leaf(*entry, level);
        if (leaf && way == 2 && (*entry & BIT_WRITE)) {
            *entry |= BIT_DIRTY;
        }
        remember(address, level, *entry);
        if (!leaf) {
            use(FRAME_OF(*entry), level - 1, address, touch);
        }
    }
}

void machine_use_aspace(uint64_t (*touch)(uint64_t below)) {
    if (cr3 != 0) {
        use(FRAME_OF(cr3), TABLE_LEVELS, 0, touch);
    }
}

/* Whether what is remembered allows no more, and leads nowhere else, than what the table says. */
static bool justified(uint64_t old, uint64_t now) {
    const uint64_t allowing = BIT_PRESENT | BIT_WRITE | BIT_ACCESSED | BIT_DIRTY;
    return FRAME_OF(old) == FRAME_OF(now) && (old & allowing & ~now) == 0 && (now & BIT_NX & ~old) == 0 &&
           ((old ^ now) & (BIT_LARGE | BITS_OF_CACHE)) == 0;
}

static uint64_t entry_now(const struct cached *old) {
    uint64_t table = FRAME_OF(cr3);
    for (unsigned level = TABLE_LEVELS; level > old->level; level--) {
        const uint64_t entry = *entry_at(table, old->address, level);
        if (!(entry & BIT_PRESENT) || (entry & BIT_LARGE)) {
            return 0;
        }
        table = FRAME_OF(entry);
    }
    return *entry_at(table, old->address, old->level);
}

const char *machine_stale(void) {
    for (unsigned i = 0; i < cached_count && stale[0] == 0; i++) {
        const uint64_t now = entry_now(&cached[i]);
        if (!justified(cached[i].entry, now)) {
            snprintf(stale, sizeof stale, "I8: %#llx level %u: %#llx is remembered, %#llx is there",
                     (unsigned long long)cached[i].address, cached[i].level, (unsigned long long)cached[i].entry,
                     (unsigned long long)now);
        }
    }
    return stale[0] ? stale : NULL;
}

static void note_filled(const void *page) {
    const uint64_t frame = ((uint64_t)page - PMO_BASE) >> HF_PAGE_SHIFT;
    for (unsigned i = 0; frame < MACHINE_FRAMES && i < cached_count && stale[0] == 0; i++) {
        const bool run = cached[i].level > HF_LEVEL_PT && is_leaf(cached[i].entry, cached[i].level);
        if (frame - FRAME_OF(cached[i].entry) < (run ? MACHINE_RUN : 1)) {
            snprintf(stale, sizeof stale, "I8: frame %llu was filled while %#llx still led there",
                     (unsigned long long)frame, (unsigned long long)cached[i].address);
        }
    }
}

/* ---- RAM ---- */

void machine_reset(void) {
    ASAN_UNPOISON_MEMORY_REGION(machine_ram, sizeof machine_ram);
    memset(machine_ram, 0xa5, sizeof machine_ram);
    memset(machine_headers, 0, sizeof machine_headers);
    memset(machine_entries, 0xa5, sizeof machine_entries);
    memset(is_ram, 0, sizeof is_ram);
    ASAN_POISON_MEMORY_REGION(machine_ram, sizeof machine_ram);
    for (unsigned i = 0; i < MACHINE_RUN / 2; i++) {
        machine_kernel_half[i] = i % 3 == 0 ? 0 : (0x1000ull * (i + 1)) | 0x23;
    }
    machine_port = (struct machine_port){0};
    machine_masked = 0xffff;
    machine_on_halt = NULL;
    stale[0] = 0;
    write_cr3(0);
}

void machine_add_ram(hf_frame_t first, uint64_t count) {
    ASAN_UNPOISON_MEMORY_REGION(machine_ram[first], count * HF_PAGE_SIZE);
    memset(&is_ram[first], 1, count);
}

void machine_remove_ram(hf_frame_t first, uint64_t count) {
    ASAN_POISON_MEMORY_REGION(machine_ram[first], count * HF_PAGE_SIZE);
    memset(&is_ram[first], 0, count);
}

bool machine_is_ram(hf_frame_t frame) { return frame < MACHINE_FRAMES && is_ram[frame]; }

void fill_words(void *to, uint64_t value, size_t count) {
    uint64_t *word = to;
    for (size_t i = 0; i < count; i++) {
        word[i] = value;
    }
}

void copy_bytes(void *to, const void *from, size_t count) { memcpy(to, from, count); }

void zero_page(void *page) {
    note_filled(page);
    memset(page, 0, HF_PAGE_SIZE);
}

/* ---- The rest of the processor ---- */

uint64_t read_tsc(void) { return ++tsc; }

static uint32_t port_in(uint16_t port, unsigned size) {
    machine_port.accesses++;
    machine_port.port = port;
    machine_port.size = size;
    return machine_port.value;
}

uint8_t port_in8(uint16_t port) { return (uint8_t)port_in(port, 1); }

uint16_t port_in16(uint16_t port) { return (uint16_t)port_in(port, 2); }

uint32_t port_in32(uint16_t port) { return port_in(port, 4); }

static void port_out(uint16_t port, unsigned size, uint32_t value) {
    machine_port = (struct machine_port){machine_port.accesses + 1, port, size, value};
}

void port_out8(uint16_t port, uint8_t value) { port_out(port, 1, value); }

void port_out16(uint16_t port, uint16_t value) { port_out(port, 2, value); }

void port_out32(uint16_t port, uint32_t value) { port_out(port, 4, value); }

_Noreturn void halt_forever(void) {
    if (machine_on_halt != NULL) {
        longjmp(*machine_on_halt, 1);
    }
    fputs("the simulated processor was halted\n", stderr);
    abort();
}
