/* Formatted output and console input. Output goes to the console server line by
 * line; a task without a console writes to nowhere. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#define EOF (-1)

#define HF_PRINTF_LIKE(text, first) __attribute__((format(__printf__, text, first)))

/* %d %i %u %o %x %X %c %s %p %%, with the flags - + space 0 #, width and
 * precision (also *), and hh h l ll j z t. There is no floating point. All but
 * putchar answer how many bytes the text has; puts a number that isn't EOF. */
int printf(const char *format, ...) HF_PRINTF_LIKE(1, 2);
int vprintf(const char *format, va_list arguments) HF_PRINTF_LIKE(1, 0);
int puts(const char *text);
int putchar(int c);

/* Write at most `room` bytes, the last one 0, and answer how long the whole is. */
int snprintf(char *text, size_t room, const char *format, ...) HF_PRINTF_LIKE(3, 4);
int vsnprintf(char *text, size_t room, const char *format, va_list arguments) HF_PRINTF_LIKE(3, 0);

/* The next byte of input, waiting for it; a line ends with '\n'. EOF for Ctrl-D,
 * and without a console. Nothing is echoed. */
int getchar(void);
