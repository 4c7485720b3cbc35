#include "panic.h"

#include "backtrace.h"
#include "device.h"
#include "entry.h"
#include "log.h"

/* An exception on the way ends the machine at once. */
static void begin(void) {
    static bool begun;
    if (begun) device_end_machine(END_PANIC);
    begun = true;
    log_to(LOG_COM1 | LOG_COM2 | LOG_VGA);
}

_Noreturn void boot_refuse(const char *format, ...) {
    va_list arguments;
    begin();
    log_text("boot refused: ");
    va_start(arguments, format);
    log_print_list(format, &arguments);
    va_end(arguments);
    log_text("\n");
    device_end_machine(END_BOOT);
}

static _Noreturn void end_by_exception(const char *what, const struct frame_registers *registers,
                                       uint64_t fault_address, enum end_code code) {
    begin();
    log_print("\n%s: ", what);
    explain_exception(registers, fault_address);
    explain_registers(registers);
    hf_frame_t root = read_cr3() >> HF_PAGE_SHIFT;
    if (registers->vector == VECTOR_PAGE_FAULT) explain_walk(root, fault_address);
    backtrace_print(root, registers->rsp);
    device_end_machine(code);
}

_Noreturn void entered_by_core_exception(const struct frame_registers *registers) {
    end_by_exception("panic", registers, read_cr2(), END_PANIC);
}

_Noreturn void panic_memsrv(const struct task *task) {
    end_by_exception("memsrv faulted, and nobody pages the pager", &task->registers, task->fault_address, END_MEMSRV);
}

_Noreturn void panic(const char *what) {
    begin();
    log_print("\npanic: %s\n", what);
    backtrace_print(read_cr3() >> HF_PAGE_SHIFT, (uint64_t)__builtin_frame_address(0));
    device_end_machine(END_PANIC);
}
