/* Numbers from text. */
#include <ctype.h>
#include <limits.h>
#include <number.h>
#include <stdint.h>
#include <stdlib.h>

bool number_parse(const char *text, uint64_t limit, uint64_t *number) {
    uint64_t value = 0;
    if (*text == '\0') return false;
    for (; *text != '\0'; text++) {
        if (!isdigit(*text)) return false;
        uint64_t digit = (uint64_t)(*text - '0');
        if (digit > limit || value > (limit - digit) / 10) return false;
        value = value * 10 + digit;
    }
    *number = value;
    return true;
}

struct number {
    bool found, negative, too_big;
    uint64_t magnitude;
    const char *end; /* behind the last digit, or the whole text when there is none */
};

static unsigned digit_of(char c) {
    if (isdigit(c)) return (unsigned)(c - '0');
    return isalpha(c) ? (unsigned)(tolower(c) - 'a') + 10 : UINT_MAX;
}

/* 0x is a prefix only before a hexadecimal digit; else its 0 is the number. */
static const char *skip_prefix(const char *at, unsigned *base) {
    bool hexadecimal = at[0] == '0' && (at[1] == 'x' || at[1] == 'X') && isxdigit(at[2]);
    if (hexadecimal && (*base == 0 || *base == 16)) {
        *base = 16;
        return at + 2;
    }
    if (*base == 0) {
        *base = *at == '0' ? 8 : 10;
    }
    return at;
}

static struct number scan(const char *text, int wanted_base) {
    struct number number = {.end = text};
    unsigned base = (unsigned)wanted_base;
    const char *at = text;
    while (isspace(*at)) {
        at++;
    }
    number.negative = *at == '-';
    at += *at == '-' || *at == '+';
    at = skip_prefix(at, &base);
    for (; digit_of(*at) < base; at++) {
        uint64_t digit = digit_of(*at);
        number.too_big |= number.magnitude > (UINT64_MAX - digit) / base;
        number.magnitude = number.magnitude * base + digit;
        number.found = true;
    }
    if (number.found) {
        number.end = at;
    }
    return number;
}

static void tell_end(char **end, const struct number *number) {
    if (end != NULL) {
        *end = (char *)(uintptr_t)number->end;
    }
}

unsigned long strtoul(const char *text, char **end, int base) {
    struct number number = scan(text, base);
    tell_end(end, &number);
    if (number.too_big) {
        return ULONG_MAX;
    }
    return number.negative ? -number.magnitude : number.magnitude;
}

long strtol(const char *text, char **end, int base) {
    struct number number = scan(text, base);
    tell_end(end, &number);
    uint64_t limit = (uint64_t)LONG_MAX + number.negative;
    uint64_t magnitude = number.too_big || number.magnitude > limit ? limit : number.magnitude;
    return number.negative ? (long)-magnitude : (long)magnitude;
}

int atoi(const char *text) { return (int)strtol(text, NULL, 10); }
