/* devcalls: the calls for ports, interrupts and power, by a task that has handles for them: it boots as the
 * module init, and gets what init gets. Without a console server it writes to COM1 itself. */
#include <handoff/call.h>
#include <ipc.h>
#include <mem.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#define COM1 0x3f8u
#define COM1_PORTS 8u

/* Registers and bits of the 16550 (PC16550D data sheet, section 8). */
enum { UART_DATA = 0, UART_INTERRUPTS = 1, UART_CAUSE = 2, UART_MODEM = 4, UART_STATUS = 5, UART_SCRATCH = 7 };
enum { INTERRUPT_SENT = 2, MODEM_OUT2 = 8, STATUS_CAN_SEND = 0x20, STATUS_ALL_SENT = 0x40 };

#define EMPTY_SLOT 100u
#define QUARTER_SECOND 250000000ul

static bool failed;

static void put(unsigned at, unsigned value) {
    failed |= hf_port_out(HF_INIT_PORTS, (uint16_t)(COM1 + at), 1, value) != HF_OK;
}

static unsigned get(unsigned at) {
    uint32_t value = 0;
    failed |= hf_port_in(HF_INIT_PORTS, (uint16_t)(COM1 + at), 1, &value) != HF_OK;
    return value;
}

static void say(const char *text) {
    for (; *text; text++) {
        while (!(get(UART_STATUS) & STATUS_CAN_SEND)) {
        }
        put(UART_DATA, (uint8_t)*text);
    }
}

static void result(bool good, const char *name) {
    failed |= !good;
    say(good ? "ok " : "not ok ");
    say(name);
    say("\r\n");
}

static void check(hf_status_t got, hf_status_t wanted, const char *name) {
    if (got != wanted) {
        say("# ");
        say(hf_status_name(got));
        say(", not ");
        say(hf_status_name(wanted));
        say("\r\n");
    }
    result(got == wanted, name);
}

static hf_handle_t copy_of(hf_handle_t handle, unsigned rights, hf_badge_t badge) {
    hf_handle_t copy = HF_SLOT_ANY;
    failed |= hf_handle_copy(handle, rights, badge, &copy) != HF_OK;
    return copy;
}

/* ---- ports ---- */

/* As the core sees it: port and size are whole registers. */
static hf_status_t port_in(hf_handle_t handle, uint64_t port, uint64_t size) {
    return hf_stub_plain(HF_CALL_PORT_IN, handle, port, size, 0, NULL);
}

static hf_status_t port_out(hf_handle_t handle, uint64_t port, uint64_t size) {
    return hf_stub_plain(HF_CALL_PORT_OUT, handle, port, size, 0, NULL);
}

struct access {
    uint64_t port, size;
    hf_status_t wanted;
    const char *name;
};

static const struct access accesses[] = {
    {COM1 + UART_STATUS, 0, HF_BAD_ARGUMENT, "no bytes"},
    {COM1 + UART_STATUS, 3, HF_BAD_ARGUMENT, "three bytes"},
    {COM1, 8, HF_BAD_ARGUMENT, "eight bytes"},
    {COM1 + UART_STATUS, 0x101, HF_BAD_ARGUMENT, "0x101 bytes"},
    {COM1 + UART_STATUS, 1ul << 32 | 1, HF_BAD_ARGUMENT, "2^32 + 1 bytes"},
    {COM1 + UART_STATUS, ~0ul, HF_BAD_ARGUMENT, "-1 bytes"},
    {COM1 - 1, 1, HF_DENIED, "the port below"},
    {COM1 + COM1_PORTS, 1, HF_DENIED, "the port above"},
    {COM1 - 1, 2, HF_DENIED, "two bytes over the beginning"},
    {COM1 + COM1_PORTS - 1, 2, HF_DENIED, "two bytes over the end"},
    {COM1 - 3, 4, HF_DENIED, "four bytes over the beginning"},
    {COM1 + COM1_PORTS - 3, 4, HF_DENIED, "four bytes over the end"},
    {0, 1, HF_DENIED, "port 0"},
    {0x64, 1, HF_DENIED, "the keyboard controller's commands"},
    {0x2f8, 1, HF_DENIED, "the core's own serial port"},
    {0xcf8, 4, HF_DENIED, "PCI configuration"},
    {0xf4, 4, HF_DENIED, "the emulator's exit"},
    {0xffff, 1, HF_DENIED, "the last port"},
    {0xffff, 2, HF_DENIED, "two bytes at the last port"},
    {1ul << 16 | COM1, 1, HF_DENIED, "port 2^16 + COM1"},
    {1ul << 32 | COM1, 1, HF_DENIED, "port 2^32 + COM1"},
    {~0ul, 1, HF_DENIED, "port -1"},
};

/* What is wrong must not be done: the scratch register, which is all zeroes by a write, tells. */
static void test_ports(void) {
    char name[64];
    put(UART_SCRATCH, 0x5a);
    for (size_t i = 0; i < sizeof accesses / sizeof *accesses; i++) {
        const struct access *access = &accesses[i];
        snprintf(name, sizeof name, "read %s", access->name);
        check(port_in(HF_INIT_PORTS, access->port, access->size), access->wanted, name);
        snprintf(name, sizeof name, "write %s", access->name);
        check(port_out(HF_INIT_PORTS, access->port, access->size), access->wanted, name);
    }
    result(get(UART_SCRATCH) == 0x5a, "refused accesses are not made");
    put(UART_SCRATCH, 0xa5);
    result(get(UART_SCRATCH) == 0xa5, "granted ones are");
    check(port_in(HF_INIT_PORTS, COM1 + UART_STATUS, 2), HF_OK, "two bytes within");
    check(port_in(HF_INIT_PORTS, COM1 + 4, 4), HF_OK, "four bytes up to the end");
}

/* ---- handles ---- */

static hf_handle_t endpoint, bits, powerless_bits;

/* Every call that needs a handle of the one kind, with handles of all others. */
static void test_kinds(void) {
    const hf_handle_t no_ports[] = {0, EMPTY_SLOT, HF_SLOT_MEMSRV, HF_INIT_IRQ, HF_INIT_POWER, endpoint};
    const hf_handle_t no_irqs[] = {0, EMPTY_SLOT, HF_SLOT_MEMSRV, HF_INIT_PORTS, HF_INIT_POWER, endpoint};
    const hf_handle_t no_powers[] = {0, EMPTY_SLOT, HF_SLOT_MEMSRV, HF_INIT_PORTS, HF_INIT_IRQ, endpoint};
    const hf_handle_t devices[] = {HF_INIT_PORTS, HF_INIT_IRQ, HF_INIT_POWER};
    struct hf_message message = {0};
    for (size_t i = 0; i < sizeof no_ports / sizeof *no_ports; i++) {
        check(port_in(no_ports[i], COM1 + UART_STATUS, 1), HF_BAD_HANDLE, "read through no ports");
        check(port_out(no_ports[i], COM1 + UART_SCRATCH, 1), HF_BAD_HANDLE, "write through no ports");
        check(hf_irq_ack(no_irqs[i]), HF_BAD_HANDLE, "acknowledge through no interrupt");
        check(hf_irq_bind(no_irqs[i], bits), HF_BAD_HANDLE, "bind through no interrupt");
        check(hf_power(no_powers[i], 0), HF_BAD_HANDLE, "power through no power");
    }
    for (size_t i = 0; i < sizeof devices / sizeof *devices; i++) {
        check(hf_call(devices[i], &message), HF_BAD_HANDLE, "call a device");
        check(hf_receive_nowait(devices[i], &message, NULL), HF_BAD_HANDLE, "receive from a device");
        check(hf_notify(devices[i]), HF_BAD_HANDLE, "notify a device");
        check(hf_reply_held(devices[i], &message), HF_BAD_HANDLE, "reply to a device");
        check(hf_irq_bind(HF_INIT_IRQ, devices[i]), HF_BAD_HANDLE, "bind to a device");
    }
}

static void test_rights(void) {
    hf_handle_t ports = copy_of(HF_INIT_PORTS, HF_RIGHT_GRANT, 0), irq = copy_of(HF_INIT_IRQ, HF_RIGHT_GRANT, 0);
    hf_handle_t power = copy_of(HF_INIT_POWER, HF_RIGHT_GRANT, 0), copy = HF_SLOT_ANY;
    check(port_in(ports, COM1 + UART_STATUS, 1), HF_DENIED, "read without USE");
    check(port_out(ports, COM1 + UART_SCRATCH, 1), HF_DENIED, "write without USE");
    check(hf_irq_ack(irq), HF_DENIED, "acknowledge without USE");
    check(hf_irq_bind(irq, bits), HF_DENIED, "bind without USE");
    check(hf_power(power, 0), HF_DENIED, "power without USE");
    check(hf_irq_bind(HF_INIT_IRQ, powerless_bits), HF_DENIED, "bind to a handle without NOTIFY");
    check(hf_irq_bind(HF_INIT_IRQ, EMPTY_SLOT), HF_BAD_HANDLE, "bind to nothing");
    check(hf_handle_copy(ports, HF_RIGHT_USE, 0, &copy), HF_DENIED, "USE for a copy that lost it");
    check(hf_handle_copy(HF_INIT_POWER, HF_RIGHT_USE, 7, &copy), HF_DENIED, "a badge for a device");
    check(hf_handle_copy(HF_INIT_PORTS, HF_RIGHT_USE | HF_RIGHT_CALL, 0, &copy), HF_DENIED, "CALL for a device");
}

static void test_power(void) {
    static const uint64_t codes[] = {64, 65, 255, 256, 1ul << 32, 1ul << 63, ~0ul};
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        check(hf_stub_plain(HF_CALL_POWER, HF_INIT_POWER, codes[i], 0, 0, NULL), HF_BAD_ARGUMENT, "a code above 63");
    }
}

/* ---- interrupts: the UART's, when it has nothing more to send ---- */

#define IRQ_BIT 0x40ul
#define OTHER_BIT 0x2ul

static bool take_bits(uint64_t wanted) {
    struct hf_message message = {0};
    return hf_receive(endpoint, &message, NULL) == HF_OK && message.label == (uint32_t)HF_LABEL_NOTIFICATION &&
           message.word[0] == wanted;
}

/* Whether none comes within the time. */
static bool stays_quiet(void) {
    struct hf_message message;
    for (uint64_t start = hf_clock(); hf_clock() - start < QUARTER_SECOND;) {
        if (hf_receive_nowait(endpoint, &message, NULL) != HF_WOULD_BLOCK) return false;
    }
    return true;
}

/* The line goes down and up again, which is what the controller sees. */
static void raise_interrupt(void) {
    while (!(get(UART_STATUS) & STATUS_ALL_SENT)) {
    }
    put(UART_INTERRUPTS, 0);
    get(UART_CAUSE);
    put(UART_INTERRUPTS, INTERRUPT_SENT);
}

static void silence(void) {
    put(UART_INTERRUPTS, 0);
    get(UART_CAUSE);
}

static void test_interrupt(void) {
    check(hf_irq_ack(HF_INIT_IRQ), HF_NOT_READY, "acknowledge what is bound to nothing");
    put(UART_MODEM, MODEM_OUT2);
    check(hf_irq_bind(HF_INIT_IRQ, bits), HF_OK, "bind the interrupt");
    raise_interrupt();
    bool came = take_bits(IRQ_BIT);
    raise_interrupt();
    bool quiet = stays_quiet();
    hf_status_t status = hf_irq_ack(HF_INIT_IRQ);
    bool again = take_bits(IRQ_BIT);
    silence();
    result(came, "it wakes who waits, with nobody else to run");
    result(quiet, "it doesn't come again until it is acknowledged");
    check(status, HF_OK, "acknowledge it");
    result(again, "then it comes");
}

static void test_rebinding(void) {
    hf_handle_t other = copy_of(endpoint, HF_RIGHT_NOTIFY, OTHER_BIT);
    hf_status_t status = hf_irq_bind(HF_INIT_IRQ, other);
    raise_interrupt();
    bool came = take_bits(OTHER_BIT);
    silence();
    check(status, HF_OK, "bind it to other bits");
    result(came, "those come, and none of the earlier ones");
    check(hf_handle_close(other), HF_OK, "close the handle that it was bound to");
    check(hf_irq_ack(HF_INIT_IRQ), HF_OK, "acknowledge it once more");
    raise_interrupt();
    came = take_bits(OTHER_BIT);
    silence();
    result(came, "it comes without that handle: the binding is a copy");
}

/* `victim` computes for ever, below: who is woken by an interrupt takes the processor away. */
static void test_preemption(void) {
    struct mem_spawn_options options = {.priority = 10};
    struct mem_task task;
    hf_status_t status = mem_spawn("victim", (const char *[]){"compute", NULL}, &options, &task);
    check(status, HF_OK, "start a task that computes");
    bool came = true;
    for (unsigned i = 0; i < 20; i++) {
        failed |= hf_irq_ack(HF_INIT_IRQ) != HF_OK;
        raise_interrupt();
        came = came && take_bits(OTHER_BIT);
    }
    silence();
    result(came, "interrupts reach one who waits while another computes");
    check(mem_kill(task.handle), HF_OK, "end it");
}

int main(void) {
    failed |= mem_endpoint_create(&endpoint) != HF_OK;
    bits = copy_of(endpoint, HF_RIGHT_NOTIFY, IRQ_BIT);
    powerless_bits = copy_of(endpoint, HF_RIGHT_CALL | HF_RIGHT_RECEIVE | HF_RIGHT_GRANT, 0);
    test_ports();
    test_kinds();
    test_rights();
    test_power();
    test_interrupt();
    test_rebinding();
    test_preemption();
    say("devcalls: done\r\n");
    while (!(get(UART_STATUS) & STATUS_ALL_SENT)) {
    }
    return (int)hf_power(HF_INIT_POWER, failed ? 1 : 0);
}
