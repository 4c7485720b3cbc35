#include "shell.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "jobs.h"
#include "line.h"
#include "machine.h"
#include "parse.h"

#define WORDS_MAX 64

static void echo(const char *text) { printf("%s", text); }

/* False: the input has ended. */
static bool read_line(struct line *line) {
    enum line_event event;
    do {
        jobs_report();
        printf("handoff> ");
        line_start(line, echo);
        do {
            int key = getchar();
            if (key == EOF && line->length == 0) return false;
            event = line_key(line, key);
        } while (event == LINE_MORE);
    } while (event == LINE_DROPPED);
    return true;
}

static void do_line(char *text) {
    char *words[WORDS_MAX + 1];
    int count = parse_words(text, words, WORDS_MAX + 1);
    if (count == PARSE_OPEN_QUOTE) {
        puts("A quote has no end.");
        return;
    }
    if (count == PARSE_TOO_MANY) {
        printf("A line has at most %d words.\n", WORDS_MAX);
        return;
    }
    if (count == 0) {
        return;
    }
    const struct command *command = command_find(words[0]);
    if (command == NULL) {
        printf("There is no command \"%s\"; `help` lists what there is.\n", words[0]);
    } else if (!command->run(count, words)) {
        printf("Usage: %s%s%s\n", command->name, *command->arguments ? " " : "", command->arguments);
    }
}

_Noreturn void shell(void) {
    struct line line;
    while (read_line(&line)) {
        do_line(line.text);
    }
    puts("exit");
    machine_end(0);
}
