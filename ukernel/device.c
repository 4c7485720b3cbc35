#include "device.h"

#include "cpu.h"
#include "handle.h"
#include "interrupt.h"
#include "ipc.h"
#include "log.h"

#define PS2_COMMAND 0x64 /* read its status only: its commands reach A20 and reset */

static const struct port_range {
    uint16_t first, count;
} port_ranges[] = {
    {0x3f8, 8},      /* COM1 */
    {0x3c0, 0x20},   /* VGA registers */
    {0x60, 1},       /* PS/2 data */
    {PS2_COMMAND, 1},
    {0x40, 4},       /* PIT */
};

static const uint8_t irq_lines[] = {0 /* PIT */, 1 /* keyboard */, 4 /* COM1 */, 12 /* mouse */};

static struct binding {
    struct endpoint *endpoint;
    hf_serial_t serial;
    uint64_t bits;
} bindings[IRQ_LINES];

bool device_ports_grantable(uint64_t first, uint64_t count) {
    for (size_t i = 0; i < sizeof(port_ranges) / sizeof(port_ranges[0]); i++) {
        const struct port_range *range = &port_ranges[i];
        if (first >= range->first && count > 0 && count <= range->count &&
            first - range->first <= range->count - count) {
            return true;
        }
    }
    return false;
}

bool device_irq_grantable(uint64_t line) {
    for (size_t i = 0; i < sizeof(irq_lines); i++) {
        if (irq_lines[i] == line) return true;
    }
    return false;
}

/* Decides whether this access of RDX bytes at port RSI is within the handle. */
static hf_status_t check_access(const struct task *task) {
    const struct handle *handle;
    uint64_t port = task->registers.rsi;
    uint64_t size = task->registers.rdx;
    hf_status_t status = handle_use(task, task->registers.rdi, HF_HANDLE_PORTS, &handle);
    if (status != HF_OK) return status;
    if (size != 1 && size != 2 && size != 4) return HF_BAD_ARGUMENT;
    bool inside = port >= handle->object && size <= handle->serial &&
                  port - handle->object <= handle->serial - size;
    return inside ? HF_OK : HF_DENIED;
}

hf_status_t device_port_in(struct task *task) {
    hf_status_t status = check_access(task);
    uint16_t port = (uint16_t)task->registers.rsi;
    if (status != HF_OK) return status;
    /* commit */
    switch (task->registers.rdx) {
    case 1:
        task->registers.rsi = port_in8(port);
        break;
    case 2:
        task->registers.rsi = port_in16(port);
        break;
    default:
        task->registers.rsi = port_in32(port);
        break;
    }
    return HF_OK;
}

hf_status_t device_port_out(struct task *task) {
    hf_status_t status = check_access(task);
    uint16_t port = (uint16_t)task->registers.rsi;
    if (status == HF_OK && port == PS2_COMMAND) {
        status = HF_DENIED;
    }
    if (status != HF_OK) {
        return status;
    }
    /* commit */
    switch (task->registers.rdx) {
    case 1:
        port_out8(port, (uint8_t)task->registers.r10);
        break;
    case 2:
        port_out16(port, (uint16_t)task->registers.r10);
        break;
    default:
        port_out32(port, (uint32_t)task->registers.r10);
        break;
    }
    return HF_OK;
}

hf_status_t device_irq_ack(struct task *task) {
    const struct handle *irq;
    hf_status_t status = handle_use(task, task->registers.rdi, HF_HANDLE_IRQ, &irq);
    if (status == HF_OK && !bindings[irq->object].endpoint) {
        status = HF_NOT_READY;
    }
    if (status == HF_OK) {
        /* commit */
        interrupt_unmask((unsigned)irq->object);
    }
    return status;
}

hf_status_t device_irq_bind(struct task *task) {
    const struct handle *irq;
    struct binding binding;
    hf_status_t status = handle_use(task, task->registers.rdi, HF_HANDLE_IRQ, &irq);
    if (status == HF_OK) {
        status = handle_endpoint(task, task->registers.rsi, HF_RIGHT_NOTIFY, &binding.endpoint, &binding.bits);
    }
    if (status != HF_OK) {
        return status;
    }
    /* commit */
    binding.serial = binding.endpoint->serial;
    bindings[irq->object] = binding;
    interrupt_unmask((unsigned)irq->object);
    return HF_OK;
}

void device_interrupt(unsigned line) {
    const struct binding *binding = &bindings[line];
    interrupt_mask(line);
    interrupt_end(line);
    if (endpoint_alive(binding->endpoint, binding->serial)) {
        ipc_set_bits(binding->endpoint, binding->bits);
    }
}

#define POWER_CODES 64u /* the codes above are the core's own: its end is never taken for a task's */

hf_status_t device_power(struct task *task) {
    const struct handle *handle;
    hf_status_t status = handle_use(task, task->registers.rdi, HF_HANDLE_POWER, &handle);
    if (status == HF_OK && task->registers.rsi >= POWER_CODES) {
        status = HF_BAD_ARGUMENT;
    }
    if (status == HF_OK) {
        log_text("handoff: the machine is turned off\n");
        device_end_machine((unsigned)task->registers.rsi);
    }
    return status;
}

_Noreturn void device_end_machine(unsigned code) {
    if (cpu_has(CPU_HYPERVISOR)) {
        port_out32(0xf4, code);      /* QEMU's isa-debug-exit */
        port_out16(0x604, 0x2000);   /* QEMU's ACPI power management: S5 */
    }
    for (const char *text = "Shutdown"; *text; text++) {
        port_out8(0x8900, (uint8_t)*text); /* Bochs */
    }
    halt_forever();
}
