/* The C facts that assembly needs. Compiled to assembly only; the build takes the
 * lines with "->" out of it. */
#include "entry.h"
#include "ipc.h"
#include "mmu.h"
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
    X(R9, r9) \
    X(R10, r10) X(R12, r12) X(R13, r13) X(R14, r14) X(VECTOR, vector) X(ERROR, error) X(RIP, rip) X(CS, cs) X(RSP, rsp)

/* Constants by their own names. */
#define SAME(name) __asm__ volatile("\n.ascii \"->%%define " #name " %0\"" : : "i"((uint64_t)(name)));
#define FAST_PATH_CONSTANTS(X) \
    X(HF_CALL_CALL) \
    X(HF_CALL_REPLY_RECEIVE) \
    X(HF_LABEL_FAULT) \
    X(HF_CALL_COUNT) \
    X(HF_CALL_MMU_ONE) \
    X(HF_CALL_MMU_REPLY_RECEIVE) X(HF_CALL_YIELD) X(HF_HANDLE_COUNT) X(HF_HANDLE_ENDPOINT) X(HF_RIGHT_CALL) \
        X(HF_RIGHT_RECEIVE) X(HF_FRAME_ENDPOINT) X(HF_TASK_READY) X(HF_TASK_RECEIVING) X(HF_TASK_WAITING) \
            X(SLOW_FAULT) X(TAG_CORE_LABEL) X(FRAME_ENTRIES_START) X(PMO_START)

void offsets(void);
static void fast_path(void);

static void fast_path(void) {
    FAST_PATH_CONSTANTS(SAME)
    VALUE(MEMORY_AND_NOT_SLOW, 1 << 8);
    VALUE(HF_RESULT_BYTES, sizeof(struct hf_result));
    VALUE(MMU_BYTES, sizeof(struct mmu));
    VALUE(MMU_BUDGET, (uint64_t)(WORK_PER_ENTRY - WORK_OF_OPERATION) << 32 | PAGES_PER_ENTRY);
    VALUE(NO_CALL, NO_CALL);
    VALUE(GONE_CALL, GONE_CALL);
    VALUE(HANDLE_SHIFT, __builtin_ctz(sizeof(struct handle)));
    VALUE(HANDLE_OBJECT, offsetof(struct handle, object));
    VALUE(HANDLE_SERIAL, offsetof(struct handle, serial));
    VALUE(HANDLE_BADGE, offsetof(struct handle, badge));
    VALUE(HANDLE_KIND, offsetof(struct handle, kind));
    VALUE(ENDPOINT_SERIAL, offsetof(struct endpoint, serial));
    VALUE(ENDPOINT_RECEIVERS_FIRST, offsetof(struct endpoint, receivers.first));
    VALUE(ENDPOINT_RECEIVERS_LAST, offsetof(struct endpoint, receivers.last));
    VALUE(ENDPOINT_SENDERS_FIRST, offsetof(struct endpoint, senders.first));
    VALUE(ENDPOINT_BITS, offsetof(struct endpoint, bits));
    VALUE(TASK_SERIAL, offsetof(struct task, serial));
    VALUE(TASK_HANDLES, offsetof(struct task, handles));
    VALUE(TASK_PAGER, offsetof(struct task, pager));
    VALUE(TASK_FAULT_ADDRESS, offsetof(struct task, fault_address));
    VALUE(TASK_STATE, offsetof(struct task, state));
    VALUE(TASK_SLOW, offsetof(struct task, slow));
    VALUE(TASK_PRIORITY, offsetof(struct task, priority));
    VALUE(TASK_EFFECTIVE, offsetof(struct task, effective));
    VALUE(TASK_NEXT, offsetof(struct task, next));
    VALUE(TASK_QUEUED_AT, offsetof(struct task, queued_at));
    VALUE(TASK_CALLER, offsetof(struct task, caller));
    VALUE(TASK_SERVER, offsetof(struct task, server));
}

void offsets(void) {
    fast_path();
    VALUE(PROCESSOR_CURRENT, offsetof(struct processor, current));
    VALUE(PROCESSOR_FS_BASE, offsetof(struct processor, fs_base));
    VALUE(PROCESSOR_FAST_VECTOR, offsetof(struct processor, fast_vector));
    VALUE(PROCESSOR_TOP, offsetof(struct processor, top));
    VALUE(TSS_RSP0, offsetof(struct tss, rsp0));
    VALUE(STACK_TOP_0, STACK_TOP(0));
    VALUE(SEGMENT_KERNEL_CODE, SEGMENT_KERNEL_CODE);
    VALUE(SEGMENT_KERNEL_DATA, SEGMENT_KERNEL_DATA);
    VALUE(ENTRY_VECTORS, ENTRY_VECTORS);
    VALUE(ENTRY_SPACING, ENTRY_SPACING);
    VALUE(VECTOR_EXCEPTIONS, VECTOR_EXCEPTIONS);
    VALUE(VECTOR_DEBUG, VECTOR_DEBUG);
    VALUE(FLAGS_OF_RING3, FLAGS_OF_RING3);
    VALUE(ENTERED_BY_CALL, ENTERED_BY_CALL);
    VALUE(END_BOOT, END_BOOT);
    VALUE(TASK_REGISTERS_END, offsetof(struct task, registers) + sizeof(struct frame_registers));
    VALUE(TASK_FS_BASE, offsetof(struct task, fs_base));
    VALUE(TASK_CR3, offsetof(struct task, cr3));
    TASK_REGISTERS(TASK)
}

_Static_assert(offsetof(struct task, memory) == offsetof(struct task, slow) + 1, "the fast path reads both at once");
_Static_assert(offsetof(struct mmu, pages) == 8 && offsetof(struct mmu, work) == 12 && sizeof(struct mmu) == 24,
               "the fast path pushes it in three words");
_Static_assert(offsetof(struct handle, rights) == offsetof(struct handle, kind) + 1,
               "the fast path reads both at once");
_Static_assert(sizeof(struct hf_frame_entry) == 8, "the fast path finds them by a shift");
_Static_assert(offsetof(struct task, registers) == 0, "the entry code takes one for the other");
_Static_assert(sizeof(struct frame_registers) % 16 == 0, "the processor aligns RSP0 to 16 bytes");
