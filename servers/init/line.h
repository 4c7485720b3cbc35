/* The line editor: what each key does to the line, and to the screen. */
#pragma once

#include <stddef.h>

#define LINE_BYTES 256

enum line_event {
    LINE_MORE,
    LINE_DONE,    /* Enter: the text is complete */
    LINE_DROPPED, /* Ctrl-C: it is to be forgotten */
};

struct line {
    char text[LINE_BYTES]; /* always ended by 0 */
    size_t length;
    int escape; /* how far into the escape sequence of a special key */
    void (*echo)(const char *text);
};

/* An empty line; `echo` writes to the screen. */
void line_start(struct line *line, void (*echo)(const char *text));

/* Takes one key: printable ones are added, backspace takes the last one away,
 * Ctrl-U all of them. Special keys (arrows and the like) do nothing. */
enum line_event line_key(struct line *line, int key);
