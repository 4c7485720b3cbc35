/* Bytes and strings.
 *
 * The compiler may turn a loop that copies, fills or measures into a call of the
 * function that it stands in; an empty asm statement in the loop keeps it. */
#include <stdint.h>
#include <string.h>

#define KEEP_LOOP() __asm__ volatile("")

/* Words first: a repeated string instruction counts, and on processors without
 * fast short strings costs, once for each element. */
void *memcpy(void *restrict to, const void *restrict from, size_t length) {
    void *at = to;
    size_t words = length / 8, rest = length % 8;
    __asm__ volatile("rep movsq" : "+D"(at), "+S"(from), "+c"(words) : : "memory");
    __asm__ volatile("rep movsb" : "+D"(at), "+S"(from), "+c"(rest) : : "memory");
    return to;
}

void *memset(void *at, int byte, size_t length) {
    void *to = at;
    size_t words = length / 8, rest = length % 8;
    uint64_t word = (uint8_t)byte * 0x0101010101010101u;
    __asm__ volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(word) : "memory");
    __asm__ volatile("rep stosb" : "+D"(to), "+c"(rest) : "a"(word) : "memory");
    return at;
}

void *memmove(void *to, const void *from, size_t length) {
    char *out = to;
    const char *in = from;
    if ((uintptr_t)out - (uintptr_t)in >= length) return memcpy(to, from, length);
    while (length-- > 0) {
        out[length] = in[length];
        KEEP_LOOP();
    }
    return to;
}

int memcmp(const void *a, const void *b, size_t length) {
    const unsigned char *first = a, *second = b;
    for (; length > 0; length--, first++, second++) {
        if (*first != *second) return *first - *second;
    }
    return 0;
}

void *memchr(const void *at, int byte, size_t length) {
    const unsigned char *look = at;
    for (; length > 0; length--, look++) {
        if (*look == (unsigned char)byte) return (void *)(uintptr_t)look;
    }
    return NULL;
}

size_t strlen(const char *text) {
    const char *end = text;
    while (*end != '\0') {
        end++;
        KEEP_LOOP();
    }
    return (size_t)(end - text);
}

size_t strnlen(const char *text, size_t room) {
    size_t length = 0;
    while (length < room && text[length] != '\0') {
        length++;
    }
    return length;
}

int strcmp(const char *a, const char *b) {
    for (; *a == *b && *a != '\0'; a++, b++) {
    }
    return (unsigned char)*a - (unsigned char)*b;
}

int strncmp(const char *a, const char *b, size_t room) {
    for (; room > 0; room--, a++, b++) {
        if (*a != *b || *a == '\0') return (unsigned char)*a - (unsigned char)*b;
    }
    return 0;
}

char *strchr(const char *text, int c) {
    for (; *text != (char)c; text++) {
        if (*text == '\0') return NULL;
        KEEP_LOOP();
    }
    return (char *)(uintptr_t)text;
}

char *strrchr(const char *text, int c) {
    const char *last = NULL;
    do {
        if (*text == (char)c) {
            last = text;
        }
    } while (*text++ != '\0');
    return (char *)(uintptr_t)last;
}

char *strstr(const char *text, const char *part) {
    size_t length = strlen(part);
    for (;; text++) {
        if (strncmp(text, part, length) == 0) {
            return (char *)(uintptr_t)text;
        }
        if (*text == '\0') return NULL;
    }
}

char *strcpy(char *restrict to, const char *restrict from) {
    memcpy(to, from, strlen(from) + 1);
    return to;
}

char *strncpy(char *restrict to, const char *restrict from, size_t room) {
    size_t length = strnlen(from, room);
    memcpy(to, from, length);
    memset(to + length, 0, room - length);
    return to;
}

char *strcat(char *restrict to, const char *restrict from) {
    strcpy(to + strlen(to), from);
    return to;
}
