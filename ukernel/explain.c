#include "panic.h"

#include "entry.h"
#include "log.h"
#include "names.h"
#include "walk.h"

/* Intel SDM vol. 3A, table 6-1. */
/* clang-format off */
static const char *const exceptions[VECTOR_EXCEPTIONS] = {
    "divide error", "debug", "NMI", "breakpoint", "overflow", "bound range exceeded", "invalid opcode",
    "device not available", "double fault", "coprocessor segment overrun", "invalid TSS", "segment not present",
    "stack fault", "general protection", "page fault", "exception 15", "x87 error", "alignment check",
    "machine check", "SIMD error", "virtualization", "control protection"};
/* clang-format on */

static const char *exception_name(uint64_t vector) {
    const char *name = vector < VECTOR_EXCEPTIONS ? exceptions[vector] : NULL;
    return name ? name : "exception";
}

static void explain_page_fault(uint64_t error, uint64_t address) {
    const char *access = error & HF_FAULT_FETCH ? "fetch from" : error & HF_FAULT_WRITE ? "write to" : "read of";
    const char *reason = error & HF_FAULT_RESERVED  ? "reserved bit set"
                         : error & HF_FAULT_PRESENT ? "not allowed"
                                                    : "not present";
    log_print("page fault: %s 0x%lx, %s", access, address, reason);
}

void explain_exception(const struct frame_registers *registers, uint64_t fault_address) {
    if (registers->vector == VECTOR_PAGE_FAULT) {
        explain_page_fault(registers->error, fault_address);
    } else {
        log_text(exception_name(registers->vector));
    }
    log_print(", vector %lu, error 0x%lx, ring %lu, rip 0x%lx", registers->vector, registers->error, registers->cs & 3,
              registers->rip);
    names_print(registers->rip);
    log_text("\n");
}

void explain_registers(const struct frame_registers *r) {
    log_print("  rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", r->rax, r->rbx, r->rcx, r->rdx);
    log_print("  rsi %016lx rdi %016lx rbp %016lx rsp %016lx\n", r->rsi, r->rdi, r->rbp, r->rsp);
    log_print("  r8  %016lx r9  %016lx r10 %016lx r11 %016lx\n", r->r8, r->r9, r->r10, r->r11);
    log_print("  r12 %016lx r13 %016lx r14 %016lx r15 %016lx\n", r->r12, r->r13, r->r14, r->r15);
    log_print("  cs %lx ss %lx rflags %lx cr3 %lx\n", r->cs, r->ss, r->rflags, read_cr3());
}

static void explain_entry(pte_t entry, unsigned level) {
    static const char *const names[] = {"", "PTE", "PDE", "PDPTE", "PML4E"};
    log_print("  %s 0x%016lx", names[level], entry.value);
    if (!entry_present(entry)) {
        log_text("  not present\n");
        return;
    }
    log_print("  frame 0x%lx%s%s%s%s%s\n", entry_frame(entry), entry.value & ENTRY_USER ? " user" : " core",
              entry.value & ENTRY_WRITE ? " write" : " read-only", entry.value & ENTRY_NX ? " nx" : "",
              entry.value & ENTRY_ACCESSED ? " accessed" : "", entry.value & ENTRY_DIRTY ? " dirty" : "");
}

void explain_walk(hf_frame_t root, uint64_t address) {
    unsigned last = walk(root, address, HF_LEVEL_PT).level;
    log_print("walk of 0x%lx from root frame 0x%lx:\n", address, root);
    for (unsigned level = TABLE_LEVELS; level >= last && level > 0; level--) {
        explain_entry(*walk(root, address, level).entry, level);
    }
}
