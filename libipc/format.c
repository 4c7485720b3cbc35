/* printf's formatting. A conversion is parsed into a struct spec, turned into
 * digits or a string, and put with its padding. */
#include "format.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum length { LENGTH_INT, LENGTH_CHAR, LENGTH_SHORT, LENGTH_LONG };

struct spec {
    bool left, plus, space, zero, alternate;
    bool precise; /* there is a precision */
    enum length length;
    size_t width, precision;
    char conversion;
};

/* Octal has the most: 22, and a 0 in front. */
#define DIGITS_MAX 23

static void put(struct format_sink *sink, const char *text, size_t length) {
    if (length > 0) {
        sink->put(sink, text, length);
        sink->total += length;
    }
}

static void put_repeated(struct format_sink *sink, char c, size_t count) {
    for (; count > 0; count--) {
        put(sink, &c, 1);
    }
}

static const char *parse_flags(struct spec *spec, const char *at) {
    for (;; at++) {
        switch (*at) {
        case '-':
            spec->left = true;
            break;
        case '+':
            spec->plus = true;
            break;
        case ' ':
            spec->space = true;
            break;
        case '0':
            spec->zero = true;
            break;
        case '#':
            spec->alternate = true;
            break;
        default:
            return at;
        }
    }
}

/* A number or `*`; a negative argument is answered as it is. */
static const char *parse_number(long *number, const char *at, va_list *arguments) {
    if (*at == '*') {
        *number = va_arg(*arguments, int);
        return at + 1;
    }
    for (*number = 0; isdigit(*at); at++) {
        if (*number < INT32_MAX / 10) {
            *number = *number * 10 + (*at - '0');
        }
    }
    return at;
}

static const char *parse_width(struct spec *spec, const char *at, va_list *arguments) {
    long number;
    at = parse_number(&number, at, arguments);
    if (number < 0) {
        spec->left = true;
        number = -number;
    }
    spec->width = (size_t)number;
    if (*at == '.') {
        at = parse_number(&number, at + 1, arguments);
        spec->precise = number >= 0;
        spec->precision = spec->precise ? (size_t)number : 0;
    }
    return at;
}

static const char *parse_length(struct spec *spec, const char *at) {
    switch (*at) {
    case 'h':
        spec->length = at[1] == 'h' ? LENGTH_CHAR : LENGTH_SHORT;
        return at + (at[1] == 'h' ? 2 : 1);
    case 'l':
        spec->length = LENGTH_LONG;
        return at + (at[1] == 'l' ? 2 : 1);
    case 'j':
    case 'z':
    case 't':
        spec->length = LENGTH_LONG;
        return at + 1;
    default:
        return at;
    }
}

static int64_t signed_argument(enum length length, va_list *arguments) {
    if (length == LENGTH_LONG) {
        return va_arg(*arguments, long);
    }
    int value = va_arg(*arguments, int);
    switch (length) {
    case LENGTH_CHAR:
        return (signed char)value;
    case LENGTH_SHORT:
        return (short)value;
    default:
        return value;
    }
}

static uint64_t unsigned_argument(enum length length, va_list *arguments) {
    if (length == LENGTH_LONG) return va_arg(*arguments, unsigned long);
    unsigned value = va_arg(*arguments, unsigned);
    switch (length) {
    case LENGTH_CHAR:
        return (unsigned char)value;
    case LENGTH_SHORT:
        return (unsigned short)value;
    default:
        return value;
    }
}

/* Text with spaces up to the width. */
static void put_string(struct format_sink *sink, const struct spec *spec, const char *text, size_t length) {
    size_t padding = spec->width > length ? spec->width - length : 0;
    put_repeated(sink, ' ', spec->left ? 0 : padding);
    put(sink, text, length);
    put_repeated(sink, ' ', spec->left ? padding : 0);
}

/* A sign or 0x, zeros up to the precision or width, digits. */
static void put_number(struct format_sink *sink, const struct spec *spec, const char *prefix, const char *digits,
                       size_t length) {
    size_t before = strlen(prefix);
    size_t zeros = spec->precise && spec->precision > length ? spec->precision - length : 0;
    size_t used = before + zeros + length;
    size_t padding = spec->width > used ? spec->width - used : 0;
    if (spec->zero && !spec->left && !spec->precise) {
        zeros += padding;
        padding = 0;
    }
    put_repeated(sink, ' ', spec->left ? 0 : padding);
    put(sink, prefix, before);
    put_repeated(sink, '0', zeros);
    put(sink, digits, length);
    put_repeated(sink, ' ', spec->left ? padding : 0);
}

/* The digits of a value, right-aligned in `digits`; answers where they start. Zero
 * has none when the precision is zero. */
static char *to_digits(char digits[DIGITS_MAX], uint64_t value, unsigned base, bool capital) {
    const char *figures = capital ? "0123456789ABCDEF" : "0123456789abcdef";
    char *at = digits + DIGITS_MAX;
    for (; value != 0; value /= base) {
        *--at = figures[value % base];
    }
    return at;
}

static void format_value(struct format_sink *sink, const struct spec *spec, const char *prefix, uint64_t value,
                         unsigned base) {
    char digits[DIGITS_MAX];
    char *first = to_digits(digits, value, base, spec->conversion == 'X');
    bool octal = spec->alternate && base == 8;
    size_t length = (size_t)(digits + DIGITS_MAX - first);
    if ((value == 0 && (!spec->precise || octal)) || (octal && value != 0 && spec->precision <= length)) {
        *--first = '0';
        length++;
    }
    put_number(sink, spec, prefix, first, length);
}

static void format_signed(struct format_sink *sink, const struct spec *spec, va_list *arguments) {
    int64_t value = signed_argument(spec->length, arguments);
    uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;
    const char *sign = spec->plus ? "+" : spec->space ? " " : "";
    format_value(sink, spec, value < 0 ? "-" : sign, magnitude, 10);
}

static void format_unsigned(struct format_sink *sink, const struct spec *spec, va_list *arguments, unsigned base) {
    uint64_t value = unsigned_argument(spec->length, arguments);
    const char *prefix = "";
    if (spec->alternate && base == 16 && value != 0) {
        prefix = spec->conversion == 'X' ? "0X" : "0x";
    }
    format_value(sink, spec, prefix, value, base);
}

static void format_string(struct format_sink *sink, const struct spec *spec, const char *text) {
    if (text == NULL) {
        text = "(null)";
    }
    put_string(sink, spec, text, spec->precise ? strnlen(text, spec->precision) : strlen(text));
}

/* False: there is no such conversion. */
static bool format_one(struct format_sink *sink, struct spec *spec, va_list *arguments) {
    char c;
    switch (spec->conversion) {
    case 'd':
    case 'i':
        format_signed(sink, spec, arguments);
        return true;
    case 'u':
        format_unsigned(sink, spec, arguments, 10);
        return true;
    case 'o':
        format_unsigned(sink, spec, arguments, 8);
        return true;
    case 'x':
    case 'X':
        format_unsigned(sink, spec, arguments, 16);
        return true;
    case 'p':
        format_value(sink, spec, "0x", (uintptr_t)va_arg(*arguments, void *), 16);
        return true;
    case 'c':
        c = (char)va_arg(*arguments, int);
        put_string(sink, spec, &c, 1);
        return true;
    case 's':
        format_string(sink, spec, va_arg(*arguments, const char *));
        return true;
    case '%':
        put(sink, "%", 1);
        return true;
    default:
        return false;
    }
}

void format_text(struct format_sink *sink, const char *format, va_list arguments) {
    va_list rest; /* a va_list parameter has no address that can be handed on */
    va_copy(rest, arguments);
    while (*format != '\0') {
        const char *at = format;
        while (*at != '\0' && *at != '%') {
            at++;
        }
        put(sink, format, (size_t)(at - format));
        if (*at == '\0') break;
        struct spec spec = {0};
        const char *end = parse_length(&spec, parse_width(&spec, parse_flags(&spec, at + 1), &rest));
        spec.conversion = *end;
        bool known = format_one(sink, &spec, &rest);
        end += *end != '\0';
        if (!known) {
            put(sink, at, (size_t)(end - at));
        }
        format = end;
    }
    va_end(rest);
}
