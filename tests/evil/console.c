/* COM1, by ports of our own; and the end of the machine. */
#include <stdarg.h>
#include <stdio.h>

#include "evil.h"

#define COM1 0x3f8
#define UART_STATUS 5
#define UART_EMPTY 0x20

static hf_handle_t ports, power;

static hf_handle_t put(const struct hf_boot *information, struct hf_operation operation) {
    struct hf_result result;
    operation.object = information->handles;
    if (hf_mmu_one(&operation, &result) != HF_OK) __builtin_trap();
    return result.detail;
}

void console_init(const struct hf_boot *information) {
    ports = put(information, PUT(0, HF_SLOT_ANY, PORTS, COM1, 8, HF_RIGHT_USE));
    power = put(information, PUT(0, HF_SLOT_ANY, POWER, 0, 0, HF_RIGHT_USE));
}

static void put_byte(char byte) {
    uint32_t status = 0;
    while (!(status & UART_EMPTY)) {
        if (hf_port_in(ports, COM1 + UART_STATUS, 1, &status) != HF_OK) __builtin_trap();
    }
    if (hf_port_out(ports, COM1, 1, (uint8_t)byte) != HF_OK) __builtin_trap();
}

void say(const char *format, ...) {
    static char text[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    for (const char *at = text; *at; at++) put_byte(*at);
}

_Noreturn void machine_end(unsigned code) {
    if (hf_power(power, code) != HF_OK) __builtin_trap();
    __builtin_trap();
}

_Noreturn void give_up(const char *what) {
    say("evil: can't go on: %s\n", what);
    machine_end(2);
}
