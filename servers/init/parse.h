/* Taking apart what was typed, and the kernel's command line. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum parse_error {
    PARSE_OPEN_QUOTE = -1, /* a quote has no end */
    PARSE_TOO_MANY = -2,   /* more words than there is room for */
};

/* Cuts `line` into words, in place: words[] gets them and a NULL, so that `room`
 * is one more than there can be. Between '...' or "..." blanks belong to the word.
 * Answers how many there are, or an enum parse_error. */
int parse_words(char *line, char **words, int room);

/* The next word of the kernel's command line, NULL at its end. After "run=" stands
 * a program with its arguments, so everything from there on is one word. */
char *parse_option(char **rest);

/* Where `text` goes on behind `prefix`; NULL when it doesn't start with that. */
char *parse_after(char *text, const char *prefix);

#define PARSE_RUN "run="

/* An address as in "0x41003010": hexadecimal, with or without the "0x". False: it is none. */
bool parse_address(const char *text, uint64_t *address);

/* Seconds as in "2", "0.25" or ".5", with up to nine digits behind the point. False:
 * it is no such number, or more than there are nanoseconds for. */
bool parse_seconds(const char *text, uint64_t *nanoseconds);
