#include "cpu.h"

#include <machine.h>

#include "entry.h"
#include "log.h"
#include "segment.h"

static uint64_t features;

/* Where CPUID tells of each (Intel SDM vol. 2A, CPUID): leaf, register, bit. */
static const struct {
    uint32_t leaf;
    enum { EBX = 1, ECX, EDX } in;
    unsigned bit;
} places[CPU_FEATURES] = {
    /* clang-format off */
    [CPU_APIC] = {1, EDX, 9}, [CPU_PGE] = {1, EDX, 13}, [CPU_XSAVE] = {1, ECX, 26}, [CPU_AVX] = {1, ECX, 28},
    [CPU_HYPERVISOR] = {1, ECX, 31}, [CPU_FSGSBASE] = {7, EBX, 0}, [CPU_SMEP] = {7, EBX, 7},
    [CPU_SMAP] = {7, EBX, 20}, [CPU_UMIP] = {7, ECX, 2}, [CPU_RDCL_NO] = {7, EDX, 29},
    [CPU_NX] = {0x80000001, EDX, 20}, [CPU_PAGE_1G] = {0x80000001, EDX, 26},
    /* clang-format on */
};

static void cpuid(uint32_t leaf, uint32_t out[4]) {
    __asm__ volatile("cpuid" : "=a"(out[0]), "=b"(out[1]), "=c"(out[2]), "=d"(out[3]) : "a"(leaf), "c"(0));
}

#define MSR_ARCH_CAPABILITIES 0x10au
#define CAPABILITY_RDCL_NO 1u

void cpu_identify(void) {
    uint32_t most[4], out[4];
    cpuid(0, most);
    for (unsigned feature = 0; feature < CPU_FEATURES; feature++) {
        cpuid(places[feature].leaf, out);
        bool known = places[feature].leaf >= 0x80000000 || places[feature].leaf <= most[0];
        if (known && (out[places[feature].in] >> places[feature].bit & 1)) features |= 1ul << feature;
    }
    /* The bit tells of the register that has the answer. */
    bool safe = cpu_has(CPU_RDCL_NO) && (read_msr(MSR_ARCH_CAPABILITIES) & CAPABILITY_RDCL_NO);
    if (!safe) features &= ~(1ul << CPU_RDCL_NO);
}

bool cpu_has(enum cpu_feature feature) { return features >> feature & 1; }

uint64_t cpu_features(void) { return features & ((1ul << HF_FEATURE_COUNT) - 1); }

/* Intel SDM vol. 3A, 2.5. TS: the FPU is nobody's, its first use is an exception (fpu.h). */
enum { CR0_PE = 1 << 0, CR0_MP = 1 << 1, CR0_NE = 1 << 5, CR0_WP = 1 << 16, CR0_PG = 1u << 31 };
enum { CR4_PAE = 1 << 5, CR4_MCE = 1 << 6, CR4_PGE = 1 << 7 };
enum { CR4_OSFXSR = 1 << 9, CR4_OSXMMEXCPT = 1 << 10, CR4_OSXSAVE = 1 << 18 };
enum { CR4_UMIP = 1 << 11, CR4_SMEP = 1 << 20, CR4_SMAP = 1 << 21 };
enum { XCR0_X87 = 1, XCR0_SSE = 2, XCR0_AVX = 4 };
enum { EFER_SCE = 1 << 0, EFER_LME = 1 << 8, EFER_LMA = 1 << 10, EFER_NXE = 1 << 11 };

enum { MSR_SYSENTER_CS = 0x174, MSR_EFER = 0xc0000080, MSR_STAR, MSR_LSTAR, MSR_CSTAR, MSR_FMASK };
enum { MSR_FS_BASE = 0xc0000100, MSR_GS_BASE, MSR_KERNEL_GS_BASE };

#define FLAGS_CLEARED 0x44700ul /* by SYSCALL: TF IF DF NT AC */

static uint64_t cr4_bit(enum cpu_feature feature, uint64_t bit) { return cpu_has(feature) ? bit : 0; }

static void init_calls(bool fast) {
    /* SYSRET adds 8 for SS and 16 for CS to its base. */
    uint64_t base = SEGMENT_KERNEL_DATA | 3;
    write_msr(MSR_STAR, base << 48 | (uint64_t)SEGMENT_KERNEL_CODE << 32);
    write_msr(MSR_LSTAR, (uint64_t)(fast ? entry_fast_call : entry_call));
    write_msr(MSR_CSTAR, 0);
    write_msr(MSR_FMASK, FLAGS_CLEARED);
    write_msr(MSR_FS_BASE, 0);
    write_msr(MSR_GS_BASE, 0);
    write_msr(MSR_KERNEL_GS_BASE, 0);
    write_msr(MSR_SYSENTER_CS, 0); /* SYSENTER is #GP then */
}

void cpu_init(bool fast_calls) {
    write_cr0(CR0_PE | CR0_MP | CR0_TS | CR0_NE | CR0_WP | CR0_PG);
    write_cr4(CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT | cr4_bit(CPU_XSAVE, CR4_OSXSAVE) |
              cr4_bit(CPU_PGE, CR4_PGE) | cr4_bit(CPU_UMIP, CR4_UMIP) | cr4_bit(CPU_SMEP, CR4_SMEP) |
              cr4_bit(CPU_SMAP, CR4_SMAP));
    if (cpu_has(CPU_XSAVE)) write_xcr0(XCR0_X87 | XCR0_SSE | (cpu_has(CPU_AVX) ? XCR0_AVX : 0));
    write_msr(MSR_EFER, EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE);
    init_calls(fast_calls);
}

void cpu_patch_entry(void) {
    static const uint8_t clac[3] = {0x0f, 0x01, 0xca};
    if (cpu_has(CPU_SMAP)) copy_bytes(entry_clac, clac, sizeof(clac));
}

void cpu_report(void) {
    static const char *const names[CPU_FEATURES] = {
#define X(upper, lower) [CPU_##upper] = #lower,
        CPU_FEATURE_LIST(X)
#undef X
    };
    log_text("processor:");
    for (unsigned feature = 0; feature < CPU_FEATURES; feature++) {
        if (cpu_has((enum cpu_feature)feature)) log_print(" %s", names[feature]);
    }
    log_text("\n");
    if (!cpu_has(CPU_RDCL_NO)) {
        log_text("processor: may leak across privilege levels; memory isn't confidential\n");
    }
}
