/* The C facts that assembly needs. Compiled to assembly only; the build takes the
 * lines with "->" out of it. */
#include "entry.h"
#include "panic.h"
#include "schedule.h"
#include "segment.h"

#define VALUE(name, value) __asm__ volatile("\n.ascii \"->%%define " #name " %0\"" : : "i"((uint64_t)(value)))
#define TASK(name, field) VALUE(TASK_##name, offsetof(struct task, registers.field));
#define TASK_REGISTERS(X) \
    X(RAX, rax) \
    X(RBX, rbx) \
    X(RDX, rdx) \
    X(RSI, rsi) \
    X(RDI, rdi) \
    X(RBP, rbp) \
    X(R8, r8) \
    X(R9, r9) X(R10, r10) X(R12, r12) X(R13, r13) X(R14, r14) X(VECTOR, vector) X(RIP, rip) X(CS, cs) X(RSP, rsp)

void offsets(void);

void offsets(void) {
    VALUE(PROCESSOR_CURRENT, offsetof(struct processor, current));
    VALUE(PROCESSOR_USER_RSP, offsetof(struct processor, user_rsp));
    VALUE(PROCESSOR_FS_BASE, offsetof(struct processor, fs_base));
    VALUE(TSS_RSP0, offsetof(struct tss, rsp0));
    VALUE(STACK_TOP_0, STACK_TOP(0));
    VALUE(SEGMENT_KERNEL_CODE, SEGMENT_KERNEL_CODE);
    VALUE(SEGMENT_KERNEL_DATA, SEGMENT_KERNEL_DATA);
    VALUE(ENTRY_VECTORS, ENTRY_VECTORS);
    VALUE(ENTRY_SPACING, ENTRY_SPACING);
    VALUE(VECTOR_EXCEPTIONS, VECTOR_EXCEPTIONS);
    VALUE(VECTOR_DEBUG, VECTOR_DEBUG);
    VALUE(FLAGS_OF_RING3, FLAGS_OF_RING3);
    VALUE(ENTERED_BY_CALL, -1);
    VALUE(END_BOOT, END_BOOT);
    VALUE(TASK_REGISTERS_END, offsetof(struct task, registers) + sizeof(struct frame_registers));
    VALUE(TASK_FS_BASE, offsetof(struct task, fs_base));
    VALUE(TASK_CR3, offsetof(struct task, cr3));
    TASK_REGISTERS(TASK)
}

_Static_assert(offsetof(struct task, registers) == 0, "the entry code takes one for the other");
_Static_assert(sizeof(struct frame_registers) % 16 == 0, "the processor aligns RSP0 to 16 bytes");
