#include <stdarg.h>
#include <stdio.h>

#include "conductor.h"

static char text[1 << 20];
static size_t used;

void log_event(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    used += (size_t)vsnprintf(text + used, sizeof text - used, format, arguments);
    va_end(arguments);
    if (used + 1 < sizeof text) text[used++] = '\n';
}

void log_print(void) {
    for (const char *line = text, *end = text; end < text + used; end++) {
        if (*end != '\n') continue;
        printf("%.*s\n", (int)(end - line), line);
        line = end + 1;
    }
}
