/* Interrupts and exceptions: who deals with each. */
#include "device.h"
#include "dump.h"
#include "entry.h"
#include "fpu.h"
#include "interrupt.h"
#include "ipc.h"
#include "log.h"
#include "panic.h"

static void tick(void) {
    struct task *current = processor.current;
    interrupt_timer_end();
    if (!current) return;
    current->ticks++;
    schedule_yield();
}

static void interrupt(uint64_t vector) {
    unsigned line = (unsigned)vector - INTERRUPT_FIRST_VECTOR;
    if (vector == VECTOR_TIMER) {
        tick();
    } else if (line == LOG_IRQ) {
        dump_interrupt();
    } else if (line < IRQ_LINES) {
        device_interrupt(line);
    }
}

void entered_by_interrupt(struct task *task) {
    uint64_t vector = task->registers.vector;
    if (vector == VECTOR_PAGE_FAULT) task->fault_address = read_cr2();
    if (vector >= VECTOR_EXCEPTIONS) {
        interrupt(vector);
    } else if (vector == VECTOR_NO_FPU) {
        fpu_bring(task);
    } else if (!ipc_raise(task)) {
        panic_memsrv(task);
    }
    schedule();
}

void entered_while_idle(uint64_t vector) {
    interrupt(vector);
    schedule();
}
