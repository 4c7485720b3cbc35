/* Attacks by devices: ports and registers by which memory, other processors, interrupts or the
 * whole machine are controlled. */
#include "judge.h"

static void try_ports(uint64_t first, uint64_t count) {
    refused(PUT(world.handles, 5, PORTS, first, count, HF_RIGHT_USE));
}

static void port_reset(void) { try_ports(0xcf9, 1), try_ports(0x64, 2); }
static void port_a20(void) { try_ports(0x92, 1); }
static void port_system_control(void) { try_ports(0x61, 1); }
static void port_pci(void) { try_ports(0xcf8, 4), try_ports(0xcfc, 4), try_ports(0xcf8, 8); }
static void port_dma(void) { try_ports(0x00, 16), try_ports(0x80, 16), try_ports(0xc0, 32), try_ports(0x87, 1); }
static void port_interrupt_controllers(void) { try_ports(0x20, 2), try_ports(0xa0, 2), try_ports(0x4d0, 2); }
static void port_cmos(void) { try_ports(0x70, 2), try_ports(0x71, 1); }
static void port_com2(void) { try_ports(0x2f8, 8), try_ports(0x2f8, 1), try_ports(0x2ff, 1); }
static void port_disk(void) { try_ports(0x1f0, 8), try_ports(0x170, 8), try_ports(0x3f6, 1); }
static void port_acpi(void) { try_ports(0x600, 0x40), try_ports(0xb000, 4), try_ports(0xb2, 1); }
static void port_emulator(void) { try_ports(0xf4, 4), try_ports(0x8900, 1), try_ports(0xe9, 1), try_ports(0x402, 1); }

static void ports_beyond_a_range(void) {
    try_ports(0x3f8, 9), try_ports(0x3f7, 2), try_ports(0x3f7, 1), try_ports(0x400, 1);
    try_ports(0x60, 2), try_ports(0x60, 5), try_ports(0x40, 5), try_ports(0x3f, 2), try_ports(0x3bf, 2),
        try_ports(0x3c0, 0x21);
}

static void ports_that_wrap(void) {
    try_ports(0x103f8, 8), try_ports(0xffff, 2), try_ports(~0ul, 1), try_ports(1ul << 32 | 0x3f8, 8);
    try_ports(0x3f8, ~0ul), try_ports(~0ul, 0x400), try_ports(~0ul - 7, 0x400);
}

static void ports_of_no_number(void) { try_ports(0x3f8, 0), try_ports(0, 0), try_ports(0x40, 0); }
static void all_ports(void) { try_ports(0, 0x10000), try_ports(0, 0x400); }

/* One by one: those that are granted must be just these. */
static bool listed(unsigned port) {
    return (port >= 0x3f8 && port < 0x400) || (port >= 0x3c0 && port < 0x3e0) || port == 0x60 || port == 0x64 ||
           (port >= 0x40 && port < 0x44);
}

static void each_port(void) {
    struct hf_result result;
    hf_frame_t table = pool_frame();
    unsigned wrong = 0;
    must(ON(HANDLES_CREATE, table));
    for (unsigned port = 0; port < 0x10000; port++) {
        struct hf_operation put = PUT(table, HF_SLOT_ANY, PORTS, port, 1, HF_RIGHT_USE);
        hf_status_t status = hf_mmu_one(&put, &result);
        if (status != (listed(port) ? HF_OK : HF_DENIED)) wrong++;
    }
    saw(wrong == 0, "65,536 ports one by one: only those of COM1, VGA, PS/2 and PIT are granted");
}

static void port_outside_its_handle(void) {
    uint32_t value = 0;
    must(PUT(boot->handles, SLOT, PORTS, 0x40, 4, HF_RIGHT_USE));
    answered("read the port before its range", hf_port_in(SLOT, 0x3f, 1, &value));
    answered("... behind it", hf_port_in(SLOT, 0x44, 1, &value));
    answered("... two bytes over its end", hf_port_in(SLOT, 0x43, 2, &value));
    answered("... four", hf_port_in(SLOT, 0x41, 4, &value));
    answered("write the port before it", hf_port_out(SLOT, 0x3f, 1, 0));
    answered("... over its end", hf_port_out(SLOT, 0x43, 2, 0));
    answered("... the reset port", hf_port_out(SLOT, 0xcf9, 1, 6));
}

static void port_of_odd_size(void) {
    uint32_t value = 0;
    must(PUT(boot->handles, SLOT, PORTS, 0x40, 4, HF_RIGHT_USE));
    const unsigned sizes[] = {0, 3, 5, 8, 0x80000001};
    for (unsigned i = 0; i < 5; i++) answered("read so many bytes at once", hf_port_in(SLOT, 0x40, sizes[i], &value));
}

static void keyboard_controller_command(void) {
    must(PUT(boot->handles, SLOT, PORTS, 0x64, 1, HF_RIGHT_USE));
    answered("write 0xfe (reset) to the keyboard controller", hf_port_out(SLOT, 0x64, 1, 0xfe));
    answered("write 0xd1 (A20)", hf_port_out(SLOT, 0x64, 1, 0xd1));
}

static void port_without_right(void) {
    uint32_t value = 0;
    must(PUT(boot->handles, SLOT, PORTS, 0x40, 4, HF_RIGHT_GRANT));
    answered("read a port by a handle that may only be passed on", hf_port_in(SLOT, 0x40, 1, &value));
}

static void interrupt_not_listed(void) {
    const uint64_t lines[] = {2, 3, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 16, 32, 33, 64, 255, 1ul << 32, ~0ul};
    for (unsigned i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        refused(PUT(world.handles, 5, IRQ, lines[i], 0, HF_RIGHT_USE));
    }
}

static void interrupt_without_right(void) {
    must(PUT(boot->handles, SLOT, IRQ, PIT_LINE, 0, HF_RIGHT_GRANT));
    must(PUT(boot->handles, SECOND_SLOT, IRQ, PIT_LINE, 0, HF_RIGHT_USE));
    take_handle_at(THIRD_SLOT, world.endpoint, ALL_BUT_USE & ~HF_RIGHT_NOTIFY);
    answered("bind an interrupt by a handle that may only be passed on", hf_irq_bind(SLOT, THIRD_SLOT));
    answered("let it come again by such a handle", hf_irq_ack(SLOT));
    answered("bind an interrupt to an endpoint that may not be notified", hf_irq_bind(SECOND_SLOT, THIRD_SLOT));
}

static void power_without_right(void) {
    must(PUT(boot->handles, SLOT, POWER, 0, 0, HF_RIGHT_GRANT));
    answered("turn the machine off by a handle that may only be passed on", hf_power(SLOT, 0));
}

static void power_with_the_cores_code(void) {
    must(PUT(boot->handles, SLOT, POWER, 0, 0, HF_RIGHT_USE));
    answered("end the machine as the core does in a panic", hf_power(SLOT, 64));
    answered("... with other codes", hf_power(SLOT, ~0u));
}

/* ---- registers in memory ---- */

static void try_device(hf_frame_t frame) {
    REFUSED_EACH(ON(MAP_DEVICE, world.aspace, .address = AT(AT_FREE), .frame = frame, .rights = HF_READ),
                 ON(MAP_DEVICE, world.aspace, .address = AT(AT_FREE), .frame = frame, .rights = READ_WRITE));
}

static void device_local_apic(void) { try_device(0xfee00); }
static void device_io_apic(void) { try_device(0xfec00); }
static void device_hpet(void) { try_device(0xfed00); }
static void device_pci_configuration(void) { try_device(0xe0000), try_device(0xb0000), try_device(0xfe000); }
static void device_firmware(void) { try_device(0xf0), try_device(0xff), try_device(0xfffff), try_device(0xc0); }

static void device_that_is_ram(void) {
    for (const hf_frame_t *used = world_used(); *used; used++) try_device(*used);
    try_device(world.free);
}

static void device_beside_vga(void) {
    for (hf_frame_t frame = 0; frame < 0x100; frame += frame == 0xb7 ? 9 : 1) try_device(frame);
}

static void device_beyond_addresses(void) {
    try_device(1ul << 40 | 0xb8), try_device(1ul << 52 | 0xb8), try_device(1ul << 63 | 0xb8), try_device(~0ul);
}

static void device_as_page(void) {
    must(ON(MAP_DEVICE, world.aspace, .address = AT(AT_FREE), .frame = 0xb8, .rights = READ_WRITE));
    REFUSED_EACH(MAPPED(world.aspace, AT(9), 0xb8, READ_WRITE), COPIED(world.free, 0xb8), ON(PIN, 0xb8),
                 ON(RELEASE, 0xb8), STAGED(0xb8));
}

static void device_executable(void) {
    must(ON(MAP_DEVICE, world.aspace, .address = AT(AT_FREE), .frame = 0xb8, .rights = READ_WRITE));
    refused(LEAF(PROTECT, world.aspace, AT(AT_FREE), .rights = HF_READ | HF_EXECUTE));
}

static void device_cloned(void) {
    must(ON(MAP_DEVICE, world.aspace, .address = AT(AT_FREE), .frame = 0xb8, .rights = READ_WRITE));
    must(ON(CLONE, world.aspace, .address = WINDOW, .frame = world.second));
    saw(look_entry(world.second, AT(AT_FREE), HF_LEVEL_PT) == 0,
        "CLONE a page table in which a device is, and look for it");
}

/* It counts no use of the frame, so none may be ended: and what isn't RAM is never FREE. */
static void stays_a_device(hf_status_t status, const char *text) {
    saw(status == HF_OK && look_frame(0xb8).type == HF_FRAME_RESERVED && look_frame(0xb8).refs == 0, text);
    REFUSED_EACH(STAGED(0xb8), ON(RELEASE, 0xb8), ON(PIN, 0xb8), ON(TASK_CREATE, 0xb8));
}

static void device_freed(void) {
    struct hf_result result;
    must(ON(MAP_DEVICE, world.aspace, .address = AT(AT_FREE), .frame = 0xb8, .rights = READ_WRITE));
    stays_a_device(do_listed(LEAF(UNMAP, world.aspace, AT(AT_FREE)), &result), "unmap a device, and use its frame");
    saw(!(result.detail & HF_LEAF_FREED), "... which nobody calls freed");
}

static void device_cleared(void) {
    struct hf_result result;
    must(TABLE(PT, world.aspace, BIG, world.free));
    must(ON(MAP_DEVICE, world.aspace, .address = BIG, .frame = 0xb8, .rights = READ_WRITE));
    stays_a_device(do_listed(ON(CLEAR, world.aspace, .address = BIG), &result), "clear a table of a device");
    saw(look_frame(world.free).refs == 0, "... of which nothing is left in the table");
}

static void device_lost_with_its_table(void) {
    must(TABLE(PT, world.aspace, BIG, world.free));
    must(ON(MAP_DEVICE, world.aspace, .address = BIG, .frame = 0xb8, .rights = READ_WRITE));
    refused(NO_TABLE(PT, world.aspace, BIG));
}

const struct attack attacks_devices[] = {
    ATTACK(port_reset, DEVICES, DENIED, "the reset control register"),
    ATTACK(port_a20, DEVICES, DENIED, "A20: half of all addresses would mean others"),
    ATTACK(port_system_control, DEVICES, DENIED, "the system control port"),
    ATTACK(port_pci, DEVICES, DENIED, "PCI configuration: any device could be made to write anywhere"),
    ATTACK(port_dma, DEVICES, DENIED, "the DMA controllers: they write memory by themselves"),
    ATTACK(port_interrupt_controllers, DEVICES, DENIED, "the interrupt controllers"),
    ATTACK(port_cmos, DEVICES, DENIED, "CMOS, whose port masks NMI too"),
    ATTACK(port_com2, DEVICES, DENIED, "COM2, where the core's log goes"),
    ATTACK(port_disk, DEVICES, DENIED, "disks"),
    ATTACK(port_acpi, DEVICES, DENIED, "power management and SMIs"),
    ATTACK(port_emulator, DEVICES, DENIED, "the ports by which an emulator is ended"),
    ATTACK(ports_beyond_a_range, DEVICES, DENIED, "ranges that reach out of what is listed by one port"),
    ATTACK(ports_that_wrap, DEVICES, DENIED, "port numbers that wrap around"),
    ATTACK(ports_of_no_number, DEVICES, DENIED, "ranges of no port"),
    ATTACK(all_ports, DEVICES, DENIED, "all ports at once"),
    ATTACK(each_port, DEVICES, OK, "each port there is"),
    ATTACK(port_outside_its_handle, DEVICES, DENIED, "a port beside those that the handle is for"),
    ATTACK(port_of_odd_size, DEVICES, BAD_ARGUMENT, "accesses of sizes that don't exist"),
    ATTACK(keyboard_controller_command, DEVICES, DENIED,
           "the port to read the keyboard's state by: written, it resets"),
    ATTACK(port_without_right, DEVICES, DENIED, "a port without the right to use it"),
    ATTACK(interrupt_not_listed, DEVICES, DENIED, "every interrupt line that isn't on the list"),
    ATTACK(interrupt_without_right, DEVICES, DENIED, "an interrupt, or its endpoint, without the right to use it"),
    ATTACK(power_without_right, DEVICES, DENIED, "turning the machine off without the right"),
    ATTACK(power_with_the_cores_code, DEVICES, BAD_ARGUMENT, "an end that looks like the core's own"),
    ATTACK(device_local_apic, DEVICES, DENIED, "the local APIC's registers: interrupts of any kind, to any processor"),
    ATTACK(device_io_apic, DEVICES, DENIED, "the I/O APIC's"),
    ATTACK(device_hpet, DEVICES, DENIED, "the HPET's"),
    ATTACK(device_pci_configuration, DEVICES, DENIED, "PCI configuration in memory"),
    ATTACK(device_firmware, DEVICES, DENIED, "the firmware's ROM"),
    ATTACK(device_that_is_ram, DEVICES, DENIED, "RAM as if it were a device: an alias that nobody counts"),
    ATTACK(device_beside_vga, DEVICES, DENIED, "every other frame below 1 MiB"),
    ATTACK(device_beyond_addresses, DEVICES, DENIED, "frame numbers that only look like VGA's"),
    ATTACK(device_as_page, TYPED, BAD_FRAME, "VGA's memory as if it were RAM"),
    ATTACK(device_executable, W_XOR_X, BAD_ARGUMENT, "code in a device's memory"),
    ATTACK(device_freed, TYPED, BAD_FRAME, "a device's last leaf goes, and its registers are to be RAM"),
    ATTACK(device_cleared, TYPED, BAD_FRAME, "... with all others of a table"),
    ATTACK(device_lost_with_its_table, COUNTED, NOT_EMPTY, "a table is removed in which only a device's leaf is"),
    ATTACK(device_cloned, DEVICES, OK, "a device in an aspace that nobody gave it to"),
    ATTACKS_END,
};
