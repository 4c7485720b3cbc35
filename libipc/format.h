/* printf's formatting, apart from where the text goes. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

/* Where formatted text goes: `put` gets it in pieces, in order. */
struct format_sink {
    void (*put)(struct format_sink *sink, const char *text, size_t length);
    size_t total; /* bytes put so far */
};

/* <stdio.h> says what is understood. A conversion that isn't is put as it stands,
 * and takes no argument. */
void format_text(struct format_sink *sink, const char *format, va_list arguments)
    __attribute__((format(__printf__, 2, 0)));
