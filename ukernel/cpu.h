/* What the processor can do, and its control registers. */
#pragma once

#include <handoff/boot.h>
#include <stdbool.h>

#define CR0_TS 8ul /* the first use of the FPU is an exception: Intel SDM vol. 3A, 2.5 */

#define CPU_FEATURE_LIST(X) HF_FEATURE_LIST(X) X(APIC, apic) X(HYPERVISOR, hypervisor)

enum cpu_feature {
#define X(upper, lower) CPU_##upper,
    CPU_FEATURE_LIST(X)
#undef X
        CPU_FEATURES
};

/* Finds the features (Intel SDM vol. 2A, CPUID). */
void cpu_identify(void);
bool cpu_has(enum cpu_feature feature);

/* One bit for each enum hf_processor_feature. */
uint64_t cpu_features(void);

/* Sets CR0, CR4, XCR0, EFER and the registers of SYSCALL, whole; calls enter by the
 * fast path or all by the slow one. */
void cpu_init(bool fast_calls);

/* Lets the interrupt entry do CLAC where the processor has SMAP. Before .text is read-only. */
void cpu_patch_entry(void);

/* Prints which of the features there are, and whether memory is confidential. */
void cpu_report(void);
