/* Output goes to the console server by lines, input comes from it by what it has. */
#include <handoff/console.h>
#include <ipc.h>
#include <mem.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "format.h"
#include "internal.h"

/* All threads' input. */
static struct {
    char bytes[HF_CONSOLE_WORD_BYTES];
    size_t used, taken;
} input;

static void flush(struct stdio_output *output) {
    struct hf_message message = {.label = HF_CONSOLE_WRITE, .word = {output->used}};
    if (output->used == 0) return;
    if (output->used <= HF_CONSOLE_WORD_BYTES) {
        memcpy(&message.word[1], output->bytes, output->used);
    } else {
        memcpy(hf_buffer()->bytes, output->bytes, output->used);
        message.bytes = (uint16_t)output->used;
    }
    output->used = 0;
    hf_status_t status = hf_call(HF_SLOT_CONSOLE, &message);
    (void)status; /* without a console, or after its end, there is nobody to tell */
}

void stdio_flush(void) { flush(thread_output()); }

static void put(struct stdio_output *output, char c) {
    output->bytes[output->used++] = c;
    if (c == '\n' || output->used == sizeof output->bytes) {
        flush(output);
    }
}

int putchar(int c) {
    put(thread_output(), (char)c);
    return (unsigned char)c;
}

static void put_to_console(struct format_sink *sink, const char *text, size_t length) {
    struct stdio_output *output = thread_output();
    (void)sink;
    for (size_t i = 0; i < length; i++) {
        put(output, text[i]);
    }
}

int vprintf(const char *format, va_list arguments) {
    struct format_sink sink = {.put = put_to_console};
    format_text(&sink, format, arguments);
    return (int)sink.total;
}

int printf(const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    int total = vprintf(format, arguments);
    va_end(arguments);
    return total;
}

int puts(const char *text) { return printf("%s\n", text); }

/* False: there is no console, or it has ended. */
static bool refill(void) {
    struct hf_message message = {.label = HF_CONSOLE_READ};
    if (hf_call(HF_SLOT_CONSOLE, &message) != HF_OK || message.label != HF_OK || message.word[0] > sizeof input.bytes) {
        return false;
    }
    input.taken = 0;
    input.used = message.word[0];
    memcpy(input.bytes, &message.word[1], input.used);
    return true;
}

int getchar(void) {
    if (input.taken == input.used) {
        stdio_flush();
        if (!refill()) return EOF;
    }
    int c = (unsigned char)input.bytes[input.taken++];
    return c == HF_CONSOLE_END ? EOF : c;
}
