/* Does what is typed: `a` audits, `r` and `w` ask oddly, `q` ends the machine. We never wait in the
 * core, so that nothing else runs, whatever was planted. */
#include "audited.h"

#define COM1 0x3f8
#define UART_STATUS 5
#define UART_FULL 1

/* Called by _start. */
_Noreturn void memsrv_main(const struct hf_boot *information);

static uint32_t port(unsigned number) {
    uint32_t value = 0;
    if (hf_port_in(THIRD_SLOT, (uint16_t)(COM1 + number), 1, &value) != HF_OK) give_up("COM1 can't be read");
    return value;
}

static char next_byte(void) {
    while (!(port(UART_STATUS) & UART_FULL)) __builtin_ia32_pause();
    return (char)port(0);
}

_Noreturn void memsrv_main(const struct hf_boot *information) {
    console_init(information);
    memory_init(information);
    client_init();
    memory_keep();
    must(PUT(boot->handles, THIRD_SLOT, PORTS, COM1, 8, HF_RIGHT_USE));
    scene_build();
    say("audited: ready\n");
    for (char byte; (byte = next_byte()) != 'q';) {
        if (byte == 'a') ask_audit();
        if (byte == 'r') ask_again();
        if (byte == 'w') ask_wrongly();
    }
    machine_end(0);
}
