/* Interrupts and exceptions: who deals with each. */
#include "device.h"
#include "entry.h"
#include "interrupt.h"
#include "ipc.h"
#include "panic.h"
#include "schedule.h"

static void tick(void) {
    struct task *current = processor.current;
    interrupt_timer_end();
    if (!current) {
        processor.idle_ticks++;
        return;
    }
    current->ticks++;
    if (processor.top == current->effective) schedule_yield();
}

static void interrupt(uint64_t vector) {
    unsigned line = (unsigned)vector - INTERRUPT_FIRST_VECTOR;
    if (vector == VECTOR_TIMER) {
        tick();
    } else if (line < IRQ_LINES) {
        device_interrupt(line);
    }
}

static void exception(struct task *task) {
    if (task->registers.vector == VECTOR_PAGE_FAULT) task->fault_address = read_cr2();
    if (!ipc_raise(task)) panic_memsrv(task);
}

void entered_by_interrupt(struct task *task) {
    if (task->registers.vector < VECTOR_EXCEPTIONS) {
        exception(task);
    } else {
        interrupt(task->registers.vector);
    }
    schedule();
}

void entered_while_idle(uint64_t vector) {
    interrupt(vector);
    schedule();
}

_Noreturn void entered_by_core_exception(const struct frame_registers *registers) {
    panic_exception(registers, read_cr2());
}
