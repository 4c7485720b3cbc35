#include "cpu.h"

#include <machine.h>

#include "entry.h"
#include "log.h"
#include "segment.h"

static uint64_t features;

struct cpuid {
    uint32_t eax, ebx, ecx, edx;
};

static struct cpuid cpuid(uint32_t leaf) {
    struct cpuid out;
    __asm__ volatile("cpuid"
                     : "=a"(out.eax), "=b"(out.ebx), "=c"(out.ecx), "=d"(out.edx)
                     : "a"(leaf), "c"(0));
    return out;
}

static void note(enum cpu_feature feature, uint32_t set, unsigned bit) {
    if (set >> bit & 1) features |= 1ul << feature;
}

#define MSR_ARCH_CAPABILITIES 0x10au

static void identify_structured(void) {
    struct cpuid leaf = cpuid(7);
    note(CPU_FSGSBASE, leaf.ebx, 0);
    note(CPU_SMEP, leaf.ebx, 7);
    note(CPU_SMAP, leaf.ebx, 20);
    note(CPU_UMIP, leaf.ecx, 2);
    if (leaf.edx >> 29 & 1) note(CPU_RDCL_NO, (uint32_t)read_msr(MSR_ARCH_CAPABILITIES), 0);
}

void cpu_identify(void) {
    struct cpuid basic = cpuid(1);
    struct cpuid extended = cpuid(0x80000001);

    note(CPU_APIC, basic.edx, 9);
    note(CPU_PGE, basic.edx, 13);
    note(CPU_XSAVE, basic.ecx, 26);
    note(CPU_AVX, basic.ecx, 28);
    note(CPU_HYPERVISOR, basic.ecx, 31);
    note(CPU_NX, extended.edx, 20);
    note(CPU_PAGE_1G, extended.edx, 26);
    if (cpuid(0).eax >= 7) identify_structured();
}

bool cpu_has(enum cpu_feature feature) { return features >> feature & 1; }

uint64_t cpu_features(void) { return features & ((1ul << HF_FEATURE_COUNT) - 1); }

/* Intel SDM vol. 3A, 2.5. */
#define CR0_PE (1ul << 0)
#define CR0_MP (1ul << 1)
#define CR0_TS (1ul << 3) /* the FPU is nobody's: its first use is an exception */
#define CR0_NE (1ul << 5)
#define CR0_WP (1ul << 16)
#define CR0_PG (1ul << 31)
#define CR4_PAE (1ul << 5)
#define CR4_MCE (1ul << 6)
#define CR4_PGE (1ul << 7)
#define CR4_UMIP (1ul << 11)
#define CR4_SMEP (1ul << 20)
#define CR4_SMAP (1ul << 21)

#define MSR_EFER 0xc0000080u
#define EFER_SCE (1ul << 0)
#define EFER_LME (1ul << 8)
#define EFER_LMA (1ul << 10)
#define EFER_NXE (1ul << 11)

#define MSR_SYSENTER_CS 0x174u
#define MSR_STAR 0xc0000081u
#define MSR_LSTAR 0xc0000082u
#define MSR_CSTAR 0xc0000083u
#define MSR_FMASK 0xc0000084u
#define MSR_FS_BASE 0xc0000100u
#define MSR_GS_BASE 0xc0000101u
#define MSR_KERNEL_GS_BASE 0xc0000102u

#define FLAGS_CLEARED 0x44700ul /* by SYSCALL: TF IF DF NT AC */

static uint64_t cr4_bit(enum cpu_feature feature, uint64_t bit) { return cpu_has(feature) ? bit : 0; }

static void init_calls(void) {
    /* SYSRET adds 8 for SS and 16 for CS to its base. */
    uint64_t base = SEGMENT_KERNEL_DATA | 3;
    write_msr(MSR_STAR, base << 48 | (uint64_t)SEGMENT_KERNEL_CODE << 32);
    write_msr(MSR_LSTAR, (uint64_t)entry_call);
    write_msr(MSR_CSTAR, 0);
    write_msr(MSR_FMASK, FLAGS_CLEARED);
    write_msr(MSR_FS_BASE, 0);
    write_msr(MSR_GS_BASE, 0);
    write_msr(MSR_KERNEL_GS_BASE, 0);
    write_msr(MSR_SYSENTER_CS, 0); /* SYSENTER is #GP then */
}

void cpu_init(void) {
    write_cr0(CR0_PE | CR0_MP | CR0_TS | CR0_NE | CR0_WP | CR0_PG);
    write_cr4(CR4_PAE | CR4_MCE | cr4_bit(CPU_PGE, CR4_PGE) | cr4_bit(CPU_UMIP, CR4_UMIP) |
              cr4_bit(CPU_SMEP, CR4_SMEP) | cr4_bit(CPU_SMAP, CR4_SMAP));
    write_msr(MSR_EFER, EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE);
    init_calls();
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
