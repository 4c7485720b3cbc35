/* The parts of the core that are about real hardware, for the simulated machine. */
#include "clock.h"
#include "control.h"
#include "cpu.h"
#include "interrupt.h"
#include "kernelmap.h"
#include "log.h"
#include <string.h>

void kernelmap_copy(pte_t *table) { memcpy(&table[MACHINE_RUN / 2], machine_kernel_half, sizeof machine_kernel_half); }

void interrupt_mask(unsigned line) { machine_masked |= 1u << line; }

void interrupt_unmask(unsigned line) { machine_masked &= ~(1u << line); }

void interrupt_end(unsigned line) { (void)line; }

bool machine_xsave;

bool cpu_has(enum cpu_feature feature) { return feature == CPU_XSAVE && machine_xsave; }

uint64_t clock_nanoseconds(void) { return read_tsc(); }

void log_text(const char *text) { (void)text; }
