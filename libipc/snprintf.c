/* Formatted text into memory. */
#include <stdio.h>
#include <string.h>

#include "format.h"

struct text_sink {
    struct format_sink sink;
    char *text;
    size_t room;
};

static void put_to_text(struct format_sink *sink, const char *text, size_t length) {
    struct text_sink *into = (struct text_sink *)sink;
    if (sink->total < into->room) {
        size_t left = into->room - sink->total;
        memcpy(into->text + sink->total, text, length < left ? length : left);
    }
}

int vsnprintf(char *text, size_t room, const char *format, va_list arguments) {
    struct text_sink into = {.sink = {.put = put_to_text}, .text = text, .room = room};
    format_text(&into.sink, format, arguments);
    if (room > 0) {
        text[into.sink.total < room ? into.sink.total : room - 1] = '\0';
    }
    return (int)into.sink.total;
}

int snprintf(char *text, size_t room, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int total = vsnprintf(text, room, format, arguments);
    va_end(arguments);
    return total;
}
