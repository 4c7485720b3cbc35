#include "device.h"

#include "cpu.h"
#include "interrupt.h"
#include "ipc.h"
#include "log.h"

#define PS2_COMMAND 0x64 /* read its status only: its commands reach A20 and reset */

/* First port, how many: COM1, VGA's registers, PS/2 data and status, PIT. */
static const uint16_t port_ranges[][2] = {{0x3f8, 8}, {0x3c0, 0x20}, {0x60, 1}, {PS2_COMMAND, 1}, {0x40, 4}};

#define IRQ_GRANTABLE (1u << 0 /* PIT */ | 1u << 1 /* keyboard */ | 1u << 4 /* COM1 */ | 1u << 12 /* mouse */)

/* What each line's interrupt sets: a copy of the NOTIFY handle it was bound to. */
static struct handle bindings[IRQ_LINES];

static bool inside(uint64_t first, uint64_t count, uint64_t port, uint64_t size) {
    return size > 0 && size <= count && port >= first && port - first <= count - size;
}

bool device_ports_grantable(uint64_t first, uint64_t count) {
    for (size_t i = 0; i < sizeof(port_ranges) / sizeof(port_ranges[0]); i++) {
        if (inside(port_ranges[i][0], port_ranges[i][1], first, count)) return true;
    }
    return false;
}

bool device_irq_grantable(uint64_t line) { return line < IRQ_LINES && (IRQ_GRANTABLE >> line & 1); }

#define VGA_FIRST 0xb8ul
#define VGA_FRAMES 8ul

static hf_frame_t framebuffer_first, framebuffer_frames;

/* Where the registers of the APICs are, whatever the boot loader says of it. */
#define APICS 0xfec00000ul
#define APICS_END 0xff000000ul
#define PHYSICAL_END (1ul << 52) /* what an entry has room for */

void device_init(uint64_t framebuffer, uint64_t length) {
    bool on_apics = framebuffer < APICS_END && (framebuffer >= APICS || length > APICS - framebuffer);
    bool beyond = framebuffer >= PHYSICAL_END || length > PHYSICAL_END - framebuffer;
    if (on_apics || beyond || length == 0) return;
    framebuffer_first = framebuffer >> HF_PAGE_SHIFT;
    framebuffer_frames = (framebuffer % HF_PAGE_SIZE + length + HF_PAGE_SIZE - 1) >> HF_PAGE_SHIFT;
}

bool device_frame_grantable(hf_frame_t frame) {
    return inside(VGA_FIRST, VGA_FRAMES, frame, 1) || inside(framebuffer_first, framebuffer_frames, frame, 1);
}

/* Decides whether this access of RDX bytes at port RSI is within the handle. */
static hf_status_t check_access(const struct task *task) {
    const struct handle *handle;
    uint64_t port = task->registers.rsi, size = task->registers.rdx;
    hf_status_t status = handle_use(task, task->registers.rdi, HF_HANDLE_PORTS, &handle);
    if (status != HF_OK) return status;
    if (size != 1 && size != 2 && size != 4) return HF_BAD_ARGUMENT;
    return inside(handle->object, handle->serial, port, size) ? HF_OK : HF_DENIED;
}

hf_status_t call_port_in(struct task *task) {
    hf_status_t status = check_access(task);
    uint16_t port = (uint16_t)task->registers.rsi;
    uint64_t size = task->registers.rdx;
    if (status != HF_OK) return status;
    /* commit */
    task->registers.rsi = size == 1 ? port_in8(port) : size == 2 ? port_in16(port) : port_in32(port);
    return HF_OK;
}

hf_status_t call_port_out(struct task *task) {
    hf_status_t status = check_access(task);
    uint16_t port = (uint16_t)task->registers.rsi;
    uint64_t size = task->registers.rdx, value = task->registers.r10;
    if (status != HF_OK) return status;
    if (port == PS2_COMMAND) return HF_DENIED;
    /* commit */
    if (size == 1) port_out8(port, (uint8_t)value);
    if (size == 2) port_out16(port, (uint16_t)value);
    if (size == 4) port_out32(port, (uint32_t)value);
    return HF_OK;
}

hf_status_t call_irq_ack(struct task *task) {
    const struct handle *irq;
    hf_status_t status = handle_use(task, task->registers.rdi, HF_HANDLE_IRQ, &irq);
    if (status != HF_OK) return status;
    if (bindings[irq->object].kind == HF_HANDLE_NONE) return HF_NOT_READY;
    /* commit */
    interrupt_unmask((unsigned)irq->object);
    return HF_OK;
}

hf_status_t call_irq_bind(struct task *task) {
    const struct handle *irq, *to;
    hf_status_t status = handle_use(task, task->registers.rdi, HF_HANDLE_IRQ, &irq);
    if (status == HF_OK) status = handle_endpoint(task, task->registers.rsi, HF_RIGHT_NOTIFY, &to);
    if (status != HF_OK) return status;
    /* commit */
    bindings[irq->object] = *to;
    interrupt_unmask((unsigned)irq->object);
    return HF_OK;
}

void device_interrupt(unsigned line) {
    const struct handle *to = &bindings[line];
    interrupt_mask(line);
    interrupt_end(line);
    bool bound = to->kind != HF_HANDLE_NONE && endpoint_alive(endpoint_of(to), to->serial);
    if (bound) ipc_set_bits(endpoint_of(to), to->badge);
}

#define POWER_CODES 64u /* the codes above are the core's own: its end is never taken for a task's */

hf_status_t call_power(struct task *task) {
    const struct handle *handle;
    hf_status_t status = handle_use(task, task->registers.rdi, HF_HANDLE_POWER, &handle);
    if (status != HF_OK) return status;
    if (task->registers.rsi >= POWER_CODES) return HF_BAD_ARGUMENT;
    log_text("handoff: the machine is turned off\n");
    device_end_machine((unsigned)task->registers.rsi);
}

_Noreturn void device_end_machine(unsigned code) {
    if (cpu_has(CPU_HYPERVISOR)) {
        port_out32(0xf4, code);    /* QEMU's isa-debug-exit */
        port_out16(0x604, 0x2000); /* QEMU's ACPI power management: S5 */
    }
    for (const char *text = "Shutdown"; *text; text++) {
        port_out8(0x8900, (uint8_t)*text); /* Bochs */
    }
    halt_forever();
}
