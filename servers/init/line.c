#include "line.h"

#include <ctype.h>
#include <stdbool.h>

enum key {
    KEY_CTRL_C = 3,
    KEY_BACKSPACE = 8,
    KEY_ENTER = '\n',
    KEY_CTRL_U = 21,
    KEY_ESCAPE = 27,
    KEY_DELETE = 127, /* what most terminals send for backspace */
};

#define BELL "\a"

void line_start(struct line *line, void (*echo)(const char *text)) { *line = (struct line){.echo = echo}; }

static void add(struct line *line, char c) {
    if (line->length == LINE_BYTES - 1) {
        line->echo(BELL);
        return;
    }
    line->text[line->length++] = c;
    line->text[line->length] = '\0';
    line->echo((char[]){c, '\0'});
}

static void take_back(struct line *line) {
    line->text[--line->length] = '\0';
    line->echo("\b \b");
}

/* ESC [ parameters final, or ESC and one more (ECMA-48, 5.4). True: the key was
 * part of such a sequence. */
static bool skip_escape(struct line *line, int key) {
    enum { NONE, ESCAPE, SEQUENCE };
    switch (line->escape) {
    case ESCAPE:
        line->escape = key == '[' || key == 'O' ? SEQUENCE : NONE;
        return true;
    case SEQUENCE:
        line->escape = key >= '@' && key <= '~' ? NONE : SEQUENCE;
        return true;
    default:
        line->escape = key == KEY_ESCAPE ? ESCAPE : NONE;
        return line->escape == ESCAPE;
    }
}

enum line_event line_key(struct line *line, int key) {
    if (key != KEY_ENTER && key != KEY_CTRL_C && skip_escape(line, key)) {
        return LINE_MORE;
    }
    switch (key) {
    case KEY_ENTER:
        line->echo("\n");
        return LINE_DONE;
    case KEY_CTRL_C:
        line->echo("^C\n");
        return LINE_DROPPED;
    case KEY_BACKSPACE:
    case KEY_DELETE:
        if (line->length > 0) {
            take_back(line);
        }
        return LINE_MORE;
    case KEY_CTRL_U:
        while (line->length > 0) {
            take_back(line);
        }
        return LINE_MORE;
    default:
        if (isprint(key)) {
            add(line, (char)key);
        }
        return LINE_MORE;
    }
}
