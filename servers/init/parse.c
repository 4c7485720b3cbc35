#include "parse.h"

#include <ctype.h>
#include <string.h>

static char *skip_blanks(char *at) {
    while (isspace((unsigned char)*at)) {
        at++;
    }
    return at;
}

/* Moves one word's characters, without its quotes, to the front of where it
 * stands. Answers what is behind it, NULL when a quote has no end. */
static char *take_word(char *at) {
    char *to = at;
    char quote = '\0';
    for (; *at != '\0' && (quote != '\0' || !isspace((unsigned char)*at)); at++) {
        if (*at == quote) {
            quote = '\0';
        } else if (quote == '\0' && (*at == '"' || *at == '\'')) {
            quote = *at;
        } else {
            *to++ = *at;
        }
    }
    char *behind = *at == '\0' ? at : at + 1;
    *to = '\0';
    return quote == '\0' ? behind : NULL;
}

int parse_words(char *line, char **words, int room) {
    int count = 0;
    for (char *at = skip_blanks(line); *at != '\0'; at = skip_blanks(at)) {
        if (count == room - 1) {
            return PARSE_TOO_MANY;
        }
        words[count++] = at;
        at = take_word(at);
        if (at == NULL) return PARSE_OPEN_QUOTE;
    }
    words[count] = NULL;
    return count;
}

char *parse_after(char *text, const char *prefix) {
    size_t length = strlen(prefix);
    return strncmp(text, prefix, length) == 0 ? text + length : NULL;
}

char *parse_option(char **rest) {
    char *word = skip_blanks(*rest);
    if (*word == '\0') return NULL;
    char *end = word;
    bool to_the_end = parse_after(word, PARSE_RUN) != NULL;
    while (*end != '\0' && (to_the_end || !isspace((unsigned char)*end))) {
        end++;
    }
    *rest = *end == '\0' ? end : end + 1;
    *end = '\0';
    return word;
}

bool parse_address(const char *text, uint64_t *address) {
    static const char digits[] = "0123456789abcdef";
    const char *at = text[0] == '0' && text[1] == 'x' ? text + 2 : text, *first = at;
    uint64_t value = 0;
    for (; isxdigit((unsigned char)*at); at++) {
        if (value >> 60) return false;
        value = value << 4 | (uint64_t)(strchr(digits, tolower((unsigned char)*at)) - digits);
    }
    if (*at != '\0' || at == first) return false;
    *address = value;
    return true;
}

bool parse_seconds(const char *text, uint64_t *nanoseconds) {
    uint64_t value = 0, unit = 1000000000, part;
    bool behind = false, digits = false;
    for (; *text != '\0'; text++) {
        if (*text == '.' && !behind) {
            behind = true;
            continue;
        }
        if (!isdigit((unsigned char)*text) || (behind && unit == 1)) return false;
        if (behind) {
            unit /= 10;
        } else if (__builtin_mul_overflow(value, 10, &value)) {
            return false;
        }
        part = (uint64_t)(*text - '0') * unit;
        if (__builtin_add_overflow(value, part, &value)) return false;
        digits = true;
    }
    if (digits) {
        *nanoseconds = value;
    }
    return digits;
}
