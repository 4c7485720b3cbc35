#include "log.h"

#include <machine.h>
#include <stdbool.h>
#include <stddef.h>

enum { COM1 = 0x3f8, COM2 = 0x2f8 };

/* 16550 registers, behind the port's base. */
enum { UART_INTERRUPTS = 1, UART_FIFO = 2, UART_LINE = 3, UART_MODEM = 4, UART_STATUS = 5 };
enum { UART_DIVISOR_LATCH = 0x80, UART_8N1 = 0x03, UART_EMPTY = 0x20, UART_RECEIVED = 0x01 };
enum { UART_FIFO_ON = 0x01, UART_FIFO_CLEAR_INPUT = 0x02, UART_FIFO_CLEAR_OUTPUT = 0x04 };

#define UART_PATIENCE 100000u /* polls before a line that nobody drains is given up for a byte */

enum { VGA_COLUMNS = 80, VGA_ROWS = 25, VGA_GREY = 0x0700 };

static unsigned targets = LOG_COM1 | LOG_VGA;
static volatile uint16_t *vga;
static unsigned vga_at;

static void init_uart(uint16_t port) {
    port_out8(port + UART_INTERRUPTS, 0);
    port_out8(port + UART_LINE, UART_DIVISOR_LATCH);
    port_out8(port, 1); /* 115200 baud */
    port_out8(port + UART_INTERRUPTS, 0);
    port_out8(port + UART_LINE, UART_8N1);
    port_out8(port + UART_FIFO, UART_FIFO_ON | UART_FIFO_CLEAR_INPUT | UART_FIFO_CLEAR_OUTPUT);
    port_out8(port + UART_MODEM, 0x0b); /* DTR, RTS, OUT2 */
}

void log_init(void) {
    init_uart(COM1);
    init_uart(COM2);
}

void log_listen(void) { port_out8(COM2 + UART_INTERRUPTS, UART_RECEIVED); }

/* Where there is no FIFO to clear, reading the byte lowers the line. */
void log_forget(void) {
    port_out8(COM2 + UART_FIFO, UART_FIFO_ON | UART_FIFO_CLEAR_INPUT);
    port_in8(COM2);
}

void log_to(unsigned set) { targets = set; }

void log_vga(volatile uint16_t *cells) { vga = cells; }

static void put_uart(uint16_t port, char c) {
    if (c == '\n') put_uart(port, '\r');
    for (unsigned polls = 0; polls < UART_PATIENCE && !(port_in8(port + UART_STATUS) & UART_EMPTY); polls++) {
    }
    port_out8(port, (uint8_t)c);
}

/* The screen is a ring of lines: the one that is written next is cleared. */
static void put_vga(char c) {
    if (c != '\n') vga[vga_at++] = (uint16_t)(VGA_GREY | (uint8_t)c);
    if (c != '\n' && vga_at % VGA_COLUMNS) return;
    vga_at = (vga_at + VGA_COLUMNS - 1) / VGA_COLUMNS * VGA_COLUMNS % (VGA_COLUMNS * VGA_ROWS);
    for (unsigned i = 0; i < VGA_COLUMNS; i++) vga[vga_at + i] = VGA_GREY | ' ';
}

static void put(char c) {
    if (targets & LOG_COM1) put_uart(COM1, c);
    if (targets & LOG_COM2) put_uart(COM2, c);
    if ((targets & LOG_VGA) && vga) put_vga(c);
}

void log_text(const char *text) {
    while (*text) put(*text++);
}

static void put_number(uint64_t value, unsigned base, unsigned width) {
    char digits[20];
    unsigned count = 0;
    do {
        digits[count++] = "0123456789abcdef"[value % base];
        value /= base;
    } while (value != 0);
    for (; width > count; width--) put('0');
    while (count > 0) put(digits[--count]);
}

/* One conversion, from behind its '%' on; returns what follows it. */
static const char *put_conversion(const char *format, va_list *arguments) {
    unsigned width = 0;
    for (; *format >= '0' && *format <= '9'; format++) width = width * 10 + (unsigned)(*format - '0');
    bool is_long = *format == 'l';
    format += is_long;
    if (*format == 's') {
        log_text(va_arg(*arguments, const char *));
    } else {
        uint64_t value = is_long ? va_arg(*arguments, uint64_t) : va_arg(*arguments, unsigned);
        put_number(value, *format == 'x' ? 16 : 10, width);
    }
    return format + 1;
}

void log_print_list(const char *format, va_list *arguments) {
    while (*format) {
        if (*format == '%') {
            format = put_conversion(format + 1, arguments);
        } else {
            put(*format++);
        }
    }
}

void log_print(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    log_print_list(format, &arguments);
    va_end(arguments);
}
