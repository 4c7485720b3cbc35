/* The core's own words: on COM1 and VGA text while it boots, on COM2 from the
 * handoff on, everywhere in a panic. */
#pragma once

#include <stdarg.h>
#include <stdint.h>

enum log_target {
    LOG_COM1 = 1,
    LOG_COM2 = 2,
    LOG_VGA = 4,
};

/* Prepares both serial lines: 115200 baud, 8 bits, no parity. */
void log_init(void);

/* Where the following goes: a set of enum log_target. */
void log_to(unsigned set);

/* The VGA's text memory, or NULL when there is none (any more) to write to. */
void log_vga(volatile uint16_t *cells);

/* From now on COM2 raises LOG_IRQ when a byte has come in, and does it again for the next one
 * after log_forget. */
#define LOG_IRQ 3u
void log_listen(void);
void log_forget(void);

void log_text(const char *text);

/* %s, %u, %x, with l, and with a width that is filled up with zeros: %016lx. */
__attribute__((format(printf, 1, 2))) void log_print(const char *format, ...);
void log_print_list(const char *format, va_list *arguments);
