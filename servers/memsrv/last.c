#include "last.h"

#include <handoff/boot.h>
#include <ipc.h>

#include "core.h"

#define COM1 0x3f8
#define UART_STATUS 5
#define UART_EMPTY 0x20
#define PATIENCE 100000u

#define END_BOOT 63u

static void say(hf_handle_t ports, char c) {
    uint32_t status = 0;
    for (unsigned polls = 0; polls < PATIENCE && !(status & UART_EMPTY); polls++) {
        core_must(hf_port_in(ports, COM1 + UART_STATUS, 1, &status));
    }
    core_must(hf_port_out(ports, COM1, 1, (uint8_t)c));
}

_Noreturn void last_words(const char *text) {
    const struct hf_boot *boot = (const void *)HF_BOOT_INFO;
    unsigned ports, power;
    core_must(core_put(boot->handles, HF_SLOT_ANY, HF_PUT_PORTS, COM1, 8, HF_RIGHT_USE, &ports));
    core_must(core_put(boot->handles, HF_SLOT_ANY, HF_PUT_POWER, 0, 0, HF_RIGHT_USE, &power));
    for (const char *prefix = "memsrv: "; *prefix; prefix++) {
        say(ports, *prefix);
    }
    for (; *text; text++) {
        say(ports, *text);
    }
    say(ports, '\r');
    say(ports, '\n');
    core_must(hf_power(power, END_BOOT));
    __builtin_trap();
}
